//! What is counted of a queue of notifications.

use std::sync::atomic::{AtomicBool, AtomicU64};

use super::outcomes::{Outcome, Outcomes};
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

/// The live numbers of a queue.
#[derive(Debug, Default)]
pub struct QueueStats {
    /// Outcomes of messages and of the notifications in them.
    pub outcomes: Outcomes<Counted>,
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

impl Outcome for Counted {
    const ALL: &'static [Self] = &[
        Self::Done,
        Self::Known,
        Self::Superseded,
        Self::Unwanted,
        Self::Unreadable,
        Self::OtherContainer,
        Self::Later,
        Self::LostLease,
        Self::Poison,
        Self::Kind(Kind::Opened),
        Self::Kind(Kind::Deleted),
        Self::Kind(Kind::DirectoryCreated),
        Self::Kind(Kind::DirectoryRenamed),
        Self::Kind(Kind::DirectoryDeleted),
        Self::Kind(Kind::TierChanged),
        Self::Kind(Kind::PropertiesUpdated),
        Self::Kind(Kind::PolicyCompleted),
        Self::Kind(Kind::OperationInitiated),
        Self::Kind(Kind::Validation),
        Self::Kind(Kind::Created),
        Self::Kind(Kind::Renamed),
        Self::Kind(Kind::Other),
    ];

    fn as_str(self) -> &'static str {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::outcomes::has_a_counter_for_each;

    #[test]
    fn each_outcome_has_a_counter_and_a_name_of_its_own() {
        has_a_counter_for_each::<Counted>();
    }
}
