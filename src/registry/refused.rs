//! The streams that were refused before they began: without this, only the log of their client would know.

use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use serde::Serialize;
use time::OffsetDateTime;

use crate::shared::Shared;

/// Of how many events the last refusal is kept. Clients choose the names of events.
const REMEMBERED: usize = 32;
/// How many characters of an event's name are kept.
const NAME: usize = 256;

/// With which gRPC codes streams are refused. They are a metric's label, so the set is closed; the last stands for
/// all others.
const CODES: [&str; 12] = [
    "INVALID_ARGUMENT",
    "FAILED_PRECONDITION",
    "UNAUTHENTICATED",
    "PERMISSION_DENIED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "ABORTED",
    "RESOURCE_EXHAUSTED",
    "UNAVAILABLE",
    "DATA_LOSS",
    "INTERNAL",
    "OTHER",
];

/// The refusals of this process, and the last ones one by one.
#[derive(Debug, Default)]
pub struct Refusals {
    /// How many there were of each code.
    by_code: [AtomicU64; CODES.len()],
    // The latest is the first.
    last: Shared<VecDeque<Refusal>>,
}

/// The refusals of one event since a stream of it last began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The event's name in the request.
    pub event: String,
    /// The source's name; empty where the configuration does not tell it.
    pub source: String,
    /// Why the last one was refused, in the words that the client got.
    pub reason: String,
    /// When that was.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How many there were.
    pub times: u64,
}

impl Refusals {
    /// A stream of `event` and this source (empty: nobody knows) was refused at `at`, with the gRPC code of this name and
    /// these words. Whoever was refused longest ago is forgotten first.
    pub fn note(
        &self,
        (event, source): (&str, &str),
        code: &str,
        reason: &str,
        at: OffsetDateTime,
    ) {
        let known = CODES.iter().position(|it| *it == code);
        if let Some(count) = self.by_code.get(known.unwrap_or(CODES.len() - 1)) {
            count.fetch_add(1, Relaxed);
        }
        let (event, source) = (shortened(event), shortened(source));
        let mut last = self.last.lock();
        let known = last
            .iter()
            .position(|refusal| refusal.event == event && refusal.source == source);
        let before = known.and_then(|known| last.remove(known));
        last.push_front(Refusal {
            event,
            source,
            reason: reason.to_owned(),
            at,
            times: 1 + before.map_or(0, |before| before.times),
        });
        last.truncate(REMEMBERED);
    }

    /// A stream of `event` and this source works: what was wrong with it is fixed.
    pub fn began(&self, (event, source): (&str, &str)) {
        let (event, source) = (shortened(event), shortened(source));
        let is_fixed =
            |it: &Refusal| it.event == event && [source.as_str(), ""].contains(&it.source.as_str());
        self.last.lock().retain(|refusal| !is_fixed(refusal));
    }

    /// The last refusal of each event that has not begun since, the latest first.
    pub fn last_ones(&self) -> Vec<Refusal> {
        self.last.lock().iter().cloned().collect()
    }

    /// How many streams were refused with each code since the process started, those of none included.
    pub fn by_code(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let counts = self.by_code.iter().map(|count| count.load(Relaxed));
        CODES.into_iter().zip(counts)
    }
}

fn shortened(event: &str) -> String {
    event.chars().take(NAME).collect()
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    const START: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    #[test]
    fn the_last_refusal_of_each_event_is_kept_until_it_begins() {
        let refusals = Refusals::default();
        refusals.note(("a", ""), "INVALID_ARGUMENT", "first", START);
        refusals.note(("b", ""), "NOT_FOUND", "other", START);
        refusals.note(
            ("a", ""),
            "INVALID_ARGUMENT",
            "second",
            START + Duration::SECOND,
        );
        let told = |it: &Refusal| (it.event.clone(), it.reason.clone(), it.times);
        let last: Vec<_> = refusals.last_ones().iter().map(told).collect();
        assert_eq!(
            last,
            [
                ("a".to_owned(), "second".to_owned(), 2),
                ("b".to_owned(), "other".to_owned(), 1)
            ]
        );
        assert_eq!(refusals.last_ones()[0].at, START + Duration::SECOND);
        refusals.began(("a", ""));
        refusals.began(("never refused", ""));
        let last: Vec<_> = refusals.last_ones().iter().map(told).collect();
        assert_eq!(last, [("b".to_owned(), "other".to_owned(), 1)]);
        let counted: Vec<_> = refusals.by_code().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [("INVALID_ARGUMENT", 2), ("NOT_FOUND", 1)]);
    }

    #[test]
    fn a_code_that_is_not_in_the_set_makes_no_label() {
        let refusals = Refusals::default();
        for code in ["", "OK", "invalid_argument", "secret", "OTHER"] {
            refusals.note(("a", ""), code, "why", START);
        }
        assert_eq!(refusals.by_code().count(), CODES.len());
        let counted: Vec<_> = refusals.by_code().filter(|(_, count)| *count > 0).collect();
        assert_eq!(counted, [("OTHER", 5)]);
    }

    #[test]
    fn a_source_that_works_fixes_no_other_of_the_same_event() {
        let refusals = Refusals::default();
        for source in ["one", "other", ""] {
            refusals.note(("a", source), "NOT_FOUND", "why", START);
        }
        refusals.began(("a", "one"));
        let last = refusals.last_ones();
        let sources: Vec<_> = last.iter().map(|it| it.source.as_str()).collect();
        assert_eq!(sources, ["other"]);
    }

    #[test]
    fn clients_with_ever_new_names_fill_no_memory() {
        let refusals = Refusals::default();
        for n in 0..10_000 {
            let name = format!("{n}{}", "é".repeat(1000));
            refusals.note((&name, ""), "INTERNAL", "no", START);
        }
        let last = refusals.last_ones();
        let total: u64 = refusals.by_code().map(|(_, count)| count).sum();
        assert_eq!((last.len(), total), (REMEMBERED, 10_000));
        assert!(last[0].event.starts_with("9999é"));
        assert!(last.iter().all(|it| it.event.chars().count() == NAME));
    }
}
