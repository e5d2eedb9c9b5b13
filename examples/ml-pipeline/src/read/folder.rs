//! The files of a directory, and whether they are parts of one table.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::{
    Head, Header, Part,
    text::{self, Text},
};
use crate::value::Numerals;

/// How many files a directory may have.
pub const FILE_LIMIT: usize = 100_000;

/// How many names are shown.
pub(super) const SHOWN: usize = 5;

/// The files of a directory, in the order of their names. As for Spark and Hadoop, a name that begins with `_` or `.`
/// is no data.
pub(super) fn listed(dir: &Path) -> Result<Vec<PathBuf>> {
    let named = || format!("cannot read {}", dir.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).with_context(named)? {
        let path = entry.with_context(named)?.path();
        if text::name(&path).starts_with(['.', '_']) {
            continue;
        }
        ensure!(
            !path.is_dir(),
            "{} is a directory within the dataset, which is one directory of files: move its files up, or give it alone",
            path.display()
        );
        files.push(path);
        ensure!(
            files.len() <= FILE_LIMIT,
            "{} has more than {FILE_LIMIT} files: join some of them",
            dir.display()
        );
    }
    ensure!(
        !files.is_empty(),
        "{} is a directory without a file: put CSV or Parquet files into it (a name that begins with '_' or '.' does not count)",
        dir.display()
    );
    files.sort();
    Ok(files)
}

/// The file as one more part of the table that `head` begins: it may be written in another way, but has the same header.
pub(super) fn joined(dir: &Path, head: &Head, mut part: Part) -> Result<Part> {
    if let (Part::Text(text), Part::Text(first)) = (&mut part, &head.part) {
        adapt(text, first, |text| Ok(fits(head, &text.first()?)))?;
    }
    let first = part.first()?;
    if let Some(problem) = problem(head, &first, part.header()) {
        bail!(
            "{}: '{}' and '{}' are not parts of one table: {problem}",
            dir.display(),
            head.part.name(),
            part.name()
        );
    }
    if let Part::Text(text) = &mut part {
        text.dialect.header = head.part.header();
    }
    Ok(part)
}

/// Reads a file as the first one is, if it fits then: how it is written is guessed from its rows, and it may have few.
fn adapt(text: &mut Text, first: &Text, fits: impl Fn(&Text) -> Result<bool>) -> Result<()> {
    let own = text.dialect;
    if !own.is_told && own.shape != first.dialect.shape {
        text.dialect.shape = first.dialect.shape;
        if !fits(text)? {
            text.dialect.shape = own.shape;
        }
    }
    text.dialect.is_short = first.dialect.is_short;
    Ok(())
}

/// Whether these are the first fields of a file like `head`.
fn fits(head: &Head, first: &[String]) -> bool {
    let first = match first {
        // A delimiter at the end of each line is no column.
        [first @ .., last] if first.len() == head.first.len() && last.is_empty() => first,
        first => first,
    };
    match head.part.header() {
        Header::Present => first == head.first,
        Header::Absent => first.len() == head.first.len(),
    }
}

/// Why a file with these first fields is no part of the table, if it is none.
fn problem(head: &Head, first: &[String], header: Header) -> Option<String> {
    match (head.part.header(), header) {
        (Header::Absent, Header::Present) => Some(format!(
            "the first has no header, and the second begins with {}",
            shown(first)
        )),
        _ if fits(head, first) => None,
        (Header::Absent, Header::Absent) => Some(format!(
            "the first has {} columns, and the second {}",
            head.first.len(),
            first.len()
        )),
        (Header::Present, Header::Absent) => Some(format!(
            "the first has the columns {}, and the second has no header and begins with {}",
            shown(&head.first),
            shown(first)
        )),
        (Header::Present, Header::Present) => Some(difference(&head.first, first)),
    }
}

/// How two headers differ.
fn difference(one: &[String], other: &[String]) -> String {
    let lacks = |from: &[String], in_: &[String]| -> Vec<String> {
        let mut left: Vec<_> = in_.iter().collect();
        let kept = from.iter().filter(|name| {
            let found = left.iter().position(|it| it == name);
            found.map(|at| left.swap_remove(at)).is_none()
        });
        kept.cloned().collect()
    };
    let (missing, more) = (lacks(one, other), lacks(other, one));
    match (missing.is_empty(), more.is_empty()) {
        (true, true) => {
            let at = one.iter().zip(other).position(|(a, b)| a != b);
            let at = at.unwrap_or_default();
            format!(
                "they have the same columns in another order (column {} is '{}' in the first and '{}' in the second)",
                at + 1,
                one[at],
                other[at]
            )
        }
        (false, true) => format!("the second lacks {}", shown(&missing)),
        (true, false) => format!("the second has {} as well", shown(&more)),
        (false, false) => format!(
            "the second lacks {}, and has {} instead",
            shown(&missing),
            shown(&more)
        ),
    }
}

/// How all files write numbers. One that can be read in both ways says nothing.
pub(super) fn numerals(files: &[Part]) -> Result<Option<Numerals>> {
    let writes = |numerals| files.iter().find(|part| part.numerals() == Some(numerals));
    match (writes(Numerals::Point), writes(Numerals::Comma)) {
        (Some(point), Some(comma)) => bail!(
            "'{}' has numbers with a decimal point and '{}' with a decimal comma: write them in one way",
            point.name(),
            comma.name()
        ),
        (None, Some(_)) => Ok(Some(Numerals::Comma)),
        (Some(_), None) => Ok(Some(Numerals::Point)),
        (None, None) => Ok(None),
    }
}

/// Some names for people.
pub(super) fn shown(names: &[String]) -> String {
    let some: Vec<_> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("'{name}'"))
        .collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", some.join(", "))
}
