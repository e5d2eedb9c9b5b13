//! One source: six numbers in a row, and under them what there is to say, in full width.

use std::fmt::{self, Write};

use time::OffsetDateTime;

use super::{
    details, reasons,
    text::{Ago, Count, Escaped, In, Many, seconds},
};
use crate::{
    admin::status::{Phase, SourceStatus},
    metrics::events::Waiting,
};

/// The columns, of which there are as many as fit beside each other.
pub(super) const COLUMNS: [&str; 6] = [
    "Source",
    "State",
    "Backlog",
    "Oldest waiting blob",
    "Next sweep",
    "Done",
];

pub(super) fn write(
    page: &mut String,
    source: &SourceStatus,
    argo: Option<&str>,
    now: OffsetDateTime,
) -> fmt::Result {
    let (class, _) = words(source.state);
    let id = Escaped(&source.source);
    write!(
        page,
        "<tbody role=rowgroup id='source:{id}' class='{class}'><tr role=row>"
    )?;
    name(page, source)?;
    for (column, cell) in COLUMNS[1..]
        .iter()
        .zip([state, backlog, oldest, sweep, done])
    {
        write!(page, "<td role=cell data-label='{column}'><div>")?;
        cell(page, source, now)?;
        page.push_str("</div></td>");
    }
    page.push_str("</tr><tr role=row class=more><td role=cell colspan=6>");
    reasons::write(page, source)?;
    details::write(page, source, argo, now)?;
    page.push_str("</td></tr></tbody>");
    Ok(())
}

fn name(page: &mut String, source: &SourceStatus) -> fmt::Result {
    write!(
        page,
        "<th role=rowheader scope=row><b>{}</b><small>",
        Escaped(&source.source)
    )?;
    if source.event != source.source {
        write!(page, "event {}, ", Escaped(&source.event))?;
    }
    write!(
        page,
        "container {}</small></th>",
        Escaped(&source.container)
    )
}

fn words(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::FirstSweep => ("first", "first sweep"),
        Phase::Watching => ("ok", "ok, watching"),
        Phase::Retrying => ("failing", "failing, retrying"),
        Phase::Stalled => ("stalled", "stalled"),
        Phase::Waiting => ("waiting", "waiting for a limit"),
        Phase::Refused => ("failing", "refused"),
        Phase::NoStream => ("none", "no stream here"),
    }
}

fn state(page: &mut String, source: &SourceStatus, now: OffsetDateTime) -> fmt::Result {
    let (_, words) = words(source.state);
    let since = Ago(source.state_since, now);
    write!(
        page,
        "<span class=state>{words}</span><small>for {since}</small>"
    )
}

fn backlog(page: &mut String, source: &SourceStatus, _: OffsetDateTime) -> fmt::Result {
    let queued = source.queue.as_ref().map_or(0, |queue| queue.messages);
    if source.backlog == 0 && source.in_flight == 0 && queued == 0 {
        return write!(page, "none");
    }
    write!(
        page,
        "{}",
        Many(source.backlog.max(source.in_flight), "blob")
    )?;
    let (sent, gathered) = (
        source.in_flight,
        source.batches.as_ref().map_or(0, |it| it.waiting_blobs),
    );
    let limit = source.waits_for.as_ref();
    let parts = [
        (queued > 0).then(|| format!("about {} in the queue", Many(queued, "message"))),
        (sent > 0).then(|| match source.workflows.namespace.is_empty() {
            true => format!(
                "{} sent, done after <code>limits.settle</code>",
                Many(sent, "event")
            ),
            false => format!("{} sent, waiting for Workflows", Many(sent, "event")),
        }),
        (gathered > 0).then(|| format!("{} in open batches", Count(gathered))),
        limit.map(|pause| {
            format!(
                "no more are sent: the limit <code>{}</code> is reached",
                Escaped(pause.limit)
            )
        }),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        write!(page, "<small>{}</small>", parts.join("; "))?;
    }
    Ok(())
}

fn oldest(page: &mut String, source: &SourceStatus, now: OffsetDateTime) -> fmt::Result {
    let Some(oldest) = &source.oldest_waiting else {
        return write!(page, "none");
    };
    let Waiting {
        about,
        modified,
        first_sent,
        attempts,
    } = oldest;
    write!(page, "<span class=name>{}</span><small>", Escaped(about))?;
    if let Some(modified) = modified {
        write!(page, "written {} ago; ", Ago(*modified, now))?;
    }
    match first_sent {
        Some(first) if *attempts > 1 => write!(
            page,
            "sent {attempts} times, first {} ago",
            Ago(*first, now)
        )?,
        Some(first) => write!(page, "sent {} ago", Ago(*first, now))?,
        None => page.push_str("not sent yet"),
    }
    page.push_str("</small>");
    Ok(())
}

fn sweep(page: &mut String, source: &SourceStatus, now: OffsetDateTime) -> fmt::Result {
    let sweep = source.sweep.as_ref();
    let running = sweep.and_then(|it| Some((it, it.running_since?)));
    match (running, sweep.and_then(|it| it.next)) {
        _ if matches!(source.state, Phase::NoStream | Phase::Refused) => {
            return write!(page, "none");
        }
        (None, _) if source.never_sweeps => {
            let by = match (&source.queue, &source.change_feed) {
                (Some(_), Some(_)) => "the queue and the change feed",
                (None, Some(_)) => "the change feed",
                _ => "the queue",
            };
            return write!(page, "none<small>blobs are found only by {by}</small>");
        }
        (Some((sweep, since)), _) => {
            let first = if source.sweeps == 0 {
                "the first"
            } else {
                "it"
            };
            write!(
                page,
                "{first} runs for {}<small>{} listed",
                Ago(since, now),
                Many(sweep.listed, "blob")
            )?;
            let took = seconds(since, now);
            if took > 0 && sweep.listed > 0 {
                write!(page, ", {} a second", Count(sweep.listed / took))?;
            }
            if sweep.ranges > 1 {
                write!(page, ", in {} ranges at once", sweep.ranges)?;
            }
            if let Some(at) = &sweep.at {
                write!(page, "; now at <span class=name>{}</span>", Escaped(at))?;
            }
            return write!(page, "</small>");
        }
        (None, Some(next)) => write!(page, "in {}", In(next, now))?,
        (None, None) if source.state == Phase::FirstSweep => page.push_str("the first begins"),
        (None, None) => page.push_str("none planned"),
    }
    if source.sweeps > 0 {
        let took = source.last_sweep_millis as f64 / 1000.0;
        write!(page, "<small>the last took {took:.1} s</small>")?;
    }
    Ok(())
}

fn done(page: &mut String, source: &SourceStatus, _: OffsetDateTime) -> fmt::Result {
    let minute = source.done_last5_minutes as f64 / 5.0;
    write!(
        page,
        "{}<small>{minute:.1} a minute, {} in the last hour</small>",
        Count(source.done),
        Count(source.done_last_hour),
    )?;
    match source.letters.count as u64 {
        0 => Ok(()),
        letters => write!(
            page,
            "<small class=alert>{}</small>",
            Many(letters, "dead letter")
        ),
    }
}
