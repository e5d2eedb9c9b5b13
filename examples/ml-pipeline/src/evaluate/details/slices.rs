//! Where the errors are: the mean error for parts of the rows, by the values of a column.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    schema::{Kind, Schema},
    table::{Table, Values},
};

/// How many columns are looked at: the most important ones.
const COLUMNS: usize = 3;

/// Into how many parts numbers are put.
const PARTS: usize = 4;

/// How many words have a part of their own: the most frequent ones.
const WORDS: usize = 6;

/// Below how many rows the mean error of a part says nothing.
const LEAST_ROWS: usize = 10;

/// A part of the test rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// The column whose values make the part.
    pub column: String,
    /// Which values, in words.
    pub values: String,
    /// How many rows it has.
    pub rows: u64,
    /// The part of them that is wrong, or the mean distance of the numbers.
    pub error: f64,
    /// By how many standard errors that is above the error of all rows; below 0 where it is less.
    pub above: f64,
}

/// The parts by the values of the first of `columns`, with the `errors` of all rows.
pub(super) fn slices(
    schema: &Schema,
    test: &Table,
    columns: &[usize],
    errors: &[f32],
) -> Vec<Slice> {
    let (all, deviation) = spread(errors);
    let mut slices = Vec::new();
    let in_parts = |place: &&usize| schema.columns[**place].kind != Kind::Text;
    for &place in columns.iter().filter(in_parts).take(COLUMNS) {
        let parts = match &test.columns[place] {
            Values::Numbers(numbers) => by_number(numbers, schema.columns[place].kind),
            Values::Words { words, rows } => by_word(words, rows),
        };
        for (values, rows) in parts {
            if rows.len() < LEAST_ROWS {
                continue;
            }
            let some: Vec<_> = rows.iter().map(|&row| errors[row]).collect();
            let (error, _) = spread(&some);
            let chance = (deviation / (some.len() as f64).sqrt()).max(f64::MIN_POSITIVE);
            slices.push(Slice {
                column: schema.columns[place].name.clone(),
                values,
                rows: some.len() as u64,
                error,
                above: (error - all) / chance,
            });
        }
    }
    slices
}

/// The mean and the standard deviation.
fn spread(numbers: &[f32]) -> (f64, f64) {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().map(|&it| f64::from(it)).sum::<f64>() / count;
    let squares = numbers.iter().map(|&it| (f64::from(it) - mean).powi(2));
    (mean, (squares.sum::<f64>() / count).sqrt())
}

/// Parts of about as many rows each, and one of the rows without a value.
fn by_number(numbers: &[f32], kind: Kind) -> Vec<(String, Vec<usize>)> {
    let mut known: Vec<_> = (0..numbers.len())
        .filter(|&row| !numbers[row].is_nan())
        .collect();
    known.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut parts: Vec<(String, Vec<usize>)> = Vec::new();
    let mut begin = 0;
    for part in 1..=PARTS {
        let mut end = (known.len() * part / PARTS).max(begin);
        // Equal numbers are in one part.
        while end > begin && end < known.len() && numbers[known[end]] == numbers[known[end - 1]] {
            end += 1;
        }
        if let [first, .., last] | [first @ last] = &known[begin..end] {
            let [first, last] = [first, last].map(|row| kind.shown(numbers[*row]));
            let values = if first == last {
                first
            } else {
                format!("{first} to {last}")
            };
            parts.push((values, known[begin..end].to_vec()));
        }
        begin = end;
    }
    let missing: Vec<_> = (0..numbers.len())
        .filter(|&row| numbers[row].is_nan())
        .collect();
    parts.push(("missing".to_owned(), missing));
    parts
}

/// A part for each frequent word, and one of all others.
fn by_word(words: &[String], rows: &[u32]) -> Vec<(String, Vec<usize>)> {
    let mut of: HashMap<u32, Vec<usize>> = HashMap::new();
    for (row, &word) in rows.iter().enumerate() {
        of.entry(word).or_default().push(row);
    }
    let mut parts: Vec<_> = of.into_iter().collect();
    parts.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let rest = parts.split_off(parts.len().min(WORDS));
    let mut parts: Vec<_> = parts
        .into_iter()
        .map(|(word, rows)| (named(&words[word as usize]), rows))
        .collect();
    let rest: Vec<_> = rest.into_iter().flat_map(|(_, rows)| rows).collect();
    parts.push(("all others".to_owned(), rest));
    parts
}

fn named(word: &str) -> String {
    if word.is_empty() {
        "missing".to_owned()
    } else {
        format!("'{word}'")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_put_into_parts_of_as_many_rows() {
        let mut numbers: Vec<f32> = (0..8).map(|it| it as f32).collect();
        numbers[7] = f32::NAN;
        let parts = by_number(&numbers, Kind::Number);
        let found: Vec<_> = parts
            .iter()
            .map(|(values, rows)| (values.as_str(), rows.len()))
            .collect();
        assert_eq!(
            found,
            [
                ("0", 1),
                ("1 to 2", 2),
                ("3 to 4", 2),
                ("5 to 6", 2),
                ("missing", 1)
            ]
        );
        let same = by_number(&[1.0; 20], Kind::Number);
        assert_eq!(
            (same.len(), same[0].0.as_str(), same[0].1.len()),
            (2, "1", 20)
        );
    }

    #[test]
    fn rare_words_are_one_part() {
        let words: Vec<_> = ["", "a", "b", "c", "d", "e", "f", "g"]
            .map(str::to_owned)
            .into();
        let rows = [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7];
        let parts = by_word(&words, &rows);
        assert_eq!((parts[0].0.as_str(), parts[0].1.len()), ("missing", 3));
        assert_eq!((parts[1].0.as_str(), parts[1].1.len()), ("'a'", 2));
        assert_eq!(parts[WORDS].0, "all others");
        assert_eq!(parts[WORDS].1.len(), 2);
    }
}
