//! Order and groups that do not show in the order of the rows: those of a file that was shuffled.

use std::collections::HashMap;

use super::{Neighbours, coded, guessed};
use crate::{
    preprocess::names,
    schema::{Kind, Schema, Task},
    table::{Truth, Values},
};

/// How many different groups there are at least, and how many rows of each on average.
const GROUPS: usize = 10;
const ROWS_OF_EACH: usize = 2;

/// The part of what differs between rows at random that may differ within groups.
const WITHIN: f64 = 0.5;

/// The part of a column's words, in percent, that look like identifiers where it has such.
const NUMBERED: usize = 90;

/// The first date in whose order the target is nearly the same in neighbouring rows.
pub(super) fn order<'a>(
    columns: &[&Values],
    target: &Values,
    schema: &'a Schema,
) -> Option<&'a str> {
    let dates = columns.iter().zip(&schema.columns);
    let mut dates = dates.filter(|(_, column)| matches!(column.kind, Kind::Date { .. }));
    let found = dates.find(|(values, _)| is_ordered(values, target, &schema.target.task));
    found.map(|(_, column)| column.name.as_str())
}

fn is_ordered(dates: &Values, target: &Values, task: &Task) -> bool {
    let Values::Numbers(dates) = dates else {
        return false;
    };
    let mut rows: Vec<_> = (0..dates.len())
        .filter(|&row| !dates[row].is_nan())
        .collect();
    rows.sort_by(|&a, &b| dates[a].total_cmp(&dates[b]));
    let mut neighbours = Neighbours::default();
    for row in rows {
        match target {
            Values::Numbers(numbers) => neighbours.number(f64::from(numbers[row])),
            Values::Words { words, rows } => neighbours.class(&words[rows[row] as usize]),
        }
    }
    neighbours.are_alike(task)
}

/// The columns whose values are the same persons or things in several rows, in which the target is alike.
pub(super) fn groups<'a>(columns: &[&Values], truth: &Truth, schema: &'a Schema) -> Vec<&'a str> {
    let all = columns.iter().zip(&schema.columns);
    let found = all.filter(|(values, column)| {
        let codes = match values {
            Values::Words { words, rows } if column.kind == Kind::Category => {
                let is_one = names::is_someone(&column.name) || are_numbered(words);
                is_one.then(|| rows.clone())
            }
            Values::Numbers(numbers) if column.kind == Kind::Number => {
                let is_one = names::is_id(&column.name) || names::is_someone(&column.name);
                let is_whole = numbers.iter().all(|it| it.fract() == 0.0);
                (is_one && is_whole).then(|| coded(numbers))
            }
            _ => None,
        };
        codes.is_some_and(|codes| are_alike(&codes, truth))
    });
    found.map(|(_, column)| column.name.as_str()).collect()
}

/// Whether words are letters and then digits, such as `P017`.
fn are_numbered(words: &[String]) -> bool {
    let is_numbered = |word: &&String| {
        let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = word.len() - letters.len();
        digits > 0 && letters.chars().count() <= 12 && letters.chars().any(char::is_alphabetic)
    };
    words.iter().filter(is_numbered).count() * 100 >= words.len() * NUMBERED
}

/// Whether rows with the same code have hardly different targets.
fn are_alike(codes: &[u32], truth: &Truth) -> bool {
    let mut groups: HashMap<u32, Vec<usize>> = HashMap::new();
    for (row, &code) in codes.iter().enumerate() {
        groups.entry(code).or_default().push(row);
    }
    if groups.len() < GROUPS || codes.len() < groups.len() * ROWS_OF_EACH {
        return false;
    }
    let (mut within, mut repeats) = (0.0, 0.0);
    for rows in groups.values().filter(|rows| rows.len() > 1) {
        let own = truth.pick(rows);
        let count = rows.len() as f64;
        // The spread of a few rows is less than that of all such rows, by just that part.
        within += spread(&own) * count;
        repeats += count - 1.0;
    }
    repeats > 0.0 && within / repeats <= WITHIN * spread(truth)
}

/// The variance, or how often two rows at random have another class.
fn spread(truth: &Truth) -> f64 {
    match truth {
        Truth::Classes(_) => guessed(truth),
        Truth::Numbers(numbers) => {
            let count = numbers.len().max(1) as f64;
            let mean = numbers.iter().map(|&it| f64::from(it)).sum::<f64>() / count;
            let squares = numbers.iter().map(|&it| (f64::from(it) - mean).powi(2));
            squares.sum::<f64>() / count
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_alike_if_their_targets_are() {
        let codes: Vec<u32> = (0..200).map(|row| row * 7 % 20).collect();
        let of = |target: fn(u32, u32) -> u32| {
            let rows = codes.iter().zip(0..);
            Truth::Classes(rows.map(|(&code, row)| target(code, row)).collect())
        };
        assert!(are_alike(&codes, &of(|code, _| code % 2)));
        assert!(are_alike(
            &codes,
            &of(|code, row| if row % 20 == 3 { 0 } else { code % 2 })
        ));
        assert!(!are_alike(&codes, &of(|_, row| row / 3 % 2)));
        let numbers = codes.iter().zip(0_u16..);
        let numbers = numbers.map(|(&code, row)| code as f32 + f32::from(row % 3));
        assert!(are_alike(&codes, &Truth::Numbers(numbers.collect())));
    }

    #[test]
    fn words_with_a_number_are_identifiers() {
        let of = |words: &[&str]| {
            are_numbered(&words.iter().map(|&it| it.to_owned()).collect::<Vec<_>>())
        };
        assert!(of(&["P1", "P017", "pump-3"]));
        assert!(!of(&["red", "green", "blue2"]));
        assert!(!of(&["2021", "2022"]));
    }
}
