//! The status page for people: one HTML document that needs nothing else.

use std::fmt::{self, Display, Formatter, Write};

use time::OffsetDateTime;

use super::status::{BatchStatus, Phase, QueueStatus, SourceStatus, Status};
use crate::{
    event::rfc3339,
    registry::Refusal,
    text::{age::Age, plain::is_hidden},
};

/// Nothing is loaded and nothing runs, whatever a name in the table may hold.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:90rem}\
h1{font-size:1.3rem;margin:0}h2{font-size:1.1rem;margin:1.5rem 0 0}p{margin:.3rem 0 1.2rem;opacity:.75}\
.scroll{overflow-x:auto}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.4rem .8rem;border-bottom:1px solid #8884;vertical-align:top}\
th{font-weight:600;white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
td.error{max-width:32rem;overflow-wrap:anywhere}td.error div+div{margin-top:.4rem}\
.phase{white-space:nowrap}.phase::before{content:'';display:inline-block;width:.6em;height:.6em;\
border-radius:50%;margin-right:.5em;background:#8889}\
.watching::before{background:#2a9d58}.first::before{background:#3b82d6}.retrying::before,.stalled::before{background:#d6453b}\
.waiting::before{background:#d99a1c}";

const HEAD: &str = "<tr><th>Source<th>Event<th>Container<th>State<th>Since\
<th class=n>In flight<th class=n>Workflows<th class=n>Sent<th class=n>Again<th class=n>Done<th class=n>Dead letters<th class=n>Ledger<th class=n>Last sweep<th>Last error, or what it waits for</tr>";

/// The page as of `now`.
pub(super) fn html(status: &Status, now: OffsetDateTime) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut page, status, now);
    page
}

fn write(page: &mut String, status: &Status, now: OffsetDateTime) -> fmt::Result {
    write!(
        page,
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content='width=device-width'><meta http-equiv=refresh content=5>\
         <title>azure-blob-eventsource</title><style>{STYLE}</style></head><body>\
         <h1>azure-blob-eventsource {}</h1><p>{}up {}</p>",
        status.version,
        if status.shutting_down {
            "shutting down, "
        } else {
            ""
        },
        Age(status.uptime_seconds),
    )?;
    if status.sources.is_empty() && !status.refused.is_empty() {
        page.push_str("<p>No stream has begun yet: all that were asked for were refused.</p>");
    } else if status.sources.is_empty() {
        page.push_str(
            "<p>No stream has been asked for yet: apply an EventSource that points here.</p>",
        );
    } else {
        write!(
            page,
            "<div class=scroll><table><thead>{HEAD}</thead><tbody>"
        )?;
        for source in &status.sources {
            row(page, source, now)?;
        }
        page.push_str("</tbody></table></div>");
    }
    refused(page, &status.refused, now)?;
    page.push_str("<p>The same as <code>Accept: application/json</code>; numbers at <a href=/metrics>/metrics</a>.</p></body></html>\n");
    Ok(())
}

fn refused(page: &mut String, refused: &[Refusal], now: OffsetDateTime) -> fmt::Result {
    if refused.is_empty() {
        return Ok(());
    }
    page.push_str(
        "<h2>Refused streams</h2><p>They did not begin. An event leaves this list when a stream of it begins here.</p>\
         <div class=scroll><table><thead><tr><th>Event<th>Last refused<th class=n>Times<th>Reason</tr></thead><tbody>",
    );
    for refusal in refused {
        write!(
            page,
            "<tr><td>{}<td title='{}'>{} ago<td class=n>{}<td class=error>{}</tr>",
            Escaped(&refusal.event),
            rfc3339(refusal.at),
            Age((now - refusal.at).whole_seconds().max(0).unsigned_abs()),
            refusal.times,
            Escaped(&refusal.reason),
        )?;
    }
    page.push_str("</tbody></table></div>");
    Ok(())
}

fn row(page: &mut String, source: &SourceStatus, now: OffsetDateTime) -> fmt::Result {
    let (class, words) = phase(source.state);
    let since = rfc3339(source.since);
    let age = (now - source.since).whole_seconds().max(0).unsigned_abs();
    write!(
        page,
        "<tr><td>{}<td>{}<td>{}<td class='phase {class}'>{words}<td title='{since}'>{}\
         <td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}<td class=n>{}\
         <td class=n>{}<td class=error>",
        Escaped(&source.source),
        Escaped(&source.event),
        Escaped(&source.container),
        Age(age),
        source.in_flight,
        source.active_workflows,
        source.sent,
        source.redelivered,
        source.done,
        source.dead_letters,
        source.ledger_blobs,
        sweep(source),
    )?;
    for told in told(source) {
        write!(page, "<div>{}</div>", Escaped(&told))?;
    }
    page.push_str("</tr>");
    Ok(())
}

// What went wrong, what is waited for, whether the listing is believed, which Workflows nobody works on,
// which blobs go round in a loop, and which cannot be read yet.
fn told(source: &SourceStatus) -> impl Iterator<Item = String> {
    let waits = source.waits_for.as_ref();
    let waits = waits.map(|pause| format!("waits: {}", pause.reason));
    let unreadable = source.unreadable.described();
    let parts = [
        source.last_error.clone(),
        waits,
        source.listing_doubt.clone(),
        source.workflows.complaint(),
        source.loops.complaint(),
        unreadable.map(|blobs| format!("held back until they can be read: {blobs}")),
        source.queue.as_ref().map(queue),
        source.batches.as_ref().map(batches),
    ];
    parts.into_iter().flatten()
}

fn queue(queue: &QueueStatus) -> String {
    let mut told = match queue.messages {
        0 => "queue: empty".to_owned(),
        messages => format!(
            "queue: about {messages} messages, the next one {} old",
            Age(queue.oldest_message_seconds)
        ),
    };
    let poison = queue.notifications.get("poison").copied();
    if let Some(poison) = poison {
        // Writing to a string does not fail.
        let _ = write!(told, "; {poison} set aside in the poison queue");
    }
    if queue.missed > 0 {
        let _ = write!(told, "; {} blobs that only a sweep found", queue.missed);
    }
    told
}

fn batches(batches: &BatchStatus) -> String {
    let closed: u64 = batches.closed.values().sum();
    format!(
        "batches: {} open with {} blobs; {closed} closed with {} blobs",
        batches.open, batches.waiting_blobs, batches.blobs
    )
}

fn phase(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::FirstSweep => ("first", "first sweep"),
        Phase::Watching => ("watching", "watching"),
        Phase::Retrying => ("retrying", "retrying"),
        Phase::Stalled => ("stalled", "stalled"),
        Phase::Waiting => ("waiting", "waiting"),
        Phase::NoStream => ("none", "no stream"),
    }
}

fn sweep(source: &SourceStatus) -> String {
    if source.sweeps == 0 {
        return "–".to_owned();
    }
    format!("{:.1} s", source.last_sweep_millis as f64 / 1000.0)
}

/// Text that is shown as it is, whatever it holds. Characters that would turn the direction of what
/// follows, or hide, are shown as their numbers.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if is_hidden(c) => write!(f, "{}", c.escape_unicode())?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::Ordering::Relaxed, time::Instant};

    use super::*;
    use crate::{
        admin::status,
        blob::Unreadable,
        confirm::unfinished::{Group, Holder, Survey, Workflows},
        ledger::batches::ClosedBy,
        metrics::{Pause, queue::Counted},
        registry::Registry,
        state::loops::{Loop, Loops},
    };

    fn page(registry: &Registry) -> String {
        html(
            &status::read(registry, false, Instant::now()),
            OffsetDateTime::now_utc(),
        )
    }

    #[test]
    fn what_clients_send_is_shown_and_not_obeyed() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("<script>alert(1)</script>", "a'onmouseover='x");
        source.stats.set_error(1, Some("\u{202e}&\u{7}".to_owned()));
        let page = page(&registry);
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(page.contains("a&#39;onmouseover=&#39;x"));
        assert!(page.contains("\\u{202e}&amp;\\u{7}"));
        assert!(!page.contains("<script"));
        assert!(page.contains("retrying"));
    }

    #[test]
    fn a_source_that_waits_says_for_what_and_names_what_nobody_works_on() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        let named = |n: u64| Holder {
            name: format!("w-{n}"),
            age_seconds: 1000 - n,
            phase: None,
            deleted_seconds: None,
        };
        let workflows = Workflows {
            namespace: "ml".to_owned(),
            survey: Survey {
                count: 50,
                oldest: Some(named(0)),
                without_phase: Group {
                    count: 23,
                    oldest: (0..20).map(named).collect(),
                },
                ..Survey::default()
            },
        };
        let reason = workflows.places(50, 0);
        source
            .stats
            .set_pause(Some(Pause::active_workflows(50, reason)));
        source.stats.set_workflows(workflows);
        source.stats.set_error(1, Some("503".to_owned()));
        let page = page(&registry);
        for part in [
            "<div>503</div>",
            "<div>waits: `limits.activeWorkflows` allows 50: there are 50 unfinished Workflows",
            "<div>Argo&#39;s controller has not taken up 23 Workflows: w-0 (no phase for 16 min 40 s), w-1 ",
            "w-19 (no phase for 16 min 21 s) and 3 more. `kubectl describe",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        source.stats.set_error(1, None);
        assert!(self::page(&registry).contains("class='phase waiting'>waiting"));
    }

    #[test]
    fn loops_and_what_cannot_be_read_are_told() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        source.stats.set_unreadable(Unreadable {
            copying: 2,
            archived: 5,
            ..Unreadable::default()
        });
        source.stats.set_loops(Loops {
            count: 1,
            blobs: vec![Loop {
                name: "<a>.csv".to_owned(),
                times: 4,
                size: 7,
                has_md5: true,
                last: OffsetDateTime::UNIX_EPOCH,
            }],
        });
        let page = page(&registry);
        for part in [
            "<div>loop: &lt;a&gt;.csv was announced 4 times while its size (7 bytes) and its Content-MD5 stayed the same",
            "Set `version: content`",
            "<div>held back until they can be read: 2 being copied, 5 in the Archive tier</div>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }

    #[test]
    fn a_queue_is_told_in_one_line() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        assert!(!page(&registry).contains("queue:"));
        let queue = &source.stats.queue;
        queue.is_used.store(true, Relaxed);
        assert!(page(&registry).contains("<div>queue: empty</div>"));
        queue.depth.store(40, Relaxed);
        queue.oldest_seconds.store(192, Relaxed);
        queue.count(Counted::Poison);
        queue.missed.store(2, Relaxed);
        let told = "<div>queue: about 40 messages, the next one 3 min 12 s old; 1 set aside in the poison queue; \
                    2 blobs that only a sweep found</div>";
        assert!(page(&registry).contains(told), "{}", page(&registry));
    }

    #[test]
    fn batches_are_told_in_one_line() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        assert!(!page(&registry).contains("batches:"));
        let batches = &source.stats.batches;
        batches.open.store(2, Relaxed);
        batches.waiting.store(31, Relaxed);
        batches.closed(ClosedBy::Quiet, 412);
        let told = "<div>batches: 2 open with 31 blobs; 1 closed with 412 blobs</div>";
        assert!(page(&registry).contains(told), "{}", page(&registry));
    }

    #[test]
    fn a_refused_stream_is_shown_with_its_reason() {
        let registry = Registry::default();
        let now = OffsetDateTime::now_utc();
        registry.refusals.note(
            "<datasets>",
            "INVALID_ARGUMENT",
            "container: is missing",
            now,
        );
        let page = page(&registry);
        for part in [
            "No stream has begun yet",
            "<h2>Refused streams</h2>",
            "<tr><td>&lt;datasets&gt;<td title='",
            "<td class=n>1<td class=error>container: is missing</tr>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(!page.contains("apply an EventSource"));
        registry.refusals.began("<datasets>");
        assert!(!self::page(&registry).contains("Refused streams"));
    }

    #[test]
    fn an_empty_server_says_what_to_do() {
        assert!(page(&Registry::default()).contains("apply an EventSource"));
    }
}
