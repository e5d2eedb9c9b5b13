//! One file of a table, whatever its format.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use csv::StringRecord;

use super::{
    Encoding, Header, Hints,
    columnar::{self, Columnar},
    detect::fill,
    text::{self, Text},
};
use crate::value::Numerals;

/// A file, and how it is read.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Lines of text, compressed or not.
    Text(Text),
    /// Parquet.
    Columnar(Columnar),
}

impl Part {
    /// Finds out how a file is read; nothing if it is empty.
    pub(super) fn open(path: &Path, hints: Hints) -> Result<Option<Self>> {
        let named = || format!("cannot read {}", path.display());
        let kind = fs::metadata(path).with_context(named)?;
        ensure!(
            kind.is_file(),
            "{} is no regular file, and it is read more than once: store it in one",
            path.display()
        );
        let mut head = [0; 4];
        let held =
            fill(&mut File::open(path).with_context(named)?, &mut head).with_context(named)?;
        if !columnar::is_columnar(&head[..held]) {
            return Ok(Text::open(path, hints)?.map(Part::Text));
        }
        ensure!(
            hints.encoding.is_none() && hints.skip_lines.is_none(),
            "{} is a Parquet file, and --encoding and --skip-lines are for text files: leave them out",
            path.display()
        );
        let columnar = Columnar::open(path).with_context(|| path.display().to_string())?;
        Ok(Some(Part::Columnar(columnar)))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Part::Text(text) => &text.path,
            Part::Columnar(columnar) => &columnar.path,
        }
    }

    /// Its name, without its directory.
    pub(super) fn name(&self) -> String {
        text::name(self.path())
    }

    /// The names of its columns, or as many fields where it has none.
    pub(super) fn first(&self) -> Result<Vec<String>> {
        match self {
            Part::Text(text) => text.first(),
            Part::Columnar(columnar) => Ok(columnar.names()),
        }
    }

    pub(super) fn header(&self) -> Header {
        match self {
            Part::Text(text) => text.dialect.header,
            Part::Columnar(_) => Header::Present,
        }
    }

    /// How it writes numbers, if any of them tells.
    pub(super) fn numerals(&self) -> Option<Numerals> {
        match self {
            Part::Text(text) => text.dialect.numerals,
            Part::Columnar(columnar) => columnar.has_numbers().then_some(Numerals::Point),
        }
    }

    /// Its last column, if it is one that is not read.
    pub(super) fn unread_last(&self) -> Option<String> {
        match self {
            Part::Text(_) => None,
            Part::Columnar(columnar) => columnar.unread_last.clone(),
        }
    }

    pub(super) fn notes(&self) -> &[String] {
        match self {
            Part::Text(text) => &text.notes,
            Part::Columnar(columnar) => &columnar.notes,
        }
    }

    /// How its characters are stored.
    pub(super) fn encoding(&self) -> Encoding {
        match self {
            Part::Text(text) => text.encoding,
            Part::Columnar(_) => Encoding::UTF_8,
        }
    }

    /// What stands between two fields; a comma where nothing does.
    pub(super) fn delimiter(&self) -> char {
        match self {
            Part::Text(text) => char::from(text.dialect.shape.delimiter),
            Part::Columnar(_) => ',',
        }
    }

    /// In what it is stored, in words.
    pub(super) fn format(&self) -> String {
        match self {
            Part::Text(text) => match text.packing.name() {
                "" => text.encoding.name().to_owned(),
                packing => format!("{} in {packing}", text.encoding.name()),
            },
            Part::Columnar(_) => "Parquet".to_owned(),
        }
    }

    /// How its fields are set apart, in words.
    pub(super) fn separation(&self) -> Option<String> {
        let Part::Text(text) = self else { return None };
        Some(match text.dialect.shape.delimiter {
            b'\t' => "delimiter tab".to_owned(),
            b' ' => "delimiter blank".to_owned(),
            other => format!("delimiter '{}'", char::from(other)),
        })
    }

    /// Begins to read its rows.
    pub(super) fn rows(&self) -> Result<Records> {
        Ok(match self {
            Part::Text(text) => Records::Text(text.rows()?),
            Part::Columnar(columnar) => Records::Columnar(Box::new(columnar.rows()?)),
        })
    }
}

/// The rows of a file, one after the other.
pub(super) enum Records {
    Text(text::Records),
    Columnar(Box<columnar::Rows>),
}

impl Records {
    /// Reads the next one into `record`; false at the end of the file.
    pub(super) fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        match self {
            Records::Text(records) => records.next(record),
            Records::Columnar(rows) => rows.next(record),
        }
    }

    /// How many bytes were read so far, more or less.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Records::Text(records) => records.bytes(),
            Records::Columnar(rows) => rows.bytes(),
        }
    }

    /// Where a record that was just read began.
    pub(super) fn place(&self, record: &StringRecord) -> String {
        match self {
            Records::Text(records) => format!("line {}", records.line(record)),
            Records::Columnar(rows) => format!("row {}", rows.done()),
        }
    }
}
