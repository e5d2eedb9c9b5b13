//! The status page for people: one HTML document that needs nothing else.

use std::fmt::{self, Display, Formatter, Write};

use time::OffsetDateTime;

use super::status::{Phase, SourceStatus, Status};
use crate::{event::rfc3339, plain::is_hidden};

/// Nothing is loaded and nothing runs, whatever a name in the table may hold.
pub(super) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem;max-width:90rem}\
h1{font-size:1.3rem;margin:0}p{margin:.3rem 0 1.2rem;opacity:.75}\
.scroll{overflow-x:auto}\
table{border-collapse:collapse;width:100%}\
th,td{text-align:left;padding:.4rem .8rem;border-bottom:1px solid #8884;vertical-align:top}\
th{font-weight:600;white-space:nowrap}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
td.error{max-width:32rem;overflow-wrap:anywhere}\
.phase{white-space:nowrap}.phase::before{content:'';display:inline-block;width:.6em;height:.6em;\
border-radius:50%;margin-right:.5em;background:#8889}\
.watching::before{background:#2a9d58}.first::before{background:#3b82d6}.retrying::before,.stalled::before{background:#d6453b}";

const HEAD: &str = "<tr><th>Source<th>Event<th>Container<th>State<th>Since\
<th class=n>In flight<th class=n>Workflows<th class=n>Sent<th class=n>Again<th class=n>Done<th class=n>Dead letters<th class=n>Ledger<th class=n>Last sweep<th>Last error</tr>";

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
        Span(status.uptime_seconds),
    )?;
    if status.sources.is_empty() {
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
    page.push_str("<p>The same as <code>Accept: application/json</code>; numbers at <a href=/metrics>/metrics</a>.</p></body></html>\n");
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
         <td class=n>{}<td class=error>{}</tr>",
        Escaped(&source.source),
        Escaped(&source.event),
        Escaped(&source.container),
        Span(age),
        source.in_flight,
        source.active_workflows,
        source.sent,
        source.redelivered,
        source.done,
        source.dead_letters,
        source.ledger_blobs,
        sweep(source),
        Escaped(source.last_error.as_deref().unwrap_or_default()),
    )
}

fn phase(phase: Phase) -> (&'static str, &'static str) {
    match phase {
        Phase::FirstSweep => ("first", "first sweep"),
        Phase::Watching => ("watching", "watching"),
        Phase::Retrying => ("retrying", "retrying"),
        Phase::Stalled => ("stalled", "stalled"),
        Phase::NoStream => ("none", "no stream"),
    }
}

fn sweep(source: &SourceStatus) -> String {
    if source.sweeps == 0 {
        return "–".to_owned();
    }
    format!("{:.1} s", source.last_sweep_millis as f64 / 1000.0)
}

/// A number of seconds in its two largest units.
struct Span(u64);

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            s @ 0..60 => write!(f, "{s} s"),
            s @ 60..3600 => write!(f, "{} min {} s", s / 60, s % 60),
            s @ 3600..86400 => write!(f, "{} h {} min", s / 3600, s % 3600 / 60),
            s => write!(f, "{} d {} h", s / 86400, s % 86400 / 3600),
        }
    }
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
    use std::time::Instant;

    use super::*;
    use crate::{admin::status, registry::Registry};

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
    fn an_empty_server_says_what_to_do() {
        assert!(page(&Registry::default()).contains("apply an EventSource"));
    }

    #[test]
    fn spans_have_two_units() {
        let spans = [59, 61, 3600, 90_000].map(|s| Span(s).to_string());
        assert_eq!(spans, ["59 s", "1 min 1 s", "1 h 0 min", "1 d 1 h"]);
    }
}
