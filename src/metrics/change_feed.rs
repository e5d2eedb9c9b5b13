//! What is counted of a change feed.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use time::OffsetDateTime;

use super::outcomes::{Outcome, Outcomes};
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

/// The live numbers of a change feed.
#[derive(Debug, Default)]
pub struct FeedStats {
    /// Outcomes of changes.
    pub outcomes: Outcomes<Counted>,
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

impl Outcome for Counted {
    const ALL: &'static [Self] = &[
        Self::Done,
        Self::Known,
        Self::Superseded,
        Self::Unwanted,
        Self::Unreadable,
        Self::Later,
        Self::OtherContainer,
        Self::OtherKind,
    ];

    fn as_str(self) -> &'static str {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::outcomes::has_a_counter_for_each;

    #[test]
    fn each_outcome_has_a_counter_and_a_name_of_its_own() {
        has_a_counter_for_each::<Counted>();
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
