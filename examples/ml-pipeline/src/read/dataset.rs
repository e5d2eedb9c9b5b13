//! A file, or all files of a directory, as one table.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use csv::StringRecord;

use super::{
    Encoding, Head, Header, Hints, Part, checksum::checksum, folder, part::Records,
    repeated::Repeated, text,
};
use crate::value::Numerals;

/// A table in one file or more. The files may be written in different ways, and have one header.
#[derive(Clone, Debug)]
pub struct Dataset {
    path: PathBuf,
    /// In the order of their names; at least one.
    files: Vec<Part>,
    /// The names as the files have them, if they have any.
    header: Vec<String>,
    /// One name for each column, none empty and none twice.
    pub names: Vec<String>,
    /// The names that the header has more than once.
    pub repeated: HashSet<String>,
    /// What people should know of how it was read.
    pub notes: Vec<String>,
    /// How numbers are written, if any of them tells.
    pub numerals: Option<Numerals>,
    /// The last column of the file, if it is one that is not read.
    pub unread_last: Option<String>,
    /// How many bytes it has.
    pub bytes: u64,
}

impl Dataset {
    /// Finds out how to read a file or a directory of files. Each is read whole once, for its encoding.
    ///
    /// # Errors
    ///
    /// With one sentence, if a file cannot be read or is no table, if all are empty, or if they do not have one header.
    pub fn open(path: &Path, hints: Hints) -> Result<Self> {
        let (head, rest, mut notes) = if path.is_dir() {
            opened(path, hints)?
        } else {
            let part = Part::open(path, hints)?;
            let part = part.with_context(|| format!("{} is empty", path.display()))?;
            (Head::of(part)?, Vec::new(), Vec::new())
        };
        let header = match head.part.header() {
            Header::Present => head.first,
            Header::Absent => Vec::new(),
        };
        let files = [vec![head.part], rest].concat();
        notes.extend(said(&files));
        let sizes = files
            .iter()
            .map(|file| Ok(fs::metadata(file.path())?.len()));
        let bytes = sizes.sum::<Result<u64>>()?;
        let named = || path.display().to_string();
        let numerals = folder::numerals(&files).with_context(named)?;
        notes.extend(mixed(&files));
        Ok(Dataset {
            unread_last: files[0].unread_last(),
            path: path.to_owned(),
            header,
            names: head.names,
            repeated: head.repeated,
            notes: [head.notes, notes].concat(),
            numerals,
            bytes,
            files,
        })
    }

    /// Its name, without the directory that it is in.
    pub fn name(&self) -> String {
        // The name of `.` is that of what it stands for.
        let path = match self.path.file_name() {
            Some(_) => None,
            None => fs::canonicalize(&self.path).ok(),
        };
        text::name(path.as_deref().unwrap_or(&self.path))
    }

    /// Its SHA-256, by which people can tell later which data it was.
    ///
    /// # Errors
    ///
    /// If a file cannot be read.
    pub fn checksum(&self) -> Result<String> {
        checksum(self.files.iter().map(Part::path))
    }

    /// How many files it has.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// How the characters of its first file are stored.
    pub fn encoding(&self) -> Encoding {
        self.files[0].encoding()
    }

    /// What stands between two fields of its first file.
    pub fn delimiter(&self) -> char {
        self.files[0].delimiter()
    }

    /// How its first file is stored and written, in words.
    pub fn written(&self) -> String {
        let first = &self.files[0];
        let separation = first.separation();
        std::iter::once(first.format())
            .chain(separation)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// How numbers are written in columns that do not tell.
    pub fn usual(&self) -> Numerals {
        self.numerals.unwrap_or(Numerals::Point)
    }

    /// Whether its files begin with the names of the columns.
    pub fn header(&self) -> Header {
        self.files[0].header()
    }

    /// Begins to read all rows, file after file.
    pub fn rows(&self) -> Rows<'_> {
        Rows {
            files: &self.files,
            next: 0,
            records: None,
            repeated: Repeated::of(&self.header),
            read: 0,
        }
    }
}

/// The first file of a directory that has anything in it, those after it, and what is to be said of the others.
fn opened(dir: &Path, hints: Hints) -> Result<(Head, Vec<Part>, Vec<String>)> {
    let (mut head, mut rest, mut empty) = (None, Vec::new(), Vec::new());
    for path in &folder::listed(dir)? {
        match (Part::open(path, hints)?, &head) {
            (None, _) => empty.push(text::name(path)),
            (Some(part), None) => head = Some(Head::of(part)?),
            (Some(part), Some(head)) => rest.push(folder::joined(dir, head, part)?),
        }
    }
    let Some(head) = head else {
        bail!("{}: all of its files are empty", dir.display());
    };
    let note = format!("empty files are ignored: {}", folder::shown(&empty));
    let notes = if empty.is_empty() { vec![] } else { vec![note] };
    Ok((head, rest, notes))
}

/// What people should know of how the files were read: of a few files what it is, of the others how many they are.
fn said(files: &[Part]) -> Vec<String> {
    if let [file] = files {
        return file.notes().to_vec();
    }
    let noted: Vec<_> = files.iter().filter(|it| !it.notes().is_empty()).collect();
    let shown = noted.iter().take(folder::SHOWN);
    let mut notes: Vec<_> = shown
        .map(|file| format!("'{}': {}", file.name(), file.notes().join("; ")))
        .collect();
    let more = noted.len() - notes.len();
    if more > 0 {
        notes.push(format!("the same applies to {more} more files"));
    }
    notes
}

/// Which formats and encodings there are, if there is more than one.
fn mixed(files: &[Part]) -> Option<String> {
    let mut counts = BTreeMap::new();
    for file in files {
        *counts.entry(file.format()).or_insert(0) += 1;
    }
    let counts: Vec<_> = counts
        .iter()
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    (counts.len() > 1).then(|| format!("the files are stored in {}", counts.join(" and ")))
}

/// The rows of a dataset, one after the other.
pub struct Rows<'a> {
    files: &'a [Part],
    /// The file after the present one.
    next: usize,
    records: Option<Records>,
    repeated: Repeated<'a>,
    /// How many bytes the files before it have.
    read: u64,
}

impl Rows<'_> {
    /// Reads the next row into `record`; false at the end of the last file.
    ///
    /// # Errors
    ///
    /// With the file and the line, if what is there is no text or no CSV.
    pub fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        loop {
            if let Some(records) = &mut self.records {
                while records.next(record)? {
                    let place = || place(self.files, self.next, records, record);
                    if !self.repeated.has(record, place) {
                        return Ok(true);
                    }
                }
                self.read += records.bytes();
            }
            self.records = None;
            let Some(file) = self.files.get(self.next) else {
                return Ok(false);
            };
            self.records = Some(file.rows()?);
            self.repeated.begin();
            self.next += 1;
        }
    }

    /// How many bytes were read so far.
    pub fn bytes(&self) -> u64 {
        self.read + self.records.as_ref().map_or(0, Records::bytes)
    }

    /// Where a row that was just read began: `line 3`, and in which file if there are several.
    pub fn place(&self, record: &StringRecord) -> String {
        let records = self.records.as_ref();
        let place = records.map(|it| place(self.files, self.next, it, record));
        place.unwrap_or_default()
    }

    /// What people should know of the rows so far.
    pub fn notes(&self) -> Vec<String> {
        self.repeated.told()
    }
}

/// Where a row of the file before the `next` one began.
fn place(files: &[Part], next: usize, records: &Records, record: &StringRecord) -> String {
    let place = records.place(record);
    match files {
        [_] => place,
        files => format!("{place} of '{}'", files[next - 1].name()),
    }
}
