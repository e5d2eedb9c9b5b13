//! How a file sets its fields apart, and whether it begins with the names of its columns.

use std::collections::HashMap;

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use crate::value::{self, Numerals};

/// How many records of the sample are looked at.
const RECORDS: usize = 200;

/// What may stand between two fields. The first wins where two do equally well.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// How a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dialect {
    /// What stands between two fields.
    pub delimiter: u8,
    /// Whether the first record has the names of the columns.
    pub header: Header,
    /// How numbers are written.
    pub numerals: Numerals,
}

/// Whether the first record has the names of the columns.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// It has.
    Present,
    /// It is data like all others.
    Absent,
}

impl Dialect {
    /// Tells the dialect from the beginning of a file.
    pub fn of(sample: &str) -> Self {
        let (delimiter, records) = DELIMITERS
            .iter()
            .map(|&delimiter| (delimiter, records(sample, delimiter)))
            // `max_by_key` would take the last of equals.
            .reduce(|best, next| if fit(&next.1) > fit(&best.1) { next } else { best })
            .unwrap_or((b',', Vec::new()));
        let numerals = numerals(&records, delimiter);
        Dialect { delimiter, header: header(&records, numerals), numerals }
    }
}

/// The whole records of a sample. Its last one may have been cut, unless it is the only one.
fn records(sample: &str, delimiter: u8) -> Vec<StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample.as_bytes());
    let mut records: Vec<_> = reader.records().map_while(Result::ok).take(RECORDS + 1).collect();
    if records.len() > RECORDS || (records.len() > 2 && !sample.ends_with('\n')) {
        records.pop();
    }
    records
}

/// How well a delimiter explains the records: how many agree on a number of fields above one, in
/// thousandths, and that number.
fn fit(records: &[StringRecord]) -> (usize, usize) {
    let mut counts = HashMap::new();
    for record in records {
        *counts.entry(record.len()).or_insert(0_usize) += 1;
    }
    let usual = counts.into_iter().max_by_key(|&(fields, count)| (count, fields));
    match usual {
        Some((fields, count)) if fields > 1 => (count * 1000 / records.len(), fields),
        _ => (0, 1),
    }
}

/// Where a comma is not the delimiter, it may stand before the decimals.
fn numerals(records: &[StringRecord], delimiter: u8) -> Numerals {
    if delimiter == b',' {
        return Numerals::Point;
    }
    let (mut comma, mut point) = (0, 0);
    for field in records.iter().flatten().map(str::trim) {
        comma += usize::from(value::number(field, Numerals::Comma).is_some() && field.contains(','));
        point += usize::from(value::number(field, Numerals::Point).is_some() && field.contains('.'));
    }
    if comma > point { Numerals::Comma } else { Numerals::Point }
}

fn header(records: &[StringRecord], numerals: Numerals) -> Header {
    let Some((first, body)) = records.split_first() else {
        return Header::Present;
    };
    let is_number = |field: &str| value::number(field.trim(), numerals).is_some();
    let column = |index: usize| {
        body.iter()
            .filter_map(move |record| record.get(index))
            .filter(|field| !value::is_missing(field.trim()))
    };
    // A name above numbers settles it: there are no names among data.
    let named = |(index, name): (usize, &str)| {
        !is_number(name) && !value::is_missing(name.trim()) && {
            let mut values = column(index).peekable();
            values.peek().is_some() && values.all(is_number)
        }
    };
    if first.iter().enumerate().any(named) {
        return Header::Present;
    }
    if body.is_empty() {
        return if first.iter().any(is_number) { Header::Absent } else { Header::Present };
    }
    let recurs = |(index, name): (usize, &str)| !name.is_empty() && column(index).any(|value| value == name);
    let repeats = first.iter().enumerate().any(recurs);
    if repeats || first.iter().any(is_number) { Header::Absent } else { Header::Present }
}
