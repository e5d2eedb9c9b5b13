//! The least and the greatest numbers of a column, and how often each comes, in a bounded memory.

/// How many different numbers are kept at each end.
pub const KEPT: usize = 8;

/// The numbers at one end, from the outermost on.
#[derive(Clone, Copy, Debug, Default)]
pub struct End {
    numbers: [f64; KEPT],
    counts: [u64; KEPT],
    held: usize,
}

impl End {
    /// Takes the next number; at the upper end all have the other sign.
    pub fn add(&mut self, number: f64) {
        if self.is_full() && number > self.numbers[KEPT - 1] {
            return;
        }
        let at = self.numbers[..self.held].partition_point(|it| *it < number);
        if at < self.held && self.numbers[at] == number {
            self.counts[at] += 1;
            return;
        }
        // What is moved out can be no end any more.
        self.held = KEPT.min(self.held + 1);
        self.numbers.copy_within(at..self.held - 1, at + 1);
        self.counts.copy_within(at..self.held - 1, at + 1);
        (self.numbers[at], self.counts[at]) = (number, 1);
    }

    /// The numbers and their counts.
    pub fn all(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        let counts = self.counts.iter().copied();
        self.numbers[..self.held].iter().copied().zip(counts)
    }

    /// Whether there are as many as are kept, or more.
    pub fn is_full(&self) -> bool {
        self.held == KEPT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_numbers_are_counted_whatever_their_order() {
        let mut end = End::default();
        for round in 0..3 {
            (0..100)
                .rev()
                .for_each(|number| end.add(f64::from(number * 7 % 100)));
            end.add(f64::from(-round));
        }
        let found: Vec<_> = end.all().collect();
        assert_eq!(found.len(), KEPT);
        assert_eq!(found[..4], [(-2.0, 1), (-1.0, 1), (0.0, 4), (1.0, 3)]);
        assert!(found[4..].iter().all(|(_, count)| *count == 3), "{found:?}");
    }
}
