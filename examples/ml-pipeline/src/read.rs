//! CSV files as people have them: any delimiter and encoding, with or without a header, alone or many in a directory.

mod dataset;
mod dialect;
mod encoding;
mod folder;
mod guard;
mod text;

use std::collections::HashSet;
use std::path::Path;

use anyhow::{Context, Result};

pub use dataset::{Dataset, Rows};
pub use dialect::{Dialect, Header};
pub use encoding::Encoding;
pub use folder::FILE_LIMIT;
pub use guard::RECORD_LIMIT;
pub use text::{Records, Text};

use crate::value::Numerals;

/// How many columns a file may have.
pub const COLUMN_LIMIT: usize = 20_000;

/// A CSV file of which we know how to read it.
#[derive(Clone, Debug)]
pub struct CsvFile {
    /// The file, and how it is written.
    pub text: Text,
    /// Its header, or as many fields where it has none.
    first: Vec<String>,
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
    /// With one sentence, if the file cannot be read, is no CSV file, or is empty.
    pub fn open(path: &Path) -> Result<Self> {
        let text = Text::open(path)?.with_context(|| format!("{} is empty", path.display()))?;
        CsvFile::of(text)
    }

    fn of(text: Text) -> Result<Self> {
        let mut first = text.first()?;
        if text.dialect.header == Header::Present && text.ends_with_delimiter()? {
            first.truncate(first.len() - 1);
        }
        let mut file = CsvFile {
            text,
            first,
            names: Vec::new(),
            repeated: HashSet::new(),
            notes: Vec::new(),
        };
        file.name();
        Ok(file)
    }

    /// Names all columns, with a note for each name that had to be made or changed.
    fn name(&mut self) {
        if self.text.dialect.header == Header::Absent {
            self.names = (1..=self.first.len())
                .map(|n| format!("column_{n}"))
                .collect();
            self.notes.push(format!(
                "there is no header: the columns are called column_1 to column_{}",
                self.first.len()
            ));
            return;
        }
        let mut taken: HashSet<String> = HashSet::new();
        let all: HashSet<&str> = self.first.iter().map(String::as_str).collect();
        for (index, field) in self.first.iter().enumerate() {
            let wanted = match field.as_str() {
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
    pub fn rows(&self) -> Result<Records> {
        self.text.rows()
    }

    /// How the file writes numbers.
    pub fn numerals(&self) -> Numerals {
        self.text.dialect.numerals.unwrap_or(Numerals::Point)
    }
}
