//! Units of which one column may have several: sizes in B and KB, times in hours and minutes, feet and inches, pounds and
//! ounces.

use super::{
    Quantity,
    groups::{digits, grouped},
    unit_of,
};
use crate::value::Numerals;

/// Units that measure the same.
#[derive(Debug)]
pub struct Family {
    /// What stands for it as the unit of a column.
    pub name: &'static str,
    /// Its units in one spelling, and how many of its smallest each has; minutes among the times.
    units: &'static [(&'static str, f64)],
}

/// What computers store. Without another of these beside it, `B` stands for billions.
pub static SIZES: Family = Family {
    name: "B, KB, MB",
    units: &[
        ("b", 1.0),
        ("byte", 1.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("tb", 1e12),
        ("pb", 1e15),
        ("kib", 1024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
        ("tib", 1_099_511_627_776.0),
    ],
};

static TIMES: Family = Family {
    name: "h, min",
    units: &[
        ("week", 10_080.0),
        ("w", 10_080.0),
        ("day", 1440.0),
        ("d", 1440.0),
        ("hour", 60.0),
        ("hr", 60.0),
        ("std", 60.0),
        ("h", 60.0),
        ("minute", 1.0),
        ("min", 1.0),
        ("m", 1.0),
        ("second", 1.0 / 60.0),
        ("sec", 1.0 / 60.0),
        ("s", 1.0 / 60.0),
    ],
};

static LENGTHS: Family = Family {
    name: "ft, in",
    units: &[
        ("feet", 12.0),
        ("foot", 12.0),
        ("ft", 12.0),
        ("'", 12.0),
        ("′", 12.0),
        ("inche", 1.0),
        ("inch", 1.0),
        ("in", 1.0),
        ("\"", 1.0),
        ("″", 1.0),
        ("''", 1.0),
    ],
};

static WEIGHTS: Family = Family {
    name: "lb, oz",
    units: &[("pound", 16.0), ("lb", 16.0), ("ounce", 1.0), ("oz", 1.0)],
};

/// All of them.
pub static FAMILIES: [&Family; 4] = [&SIZES, &TIMES, &LENGTHS, &WEIGHTS];

impl Family {
    /// The one with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.into_iter().find(|family| family.name == name)
    }

    /// How many of its smallest a unit has.
    pub fn factor(&self, unit: &str) -> Option<f64> {
        let found = self.units.iter().find(|(name, _)| *name == unit);
        found.map(|(_, factor)| *factor)
    }

    /// A number of a column with such units.
    pub(super) fn value(&self, found: &Quantity) -> Option<f64> {
        let is_byte = found.power == Some("B") && self.name == SIZES.name;
        match found.unit.as_str() {
            "" if is_byte => Some(found.value / 1e9),
            "" => Some(found.value),
            unit if unit == self.name => Some(found.value),
            unit => Some(found.value * self.factor(unit)?),
        }
    }
}

/// Reads numbers of several units, the greater first: `1h 5m`, `5'11"`, `5 ft 9 in`; and durations of ISO 8601 such as
/// `PT1H5M`, of which `P5D` may be a code.
pub(super) fn several(text: &str, numerals: Numerals) -> Option<Quantity> {
    let of = |family: &Family, value| Quantity {
        value,
        unit: family.name.to_owned(),
        power: None,
    };
    if let Some((days, time)) = text.strip_prefix('P').and_then(|it| it.split_once('T')) {
        let value = sum(&format!("{days}{time}"), numerals, &TIMES, 1)?;
        return Some(of(&TIMES, value));
    }
    let mut families = [&TIMES, &LENGTHS, &WEIGHTS].into_iter();
    families.find_map(|family| Some(of(family, sum(text, numerals, family, 2)?)))
}

/// The sum of so many numbers or more.
fn sum(text: &str, numerals: Numerals, family: &Family, least: usize) -> Option<f64> {
    let (mut rest, mut total, mut last) = (text, 0.0, f64::INFINITY);
    let mut count = 0;
    while !rest.is_empty() {
        let figures = rest.find(|c: char| !c.is_ascii_digit())?;
        let end = if figures > 0 { digits(rest) } else { 0 };
        let end = if rest[figures..].starts_with('\'') {
            figures
        } else {
            end
        };
        let (number, behind) = rest.split_at(end);
        let behind = behind.trim_start();
        let stop = behind.find(|c: char| c.is_ascii_digit() || c == ' ');
        let (unit, behind) = behind.split_at(stop.unwrap_or(behind.len()));
        let factor = family.factor(&unit_of(unit)?)?;
        let number = grouped(number.trim_end(), numerals)?;
        // Where inches are more than a foot, the marks are those of minutes and seconds.
        let is_over = family.name == LENGTHS.name && count > 0 && number >= 12.0;
        if factor >= last || is_over {
            return None;
        }
        total += number * factor;
        last = factor;
        count += 1;
        rest = behind.trim_start();
    }
    (count >= least).then_some(total)
}
