//! Whether the first record of a table has the names of its columns.

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use crate::value::{self, Numerals};

/// Whether the first record has the names of the columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// It has.
    Present,
    /// It is data like all others.
    Absent,
}

/// The part of a column's values in the sample that must be numbers, in percent, for the column to be
/// one of numbers: a stray word is none.
const NUMBERS: usize = 90;

/// Between which numbers a year is.
const YEARS: std::ops::RangeInclusive<f64> = 1800.0..=2200.0;

/// How many numbers make a header if there is no word among them.
const COUNTED: usize = 3;

/// Tells it from some records.
pub(super) fn header(records: &[StringRecord], numerals: Numerals) -> Header {
    let Some((first, body)) = records.split_first() else {
        return Header::Present;
    };
    let is_number = |field: &str| value::number(field.trim(), numerals).is_some();
    let column = |index: usize| {
        body.iter()
            .filter_map(move |record| record.get(index))
            .filter(|field| !value::is_missing(field.trim()))
    };
    let is_word = |name: &str| !is_number(name) && !value::is_missing(name.trim());
    if is_sure(records, numerals) {
        return Header::Present;
    }
    if body.is_empty() {
        return if first.iter().any(is_number) {
            Header::Absent
        } else {
            Header::Present
        };
    }
    let words: Vec<_> = first
        .iter()
        .enumerate()
        .filter(|(_, name)| is_word(name))
        .collect();
    let recurs = |(index, name): &&(usize, &str)| column(*index).any(|value| value == *name);
    let recurring = words.iter().filter(recurs).count();
    let is_header = match series(first, numerals) {
        _ if !first.iter().any(is_number) => {
            recurring * 2 <= words.len() || is_repeated(first, body)
        }
        Some(Series::Counted(_)) if !words.is_empty() => recurring == 0,
        // A row of data may look like such names by chance, but not all do.
        Some(Series::Counted(count) | Series::Years(count))
            if count >= COUNTED || !words.is_empty() =>
        {
            let others = body.iter().take(COUNTED);
            recurring == 0
                && others
                    .filter_map(|row| series(row, numerals))
                    .next()
                    .is_none()
        }
        _ => false,
    };
    if is_header {
        Header::Present
    } else {
        Header::Absent
    }
}

/// Whether a record comes again as a whole, as the header does where files were joined, and none of its words elsewhere.
fn is_repeated(first: &StringRecord, body: &[StringRecord]) -> bool {
    let (same, others): (Vec<_>, Vec<_>) = body.iter().partition(|record| *record == first);
    let recurs = |(index, name)| {
        let mut column = others.iter().filter_map(|record| record.get(index));
        column.any(|value| value == name)
    };
    !same.is_empty() && same.len() * 10 <= body.len() && !first.iter().enumerate().any(recurs)
}

/// Whether a name stands above numbers, which settles it: there are no names among data.
pub(super) fn is_sure(records: &[StringRecord], numerals: Numerals) -> bool {
    let Some((first, body)) = records.split_first() else {
        return false;
    };
    let is_number = |field: &str| value::number(field.trim(), numerals).is_some();
    let is_above_numbers = |(index, name): (usize, &str)| {
        let column = body.iter().filter_map(|record| record.get(index));
        let values: Vec<_> = column
            .filter(|field| !value::is_missing(field.trim()))
            .collect();
        let numbers = values.iter().filter(|value| is_number(value)).count();
        !is_number(name)
            && !value::is_missing(name.trim())
            && numbers > 0
            && numbers * 100 >= values.len() * NUMBERS
    };
    first.iter().enumerate().any(is_above_numbers)
}

/// So many numbers that may be names.
enum Series {
    /// Each is one more than the one before.
    Counted(usize),
    /// Years in their order.
    Years(usize),
}

/// The numbers of a record, if they may be names.
fn series(record: &StringRecord, numerals: Numerals) -> Option<Series> {
    let numbers: Vec<_> = record
        .iter()
        .filter_map(|name| value::number(name.trim(), numerals))
        .collect();
    let is_sorted = numbers.is_sorted_by(|a, b| a < b) || numbers.is_sorted_by(|a, b| a > b);
    if numbers.iter().any(|number| number.fract() != 0.0) {
        None
    } else if is_sorted && numbers.iter().all(|number| YEARS.contains(number)) {
        Some(Series::Years(numbers.len()))
    } else {
        let is_counted = numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
        is_counted.then_some(Series::Counted(numbers.len()))
    }
}
