//! How a file is written: what is above the table, how its fields are set apart, whether it begins with the names of
//! its columns.

use std::cmp::Ordering;

use anyhow::Result;
use csv::StringRecord;

use super::{
    above::below,
    comments::Comments,
    header::{Header, header},
    plain::Shape,
    shape::Explained,
    title,
};
use crate::value::{self, Numerals};

/// How a file is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Dialect {
    /// How its rows are written.
    pub shape: Shape,
    /// Whether the first record has the names of the columns.
    pub header: Header,
    /// How numbers are written, if any of them tells.
    pub numerals: Option<Numerals>,
    /// Whether there is a line such as `sep=;`, with which Excel is told the delimiter.
    pub is_told: bool,
    /// How many lines are above the table.
    pub(super) above: u64,
    /// Whether the header is a comment, whose mark is no name.
    pub(super) is_commented: bool,
    /// Whether the header has no name for the first column, as R writes the names of rows.
    pub(super) is_short: bool,
}

impl Dialect {
    /// Tells the dialect from the beginning of a file, and what people should know of it. `skipped` lines are above
    /// the table if the user says so.
    ///
    /// # Errors
    ///
    /// If it is not sure where the table begins.
    pub(super) fn of(sample: &str, skipped: Option<u64>) -> Result<(Self, Vec<String>)> {
        let mut above = skipped.unwrap_or(0);
        let mut notes = Vec::new();
        let told = told(below(sample, above));
        above += u64::from(told.is_some());
        let mut explained = Explained::best(below(sample, above), told);
        let mut comments = Comments::default();
        if explained.shape.has_comments {
            let table = below(sample, above);
            comments = Comments::of(table, &explained);
            above += comments.above;
            explained.shape.has_comments = comments.are_within;
            let rows = below(table, comments.above);
            let rows = rows.trim_start_matches(|mark| comments.has_header && "# \t".contains(mark));
            explained = Explained::of(rows, explained.shape);
        }
        if comments.are_within {
            notes.push("lines that begin with '#' are comments and are not read".to_owned());
        }
        let point = numerals(&explained.records).unwrap_or(Numerals::Point);
        let is_short = is_short(&explained, point);
        if skipped.is_none() && told.is_none() && !is_short && !comments.has_header {
            let table = below(sample, above);
            let lines = title::lines_above(table, &explained, point, above)?;
            if lines > 0 {
                notes.push(title::note(table, above, lines));
                above += lines;
                explained = Explained::of(below(sample, above), explained.shape);
            }
        }
        if is_short && let Some(first) = explained.records.first_mut() {
            *first = std::iter::once("")
                .chain(first.iter())
                .collect::<Vec<_>>()
                .into();
            notes.push(
                "the header has one name less than the rows have fields: the first column is taken for the names of the \
                 rows, as R and pandas write them"
                    .to_owned(),
            );
        }
        let numerals = numerals(&explained.records);
        let dialect = Dialect {
            shape: explained.shape,
            header: header(&explained.records, numerals.unwrap_or(Numerals::Point)),
            numerals,
            is_told: told.is_some(),
            above,
            is_commented: comments.has_header,
            is_short,
        };
        Ok((dialect, notes))
    }
}

/// The delimiter that a line such as `sep=;` tells.
fn told(text: &str) -> Option<u8> {
    let mark = text.split_once('\n')?.0.trim_end().strip_prefix("sep=")?;
    (mark.len() == 1).then(|| mark.as_bytes()[0])
}

/// Whether the first record lacks a name that all others have a field for.
fn is_short(explained: &Explained, numerals: Numerals) -> bool {
    let Some((first, body)) = explained.records.split_first() else {
        return false;
    };
    let fields = explained.fields;
    let is_name =
        |name: &str| value::number(name, numerals).is_none() && !value::is_missing(name.trim());
    // A delimiter at the end of each row is no field.
    let ends = body.iter().filter(|row| row.get(fields - 1) != Some(""));
    fields > 2
        && first.len() == fields - 1
        && first.iter().all(is_name)
        && body.iter().all(|row| row.len() == fields)
        && ends.count() * 2 > body.len()
        && header(body, numerals) == Header::Absent
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
