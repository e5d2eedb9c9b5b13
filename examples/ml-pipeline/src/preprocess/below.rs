//! A first row that may have the units or types of the columns, and no values. Decisions alone.

use super::{profile::Profile, roles};
use crate::value::missing;

/// How long a unit is at most, in characters.
const LONG: usize = 10;

/// How many fields are shown.
const SHOWN: usize = 4;

/// The names of types in databases and programs.
const TYPES: [&str; 32] = [
    "bigint",
    "bool",
    "boolean",
    "byte",
    "category",
    "categorical",
    "char",
    "date",
    "datetime",
    "decimal",
    "double",
    "enum",
    "factor",
    "float",
    "float32",
    "float64",
    "int",
    "int32",
    "int64",
    "integer",
    "long",
    "number",
    "numeric",
    "object",
    "real",
    "short",
    "str",
    "string",
    "text",
    "time",
    "timestamp",
    "varchar",
];

/// A warning of the row that was read first, where it has no value of any column.
pub(super) fn told(place: &str, fields: &[String], profiles: &[Profile]) -> Option<String> {
    let is_ordered =
        |profile: &Profile| roles::is_numeric(profile) || roles::order(profile).is_some();
    let mut units = 0;
    for (field, profile) in fields.iter().zip(profiles) {
        let is_unit = is_ordered(profile) && is_unit(field, profile);
        let is_apart = is_bracketed(field) || is_type(field);
        if !is_unit && !is_apart && missing::marker(field).is_none() {
            return None;
        }
        units += u64::from(is_unit);
    }
    let shown = fields.iter().filter(|field| !field.is_empty()).take(SHOWN);
    let shown: Vec<_> = shown.map(|field| format!("'{field}'")).collect();
    (units > 0).then(|| {
        format!(
            "{place} looks like the units or types of the columns ({}), and counts as a row: delete it if it is none",
            shown.join(", ")
        )
    })
}

/// Whether a field in a column of numbers is none of them, and may be their unit.
fn is_unit(field: &str, profile: &Profile) -> bool {
    profile.odd.iter().any(|odd| odd == field)
        && field.chars().count() <= LONG
        && !field.starts_with(|c: char| c.is_ascii_digit() || "<>=".contains(c))
        && missing::marker(field).is_none()
}

fn is_bracketed(field: &str) -> bool {
    let within = |open, close| field.starts_with(open) && field.ends_with(close);
    within('[', ']') || within('(', ')') || within('<', '>')
}

/// `varchar(20)` too.
fn is_type(field: &str) -> bool {
    let name = field.split('(').next().unwrap_or_default().trim();
    TYPES.contains(&name.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Missing, Numerals};

    fn of(row: [&str; 3]) -> Option<String> {
        let mut profiles = vec![Profile::new(64); 3];
        let rows = (0..30).map(|at| [at.to_string(), format!("{at}.5"), "up".to_owned()]);
        let row = row.map(str::to_owned);
        for row in std::iter::once(row.clone()).chain(rows) {
            for (profile, field) in profiles.iter_mut().zip(&row) {
                profile.add(field, Numerals::Point, &Missing::default());
            }
        }
        told("line 2", &row, &profiles)
    }

    #[test]
    fn units_and_types_are_told_and_a_row_with_a_value_is_not() {
        for row in [
            ["°C", "kW", ""],
            ["[C]", "[kW]", "[-]"],
            ["float", "float", "varchar(20)"],
            ["kg", "", ""],
        ] {
            assert!(of(row).is_some(), "{row:?}");
        }
        for row in [
            ["5", "kW", ""],
            ["high", "low", "up"],
            ["<5", "3", "up"],
            ["", "", ""],
            ["1", "2", "text"],
        ] {
            assert_eq!(of(row), None, "{row:?}");
        }
    }
}
