//! One file: where it is, how it is written, and its records one after the other.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use csv::StringRecord;
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::{
    COLUMN_LIMIT, Dialect, Encoding, Header, Hints, Packing,
    above::{Below, below},
    detect,
    guard::Guard,
    kind, markup, packed,
    plain::Plain,
};

/// How much of a file, in bytes of UTF-8, its dialect is taken from.
const SAMPLE: usize = 256 * 1024;

/// A file, and how it is written.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) path: PathBuf,
    /// How it is compressed.
    pub(super) packing: Packing,
    /// How its characters are stored.
    pub(super) encoding: Encoding,
    /// How its fields are set apart.
    pub(super) dialect: Dialect,
    /// What people should know of how it was read.
    pub(super) notes: Vec<String>,
}

impl Text {
    /// Finds out how a file is written, and reads it whole once for that; nothing if it is empty.
    pub(super) fn open(path: &Path, hints: Hints) -> Result<Option<Self>> {
        let named = || path.display().to_string();
        let open = || packed::opened(path);
        kind::binary(&mut *open()?).with_context(named)?;
        let found = detect::encoding(&open, hints.encoding).with_context(named)?;
        let sample = sample(path, found.encoding)?;
        if sample.trim().is_empty() {
            return Ok(None);
        }
        let skipped = hints.skip_lines.unwrap_or(0);
        ensure!(
            !below(&sample, skipped).trim().is_empty(),
            "{}: there is nothing below the {skipped} lines that --skip-lines skips",
            path.display()
        );
        markup::other(&sample).with_context(named)?;
        let (dialect, notes) = Dialect::of(&sample, hints.skip_lines).with_context(named)?;
        Ok(Some(Text {
            path: path.to_owned(),
            packing: Packing::of(path)?,
            encoding: found.encoding,
            dialect,
            notes: found.note.into_iter().chain(notes).collect(),
        }))
    }

    /// The fields of the first record, without blanks around them.
    pub(super) fn first(&self) -> Result<Vec<String>> {
        let mut record = StringRecord::new();
        let found = self.records()?.next(&mut record)?;
        ensure!(found, "{} is empty", self.path.display());
        ensure!(
            record.len() <= COLUMN_LIMIT,
            "{}: line {} has {} columns, where at most {COLUMN_LIMIT} are read",
            self.path.display(),
            self.dialect.above + 1,
            record.len()
        );
        let unnamed = self.dialect.is_short.then_some("");
        let fields = unnamed.into_iter().chain(&record);
        Ok(fields.map(|field| field.trim().to_owned()).collect())
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
        let Dialect { shape, above, .. } = self.dialect;
        let below = Below::new(
            decoded(&self.path, self.encoding)?,
            above,
            self.dialect.is_commented,
        );
        let usual: Box<dyn Read> = if shape.is_usual() {
            Box::new(below)
        } else {
            Box::new(Plain::new(below, shape))
        };
        let guarded = Guard::new(usual, shape.delimiter, above + 1);
        Ok(Records {
            path: self.path.clone(),
            above,
            reader: csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(shape.delimiter)
                .buffer_capacity(64 * 1024)
                .from_reader(Box::new(guarded)),
        })
    }
}

/// The name of a file, without its directory.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The records of a file, one after the other.
pub(super) struct Records {
    path: PathBuf,
    /// How many lines are above them.
    above: u64,
    reader: csv::Reader<Box<dyn Read>>,
}

impl Records {
    /// Reads the next one into `record`; false at the end of the file.
    ///
    /// # Errors
    ///
    /// With the line, if what is there is no text or no CSV.
    pub(super) fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        let found = self.reader.read_record(record);
        found.with_context(|| self.path.display().to_string())
    }

    /// The line in which a record that was just read began.
    pub(super) fn line(&self, record: &StringRecord) -> u64 {
        self.above + record.position().map_or(0, csv::Position::line)
    }

    /// How many bytes of UTF-8 were read so far.
    pub(super) fn bytes(&self) -> u64 {
        self.reader.position().byte()
    }
}

fn decoded(path: &Path, encoding: Encoding) -> Result<Box<dyn Read>> {
    Ok(Box::new(
        DecodeReaderBytesBuilder::new()
            .encoding(Some(encoding.0))
            .strip_bom(true)
            .build(packed::opened(path)?),
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
