//! What happens to a blob that a sweep came upon and the ledger does not know.

use std::{ops::Range, time::Duration};

use time::OffsetDateTime;

use crate::{
    blob::{Access, BlobRef, MAX_NAME, is_name},
    filter::Filter,
    ledger::facts::Facts,
};

/// What happens to blobs that were there before the source first started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They are taken as done.
    Skip,
    /// They are announced.
    Emit,
    /// Those modified at or after this moment are announced, the others are taken as done.
    Since(OffsetDateTime),
}

/// What happens to an unknown blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
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
    /// It is done: the change feed has passed it, and the ledger need not remember it.
    Settled,
}

const MINUTE: i64 = 60;

/// How many steps of work at names are done at once: some milliseconds at most.
const AT_ONCE: usize = 1_000_000;

/// How many names may be matched before other tasks get their turn, for a filter of this
/// [cost](Filter::cost): whatever a configuration asks for, the others go on.
pub fn names_at_once(cost: usize) -> usize {
    (AT_ONCE / (cost.max(1) * MAX_NAME)).max(1)
}

/// What the configuration says of which blobs are announced.
#[derive(Debug, Clone, Copy)]
pub struct RuleSpec<'a> {
    /// Which names.
    pub filter: &'a Filter,
    /// What happens to blobs from before the source.
    pub existing: Existing,
    /// How long a blob must have been left alone.
    pub min_age: Duration,
    /// Whether blobs of no bytes are passed over.
    pub skip_empty: bool,
}

/// The rules of one session. Pure: configuration and ledger in, a verdict out.
#[derive(Debug)]
pub struct Rules {
    filter: Filter,
    judged_before: Judged,
    cutoff: i64,
    min_age: i64,
    skip_empty: bool,
    /// What is done although the ledger's set may not have it.
    settled: Vec<(Filter, Range<i64>)>,
}

/// Which blobs an earlier baseline has judged, so that an unknown one among them is new.
#[derive(Debug)]
enum Judged {
    All,
    None,
    By(Filter),
}

impl Rules {
    /// The rules that `spec` says, on a ledger with `facts`.
    pub fn new(spec: RuleSpec<'_>, facts: &Facts) -> Self {
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
        let cutoff = match spec.existing {
            Existing::Emit => i64::MIN,
            Existing::Skip => began,
            Existing::Since(moment) => began.min(moment.unix_timestamp()),
        };
        Self {
            filter: spec.filter.clone(),
            judged_before,
            cutoff,
            min_age: seconds_up(spec.min_age),
            skip_empty: spec.skip_empty,
            settled: settled(facts),
        }
    }

    /// The ledger has other facts: what is settled is so from now on.
    pub fn settle(&mut self, facts: &Facts) {
        self.settled = settled(facts);
    }

    /// Whether a blob of this name may be announced at all.
    pub fn wants(&self, name: &str) -> bool {
        is_name(name) && self.filter.matches(name)
    }

    /// Whether a blob of this name is part of the baseline if it was written at `told`, in seconds since 1970, give or take
    /// a minute.
    pub fn was_before(&self, name: &str, told: i64) -> bool {
        told.saturating_add(MINUTE) < self.cutoff && !self.was_judged(name)
    }

    /// For how long a blob that is [held back](Judgement::HeldBack) at `now`, in seconds since 1970, will be.
    pub fn held_back_for(&self, blob: &BlobRef<'_>, now: i64) -> Duration {
        let rest = blob
            .last_modified
            .saturating_add(self.min_age)
            .saturating_sub(now);
        Duration::from_secs(u64::try_from(rest).unwrap_or(0).max(1))
    }

    /// The baseline is complete: every unknown blob is new.
    pub fn baseline_complete(&mut self) {
        self.judged_before = Judged::All;
        self.cutoff = i64::MIN;
    }

    /// How many blobs may be judged before other tasks get their turn.
    pub fn at_once(&self) -> usize {
        let before = match &self.judged_before {
            Judged::By(filter) => filter.cost(),
            Judged::All | Judged::None => 0,
        };
        let settled: usize = self.settled.iter().map(|(filter, _)| filter.cost()).sum();
        names_at_once(self.filter.cost() + before + settled)
    }

    /// Judges an unknown blob that a sweep came upon at `now`, in seconds since 1970 by the service's clock.
    pub fn judge(&self, blob: &BlobRef<'_>, now: i64) -> Judgement {
        match self.judge_told(blob, i64::MIN, now) {
            Judgement::Offer | Judgement::Baseline if self.is_settled(blob) => Judgement::Settled,
            judgement => judgement,
        }
    }

    /// As [`judge`](Self::judge), of a blob that came to be where it is at `told`, in seconds since 1970, whatever its
    /// time says: a blob that is renamed keeps its own.
    pub fn judge_told(&self, blob: &BlobRef<'_>, told: i64, now: i64) -> Judgement {
        // First, because the work of matching a name grows with its length.
        if !is_name(blob.name) {
            Judgement::Unusable
        } else if !self.filter.matches(blob.name) {
            Judgement::Unmatched
        } else if blob.access.is_unfinished() {
            // Before its time is looked at: the result of the copy is new.
            Judgement::Unreadable(blob.access)
        } else if blob.last_modified.max(told) < self.cutoff && !self.was_judged(blob.name) {
            Judgement::Baseline
        } else if blob.access != Access::Readable {
            Judgement::Unreadable(blob.access)
        } else if self.skip_empty && blob.size == 0 {
            Judgement::Empty
        } else if self.min_age > 0 && now - blob.last_modified < self.min_age {
            Judgement::HeldBack
        } else {
            Judgement::Offer
        }
    }

    /// Whether a blob is done although the ledger's set may not have it.
    pub fn is_settled(&self, blob: &BlobRef<'_>) -> bool {
        let mut settled = self.settled.iter();
        settled.any(|(filter, modified)| {
            modified.contains(&blob.last_modified) && filter.matches(blob.name)
        })
    }

    fn was_judged(&self, name: &str) -> bool {
        match &self.judged_before {
            Judged::All => true,
            Judged::None => false,
            Judged::By(filter) => filter.matches(name),
        }
    }
}

// A filter that no longer compiles settles nothing: a blob too many announced is better than one lost.
fn settled(facts: &Facts) -> Vec<(Filter, Range<i64>)> {
    let settled = facts.settled.iter();
    settled
        .filter_map(|it| {
            let modified = it.since.unwrap_or(i64::MIN)..it.until;
            Some((Filter::new(it.filter.clone()).ok()?, modified))
        })
        .collect()
}

// Last-Modified has whole seconds: a part of one counts as a whole one.
fn seconds_up(duration: Duration) -> i64 {
    let whole = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i64::try_from(whole).unwrap_or(i64::MAX)
}
