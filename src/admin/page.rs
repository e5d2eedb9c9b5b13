//! The status page for people: the worst first, and whole without its script.

use std::fmt::{self, Write};

use time::OffsetDateTime;

use self::text::Escaped;
use super::status::Status;
use crate::text::age::Age;

mod details;
mod elsewhere;
mod reasons;
mod refused;
mod source;
mod summary;
mod text;

/// Where the page's style is.
pub(super) const STYLE: &str = "/page.css";
/// Where the script is that keeps it up to date.
pub(super) const SCRIPT: &str = "/page.js";

/// Nothing is loaded and nothing runs but what this server has, whatever a name on the page may hold.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; script-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page as of `now`.
pub(super) fn html(status: &Status, now: OffsetDateTime) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(&mut page, status, now);
    page
}

fn write(page: &mut String, status: &Status, now: OffsetDateTime) -> fmt::Result {
    head(page, status)?;
    page.push_str("<main id=main>");
    summary::line(page, status)?;
    let is_empty = status.shown().next().is_none();
    match (is_empty, status.refused.is_empty()) {
        (false, _) => sources(page, status, now)?,
        (true, _) if !status.elsewhere.is_empty() => {}
        (true, false) => page
            .push_str("<p>No stream has started yet: the server refused every request for one.</p>"),
        (true, true) => page.push_str(
            "<p>No client has asked for a stream yet: apply an EventSource with the address of this server. If \
             there are several pods, another one may have the streams: <code>kubectl port-forward pod/NAME 9090</code> shows its page.</p>",
        ),
    }
    elsewhere::write(page, &status.elsewhere)?;
    refused::write(page, status, now)?;
    page.push_str("</main></body></html>\n");
    Ok(())
}

// The script is not needed to read the page. Without it the page loads again by itself.
fn head(page: &mut String, status: &Status) -> fmt::Result {
    write!(
        page,
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content='width=device-width, initial-scale=1'><meta name=color-scheme content='light dark'>\
         <title>azure-blob-eventsource</title><link rel=icon href='data:,'><link rel=stylesheet href='.{STYLE}'>\
         <script src='.{SCRIPT}' defer></script><noscript><meta http-equiv=refresh content=10></noscript></head><body>\
         <header><h1>azure-blob-eventsource</h1><p id=about>version {}",
        status.version,
    )?;
    if let Some(pod) = &status.pod {
        write!(page, ", pod {}", Escaped(pod))?;
    }
    write!(
        page,
        ", up {}. This page as data: <a href='./status.json'>status.json</a>. Metrics: <a href='./metrics'>metrics</a>.</p>\
         <p id=offline role=alert></p></header>",
        Age(status.uptime_seconds),
    )
}

fn sources(page: &mut String, status: &Status, now: OffsetDateTime) -> fmt::Result {
    page.push_str(
        "<table role=table><caption class=hear>Sources, the worst first</caption>\
         <thead role=rowgroup><tr role=row>",
    );
    for column in source::COLUMNS {
        write!(page, "<th role=columnheader scope=col>{column}</th>")?;
    }
    page.push_str("</tr></thead>");
    for source in summary::worst_first(status) {
        source::write(page, source, status.argo_url.as_deref(), now)?;
    }
    page.push_str("</table>");
    Ok(())
}

#[cfg(test)]
mod tests;
