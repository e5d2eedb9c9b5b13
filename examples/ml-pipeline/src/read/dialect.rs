//! How a file sets its fields apart, and whether it begins with the names of its columns.

use std::cmp::Ordering;
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
    /// How numbers are written, if any of them tells.
    pub numerals: Option<Numerals>,
    /// Whether the first line is `sep=;`, with which Excel is told the delimiter.
    pub is_told: bool,
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
        let told = sample
            .split_once('\n')
            .and_then(|(line, rest)| Some((told(line)?, rest)));
        let (delimiter, records) = match told {
            Some((delimiter, rest)) => (delimiter, records(rest, delimiter)),
            None => DELIMITERS
                .iter()
                .map(|&delimiter| (delimiter, records(sample, delimiter)))
                // `max_by_key` would take the last of equals.
                .reduce(|best, next| {
                    if fit(&next.1) > fit(&best.1) {
                        next
                    } else {
                        best
                    }
                })
                .unwrap_or((b',', Vec::new())),
        };
        let numerals = numerals(&records);
        Dialect {
            delimiter,
            header: header(&records, numerals.unwrap_or(Numerals::Point)),
            numerals,
            is_told: told.is_some(),
        }
    }
}

/// The delimiter that a line such as `sep=;` tells.
fn told(line: &str) -> Option<u8> {
    let mark = line.trim_end().strip_prefix("sep=")?.as_bytes();
    (mark.len() == 1).then(|| mark[0])
}

/// The whole records of a sample. Its last one may have been cut, unless it is the only one.
fn records(sample: &str, delimiter: u8) -> Vec<StringRecord> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(sample.as_bytes());
    let mut records: Vec<_> = reader
        .records()
        .map_while(Result::ok)
        .take(RECORDS + 1)
        .collect();
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
    let usual = counts
        .into_iter()
        .max_by_key(|&(fields, count)| (count, fields));
    match usual {
        Some((fields, count)) if fields > 1 => (count * 1000 / records.len(), fields),
        _ => (0, 1),
    }
}

/// Numbers that can be read in one way only decide; `1.234` may be either.
fn numerals(records: &[StringRecord]) -> Option<Numerals> {
    let (mut comma, mut point) = (0, 0);
    for field in records.iter().flatten().map(str::trim) {
        let is = |numerals| value::number(field, numerals).is_some();
        comma += usize::from(field.contains(',') && !is(Numerals::Point) && is(Numerals::Comma));
        point += usize::from(field.contains('.') && !is(Numerals::Comma) && is(Numerals::Point));
    }
    match comma.cmp(&point) {
        Ordering::Greater => Some(Numerals::Comma),
        Ordering::Less => Some(Numerals::Point),
        Ordering::Equal => None,
    }
}

/// The part of a column's values in the sample that must be numbers, in percent, for the column to be
/// one of numbers: a stray word is none.
const NUMBERS: usize = 90;

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
    let is_word = |name: &str| !is_number(name) && !value::is_missing(name.trim());
    // A name above numbers settles it: there are no names among data.
    let above_numbers = |index: usize| {
        let values = column(index).count();
        let numbers = column(index).filter(|value| is_number(value)).count();
        values > 0 && numbers * 100 >= values * NUMBERS
    };
    if first
        .iter()
        .enumerate()
        .any(|(index, name)| is_word(name) && above_numbers(index))
    {
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
    if first.iter().any(is_number) {
        // Names that are counted, as in `0,1,2,target`, with a word that stands nowhere below.
        let counted = first
            .iter()
            .filter_map(|name| value::number(name.trim(), numerals))
            .collect::<Vec<_>>();
        let in_turn = counted.windows(2).all(|pair| pair[1] - pair[0] == 1.0)
            && counted.iter().all(|n| n.fract() == 0.0);
        return if in_turn && !words.is_empty() && recurring == 0 {
            Header::Present
        } else {
            Header::Absent
        };
    }
    if recurring * 2 > words.len() {
        Header::Absent
    } else {
        Header::Present
    }
}
