//! What is counted of a queue of notifications.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::notification::Kind;

/// The outcome of a message, or of one notification in it.
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
    /// It is of another container.
    OtherContainer,
    /// It was given back to be taken later.
    Later,
    /// It came again before it was done with.
    LostLease,
    /// It was set aside.
    Poison,
    /// It tells of something else.
    Kind(Kind),
}

/// The kinds that are counted by their names.
const KINDS: [Kind; 12] = [
    Kind::Opened,
    Kind::Deleted,
    Kind::DirectoryCreated,
    Kind::DirectoryRenamed,
    Kind::DirectoryDeleted,
    Kind::TierChanged,
    Kind::PropertiesUpdated,
    Kind::PolicyCompleted,
    Kind::OperationInitiated,
    Kind::Validation,
    Kind::Created,
    Kind::Renamed,
];
const OUTCOMES: [Counted; 9] = [
    Counted::Done,
    Counted::Known,
    Counted::Superseded,
    Counted::Unwanted,
    Counted::Unreadable,
    Counted::OtherContainer,
    Counted::Later,
    Counted::LostLease,
    Counted::Poison,
];
const PLACES: usize = OUTCOMES.len() + KINDS.len() + 1;

/// The live numbers of a queue.
#[derive(Debug, Default)]
pub struct QueueStats {
    counts: [AtomicU64; PLACES],
    /// Whether the latest stream takes notifications from a queue.
    pub is_used: AtomicBool,
    /// Whether it never sweeps.
    pub is_alone: AtomicBool,
    /// About how many messages there are, hidden ones included, now.
    pub depth: AtomicU64,
    /// The age of the message that is seen first, in seconds, now.
    pub oldest_seconds: AtomicU64,
    /// Blobs that only a sweep found, more than a minute after they were written.
    pub missed: AtomicU64,
}

impl QueueStats {
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
        let kinds = KINDS.into_iter().chain([Kind::Other]).map(Counted::Kind);
        let all = OUTCOMES.into_iter().chain(kinds);
        all.map(|what| (what.as_str(), self.counted(what)))
    }
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
            Self::OtherContainer => "other_container",
            Self::Later => "later",
            Self::LostLease => "lost_lease",
            Self::Poison => "poison",
            Self::Kind(kind) => kind.as_str(),
        }
    }

    fn place(self) -> usize {
        let outcome = OUTCOMES.iter().position(|it| *it == self);
        let kind = |kind| KINDS.iter().position(|it| *it == kind);
        outcome.unwrap_or_else(|| match self {
            Self::Kind(it) => OUTCOMES.len() + kind(it).unwrap_or(KINDS.len()),
            _ => PLACES - 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_a_place_and_a_name_of_its_own() {
        let stats = QueueStats::default();
        let names: BTreeSet<_> = stats.all().map(|(name, _)| name).collect();
        assert_eq!(names.len(), PLACES);
        for what in OUTCOMES.into_iter().chain(KINDS.map(Counted::Kind)) {
            stats.count(what);
        }
        stats.count(Counted::Kind(Kind::Other));
        assert!(stats.all().all(|(_, count)| count == 1));
    }
}
