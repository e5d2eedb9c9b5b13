//! Which columns a model can learn from. Decisions alone: nothing is read or written here.

use std::collections::HashMap;

use anyhow::{Result, bail};

use super::profile::Profile;
use crate::{
    schema::{Column, Dropped, Kind},
    value::date,
};

/// The part of a column's values that must be of a kind, in percent; the others count as missing.
const PURITY: u64 = 95;

/// What happens to a table's columns.
#[derive(Debug)]
pub struct Roles {
    /// The columns to learn from.
    pub columns: Vec<Column>,
    /// The columns left out.
    pub dropped: Vec<Dropped>,
    /// What people should know.
    pub warnings: Vec<String>,
}

/// Decides on all columns but the target's.
///
/// # Errors
///
/// If none is left.
pub fn roles(names: &[String], profiles: &[Profile], target: usize) -> Result<Roles> {
    let mut roles = Roles {
        columns: Vec::new(),
        dropped: Vec::new(),
        warnings: Vec::new(),
    };
    let mut seen: HashMap<u64, &str> = HashMap::new();
    for (index, (name, profile)) in names.iter().zip(profiles).enumerate() {
        if index == target {
            continue;
        }
        let first = *seen.entry(profile.fingerprint()).or_insert(name);
        let role = if first != name && profile.values > 0 {
            Err(format!("the same as the column '{first}'"))
        } else {
            kind(name, profile)
        };
        match role {
            Ok(kind) => {
                roles.warnings.extend(lost(name, profile, kind));
                roles.warnings.extend(doubt(name, profile, kind));
                roles.columns.push(Column {
                    name: name.clone(),
                    kind,
                });
            }
            Err(reason) => roles.dropped.push(Dropped {
                name: name.clone(),
                reason,
            }),
        }
    }
    if roles.columns.is_empty() {
        let reasons: Vec<_> = roles
            .dropped
            .iter()
            .map(|it| format!("'{}' ({})", it.name, it.reason))
            .collect();
        bail!("no column is left to learn from: {}", reasons.join(", "));
    }
    Ok(roles)
}

/// The kind of a column, or why it is of no use.
fn kind(name: &str, profile: &Profile) -> Result<Kind, String> {
    let values = profile.values;
    let different = profile.distinct.count();
    if values == 0 {
        return Err("it has no value in any row".into());
    }
    if different == 1 && profile.missing == 0 {
        return Err("it has the same value in all rows".into());
    }
    let each_differs = !profile.distinct.recurs() && values > 1;
    if profile.counts_rows() {
        return Err("it counts the rows".into());
    }
    if each_differs && profile.integers == values && is_id(name) {
        return Err("it is an identifier: a whole number that is different in each row".into());
    }
    if is_mostly(profile.numbers, values) {
        return Ok(Kind::Number);
    }
    if let Some(order) = order(profile) {
        return Ok(Kind::Date { order });
    }
    if profile.booleans == values && different <= 2 {
        return Ok(Kind::Boolean);
    }
    let words = profile.words as f64 / values as f64;
    if each_differs && words <= 3.0 {
        return Err("it is an identifier: a word that is different in each row".into());
    }
    if words > 3.0 && different * 2 > values {
        return Err("it is free text, which these models do not read".into());
    }
    if different * 2 > values && values >= 20 {
        return Err(format!(
            "it has about {different} different words in {values} rows: too few rows for each"
        ));
    }
    Ok(Kind::Category)
}

/// The order in which a column's dates are written; the first that explains the most.
pub(super) fn order(profile: &Profile) -> Option<date::Order> {
    let best = profile.dates.iter().copied().max()?;
    let position = profile.dates.iter().position(|&count| count == best)?;
    is_mostly(best, profile.values).then(|| date::ORDERS[position])
}

pub(super) fn is_mostly(part: u64, whole: u64) -> bool {
    part > 0 && part * 100 >= whole * PURITY
}

/// Whether a column's name says that it identifies its rows.
fn is_id(name: &str) -> bool {
    let name = name.to_lowercase();
    let last = name
        .rsplit(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    matches!(
        last,
        "id" | "uuid" | "guid" | "key" | "index" | "nr" | "no" | "number"
    )
}

/// What may have been taken for something else.
fn doubt(name: &str, profile: &Profile, kind: Kind) -> Option<String> {
    let [_, day_first, month_first] = profile.dates;
    match kind {
        Kind::Date {
            order: date::Order::DayMonthYear,
        } if day_first == month_first => Some(format!(
            "'{name}': its dates are read as day, month, year, but could also be month, day, year"
        )),
        Kind::Number if profile.is_blurred() => Some(blurred(name)),
        _ => None,
    }
}

/// The warning about numbers that are too close together.
pub fn blurred(name: &str) -> String {
    format!(
        "'{name}': its numbers are too close together for 32-bit floats: subtract a constant, such as the smallest \
         number, from all of them"
    )
}

/// What is lost of a column's values.
fn lost(name: &str, profile: &Profile, kind: Kind) -> Option<String> {
    let good = match kind {
        Kind::Number => profile.numbers,
        Kind::Date { .. } => profile.dates.iter().copied().max().unwrap_or_default(),
        Kind::Category | Kind::Boolean => profile.values,
    };
    let lost = profile.values - good;
    if lost == 0 {
        return None;
    }
    let what = match kind {
        Kind::Date { .. } => "dates",
        _ if profile.infinite == lost => "finite numbers of 32 bits",
        _ => "numbers",
    };
    let examples = match kind {
        Kind::Number => format!(", such as '{}'", profile.odd.join("', '")),
        _ => String::new(),
    };
    Some(format!(
        "'{name}': {lost} of {} values are no {what}{examples}: they count as missing",
        profile.values
    ))
}
