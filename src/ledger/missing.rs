//! What is done and no listing shows any more. It is remembered for a while and then forgotten,
//! because a blob may come back as it was: by undelete, by a rename there and back, or because the
//! listing was wrong.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{fingerprint::Fingerprint, fingerprint_set::FingerprintSet};

/// When a done blob version that is missing is forgotten. See `docs/adr/0020-forgetting-is-slow.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgetting {
    /// It has been missing for at least so long,
    pub after: Duration,
    /// and in so many complete sweeps.
    pub sweeps: u32,
    /// At most so many are remembered, or half as many as are there, if that is more.
    pub most: usize,
    /// So many that are missing at once are many, if they are more than half of all.
    pub many: usize,
    /// For how long a sweep in which many are missing at once does not count.
    pub doubt: Duration,
    /// What went missing at this moment or later is remembered in any case: the change feed has not passed it.
    pub keep_from: Option<Instant>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Forgetting {
    /// Eight days: longer than a Workflow is kept (48 h, `ttlStrategy`), and than deleted blobs can be
    /// undeleted as the Azure portal sets it up (7 days).
    fn default() -> Self {
        Self {
            after: 8 * DAY,
            sweeps: 3,
            most: 10_000_000,
            many: 1_000,
            doubt: DAY,
            keep_from: None,
        }
    }
}

impl Forgetting {
    /// Whether a sweep misses so many of those that were there, more than took their places, that the
    /// listing may be wrong.
    pub(super) fn doubts(&self, missing: usize, there: usize, appeared: usize) -> bool {
        missing >= self.many && missing.saturating_sub(appeared) > there / 2
    }

    fn bound(&self, there: usize) -> usize {
        self.most.max(there / 2)
    }

    fn keeps(&self, last: Instant) -> bool {
        self.keep_from.is_some_and(|from| last >= from)
    }

    // What goes missing within so long is forgotten together.
    fn together(&self) -> Duration {
        self.after / 8
    }
}

/// Missing blob versions by when they went missing.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// The oldest first; no more than about ten.
    cohorts: VecDeque<Cohort>,
}

#[derive(Debug)]
struct Cohort {
    opened: Instant,
    /// When the last one was added, and how many sweeps have missed all of them since.
    last: Instant,
    sweeps: u32,
    prints: FingerprintSet,
}

impl Missing {
    /// Adds a blob version that a sweep missed.
    pub(super) fn add(&mut self, fingerprint: Fingerprint, now: Instant, rule: &Forgetting) {
        let newest = self.cohorts.back();
        if newest.is_none_or(|newest| now.duration_since(newest.opened) >= rule.together()) {
            self.cohorts.push_back(Cohort {
                opened: now,
                last: now,
                sweeps: 0,
                prints: FingerprintSet::default(),
            });
        }
        if let Some(newest) = self.cohorts.back_mut() {
            (newest.last, newest.sweeps) = (now, 0);
            newest.prints.insert(fingerprint, 0);
        }
    }

    /// Whether a blob version is missing.
    pub(super) fn contains(&self, fingerprint: Fingerprint) -> bool {
        let mut cohorts = self.cohorts.iter();
        cohorts.any(|cohort| cohort.prints.contains(fingerprint))
    }

    /// Takes out a blob version that is there again; whether it was missing.
    pub(super) fn take(&mut self, fingerprint: Fingerprint) -> bool {
        let mut cohorts = self.cohorts.iter_mut().rev();
        cohorts.any(|cohort| cohort.prints.remove(fingerprint))
    }

    /// At the end of a sweep: forgets what has been missing long enough, and the oldest of what is
    /// beyond the bound. Says how many that were.
    pub(super) fn forget(&mut self, there: usize, now: Instant, rule: &Forgetting) -> usize {
        let before = self.len();
        self.cohorts.retain_mut(|cohort| {
            cohort.sweeps = cohort.sweeps.saturating_add(1);
            let long = now.duration_since(cohort.last) >= rule.after && !rule.keeps(cohort.last);
            !(cohort.prints.is_empty() || long && cohort.sweeps >= rule.sweeps)
        });
        let mut surplus = self.len().saturating_sub(rule.bound(there));
        let passed = self.cohorts.iter_mut().filter(|it| !rule.keeps(it.last));
        for cohort in passed {
            cohort.forget(&mut surplus);
        }
        before - self.len()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.cohorts.iter().map(|cohort| cohort.prints.len()).sum()
    }

    /// All of them, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.cohorts.iter().flat_map(|cohort| cohort.prints.iter())
    }

    /// Those that are in this table of [`FingerprintSet`].
    pub(super) fn of_table(&self, table: usize) -> impl Iterator<Item = Fingerprint> + '_ {
        let cohorts = self.cohorts.iter();
        cohorts.flat_map(move |cohort| cohort.prints.of_table(table))
    }
}

impl Cohort {
    fn forget(&mut self, surplus: &mut usize) {
        if *surplus == 0 {
            return;
        }
        let mut left = *surplus;
        let out = |_| {
            let goes = left > 0;
            left = left.saturating_sub(1);
            goes
        };
        self.prints.extract(out, |_| *surplus -= 1);
    }
}
