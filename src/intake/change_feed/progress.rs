//! What of the feed was read and what of that is settled. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::feed::{
    cursor::{Cursor, Mark},
    hour::Hour,
    position::Position,
};

/// From a cursor on: what was read, and which changes of it wait to be settled.
#[derive(Debug)]
pub(super) struct Progress {
    cursor: Cursor,
    /// Segments that were begun and are not closed.
    segments: BTreeMap<Hour, Segment>,
}

#[derive(Debug, Default)]
struct Segment {
    shards: BTreeMap<u32, Shard>,
    /// Whether it was read to its end.
    is_read: bool,
}

#[derive(Debug, Default)]
struct Shard {
    /// What is read next.
    next: Mark,
    /// What was read and is not settled.
    waiting: BTreeSet<Mark>,
}

impl Progress {
    pub(super) fn new(cursor: Cursor) -> Self {
        Self {
            cursor,
            segments: BTreeMap::new(),
        }
    }

    /// The first segment to ask for.
    pub(super) fn from(&self) -> Hour {
        self.cursor.from()
    }

    /// The latest segment that was begun.
    pub(super) fn latest(&self) -> Option<Hour> {
        self.cursor.last()
    }

    /// Segments up to `last` that were begun, are not settled and are not there any more.
    pub(super) fn gone(&self, there: &[Hour], last: Hour) -> Vec<Hour> {
        let open = self.cursor.open().filter(|it| *it <= last);
        open.filter(|it| !there.contains(it)).collect()
    }

    /// Whether a segment has nothing more to read.
    pub(super) fn is_read(&self, segment: Hour) -> bool {
        let known = self.segments.get(&segment);
        self.cursor.is_closed(segment) || known.is_some_and(|it| it.is_read)
    }

    /// Begins a segment, or goes on with it.
    pub(super) fn begin(&mut self, segment: Hour) {
        self.segments.entry(segment).or_default();
        self.write(segment);
    }

    /// From where on a shard is to be read.
    pub(super) fn next(&mut self, segment: Hour, shard: u32) -> Mark {
        let start = self.cursor.mark(segment, shard);
        let shards = &mut self.segments.entry(segment).or_default().shards;
        let shard = shards.entry(shard).or_insert_with(|| Shard {
            next: start,
            waiting: BTreeSet::new(),
        });
        shard.next
    }

    /// A shard was read up to `next`.
    pub(super) fn reached(&mut self, segment: Hour, shard: u32, next: Mark) {
        self.shard(segment, shard).next = next;
        self.write(segment);
    }

    /// A change was read that has to be settled.
    pub(super) fn waits(&mut self, at: Position) {
        self.shard(at.segment, at.shard).waiting.insert(at.into());
    }

    /// A change is settled.
    pub(super) fn settled(&mut self, at: Position) {
        let segment = self.segments.get_mut(&at.segment);
        if let Some(shard) = segment.and_then(|it| it.shards.get_mut(&at.shard)) {
            shard.waiting.remove(&Mark::from(at));
            self.write(at.segment);
        }
    }

    /// A final segment was read to its end.
    pub(super) fn read_to_its_end(&mut self, segment: Hour) {
        self.segments.entry(segment).or_default().is_read = true;
        self.write(segment);
    }

    /// Where reading goes on after a restart now.
    pub(super) fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    fn shard(&mut self, segment: Hour, shard: u32) -> &mut Shard {
        let segment = self.segments.entry(segment).or_default();
        segment.shards.entry(shard).or_default()
    }

    // The cursor follows.
    fn write(&mut self, hour: Hour) {
        let Some(segment) = self.segments.get(&hour) else {
            return;
        };
        let is_settled = segment.shards.values().all(|it| it.waiting.is_empty());
        if segment.is_read && is_settled {
            self.segments.remove(&hour);
            self.cursor.close(hour);
            return;
        }
        // A shard that was not read yet in this session stays where it was.
        let marks = segment.shards.iter().map(|(number, shard)| {
            let first = shard.waiting.first().copied();
            (*number, first.unwrap_or(shard.next))
        });
        self.cursor.set(hour, marks);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::{Duration, macros::datetime};

    const SHARDS: u32 = 3;

    fn hour(hours: i64) -> Hour {
        Hour::of(datetime!(2026-11-29 00:00 UTC) + Duration::hours(hours))
    }

    fn at(hours: i64, shard: u32, event: u64) -> Position {
        Position {
            segment: hour(hours),
            shard,
            chunk: 0,
            block: 100,
            event,
        }
    }

    fn progress() -> Progress {
        Progress::new(Cursor::since(hour(0).start() + Duration::minutes(30)))
    }

    #[test]
    fn the_cursor_stays_at_the_first_change_that_is_not_settled() {
        let mut progress = progress();
        progress.begin(hour(0));
        for event in 0..3 {
            progress.waits(at(0, 1, event));
        }
        progress.reached(hour(0), 1, Mark(0, 100, 3));
        progress.settled(at(0, 1, 0));
        progress.settled(at(0, 1, 2));
        assert_eq!(progress.cursor().mark(hour(0), 1), Mark(0, 100, 1));
        progress.read_to_its_end(hour(0));
        assert!(!progress.cursor().is_closed(hour(0)));
        progress.settled(at(0, 1, 1));
        assert!(progress.cursor().is_closed(hour(0)));
    }

    #[test]
    fn a_shard_that_is_not_read_again_stays_where_it_was() {
        let mut cursor = Cursor::since(hour(0).start() + Duration::minutes(30));
        cursor.set(hour(0), [(0, Mark(0, 100, 7)), (1, Mark(2, 50, 1))]);
        let mut progress = Progress::new(cursor);
        progress.begin(hour(0));
        assert_eq!(progress.next(hour(0), 0), Mark(0, 100, 7));
        progress.reached(hour(0), 0, Mark(0, 200, 4));
        assert_eq!(progress.cursor().mark(hour(0), 1), Mark(2, 50, 1));
        assert_eq!(progress.cursor().mark(hour(0), 0), Mark(0, 200, 4));
    }

    proptest! {
        // Segments are read side by side, some appear late, and changes are settled in any order.
        #[test]
        fn what_is_not_settled_is_never_behind_the_cursor(steps in prop::collection::vec((0..6_i64, 0..SHARDS, 0..4_u8), 1..200)) {
            let mut progress = progress();
            let mut read: BTreeMap<(i64, u32), u64> = BTreeMap::new();
            let mut open: BTreeSet<Position> = BTreeSet::new();
            let mut ended: BTreeSet<i64> = BTreeSet::new();
            for (hours, shard, what) in steps {
                match what {
                    0 | 1 if !ended.contains(&hours) => {
                        progress.begin(hour(hours));
                        progress.next(hour(hours), shard);
                        let event = read.entry((hours, shard)).or_default();
                        if what == 0 {
                            progress.waits(at(hours, shard, *event));
                            open.insert(at(hours, shard, *event));
                        }
                        *event += 1;
                        progress.reached(hour(hours), shard, Mark(0, 100, *event));
                    }
                    2 => {
                        let some = open.iter().nth(open.len() / 2).copied();
                        if let Some(some) = some {
                            open.remove(&some);
                            progress.settled(some);
                        }
                    }
                    3 if !ended.contains(&hours) => {
                        ended.insert(hours);
                        progress.begin(hour(hours));
                        progress.read_to_its_end(hour(hours));
                    }
                    _ => {}
                }
                let cursor = progress.cursor();
                for position in &open {
                    prop_assert!(!cursor.is_closed(position.segment));
                    prop_assert!(cursor.mark(position.segment, position.shard) <= Mark::from(*position));
                    prop_assert!(cursor.passed() <= position.segment.start());
                }
                prop_assert_eq!(Cursor::from_json(&cursor.to_json()), Some(cursor.clone()));
            }
            for position in std::mem::take(&mut open) {
                progress.settled(position);
            }
            for hours in ended {
                prop_assert!(progress.cursor().is_closed(hour(hours)));
            }
        }
    }
}
