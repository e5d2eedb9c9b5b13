//! What is folded up under a source: dead letters, open batches, the last events, all numbers.

use std::fmt::{self, Write};

use time::OffsetDateTime;

use super::text::{Ago, Count, Escaped, In, Many};
use crate::{
    admin::status::{Phase, SourceStatus},
    metrics::events::{LastEvent, Letters, Made, OpenBatch, Outcome},
    text::age::Age,
};

pub(super) fn write(
    page: &mut String,
    source: &SourceStatus,
    argo: Option<&str>,
    now: OffsetDateTime,
) -> fmt::Result {
    page.push_str("<div class=folds>");
    if !source.letters.some.is_empty() {
        open(
            page,
            source,
            "letters",
            &Many(source.letters.count as u64, "dead letter").to_string(),
        )?;
        letters(page, &source.letters, now)?;
    }
    let batches = source.batches.as_ref().filter(|it| !it.some.is_empty());
    if let Some(batches) = batches {
        open(
            page,
            source,
            "batches",
            &format!("Open batches ({})", batches.open),
        )?;
        open_batches(page, &batches.some, batches.open, now)?;
    }
    if !source.last_events.is_empty() {
        open(
            page,
            source,
            "events",
            &format!("Last events ({})", source.last_events.len()),
        )?;
        events(page, &source.last_events, argo, now)?;
    }
    open(page, source, "numbers", "All numbers")?;
    numbers(page, source, now)?;
    page.push_str("</div>");
    Ok(())
}

fn open(page: &mut String, source: &SourceStatus, what: &str, title: &str) -> fmt::Result {
    let id = Escaped(&source.source);
    // Whoever hears the page and not sees it has to know of which source it is.
    write!(
        page,
        "<details id='{what}:{id}'><summary id='{what}-of:{id}'>{title}<span class=hear> of {id}</span></summary>"
    )
}

fn letters(page: &mut String, letters: &Letters, now: OffsetDateTime) -> fmt::Result {
    page.push_str("<ul class=list>");
    for letter in &letters.some {
        write!(page, "<li><b class=name>{}</b> ", Escaped(&letter.about))?;
        if let Some(last) = letter.last_sent {
            write!(
                page,
                "was sent {}, last {} ago; ",
                times(letter.attempts),
                Ago(last, now)
            )?;
        }
        let (reason, id) = (Escaped(&letter.reason), Escaped(&letter.id));
        write!(
            page,
            "<span class=reason>{reason}</span> <small>id <code>{id}</code></small></li>"
        )?;
    }
    page.push_str("</ul>");
    more(page, letters.count - letters.some.len().min(letters.count))
}

fn open_batches(
    page: &mut String,
    batches: &[OpenBatch],
    all: u64,
    now: OffsetDateTime,
) -> fmt::Result {
    page.push_str("<ul class=list>");
    for batch in batches {
        let group = match batch.group.as_str() {
            "" => "all blobs",
            group => group,
        };
        write!(
            page,
            "<li><b class=name>{}</b> {}, {} bytes; closes in {} at the latest</li>",
            Escaped(group),
            Many(batch.blobs as u64, "blob"),
            Count(batch.bytes),
            In(batch.closes, now),
        )?;
    }
    page.push_str("</ul>");
    more(
        page,
        usize::try_from(all)
            .unwrap_or(usize::MAX)
            .saturating_sub(batches.len()),
    )
}

fn more(page: &mut String, more: usize) -> fmt::Result {
    match more {
        0 => {}
        more => write!(page, "<p class=note>and {} more</p>", Count(more as u64))?,
    }
    page.push_str("</details>");
    Ok(())
}

fn events(
    page: &mut String,
    events: &[LastEvent],
    argo: Option<&str>,
    now: OffsetDateTime,
) -> fmt::Result {
    page.push_str("<ul class=list>");
    for event in events {
        let LastEvent { about, at, .. } = event;
        write!(
            page,
            "<li><b class=name>{}</b> {} ago: ",
            Escaped(about),
            Ago(*at, now)
        )?;
        match event.outcome {
            Outcome::Sent => page.push_str("sent"),
            Outcome::Confirmed => confirmed(page, event, argo)?,
            Outcome::DeadLetter => {
                let reason = event.reason.as_deref().unwrap_or_default();
                write!(
                    page,
                    "<span class=alert>dead letter</span>: {}",
                    Escaped(reason)
                )?;
            }
        }
        page.push_str("</li>");
    }
    page.push_str("</ul></details>");
    Ok(())
}

fn confirmed(page: &mut String, event: &LastEvent, argo: Option<&str>) -> fmt::Result {
    page.push_str("confirmed");
    if let Some(first) = event.first_sent {
        let took = (event.at - first).as_seconds_f64().max(0.0);
        match event.attempts {
            0 | 1 => write!(page, " after {took:.1} s")?,
            many => write!(page, " after {took:.1} s; it was sent {}", times(many))?,
        }
    }
    for made in &event.made {
        write!(page, ", {} ", Escaped(&made.what))?;
        let name = Escaped(&made.name);
        match argo.and_then(|argo| link(argo, made)) {
            Some(url) => write!(
                page,
                "<a href='{}' rel=noreferrer>{name}</a>",
                Escaped(&url)
            )?,
            None => write!(page, "<code>{name}</code>")?,
        }
    }
    Ok(())
}

// Names of the cluster are plain; of what is not no link is made.
fn link(argo: &str, made: &Made) -> Option<String> {
    let Made {
        namespace, name, ..
    } = made;
    let plain = |text: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        !text.is_empty() && text.chars().all(fits)
    };
    let linked = made.is_workflow && plain(namespace) && plain(name);
    linked.then(|| format!("{argo}/workflows/{namespace}/{name}"))
}

fn times(times: u32) -> String {
    match times {
        1 => "once".to_owned(),
        many => format!("{many} times"),
    }
}

fn numbers(page: &mut String, source: &SourceStatus, now: OffsetDateTime) -> fmt::Result {
    let stream = match source.state {
        Phase::NoStream | Phase::Refused => "Last stream ended",
        _ => "Stream started",
    };
    let confirmation = source.confirmation_millis as f64 / 1000.0;
    // Without `confirm`, nothing is known of Workflows.
    let confirms = !source.workflows.namespace.is_empty();
    let numbers = [
        Some((stream, format!("{} ago", Ago(source.since, now)))),
        count("Sent, with repeats", source.sent),
        count("Sent again", source.redelivered),
        count("In flight", source.in_flight),
        confirms.then(|| ("From event to Workflow", format!("{confirmation:.1} s"))),
        count("Unfinished Workflows", source.active_workflows).filter(|_| confirms),
        count("Dead letters since the start", source.dead_letters).filter(|_| confirms),
        count("Blobs in the ledger", source.ledger_blobs),
        count("Of these, not listed any more", source.missing_blobs),
        count("Held back by minAge", source.held_back),
        count(
            "Names that Azure Storage does not allow",
            source.unusable_names,
        ),
        count("Sweeps", source.sweeps),
        Some((
            "The last sweep took",
            Age(source.last_sweep_millis / 1000).to_string(),
        )),
    ];
    page.push_str("<dl>");
    for (name, value) in numbers.into_iter().flatten() {
        write!(page, "<div><dt>{name}</dt><dd>{value}</dd></div>")?;
    }
    page.push_str("</dl></details>");
    Ok(())
}

fn count(name: &'static str, count: u64) -> Option<(&'static str, String)> {
    Some((name, Count(count).to_string()))
}
