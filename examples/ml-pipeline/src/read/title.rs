//! Rows above the header that are no rows of the table, such as the title of a report.

use anyhow::{Result, bail};
use csv::StringRecord;

use super::{
    above::{below, lines},
    header::{Header, header, is_sure},
    shape::Explained,
};
use crate::value::Numerals;

/// How many rows above a header may be no part of the table.
const MOST: usize = 50;

/// How much of a title is shown, in characters.
const SHOWN: usize = 40;

/// How many lines at the beginning of a table are no part of it. `above` lines are above it anyway.
///
/// # Errors
///
/// If there is a title, and no header below it.
pub(super) fn lines_above(
    table: &str,
    explained: &Explained,
    numerals: Numerals,
    above: u64,
) -> Result<u64> {
    let (records, fields) = (&explained.records, explained.fields);
    let least = 2.min(fields.saturating_sub(1));
    let is_none = |record: &StringRecord| {
        let filled = filled(record);
        // The names and values of a report may stand in the first cells.
        record.len() != fields || filled < least || (fields > 3 && filled * 2 <= fields)
    };
    let count = records.iter().take_while(|it| is_none(it)).count();
    let (titles, rest) = records.split_at(count);
    if fields < 2 || titles.is_empty() || count > MOST || rest.len() < 2 {
        return Ok(0);
    }
    let lines = place(table, count);
    let is_parted = Explained::of(below(table, lines), explained.shape)
        .records
        .first()
        .is_some_and(|first| *first == rest[0]);
    let are_titles = titles.iter().all(|record| filled(record) < 2);
    if header(rest, numerals) == Header::Present {
        let is_certain = is_parted && (are_titles || is_sure(rest, numerals));
        return Ok(if is_certain { lines } else { 0 });
    }
    if is_parted && are_titles && titles[0].len() < fields {
        bail!(
            "line {} looks like a title ('{}'), and the line of the header is not sure: --skip-lines {} skips what is \
             above line {}",
            above + 1,
            shown(table),
            above + lines,
            above + lines + 1
        );
    }
    Ok(0)
}

/// What people should know of lines that are above a table.
pub(super) fn note(table: &str, above: u64, lines: u64) -> String {
    let which = match lines {
        1 => format!("line {} is", above + 1),
        _ => format!("lines {} to {} are", above + 1, above + lines),
    };
    format!(
        "{which} above the table and not read ('{}'); --skip-lines {above} reads all",
        shown(table)
    )
}

fn filled(record: &StringRecord) -> usize {
    record
        .iter()
        .filter(|field| !field.trim().is_empty())
        .count()
}

/// How many lines are above the record after so many.
fn place(table: &str, records: usize) -> u64 {
    let filled = lines(table).zip(0..).filter(|(line, _)| !line.is_empty());
    filled.map(|(_, at)| at).nth(records).unwrap_or_default()
}

/// The beginning of the first line that has anything in it.
fn shown(table: &str) -> String {
    let line = lines(table).find(|line| !line.trim().is_empty());
    let line = line
        .unwrap_or_default()
        .trim_matches([' ', ',', ';', '\t', '|', '"']);
    line.chars().take(SHOWN).collect()
}
