//! Tables as people have them: CSV files of any delimiter and encoding, with or without a header, compressed or not, and
//! Parquet files; alone or many in a directory.

mod above;
mod checksum;
mod columnar;
mod comments;
mod dataset;
mod detect;
mod dialect;
mod encoding;
mod folder;
mod guard;
mod header;
mod kind;
mod markup;
mod packed;
mod part;
mod plain;
mod repeated;
mod scan;
mod shape;
mod text;
mod title;

use std::collections::HashSet;

use anyhow::Result;

pub use dataset::{Dataset, Rows};
pub use dialect::Dialect;
pub use encoding::Encoding;
pub use folder::FILE_LIMIT;
pub use guard::RECORD_LIMIT;
pub use header::Header;
pub use plain::Shape;

use packed::Packing;
use part::Part;

/// What a user says of how files are written, where that is not to be guessed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints {
    /// How their characters are stored.
    pub encoding: Option<Encoding>,
    /// How many lines are above the table.
    pub skip_lines: Option<u64>,
}

/// How many columns a file may have.
pub const COLUMN_LIMIT: usize = 20_000;

/// The first file of a table, and the names that its columns get.
#[derive(Clone, Debug)]
struct Head {
    part: Part,
    /// Its header, or as many fields where it has none.
    first: Vec<String>,
    /// One name for each column, none empty and none twice.
    names: Vec<String>,
    /// The names that the header has more than once.
    repeated: HashSet<String>,
    /// What people should know of the names.
    notes: Vec<String>,
}

impl Head {
    fn of(part: Part) -> Result<Self> {
        let mut first = part.first()?;
        if let Part::Text(text) = &part
            && text.dialect.header == Header::Present
            && text.ends_with_delimiter()?
        {
            first.truncate(first.len() - 1);
        }
        let mut head = Head {
            part,
            first,
            names: Vec::new(),
            repeated: HashSet::new(),
            notes: Vec::new(),
        };
        head.name();
        Ok(head)
    }

    /// Names all columns, with a note for each name that had to be made or changed.
    fn name(&mut self) {
        if self.part.header() == Header::Absent {
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
}
