//! Whether the words of a column's values recur, so that something can be learned of a text.

use super::{
    alike,
    distinct::{self, Distinct},
};

/// How many words are looked at; more say little more.
const LOOKED: u64 = 1 << 16;

/// The part of the words that must have been there before, in percent.
const RECURRING: u64 = 30;

/// The words of a column's values, in a bounded memory.
#[derive(Clone, Debug)]
pub struct Prose {
    looked: u64,
    different: Distinct,
}

impl Prose {
    /// Counts up to `capacity` different words exactly.
    pub fn new(capacity: usize) -> Self {
        Prose {
            looked: 0,
            different: Distinct::new(capacity),
        }
    }

    /// Takes the words of the next value.
    pub fn add(&mut self, field: &str) {
        let left = LOOKED.saturating_sub(self.looked) as usize;
        for word in field.split_whitespace().take(left) {
            self.looked += 1;
            self.different.add(distinct::hash(&alike::plain(word)));
        }
    }

    /// Whether enough words recur.
    pub fn recurs(&self) -> bool {
        self.different.count() * 100 <= self.looked * (100 - RECURRING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_recur_and_keys_do_not() {
        let mut prose = Prose::new(64);
        ["a good day", "A bad day", "no day is good"]
            .iter()
            .for_each(|it| prose.add(it));
        assert!(prose.recurs());
        let mut keys = Prose::new(64);
        (0..40).for_each(|key| keys.add(&format!("{key:x} k{key} z{key}")));
        assert!(!keys.recurs());
    }
}
