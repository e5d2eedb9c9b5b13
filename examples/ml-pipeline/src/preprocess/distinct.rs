//! How many different values a column has, in a bounded memory.

use std::collections::HashSet;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

/// Counts different values: exactly up to its capacity, by a sample of all hashes beyond.
///
/// The sample holds each value whose hash ends in `level` zeros, with all its occurrences; it is
/// halved whenever it is full (Gibbons, "Distinct Sampling", VLDB 2001). So it also tells whether
/// values recur, which an estimate of the count alone does not.
#[derive(Clone, Debug)]
pub struct Distinct {
    capacity: usize,
    level: u32,
    hashes: HashSet<u64>,
    /// How often a value came whose hash was in the sample already.
    repeats: u64,
}

impl Distinct {
    /// Counts up to `capacity` values exactly.
    pub fn new(capacity: usize) -> Self {
        Distinct {
            capacity,
            level: 0,
            hashes: HashSet::new(),
            repeats: 0,
        }
    }

    /// Takes the next value, by its hash.
    pub fn add(&mut self, hash: u64) {
        if hash.trailing_zeros() < self.level {
            return;
        }
        if !self.hashes.insert(hash) {
            self.repeats += 1;
        }
        while self.hashes.len() > self.capacity {
            self.level += 1;
            let level = self.level;
            self.hashes.retain(|hash| hash.trailing_zeros() >= level);
        }
    }

    /// How many different values there were; an estimate above the capacity.
    pub fn count(&self) -> u64 {
        (self.hashes.len() as u64) << self.level
    }

    /// Whether a value came twice. With a sample, one of the values in it.
    pub fn recurs(&self) -> bool {
        self.repeats > 0
    }
}

/// The hash of a value, the same on each machine and in each run.
pub fn hash(value: &str) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(value.as_bytes());
    hasher.finish()
}

/// The hash of all values of a row.
pub fn row<'a>(fields: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hasher = SipHasher13::new();
    for field in fields {
        hasher.write(field.as_bytes());
        // No text has this byte.
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl Iterator<Item = u64>, capacity: usize) -> Distinct {
        let mut distinct = Distinct::new(capacity);
        values.for_each(|value| distinct.add(hash(&value.to_string())));
        distinct
    }

    #[test]
    fn few_values_are_counted_exactly() {
        assert_eq!(of((0..1000).map(|n| n % 37), 64).count(), 37);
        assert!(!of(0..50, 64).recurs());
        assert!(of([1, 2, 1].into_iter(), 64).recurs());
    }

    #[test]
    fn many_values_are_estimated_in_the_same_memory() {
        let distinct = of(0..200_000, 256);
        assert!(distinct.hashes.len() <= 256);
        assert!(
            (150_000..250_000).contains(&distinct.count()),
            "{}",
            distinct.count()
        );
        assert!(!distinct.recurs(), "all differ");
        assert!(of((0..200_000).map(|n| n % 1000), 256).recurs());
    }
}
