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

/// The refusals of this process, and the last ones one by one.
#[derive(Debug, Default)]
pub struct Refusals {
    total: AtomicU64,
    // The latest is the first.
    last: Shared<VecDeque<Refusal>>,
}

/// The refusals of one event since a stream of it last began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// The event's name in the request.
    pub event: String,
    /// Why the last one was refused, in the words that the client got.
    pub reason: String,
    /// When that was.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How many there were.
    pub times: u64,
}

impl Refusals {
    /// A stream of `event` was refused at `at`. Whoever was refused longest ago is forgotten first.
    pub fn note(&self, event: &str, reason: &str, at: OffsetDateTime) {
        self.total.fetch_add(1, Relaxed);
        let event = shortened(event);
        let mut last = self.last.lock();
        let known = last.iter().position(|refusal| refusal.event == event);
        let before = known.and_then(|known| last.remove(known));
        last.push_front(Refusal {
            event,
            reason: reason.to_owned(),
            at,
            times: 1 + before.map_or(0, |before| before.times),
        });
        last.truncate(REMEMBERED);
    }

    /// A stream of `event` has begun: what was wrong with it is mended.
    pub fn began(&self, event: &str) {
        let event = shortened(event);
        self.last.lock().retain(|refusal| refusal.event != event);
    }

    /// The last refusal of each event that has not begun since, the latest first.
    pub fn last_ones(&self) -> Vec<Refusal> {
        self.last.lock().iter().cloned().collect()
    }

    /// How many streams were refused since the process started.
    pub fn total(&self) -> u64 {
        self.total.load(Relaxed)
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
        refusals.note("a", "first", START);
        refusals.note("b", "other", START);
        refusals.note("a", "second", START + Duration::SECOND);
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
        refusals.began("a");
        refusals.began("never refused");
        let last: Vec<_> = refusals.last_ones().iter().map(told).collect();
        assert_eq!(last, [("b".to_owned(), "other".to_owned(), 1)]);
        assert_eq!(refusals.total(), 3);
    }

    #[test]
    fn clients_with_ever_new_names_fill_no_memory() {
        let refusals = Refusals::default();
        for n in 0..10_000 {
            let name = format!("{n}{}", "é".repeat(1000));
            refusals.note(&name, "no", START);
        }
        let last = refusals.last_ones();
        assert_eq!((last.len(), refusals.total()), (REMEMBERED, 10_000));
        assert!(last[0].event.starts_with("9999é"));
        assert!(last.iter().all(|it| it.event.chars().count() == NAME));
    }
}
