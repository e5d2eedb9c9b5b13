//! Which columns a model can learn from. Decisions alone: nothing is read or written here.

use std::collections::HashMap;

use anyhow::{Result, bail};

use super::{
    codes, epoch, names,
    profile::{self, Profile},
    units,
};
use crate::{
    read::Dataset,
    schema::{Column, Dropped, Kind},
    value::date,
};

/// The part of a column's values that must be of a kind, in percent; the others count as missing.
const PURITY: u64 = 95;

/// How many different words a column has at most, in percent of its values: with more, hardly a word comes
/// a second time, so that nothing can be learned of it.
const RARE_PERCENT: u64 = 80;

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

/// Decides on all columns but the target's. `unwanted` are those that are left out in any case, and why.
///
/// # Errors
///
/// If none is left.
pub fn roles(
    data: &Dataset,
    profiles: &[Profile],
    target: usize,
    unwanted: &HashMap<usize, String>,
) -> Result<Roles> {
    let mut roles = Roles {
        columns: Vec::new(),
        dropped: Vec::new(),
        warnings: Vec::new(),
    };
    let mut seen: HashMap<u64, &str> = HashMap::new();
    for (index, (name, profile)) in data.names.iter().zip(profiles).enumerate() {
        if index == target {
            continue;
        }
        if let Some(reason) = unwanted.get(&index) {
            roles.dropped.push(Dropped {
                name: name.clone(),
                reason: reason.clone(),
            });
            continue;
        }
        let first = *seen.entry(profile.fingerprint()).or_insert(name);
        let role = if first != name && profile.values > 0 {
            Err(format!("the same as the column '{first}'"))
        } else {
            kind(name, profile, index == 0)
        };
        match role {
            Ok(kind) => {
                roles.warnings.extend(lost(name, profile, kind));
                roles.warnings.extend(doubt(name, profile, kind));
                if kind == Kind::Number {
                    roles
                        .warnings
                        .extend(profile.marks.doubt(name, data.usual()));
                }
                if kind.is_text() {
                    let codes = codes::told(name, profile);
                    let mixed = numbers_beside_words(name, profile);
                    let mixed = mixed.filter(|_| kind == Kind::Category);
                    roles.warnings.extend(codes.or(mixed));
                }
                let is_same = profile.truths == profile.values;
                if matches!(kind, Kind::Category | Kind::Boolean) && !is_same {
                    roles.warnings.extend(profile.alike.told(name));
                }
                roles.columns.push(Column {
                    name: name.clone(),
                    kind,
                    unit: profile.unit().filter(|_| kind == Kind::Number),
                    numerals: profile
                        .marks
                        .proven()
                        .filter(|it| !kind.is_text() && *it != data.usual()),
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
fn kind(name: &str, profile: &Profile, is_first: bool) -> Result<Kind, String> {
    let values = profile.values;
    let different = profile.distinct.count();
    if values == 0 {
        return Err("it has no value in any row".into());
    }
    if different == 1 && profile.missing == 0 {
        return Err("it has the same value in all rows".into());
    }
    let each_differs = !profile.distinct.recurs() && values > 1;
    if profile.counts_rows() && names::is_index(name, is_first) {
        return Err("it is a row number".into());
    }
    if each_differs && profile.integers == values && names::is_id(name) {
        return Err("it is an identifier: a whole number that is different in each row".into());
    }
    if codes::because(name, profile).is_some() {
        return Ok(Kind::Category);
    }
    if let Some(kind) = ordered(name, profile) {
        return Ok(kind);
    }
    if profile.truths == values || (profile.booleans == values && different <= 2) {
        return Ok(Kind::Boolean);
    }
    let hardly_recur = |percent: u64| values >= 20 && different * 100 > values * percent;
    if let Some(reason) = unread(profile).filter(|_| each_differs || hardly_recur(50)) {
        return Err(reason);
    }
    if is_text(profile) {
        return Ok(Kind::Text);
    }
    if profile.prose.is_joined() && different * 2 > values {
        return Err(
            "it is a text without blanks between its words, so that they are not known: put blanks between them".into(),
        );
    }
    if each_differs {
        return Err(no_numbers(profile).unwrap_or_else(|| {
            "it is an identifier: a word that is different in each row".into()
        }));
    }
    if let Some(reason) = no_numbers(profile).filter(|_| hardly_recur(50)) {
        return Err(reason);
    }
    if hardly_recur(RARE_PERCENT) {
        return Err(format!(
            "it has about {different} different words in {values} rows: too few rows for each"
        ));
    }
    Ok(Kind::Category)
}

/// From how many words on a value is a text, and not a name: on average of all values, where hardly one recurs.
const TEXT_WORDS: f64 = 2.0;

/// The same where values recur, and up to how many different ones they are categories anyway.
const RECURRING_WORDS: f64 = 4.0;
const CATEGORIES: u64 = 50;

/// Whether a column has texts, of which the words say more than the whole does.
fn is_text(profile: &Profile) -> bool {
    let words = profile.words as f64 / profile.values.max(1) as f64;
    let different = profile.distinct.count();
    let hardly_recur = words > TEXT_WORDS && different * 2 > profile.values;
    let are_long = words > RECURRING_WORDS && different > CATEGORIES;
    (hardly_recur || are_long) && profile.prose.recurs()
}

/// Up to how many different values of which some are numbers are words rather.
pub(super) const FEW: u64 = 20;

/// Whether a column is one of numbers: all are but for a few, or most are and what is none is the same few words.
pub(super) fn is_numeric(profile: &Profile) -> bool {
    let (numbers, known) = (profile.numbers(), profile.known());
    let are_marked = profile.odd.len() < profile::EXAMPLES
        && profile.units.mixed().is_none()
        && profile.distinct.count() > FEW
        && profile.distinct.recurs();
    is_mostly(numbers, known) || (numbers * 2 > known && are_marked)
}

/// Why a column is none of numbers, though many of its values are.
fn no_numbers(profile: &Profile) -> Option<String> {
    let (numbers, known) = (profile.numbers(), profile.known());
    if let Some((a, b)) = profile.units.mixed() {
        return Some(format!(
            "its numbers have different units, such as '{a}' and '{b}'"
        ));
    }
    (numbers * 2 > known && !profile.odd.is_empty()).then(|| {
        format!(
            "{} of {known} values are no numbers, such as {}",
            known - numbers,
            profile.examples()
        )
    })
}

/// Why a column is none of numbers or dates, though most of its values look like them.
fn unread(profile: &Profile) -> Option<String> {
    let known = profile.known();
    let read = profile.numbers() + profile.dates.count();
    (profile.figures * 2 > known).then(|| {
        format!(
            "{} of {known} values are no numbers or dates that can be read, such as {}",
            known - read.min(known),
            profile.examples()
        )
    })
}

/// A part of the values that is too great for errors, in percent.
const SOME_PERCENT: u64 = 5;

/// A warning of numbers in a column of words.
fn numbers_beside_words(name: &str, profile: &Profile) -> Option<String> {
    let (numbers, known) = (profile.numbers(), profile.known());
    let are_some = numbers < known && numbers * 100 >= known * SOME_PERCENT;
    (are_some && profile.distinct.count() > FEW && !profile.odd.is_empty()).then(|| {
        format!(
            "'{name}': {numbers} of {known} values are numbers, and the others are none, such as {}: all are treated as \
             categories; if these words stand for no value, --missing says so",
            profile.examples()
        )
    })
}

/// What a column's values are, if they have an order: numbers or dates.
pub(super) fn ordered(name: &str, profile: &Profile) -> Option<Kind> {
    let order = if is_numeric(profile) {
        match epoch::order(name, profile) {
            Some(order) => order,
            None => return Some(Kind::Number),
        }
    } else {
        order(profile)?
    };
    Some(Kind::Date { order })
}

/// The order in which a column's dates are written.
pub(super) fn order(profile: &Profile) -> Option<date::Order> {
    let (order, count) = profile.dates.order();
    let are_marked = profile.odd.len() < profile::EXAMPLES && profile.distinct.count() > FEW;
    let is_most = count * 2 > profile.known() && are_marked;
    (is_mostly(count, profile.known()) || is_most).then_some(order)
}

fn is_mostly(part: u64, whole: u64) -> bool {
    part > 0 && part * 100 >= whole * PURITY
}

/// What may have been taken for something else.
fn doubt(name: &str, profile: &Profile, kind: Kind) -> Vec<String> {
    match kind {
        Kind::Date { order } => {
            let counted = epoch::told(name, order);
            let sentinels = if counted.is_some() {
                profile.sentinels.told(name, profile.numbers())
            } else {
                profile.dates.told(name)
            };
            let doubts = profile.dates.doubts(name).into_iter();
            let doubts = doubts.chain(epoch::months(name, profile));
            doubts.chain(counted).chain(sentinels).collect()
        }
        Kind::Number => {
            let blurred = profile.is_blurred().then(|| blurred(name));
            let sizes = units::told(name, &profile.units);
            let zeros = epoch::doubt(name, profile);
            let far = far(name, profile).filter(|_| zeros.is_none());
            let codes = codes::doubt(name, profile);
            let all = [blurred, far, zeros, sizes, codes];
            all.into_iter().flatten().collect()
        }
        _ => Vec::new(),
    }
}

/// The warning about numbers that may stand for no value. In a column of several units, they are not the numbers as written.
pub fn far(name: &str, profile: &Profile) -> Option<String> {
    let is_one = profile.units.family().is_none();
    is_one.then(|| profile.sentinels.told(name, profile.numbers()))?
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
        Kind::Number => profile.numbers(),
        Kind::Date { .. } => profile.dates.count().max(profile.numbers()),
        Kind::Category | Kind::Boolean | Kind::Text => return None,
    };
    let lost = profile.known() - good;
    if lost == 0 {
        return None;
    }
    let what = match kind {
        Kind::Date { .. } => "dates",
        _ if profile.infinite == lost => "finite numbers of 32 bits",
        _ => "numbers",
    };
    let number = profile.first_number.as_ref().filter(|_| what == "dates");
    let examples = match number {
        _ if !profile.odd.is_empty() => format!(", such as {}", profile.examples()),
        Some(number) => format!(", such as '{number}'"),
        None => String::new(),
    };
    Some(format!(
        "'{name}': {lost} of {} values are no {what}{examples}: they count as missing",
        profile.known()
    ))
}
