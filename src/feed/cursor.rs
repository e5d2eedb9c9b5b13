//! How far a feed has been worked off: what need not be read again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{hour::Hour, position::Position};

/// A segment may appear so long after later ones were read, and is read anyway.
const LATE: Duration = Duration::hours(24);
/// A change may be in the segment before or after that of its time when it happened so close to the border ("Change
/// feed in Azure Blob Storage").
const NEIGHBOURS: Duration = Duration::minutes(15);

/// Where reading goes on after a restart. All changes before it are settled; of those after it some are, and the ledger
/// knows which.
///
/// As a text it is JSON: `{"from":"2026/11/29/1400","closed":["2026/11/29/1400"],"open":{"2026/11/29/1500":{"0":[0,7275,12]}}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Segments before it are never asked for.
    from: Hour,
    /// Segments that are read to their ends and settled.
    #[serde(default)]
    closed: Vec<Hour>,
    /// Segments that were begun, with the first place of each shard that is not settled.
    #[serde(default)]
    open: BTreeMap<Hour, BTreeMap<u32, Mark>>,
}

/// A place in a shard: chunk, byte of the block, number of the event in it.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Mark(pub u32, pub u64, pub u64);

impl From<Position> for Mark {
    fn from(position: Position) -> Self {
        Self(position.chunk, position.block, position.event)
    }
}

impl Cursor {
    /// A cursor before all changes that happened at `since` or later.
    pub fn since(since: OffsetDateTime) -> Self {
        Self {
            from: Hour::of(since - NEIGHBOURS),
            closed: Vec::new(),
            open: BTreeMap::new(),
        }
    }

    /// The first segment that may still have something.
    pub fn from(&self) -> Hour {
        self.from
    }

    /// Whether all of a segment is settled.
    pub fn is_closed(&self, segment: Hour) -> bool {
        segment < self.from || self.closed.contains(&segment)
    }

    /// From where on a shard is to be read.
    pub fn mark(&self, segment: Hour, shard: u32) -> Mark {
        let shards = self.open.get(&segment);
        let mark = shards.and_then(|it| it.get(&shard));
        mark.copied().unwrap_or_default()
    }

    /// Up to these marks shards are settled. Others stay as they are.
    pub fn set(&mut self, segment: Hour, shards: impl IntoIterator<Item = (u32, Mark)>) {
        self.open.entry(segment).or_default().extend(shards);
    }

    /// All of a segment is settled.
    pub fn close(&mut self, segment: Hour) {
        self.open.remove(&segment);
        if !self.is_closed(segment) {
            self.closed.push(segment);
            self.closed.sort_unstable();
        }
        // Segments are read in order, so all that were there before the latest one were begun.
        let latest = self.last().map_or(segment, |last| last.max(segment));
        let horizon = Hour::of(latest.start() - LATE);
        let first_open = self.open.keys().next().copied();
        let up_to = first_open.map_or(horizon, |open| open.min(horizon));
        if up_to > self.from {
            self.from = up_to;
            self.closed.retain(|it| *it >= up_to);
        }
    }

    /// The latest segment that was begun; `None` before the first.
    pub fn last(&self) -> Option<Hour> {
        let open = self.open.keys().next_back();
        open.copied().max(self.closed.last().copied())
    }

    /// The segments that were begun and are not settled, in order.
    pub fn open(&self) -> impl Iterator<Item = Hour> + '_ {
        self.open.keys().copied()
    }

    /// Changes that happened before it are settled, as far as the segments go that are there.
    pub fn passed(&self) -> OffsetDateTime {
        // The feed may have ended within the last segment.
        let last = self.closed.last().copied();
        let first = self.open().next().or(last).unwrap_or(self.from);
        first.start() - NEIGHBOURS
    }

    /// Changes that happened before it are settled, and no segment that appears late tells of more.
    pub fn settled_until(&self) -> OffsetDateTime {
        self.passed() - LATE
    }

    /// The text that a ledger keeps.
    pub fn to_json(&self) -> Vec<u8> {
        // Numbers and texts always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What [`to_json`](Self::to_json) wrote. `None`: it is something else.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn hour(hours: i64) -> Hour {
        Hour::of(datetime!(2026-11-29 00:00 UTC) + Duration::hours(hours))
    }

    fn cursor() -> Cursor {
        Cursor::since(hour(0).start() + Duration::minutes(20))
    }

    #[test]
    fn it_begins_early_enough_for_changes_in_the_segment_before() {
        assert_eq!(cursor().from(), hour(0));
        let early = Cursor::since(hour(0).start() + Duration::minutes(14));
        assert_eq!(early.from(), hour(-1));
        assert!(early.is_closed(hour(-2)) && !early.is_closed(hour(-1)));
    }

    #[test]
    fn what_is_passed_never_goes_beyond_a_segment_that_is_open() {
        let mut cursor = cursor();
        assert_eq!(cursor.passed(), hour(0).start() - NEIGHBOURS);
        cursor.set(hour(0), [(3, Mark(0, 7, 2))]);
        cursor.close(hour(1));
        assert_eq!(cursor.passed(), hour(0).start() - NEIGHBOURS);
        assert_eq!(cursor.mark(hour(0), 3), Mark(0, 7, 2));
        assert_eq!(cursor.mark(hour(0), 4), Mark::default());
        cursor.close(hour(0));
        assert_eq!(cursor.passed(), hour(1).start() - NEIGHBOURS);
        assert_eq!(cursor.settled_until(), cursor.passed() - LATE);
        assert_eq!(cursor.last(), Some(hour(1)));
    }

    #[test]
    fn a_segment_that_appears_a_day_late_is_read_and_no_more_are_remembered() {
        let mut cursor = cursor();
        for n in 0..1_000 {
            cursor.set(hour(n), []);
            cursor.close(hour(n));
        }
        assert!(cursor.closed.len() <= 25, "{}", cursor.closed.len());
        assert_eq!(cursor.from(), hour(999 - 24));
        assert!(cursor.is_closed(hour(998)) && !cursor.is_closed(hour(1_000)));
    }

    #[test]
    fn hours_that_are_still_to_be_read_are_never_left_behind() {
        let mut cursor = cursor();
        for n in 0..100 {
            assert!(!cursor.is_closed(hour(n)), "{n}");
            cursor.set(hour(n), []);
            cursor.close(hour(n));
        }
    }

    #[test]
    fn an_open_segment_is_never_left_behind() {
        let mut cursor = cursor();
        cursor.set(hour(0), [(0, Mark(1, 2, 3))]);
        for n in 1..100 {
            cursor.close(hour(n));
        }
        assert_eq!(cursor.from(), hour(0));
        assert!(!cursor.is_closed(hour(0)));
    }

    #[test]
    fn its_text_is_read_back() {
        let mut cursor = cursor();
        cursor.set(hour(1), [(0, Mark(0, 7275, 12))]);
        cursor.close(hour(0));
        let text = cursor.to_json();
        assert_eq!(
            String::from_utf8(text.clone()).unwrap(),
            r#"{"from":"2026/11/29/0000","closed":["2026/11/29/0000"],"open":{"2026/11/29/0100":{"0":[0,7275,12]}}}"#
        );
        assert_eq!(Cursor::from_json(&text), Some(cursor));
        for wrong in ["", "{}", r#"{"from":"yesterday"}"#] {
            assert_eq!(Cursor::from_json(wrong.as_bytes()), None);
        }
    }
}
