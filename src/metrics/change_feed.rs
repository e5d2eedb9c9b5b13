//! What is counted of a change feed.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use time::OffsetDateTime;

use crate::shared::Shared;

/// The outcome of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Its event is durable.
    Done,
    /// Its blob version was done before.
    Known,
    /// Its blob is gone, or there is a newer version of it, which was taken in its place.
    Superseded,
    /// Prefix, pattern or another rule does not want its blob.
    Unwanted,
    /// Its blob cannot be read.
    Unreadable,
    /// It is looked at again later.
    Later,
    /// It is of another container.
    OtherContainer,
    /// It tells of something else than a blob that was written.
    OtherKind,
}

const OUTCOMES: [Counted; 8] = [
    Counted::Done,
    Counted::Known,
    Counted::Superseded,
    Counted::Unwanted,
    Counted::Unreadable,
    Counted::Later,
    Counted::OtherContainer,
    Counted::OtherKind,
];

/// The live numbers of a change feed.
#[derive(Debug, Default)]
pub struct FeedStats {
    counts: [AtomicU64; OUTCOMES.len()],
    /// Whether the latest stream reads it.
    pub is_used: AtomicBool,
    /// The last segment that may be read, in seconds since 1970; 0 when that is not known.
    last: AtomicI64,
    /// Changes that happened before it are settled, in seconds since 1970; 0 when that is not known.
    passed: AtomicI64,
    /// Changes that were read and are not settled, now.
    pub waiting: AtomicU64,
    trouble: Shared<Option<String>>,
}

impl FeedStats {
    /// A stream begins, which reads the feed or does not.
    pub fn begin(&self, is_used: bool) {
        self.is_used.store(is_used, Relaxed);
        self.waiting.store(0, Relaxed);
        self.last.store(0, Relaxed);
        self.passed.store(0, Relaxed);
        *self.trouble.lock() = None;
    }

    /// Counts one.
    pub fn count(&self, what: Counted) {
        self.counts[what.place()].fetch_add(1, Relaxed);
    }

    /// How many there were.
    pub fn counted(&self, what: Counted) -> u64 {
        self.counts[what.place()].load(Relaxed)
    }

    /// All that is counted, by name: a closed set.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        OUTCOMES
            .into_iter()
            .map(|what| (what.as_str(), self.counted(what)))
    }

    /// The feed may be read up to the segment that begins at `last`.
    pub fn may_be_read(&self, last: OffsetDateTime) {
        self.last.store(last.unix_timestamp(), Relaxed);
    }

    /// Changes that happened before `passed` are settled.
    pub fn has_passed(&self, passed: OffsetDateTime) {
        self.passed.store(passed.unix_timestamp(), Relaxed);
    }

    /// When the last segment began that may be read.
    pub fn last(&self) -> Option<OffsetDateTime> {
        moment(&self.last)
    }

    /// Before when all changes are settled.
    pub fn passed(&self) -> Option<OffsetDateTime> {
        moment(&self.passed)
    }

    /// Replaces what is wrong with it, and says whether that is news.
    pub fn set_trouble(&self, trouble: Option<String>) -> bool {
        let mut known = self.trouble.lock();
        let is_news = *known != trouble;
        *known = trouble;
        is_news
    }

    /// What is wrong with it.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }
}

fn moment(seconds: &AtomicI64) -> Option<OffsetDateTime> {
    let seconds = Some(seconds.load(Relaxed)).filter(|it| *it != 0)?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

impl Counted {
    /// Its name in `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Known => "known",
            Self::Superseded => "superseded",
            Self::Unwanted => "unwanted",
            Self::Unreadable => "unreadable",
            Self::Later => "later",
            Self::OtherContainer => "other_container",
            Self::OtherKind => "other_kind",
        }
    }

    fn place(self) -> usize {
        let place = OUTCOMES.iter().position(|it| *it == self);
        place.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_outcome_has_a_place_and_a_name_of_its_own() {
        let stats = FeedStats::default();
        OUTCOMES.into_iter().for_each(|what| stats.count(what));
        assert!(stats.all().all(|(_, count)| count == 1));
        let names: BTreeSet<_> = stats.all().map(|(name, _)| name).collect();
        assert_eq!(names.len(), OUTCOMES.len());
    }

    #[test]
    fn a_new_stream_knows_nothing_yet() {
        let stats = FeedStats::default();
        stats.has_passed(OffsetDateTime::UNIX_EPOCH + time::Duration::HOUR);
        assert!(stats.set_trouble(Some("it is off".to_owned())));
        assert!(!stats.set_trouble(Some("it is off".to_owned())));
        stats.begin(true);
        assert_eq!(
            (stats.passed(), stats.last(), stats.trouble()),
            (None, None, None)
        );
    }
}
