//! All sources in one line, and the order in which they are shown.

use std::fmt::{self, Write};

use super::{refused, text::Many};
use crate::admin::status::{Phase, SourceStatus, Status};

/// What a phase is called in the sum, the worst last.
const KINDS: [(&str, &[Phase]); 6] = [
    ("ok", &[Phase::Watching, Phase::FirstSweep]),
    ("waiting for a limit", &[Phase::Waiting]),
    ("without a stream here", &[Phase::NoStream]),
    ("refused", &[Phase::Refused]),
    ("failing", &[Phase::Retrying]),
    ("stalled", &[Phase::Stalled]),
];

/// One line for all sources: it changes only when there is news.
pub(super) fn line(page: &mut String, status: &Status) -> fmt::Result {
    page.push_str("<p id=summary role=status aria-live=polite>");
    if status.shutting_down {
        page.push_str("Shutting down. ");
    }
    let shown: Vec<_> = status.shown().collect();
    if shown.is_empty() {
        page.push_str("<strong>No sources here</strong>");
    } else {
        let sources = Many(shown.len() as u64, "source");
        write!(page, "<strong>{sources}:</strong> ")?;
        let counts = KINDS.map(|(words, phases)| (words, count(&shown, phases)));
        let told = counts.iter().filter(|(_, count)| *count > 0);
        let told: Vec<_> = told.map(kind).collect();
        page.push_str(&told.join(", "));
    }
    let elsewhere: usize = status.elsewhere.iter().map(|pod| pod.sources.len()).sum();
    if elsewhere > 0 {
        write!(page, "; <a href='#elsewhere'>{elsewhere} on other pods</a>")?;
    }
    let letters: usize = shown.iter().map(|it| it.letters.count).sum();
    if letters > 0 {
        let letters = Many(letters as u64, "dead letter");
        write!(page, "; <span class=alert>{letters}</span>")?;
    }
    let refused = refused::alone(status).count();
    if refused > 0 {
        let refused = Many(refused as u64, "refused stream");
        write!(page, "; <a href='#refused'>{refused}</a>")?;
    }
    page.push_str("</p>");
    Ok(())
}

fn kind((words, count): &(&str, usize)) -> String {
    match *words {
        "refused" | "failing" | "stalled" => format!("<span class=alert>{count} {words}</span>"),
        _ => format!("{count} {words}"),
    }
}

fn count(sources: &[&SourceStatus], phases: &[Phase]) -> usize {
    let sources = sources.iter();
    sources.filter(|it| phases.contains(&it.state)).count()
}

/// The sources, the worst first; those that are alike in the order of their names.
pub(super) fn worst_first(status: &Status) -> Vec<&SourceStatus> {
    let mut sorted: Vec<_> = status.shown().collect();
    sorted.sort_by_key(|source| rank(source));
    sorted
}

fn rank(source: &SourceStatus) -> u8 {
    match source.state {
        Phase::Stalled => 0,
        Phase::Retrying | Phase::Refused => 1,
        _ if source.letters.count > 0 => 2,
        _ if source.listing_doubt.is_some() || source.workflows.complaint().is_some() => 3,
        Phase::NoStream => 4,
        Phase::Waiting => 5,
        Phase::FirstSweep => 6,
        Phase::Watching => 7,
    }
}
