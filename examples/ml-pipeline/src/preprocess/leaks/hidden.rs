//! Order and groups that do not show in the order of the rows: those of a file that was shuffled.

use std::collections::{BTreeSet, HashMap};

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

/// How far the targets of numbers that follow each other are apart at least, as a part of those of any two, where the
/// numbers are names.
const ROUGH: f64 = 0.6;

/// Below which size each whole number is a float of its own.
const EXACT: f32 = 16_777_216.0;

/// How many standard deviations of chance the rows of a number are above the average at most where numbers are names. What
/// is measured or counted has some values much more often than others.
const EVEN: f64 = 4.0;

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
                let is_rough = || numbers(words, rows).is_some_and(|it| is_rough(&it, truth));
                (is_one || is_rough()).then(|| rows.clone())
            }
            Values::Numbers(numbers) if column.kind == Kind::Number => {
                let is_one = names::is_id(&column.name) || names::is_someone(&column.name);
                let is_whole = numbers.iter().all(|it| it.fract() == 0.0);
                (is_whole && (is_one || is_rough(numbers, truth))).then(|| coded(numbers))
            }
            _ => None,
        };
        codes.is_some_and(|codes| are_alike(&codes, truth))
    });
    found.map(|(_, column)| column.name.as_str()).collect()
}

/// Words that are all numbers, NaN for the empty one.
fn numbers(words: &[String], rows: &[u32]) -> Option<Vec<f32>> {
    let number = |word: &String| match word.as_str() {
        "" => Some(f32::NAN),
        word => word.parse().ok(),
    };
    let numbers: Vec<_> = words.iter().map(number).collect::<Option<_>>()?;
    Some(rows.iter().map(|&row| numbers[row as usize]).collect())
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

/// Whether numbers are names, such as those of houses and batches: each stands in about as many rows, and its size says
/// nothing. The mean targets of two numbers that follow each other are no nearer than those of any two.
fn is_rough(numbers: &[f32], truth: &Truth) -> bool {
    // Different large numbers may be the same float.
    if numbers.iter().any(|it| it.abs() >= EXACT) {
        return false;
    }
    let mut order: Vec<_> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let groups = order.chunk_by(|&a, &b| numbers[a] == numbers[b]);
    let groups: Vec<_> = groups.filter(|rows| rows.len() >= ROWS_OF_EACH).collect();
    let rows: usize = groups.iter().map(|rows| rows.len()).sum();
    let most = groups.iter().map(|rows| rows.len()).max();
    let average = rows as f64 / groups.len().max(1) as f64;
    if most.unwrap_or_default() as f64 > average + EVEN * average.sqrt() {
        return false;
    }
    let means: Vec<_> = groups
        .into_iter()
        .map(|rows| mean(&truth.pick(rows)))
        .collect();
    if means.len() < GROUPS {
        return false;
    }
    let keys: BTreeSet<_> = means.iter().flat_map(HashMap::keys).copied().collect();
    let (mut near, mut all) = (0.0, 0.0);
    for key in keys {
        let own: Vec<_> = means
            .iter()
            .map(|mean| mean.get(&key).copied().unwrap_or_default())
            .collect();
        let pairs = own.windows(2).map(|pair| (pair[0] - pair[1]).powi(2));
        near += pairs.sum::<f64>() / (own.len() - 1) as f64;
        // Any two are apart by twice the variance, on average.
        let middle = own.iter().sum::<f64>() / own.len() as f64;
        let squares = own.iter().map(|it| (it - middle).powi(2));
        all += 2.0 * squares.sum::<f64>() / (own.len() - 1) as f64;
    }
    near >= ROUGH * all
}

/// The mean target: the number, or the share of each class.
fn mean(truth: &Truth) -> HashMap<u32, f64> {
    let part = 1.0 / truth.len().max(1) as f64;
    let mut mean = HashMap::new();
    match truth {
        Truth::Numbers(numbers) => {
            let sum: f64 = numbers.iter().map(|&it| f64::from(it)).sum();
            mean.insert(0, sum * part);
        }
        Truth::Classes(classes) => {
            for &class in classes {
                *mean.entry(class).or_default() += part;
            }
        }
    }
    mean
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
    fn numbers_are_names_if_their_size_says_nothing() {
        let codes: Vec<f32> = (0..200_u16).map(|row| f32::from(row * 7 % 20)).collect();
        let by_chance = codes.iter().map(|code| (code * 2.4).sin() * 9.0).collect();
        assert!(is_rough(&codes, &Truth::Numbers(by_chance)));
        let rising = codes.iter().map(|code| code + 3.0).collect();
        assert!(!is_rough(&codes, &Truth::Numbers(rising)));
        let classes = codes.iter().map(|code| u32::from(*code > 9.0)).collect();
        assert!(!is_rough(&codes, &Truth::Classes(classes)));
        let classes = codes.iter().map(|code| *code as u32 * 7 % 5 % 2).collect();
        assert!(is_rough(&codes, &Truth::Classes(classes)));
        let large: Vec<f32> = codes.iter().map(|code| code * 128.0 + 1.7e9).collect();
        let by_chance = codes.iter().map(|code| (code * 2.4).sin() * 9.0).collect();
        assert!(
            !is_rough(&large, &Truth::Numbers(by_chance)),
            "no float is exact"
        );
        let often: Vec<f32> = codes.iter().map(|code| code.max(6.0)).collect();
        let by_chance = often.iter().map(|code| (code * 2.4).sin() * 9.0).collect();
        assert!(
            !is_rough(&often, &Truth::Numbers(by_chance)),
            "one is frequent"
        );
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
