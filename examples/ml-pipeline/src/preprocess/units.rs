//! Which units the numbers of a column have, counted while the file is read.

use crate::value::quantity::THOUSANDS_AND_MILLIONS;

/// How many units are told apart.
const KNOWN: usize = 4;

/// The units of a column.
#[derive(Clone, Debug, Default)]
pub struct Units {
    counts: Vec<(String, u64)>,
    /// Whether a number without a unit had a power of ten, such as `k`.
    pub scaled: bool,
}

impl Units {
    /// Takes the unit of the next number that has one.
    pub fn add(&mut self, unit: &str) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| known == unit) {
            *count += 1;
        } else if self.counts.len() < KNOWN {
            self.counts.push((unit.to_owned(), 1));
        }
    }

    /// The most frequent unit, and how often it came.
    pub fn most(&self) -> Option<(&str, u64)> {
        let most = self
            .counts
            .iter()
            .map(|(unit, count)| (unit.as_str(), *count));
        // The first of equals.
        most.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// What the column is read with.
    pub fn unit(&self) -> Option<String> {
        let (unit, _) = self.most()?;
        Some(match unit {
            // Beside thousands these are no metres.
            "m" if self.scaled => THOUSANDS_AND_MILLIONS.to_owned(),
            unit => unit.to_owned(),
        })
    }

    /// The two most frequent units, where there are more than one.
    pub fn mixed(&self) -> Option<(&str, &str)> {
        let (most, _) = self.most()?;
        let others = self.counts.iter().filter(|(unit, _)| unit != most);
        let (second, _) = others.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some((most, second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_unit_is_that_of_the_column() {
        let mut units = Units::default();
        for unit in ["m", "kg", "kg", "lb"] {
            units.add(unit);
        }
        assert_eq!(units.unit().as_deref(), Some("kg"));
        assert_eq!(units.mixed(), Some(("kg", "m")));
        let mut money = Units::default();
        money.add("m");
        assert_eq!(money.unit().as_deref(), Some("m"));
        money.scaled = true;
        assert_eq!(money.unit().as_deref(), Some(THOUSANDS_AND_MILLIONS));
        assert_eq!(money.mixed(), None);
    }
}
