//! Which units the numbers of a column have, counted while the file is read.

use crate::value::quantity::{FAMILIES, Family, Quantity, SIZES, THOUSANDS_AND_MILLIONS};

/// How many units are told apart.
const KNOWN: usize = 8;

/// The units of a column.
#[derive(Clone, Debug, Default)]
pub struct Units {
    counts: Vec<(String, u64)>,
    /// Whether a number without a unit had a power of ten, such as `k`.
    scaled: bool,
}

impl Units {
    /// Takes the unit of the next number, and tells whether it has one.
    pub fn add(&mut self, found: &Quantity) -> bool {
        let unit = found.unit.as_str();
        if unit.is_empty() {
            self.scaled |= found.power.is_some();
            return false;
        }
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| known == unit) {
            *count += 1;
        } else if self.counts.len() < KNOWN {
            self.counts.push((unit.to_owned(), 1));
        }
        true
    }

    /// How many numbers have the unit of the column.
    pub fn count(&self) -> u64 {
        match self.family() {
            Some(family) => {
                let is_in = |unit: &str| unit == family.name || family.factor(unit).is_some();
                let counts = self.counts.iter().filter(|(unit, _)| is_in(unit));
                counts.map(|(_, count)| count).sum()
            }
            None => self.most().map_or(0, |(_, count)| count),
        }
    }

    /// The family of units that the column has several of.
    pub fn family(&self) -> Option<&'static Family> {
        FAMILIES.into_iter().find(|family| {
            let has_sums = self.counts.iter().any(|(unit, _)| unit == family.name);
            let known = self.counts.iter().map(|(unit, _)| family.factor(unit));
            let multiples = known.flatten().filter(|factor| *factor > 1.0).count();
            let are_sizes = family.name == SIZES.name && multiples > 0;
            has_sums || (are_sizes && (self.counts.len() > 1 || self.scaled))
        })
    }

    /// The most frequent unit, and how often it came.
    fn most(&self) -> Option<(&str, u64)> {
        let most = self
            .counts
            .iter()
            .map(|(unit, count)| (unit.as_str(), *count));
        // The first of equals.
        most.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// What the column is read with.
    pub fn unit(&self) -> Option<String> {
        if let Some(family) = self.family() {
            return Some(family.name.to_owned());
        }
        let (unit, _) = self.most()?;
        Some(match unit {
            // Beside thousands these are no metres.
            "m" if self.scaled => THOUSANDS_AND_MILLIONS.to_owned(),
            unit => unit.to_owned(),
        })
    }

    /// The two most frequent units, where there are more than one and not too many.
    pub fn mixed(&self) -> Option<(&str, &str)> {
        // So many are no units, but parts of codes.
        if self.family().is_some() || self.counts.len() == KNOWN {
            return None;
        }
        let (most, _) = self.most()?;
        let others = self.counts.iter().filter(|(unit, _)| unit != most);
        let (second, _) = others.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
        Some((most, second))
    }
}

/// What is said of a column whose sizes are in several units.
pub fn told(name: &str, units: &Units) -> Option<String> {
    let family = units.family().filter(|family| family.name == SIZES.name)?;
    Some(format!(
        "'{name}': its sizes have different units ({}, ...): they are read as bytes, and 1 KB as 1000 of them",
        family.name
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Numerals, quantity};

    fn of(fields: &[&str]) -> Units {
        let mut units = Units::default();
        let found = fields
            .iter()
            .filter_map(|field| quantity(field, Numerals::Point));
        found.for_each(|it| {
            units.add(&it);
        });
        units
    }

    #[test]
    fn the_units_of_a_family_count_together() {
        let sizes = of(&["5 KB", "574 B", "1.2 MB"]);
        assert_eq!(
            (sizes.unit().as_deref(), sizes.count()),
            (Some(SIZES.name), 2)
        );
        assert_eq!(sizes.mixed(), None);
        assert_eq!(of(&["5 KB", "7 KB"]).unit().as_deref(), Some("kb"));
        assert_eq!(of(&["5 B", "7 M"]).unit(), None);
        let times = of(&["1h 5m", "45m", "2h"]);
        assert_eq!(
            (times.unit().as_deref(), times.count()),
            (Some("h, min"), 3)
        );
        assert!(of(&["45m", "2h"]).mixed().is_some());
    }

    #[test]
    fn the_most_frequent_unit_is_that_of_the_column() {
        let units = of(&["1 m", "1 kg", "1 kg", "1 lb"]);
        assert_eq!(units.unit().as_deref(), Some("kg"));
        assert_eq!(units.mixed(), Some(("kg", "m")));
        assert_eq!(of(&["1m"]).unit().as_deref(), Some("m"));
        let money = of(&["1m", "5k"]);
        assert_eq!(money.unit().as_deref(), Some(THOUSANDS_AND_MILLIONS));
        assert_eq!(money.mixed(), None);
        let codes = ["77fa", "1a", "2b", "3c", "4d", "5f", "6ab", "7ac"];
        assert_eq!(of(&codes).mixed(), None);
    }
}
