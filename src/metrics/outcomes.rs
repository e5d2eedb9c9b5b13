//! How often each of a closed set of outcomes happened.

use std::{
    collections::BTreeMap,
    fmt::{self, Debug, Formatter},
    marker::PhantomData,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// A closed set of outcomes.
pub trait Outcome: Copy + PartialEq + 'static {
    /// All of them, each once.
    const ALL: &'static [Self];

    /// Its name in `/metrics`. No other one of the set has it.
    fn as_str(self) -> &'static str;
}

/// A counter for each outcome of a set.
pub struct Outcomes<O> {
    counts: Box<[AtomicU64]>,
    set: PhantomData<O>,
}

impl<O: Outcome> Default for Outcomes<O> {
    fn default() -> Self {
        Self {
            counts: O::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            set: PhantomData,
        }
    }
}

impl<O: Outcome> Outcomes<O> {
    /// Counts one.
    pub fn count(&self, outcome: O) {
        if let Some(count) = self.counter(outcome) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// How many there were.
    pub fn of(&self, outcome: O) -> u64 {
        self.counter(outcome).map_or(0, |count| count.load(Relaxed))
    }

    fn counter(&self, outcome: O) -> Option<&AtomicU64> {
        let place = O::ALL.iter().position(|it| *it == outcome)?;
        self.counts.get(place)
    }

    /// All of them by name, in the order of the set.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let counts = O::ALL.iter().zip(&self.counts);
        counts.map(|(outcome, count)| (outcome.as_str(), count.load(Relaxed)))
    }

    /// How many there were in all.
    pub fn total(&self) -> u64 {
        self.all().map(|(_, count)| count).sum()
    }

    /// Those that there were, by name.
    pub fn happened(&self) -> BTreeMap<&'static str, u64> {
        self.all().filter(|(_, count)| *count > 0).collect()
    }
}

impl<O: Outcome> Debug for Outcomes<O> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.all()).finish()
    }
}

/// Checks that each outcome of a set is counted under a name of its own.
#[cfg(test)]
pub(super) fn has_a_counter_for_each<O: Outcome>() {
    let outcomes = Outcomes::<O>::default();
    O::ALL.iter().for_each(|it| outcomes.count(*it));
    assert!(O::ALL.iter().all(|it| outcomes.of(*it) == 1));
    let names: std::collections::BTreeSet<_> = outcomes.all().map(|(name, _)| name).collect();
    assert_eq!(names.len(), O::ALL.len());
}
