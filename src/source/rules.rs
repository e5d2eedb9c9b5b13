//! What becomes of a blob that a sweep came upon and the ledger does not know.

use std::time::Duration;

use crate::{
    blob::{Access, BlobRef, MAX_NAME, is_name},
    config::{Existing, SourceConfig},
    filter::Filter,
    ledger::facts::Facts,
};

/// What becomes of an unknown blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is announced.
    Offer,
    /// It was there before the source, or before its filter reached so far: done without being sent.
    Baseline,
    /// It is younger than `minAge` and judged again by a later sweep.
    HeldBack,
    /// Its content cannot be read yet. It is judged again by a later sweep.
    Unreadable(Access),
    /// It has no bytes, and `skipEmpty` is on.
    Empty,
    /// The filter does not match.
    Unmatched,
    /// Its name has no character or more than Azure Storage allows, so no event can lead to it.
    Unusable,
}

/// How many steps of work at names are done at once: some milliseconds at most.
const AT_ONCE: usize = 1_000_000;

/// How many names may be matched before other tasks get their turn, for a filter of this
/// [cost](Filter::cost): whatever a configuration asks for, the others go on.
pub fn names_at_once(cost: usize) -> usize {
    (AT_ONCE / (cost.max(1) * MAX_NAME)).max(1)
}

/// The rules of one session. Pure: configuration and ledger in, a verdict out.
#[derive(Debug)]
pub struct Rules {
    filter: Filter,
    judged_before: Judged,
    cutoff: i64,
    min_age: i64,
    skip_empty: bool,
}

/// Which blobs an earlier baseline has judged, so that an unknown one among them is new.
#[derive(Debug)]
enum Judged {
    All,
    None,
    By(Filter),
}

impl Rules {
    /// The rules for `config` on a ledger with `facts`.
    pub fn new(config: &SourceConfig, facts: &Facts) -> Self {
        let judged_before = match (&facts.pending, &facts.baseline) {
            (None, _) => Judged::All,
            (Some(_), None) => Judged::None,
            // A filter that no longer compiles is taken to have matched everything: a blob too many
            // announced is better than one lost.
            (Some(_), Some(used)) => {
                Filter::new(used.filter.clone()).map_or(Judged::All, Judged::By)
            }
        };
        let began = facts.pending.as_ref().map_or(i64::MIN, |p| p.since);
        let cutoff = match config.existing {
            Existing::Emit => i64::MIN,
            Existing::Skip => began,
            Existing::Since(moment) => began.min(moment.unix_timestamp()),
        };
        Self {
            filter: config.filter.clone(),
            judged_before,
            cutoff,
            min_age: seconds_up(config.min_age),
            skip_empty: config.skip_empty,
        }
    }

    /// How many blobs may be judged before other tasks get their turn.
    pub fn at_once(&self) -> usize {
        let before = match &self.judged_before {
            Judged::By(filter) => filter.cost(),
            Judged::All | Judged::None => 0,
        };
        names_at_once(self.filter.cost() + before)
    }

    /// Judges an unknown blob at `now`, in seconds since 1970 by the service's clock.
    pub fn judge(&self, blob: &BlobRef<'_>, now: i64) -> Verdict {
        // First, because the work of matching a name grows with its length.
        if !is_name(blob.name) {
            Verdict::Unusable
        } else if !self.filter.matches(blob.name) {
            Verdict::Unmatched
        } else if blob.access.is_unfinished() {
            // Before its time is looked at: whatever comes of the copy is of now.
            Verdict::Unreadable(blob.access)
        } else if blob.last_modified < self.cutoff && !self.was_judged(blob.name) {
            Verdict::Baseline
        } else if blob.access != Access::Readable {
            Verdict::Unreadable(blob.access)
        } else if self.skip_empty && blob.size == 0 {
            Verdict::Empty
        } else if self.min_age > 0 && now - blob.last_modified < self.min_age {
            Verdict::HeldBack
        } else {
            Verdict::Offer
        }
    }

    fn was_judged(&self, name: &str) -> bool {
        match &self.judged_before {
            Judged::All => true,
            Judged::None => false,
            Judged::By(filter) => filter.matches(name),
        }
    }
}

// Last-Modified has whole seconds: a part of one counts as a whole one.
fn seconds_up(duration: Duration) -> i64 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i64::try_from(whole).unwrap_or(i64::MAX)
}
