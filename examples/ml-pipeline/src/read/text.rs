//! One file: where it is, how it is written, and its records one after the other.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use csv::StringRecord;
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{COLUMN_LIMIT, Dialect, Encoding, Header, guard::Guard};

/// How much of a file, in bytes of UTF-8, its dialect is taken from.
const SAMPLE: usize = 256 * 1024;

/// A file, and how it is written.
#[derive(Clone, Debug)]
pub struct Text {
    pub(super) path: PathBuf,
    /// How its characters are stored.
    pub encoding: Encoding,
    /// How its fields are set apart.
    pub dialect: Dialect,
}

impl Text {
    /// Finds out how a file is written, and reads it whole once for that; nothing if it is empty.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        let kind = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
        ensure!(
            kind.is_file(),
            "{} is no regular file, and it is read more than once: store it in one",
            path.display()
        );
        let encoding = Encoding::of(path)?;
        let sample = sample(path, encoding)?;
        Ok((!sample.trim().is_empty()).then(|| Text {
            path: path.to_owned(),
            encoding,
            dialect: Dialect::of(&sample),
        }))
    }

    /// The fields of the first record, without blanks around them.
    pub(super) fn first(&self) -> Result<Vec<String>> {
        let mut record = StringRecord::new();
        let found = self.records()?.next(&mut record)?;
        ensure!(found, "{} is empty", self.path.display());
        ensure!(
            record.len() <= COLUMN_LIMIT,
            "{}: line 1 has {} columns, where at most {COLUMN_LIMIT} are read",
            self.path.display(),
            record.len()
        );
        Ok(record.iter().map(|field| field.trim().to_owned()).collect())
    }

    /// Whether a delimiter ends the first two records, which then names no column.
    pub(super) fn ends_with_delimiter(&self) -> Result<bool> {
        let (mut records, mut record) = (self.records()?, StringRecord::new());
        for _ in 0..2 {
            let found = records.next(&mut record)?;
            if !found || record.len() < 2 || record.iter().next_back() != Some("") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The records below the header.
    pub(super) fn rows(&self) -> Result<Records> {
        let mut rows = self.records()?;
        if self.dialect.header == Header::Present {
            rows.next(&mut StringRecord::new())?;
        }
        Ok(rows)
    }

    /// All records, the header's too.
    fn records(&self) -> Result<Records> {
        let guarded = Guard::new(decoded(&self.path, self.encoding)?, self.dialect.delimiter);
        let mut records = Records {
            path: self.path.clone(),
            reader: csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(self.dialect.delimiter)
                .buffer_capacity(64 * 1024)
                .from_reader(Box::new(guarded)),
        };
        if self.dialect.is_told {
            records.next(&mut StringRecord::new())?;
        }
        Ok(records)
    }

    /// Its name, without its directory.
    pub(super) fn name(&self) -> String {
        name(&self.path)
    }
}

/// The name of a file, without its directory.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The records of a file, one after the other.
pub struct Records {
    path: PathBuf,
    reader: csv::Reader<Box<dyn Read>>,
}

impl Records {
    /// Reads the next one into `record`; false at the end of the file.
    ///
    /// # Errors
    ///
    /// With the line, if what is there is no text or no CSV.
    pub fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        let found = self.reader.read_record(record);
        found.with_context(|| self.path.display().to_string())
    }

    /// How many bytes of UTF-8 were read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.position().byte()
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
