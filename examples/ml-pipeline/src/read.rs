//! CSV files as people have them: any delimiter and encoding, with or without a header.

mod dialect;
mod encoding;
mod guard;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use csv::StringRecord;
use encoding_rs_io::DecodeReaderBytesBuilder;

pub use dialect::{Dialect, Header};
pub use encoding::Encoding;
pub use guard::RECORD_LIMIT;

use crate::value::Numerals;

/// How many columns a file may have.
pub const COLUMN_LIMIT: usize = 20_000;

/// How much of a file, in bytes of UTF-8, its dialect is taken from.
const SAMPLE: usize = 256 * 1024;

/// A CSV file of which we know how to read it.
#[derive(Clone, Debug)]
pub struct CsvFile {
    path: PathBuf,
    /// How its characters are stored.
    pub encoding: Encoding,
    /// How its fields are set apart.
    pub dialect: Dialect,
    /// One name for each column, none empty and none twice.
    pub names: Vec<String>,
    /// The names that the header has more than once.
    pub repeated: HashSet<String>,
    /// What people should know of how the file was read.
    pub notes: Vec<String>,
}

impl CsvFile {
    /// Finds out how to read a file. It is read whole once, for its encoding.
    ///
    /// # Errors
    ///
    /// With one sentence, if the file cannot be read, is no CSV file, or has no rows.
    pub fn open(path: &Path) -> Result<Self> {
        let kind = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            kind.is_file(),
            "{} is no regular file, and it is read more than once: store it in one",
            path.display()
        );
        let encoding = Encoding::of(path)?;
        let sample = sample(path, encoding)?;
        ensure!(!sample.trim().is_empty(), "{} is empty", path.display());
        let dialect = Dialect::of(&sample);
        let mut file = CsvFile {
            path: path.to_owned(),
            encoding,
            dialect,
            names: Vec::new(),
            repeated: HashSet::new(),
            notes: Vec::new(),
        };
        let mut first = file.first()?;
        ensure!(
            first.len() <= COLUMN_LIMIT,
            "{}: line 1 has {} columns, where at most {COLUMN_LIMIT} are read",
            path.display(),
            first.len()
        );
        if file.dialect.header == Header::Present && file.ends_with_delimiter()? {
            first.truncate(first.len() - 1);
        }
        file.name(&first);
        Ok(file)
    }

    /// Names all columns, with a note for each name that had to be made or changed.
    fn name(&mut self, first: &StringRecord) {
        if self.dialect.header == Header::Absent {
            self.names = (1..=first.len()).map(|n| format!("column_{n}")).collect();
            self.notes.push(format!(
                "there is no header: the columns are called column_1 to column_{}",
                first.len()
            ));
            return;
        }
        let mut taken: HashSet<String> = HashSet::new();
        let all: HashSet<&str> = first.iter().map(str::trim).collect();
        for (index, field) in first.iter().enumerate() {
            let wanted = match field.trim() {
                "" => format!("column_{}", index + 1),
                name => name.to_owned(),
            };
            let mut name = wanted.clone();
            let mut count = 1;
            while taken.contains(&name) || (count > 1 && all.contains(name.as_str())) {
                count += 1;
                name = format!("{wanted}_{count}");
            }
            taken.insert(name.clone());
            if name != wanted {
                self.notes.push(format!(
                    "the header has '{wanted}' more than once: column {} is called '{name}' here",
                    index + 1
                ));
                self.repeated.insert(wanted);
            }
            self.names.push(name);
        }
    }

    /// Begins to read the rows below the header.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn rows(&self) -> Result<Rows> {
        let mut rows = self.records()?;
        if self.dialect.header == Header::Present {
            rows.next(&mut StringRecord::new())?;
        }
        Ok(rows)
    }

    /// How the file writes numbers.
    pub fn numerals(&self) -> Numerals {
        self.dialect.numerals
    }

    fn first(&self) -> Result<StringRecord> {
        let mut record = StringRecord::new();
        let found = self.records()?.next(&mut record)?;
        ensure!(found, "{} is empty", self.path.display());
        Ok(record)
    }

    /// Whether a delimiter ends the first two records, which then names no column.
    fn ends_with_delimiter(&self) -> Result<bool> {
        let (mut records, mut record) = (self.records()?, StringRecord::new());
        for _ in 0..2 {
            let found = records.next(&mut record)?;
            if !found || record.len() < 2 || record.iter().next_back() != Some("") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All records, the header's too.
    fn records(&self) -> Result<Rows> {
        let mut rows = Rows {
            path: self.path.clone(),
            reader: self.reader()?,
        };
        if self.dialect.is_told {
            rows.next(&mut StringRecord::new())?;
        }
        Ok(rows)
    }

    fn reader(&self) -> Result<csv::Reader<Box<dyn Read>>> {
        let guarded =
            guard::Guard::new(decoded(&self.path, self.encoding)?, self.dialect.delimiter);
        Ok(csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.dialect.delimiter)
            .buffer_capacity(64 * 1024)
            .from_reader(Box::new(guarded)))
    }
}

/// The rows of a file, one after the other.
pub struct Rows {
    path: PathBuf,
    reader: csv::Reader<Box<dyn Read>>,
}

impl Rows {
    /// Reads the next row into `record`; false at the end of the file.
    ///
    /// # Errors
    ///
    /// With the line, if what is there is no text or no CSV.
    pub fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        let found = self.reader.read_record(record);
        found.with_context(|| self.path.display().to_string())
    }

    /// The line in which the last row began, counted from 1.
    pub fn line(record: &StringRecord) -> u64 {
        record.position().map_or(0, csv::Position::line)
    }
}

fn decoded(path: &Path, encoding: Encoding) -> Result<Box<dyn Read>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    Ok(Box::new(
        DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding.label()))
            .utf8_passthru(true)
            .strip_bom(true)
            .build(file),
    ))
}

fn sample(path: &Path, encoding: Encoding) -> Result<String> {
    let mut bytes = Vec::new();
    decoded(path, encoding)?
        .take(SAMPLE as u64)
        .read_to_end(&mut bytes)
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
