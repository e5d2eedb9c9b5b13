//! The blob versions that are done: those that sweeps see, and those that are missing since.

use tokio::time::Instant;

use super::{
    fingerprint::Fingerprint,
    fingerprint_set::FingerprintSet,
    missing::{Forgetting, Missing},
};

/// Which sweeps saw the entry: this one, when the bit is as [`DoneSet::seen`] has it.
const SEEN: u64 = 0b01;
/// Some sweep of this session saw the entry.
const EVER_SEEN: u64 = 0b10;

/// The blob versions that are done, each with marks that tell which sweeps saw it.
///
/// What the lowest mark means turns round with each sweep, so that starting one costs nothing.
#[derive(Debug, Default)]
pub struct DoneSet {
    there: FingerprintSet,
    seen: u64,
    missing: Missing,
    /// Since when sweeps miss so many at once that they do not count.
    doubted: Option<Instant>,
    /// Whether nothing is forgotten for now.
    held: bool,
}

/// What a sweep says of the set at its end.
#[derive(Debug, Clone, Copy)]
pub struct SweepEnd {
    /// Whether it covered all that could be in the set. Otherwise only what an earlier sweep of this
    /// session has seen is known to be gone.
    pub covered: bool,
    /// How many blob versions it found that are not in the set.
    pub appeared: usize,
    /// When it ended.
    pub now: Instant,
}

/// The outcome of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Done blob versions that were there before it and that it missed.
    pub gone: usize,
    /// Of how many.
    pub of: usize,
    /// Done blob versions that were forgotten.
    pub forgotten: usize,
    /// Done blob versions that are missing and remembered now.
    pub missing: usize,
    /// Since when so many are gone at once that the sweep does not count, when that is so.
    pub doubted: Option<Instant>,
}

impl DoneSet {
    /// Makes room for about `more` blob versions.
    pub fn reserve(&mut self, more: usize) {
        self.there.reserve(more);
    }

    /// Adds a blob version that this session has found and that is done now. This sweep does not miss it.
    pub fn insert(&mut self, fingerprint: Fingerprint) {
        self.add(fingerprint, EVER_SEEN);
    }

    /// Adds a blob version that an earlier session has found and that is done now. It may be where this session does
    /// not sweep.
    pub fn insert_earlier(&mut self, fingerprint: Fingerprint) {
        self.add(fingerprint, 0);
    }

    fn add(&mut self, fingerprint: Fingerprint, marks: u64) {
        match self.there.find_mut(fingerprint) {
            Some(entry) => *entry = *entry & !SEEN | self.seen,
            None => {
                self.missing.take(fingerprint);
                self.there.insert(fingerprint, marks | self.seen);
            }
        }
    }

    /// Adds a blob version that an earlier session recorded and no sweep has seen yet.
    pub fn restore(&mut self, fingerprint: Fingerprint) {
        self.there.insert(fingerprint, self.seen);
    }

    /// Whether the blob version is in the set.
    pub fn contains(&self, fingerprint: Fingerprint) -> bool {
        self.there.contains(fingerprint) || self.missing.contains(fingerprint)
    }

    /// Whether the blob version is in the set; if so it is seen by this sweep.
    pub fn see(&mut self, fingerprint: Fingerprint) -> bool {
        if let Some(entry) = self.there.find_mut(fingerprint) {
            *entry = fingerprint.to_bits() | EVER_SEEN | self.seen;
            return true;
        }
        let back = self.missing.take(fingerprint);
        if back {
            self.there.insert(fingerprint, EVER_SEEN | self.seen);
        }
        back
    }

    /// Starts a sweep: from now on nothing is seen.
    pub fn start_sweep(&mut self) {
        self.seen ^= SEEN;
    }

    /// Ends a sweep: what it has not seen is missing from now on, and what has been missing for long
    /// enough is forgotten. A sweep that misses very many at once does neither.
    pub fn finish_sweep(&mut self, sweep: SweepEnd, rule: &Forgetting) -> Swept {
        let seen = self.seen;
        let is_gone =
            move |entry: u64| entry & SEEN != seen && (sweep.covered || entry & EVER_SEEN != 0);
        let of = self.there.len();
        let gone = self.there.entries().filter(|entry| is_gone(*entry)).count();
        let mut swept = Swept {
            gone,
            of,
            ..Swept::default()
        };
        if rule.doubts(gone, of, sweep.appeared) {
            let since = *self.doubted.get_or_insert(sweep.now);
            if sweep.now.duration_since(since) < rule.doubt {
                self.see_all();
                swept.missing = self.missing.len();
                swept.doubted = Some(since);
                return swept;
            }
        }
        self.doubted = None;
        if gone > 0 {
            let missing = &mut self.missing;
            self.there
                .extract(is_gone, |f| missing.add(f, sweep.now, rule));
        }
        if !self.held {
            swept.forgotten = self.missing.forget(self.there.len(), sweep.now, rule);
        }
        swept.missing = self.missing.len();
        swept
    }

    /// Without sweeps: from now on all are on their way to be forgotten, and those that have been for long enough are.
    pub fn expire(&mut self, now: Instant, rule: &Forgetting) {
        let missing = &mut self.missing;
        self.there.extract(|_| true, |f| missing.add(f, now, rule));
        if !self.held {
            let rule = Forgetting { sweeps: 0, ..*rule };
            self.missing.forget(0, now, &rule);
        }
    }

    // As if this sweep had seen what was there before it, whatever it has seen.
    fn see_all(&mut self) {
        for entry in self.there.entries_mut() {
            *entry = *entry & !SEEN | self.seen;
        }
    }

    /// Forgets nothing from now on, or again what it should.
    pub fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Those of one of [`TABLES`](super::fingerprint_set::TABLES) parts. In which part a blob version is never changes.
    pub fn of_table(&self, table: usize) -> impl Iterator<Item = Fingerprint> + '_ {
        let missing = self.missing.of_table(table);
        self.there.of_table(table).chain(missing)
    }

    /// How many blob versions are in the set.
    pub fn len(&self) -> usize {
        self.there.len() + self.missing.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.there.iter().chain(self.missing.iter())
    }
}

#[cfg(test)]
mod tests;
