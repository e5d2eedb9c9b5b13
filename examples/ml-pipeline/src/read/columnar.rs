//! Parquet files: the rows of their flat columns, each value as the text that a CSV file would have.

mod text;
mod values;

use std::fs::{self, File};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use csv::StringRecord;
use parquet::basic::CompressionCodec;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;
use text::Form;
use values::Leaf;

use super::{COLUMN_LIMIT, folder::shown};

/// How many values of all columns together are read at once, which bounds the memory.
const VALUES: usize = 1 << 17;

/// How many rows are read at once at most.
const ROWS: usize = 1024;

/// What is said of a file that is not as it should be.
const DAMAGED: &str =
    "this Parquet file cannot be read: it is damaged or was cut off, so store it again";

/// A Parquet file, and which of its columns are read.
#[derive(Clone, Debug)]
pub(super) struct Columnar {
    pub(super) path: PathBuf,
    columns: Vec<Column>,
    rows: u64,
    /// The last column, if it is one that is not read.
    pub(super) unread_last: Option<String>,
    /// What people should know of how it was read.
    pub(super) notes: Vec<String>,
}

#[derive(Clone, Debug)]
struct Column {
    /// Which column of the file it is.
    place: usize,
    name: String,
    form: Form,
    has_levels: bool,
}

/// Whether a file begins as Parquet files do.
pub(super) fn is_columnar(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

impl Columnar {
    /// Finds out which columns a file has.
    ///
    /// # Errors
    ///
    /// If it is damaged, or has no column that can be read.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let reader = reader(path)?;
        packed_in_a_known_way(reader.metadata())?;
        let rows = reader.metadata().file_metadata().num_rows();
        let (mut columns, mut notes) = columns(reader.metadata());
        let last = last(reader.metadata());
        let bytes = guarded(|| bytes(reader, &columns))?;
        columns.retain(|column| !bytes.contains(&column.name));
        notes.extend(left_out(&bytes, "has bytes and no text"));
        ensure!(
            !columns.is_empty(),
            "this Parquet file has no flat column of numbers, words or dates"
        );
        ensure!(
            columns.len() <= COLUMN_LIMIT,
            "this Parquet file has {} columns, where at most {COLUMN_LIMIT} are read",
            columns.len()
        );
        Ok(Columnar {
            path: path.to_owned(),
            unread_last: last.filter(|last| columns.iter().all(|it| it.name != *last)),
            columns,
            rows: u64::try_from(rows).unwrap_or_default(),
            notes,
        })
    }

    /// The names of the columns.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|it| it.name.clone()).collect()
    }

    /// Whether any column has numbers.
    pub(super) fn has_numbers(&self) -> bool {
        let is_number = |form| !matches!(form, Form::Text | Form::Uuid);
        self.columns.iter().any(|it| is_number(it.form))
    }

    /// Begins to read the rows.
    pub(super) fn rows(&self) -> Result<Rows> {
        let named = || self.path.display().to_string();
        let reader = reader(&self.path).with_context(named)?;
        Ok(Rows {
            path: self.path.clone(),
            rows: Groups::new(reader, self.columns.clone()),
            all: self.rows,
            size: fs::metadata(&self.path).with_context(named)?.len(),
            done: 0,
        })
    }
}

fn reader(path: &Path) -> Result<SerializedFileReader<File>> {
    let file = File::open(path).context("it cannot be opened")?;
    guarded(|| Ok(SerializedFileReader::new(file)?))
}

/// The crate's errors, and its panics where data is damaged in a way that it does not expect.
fn guarded<T>(read: impl FnOnce() -> Result<T>) -> Result<T> {
    let read =
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(anyhow!("it is damaged")));
    read.context(DAMAGED)
}

/// Which columns are read, and what is to be said of the others.
fn columns(metadata: &ParquetMetaData) -> (Vec<Column>, Vec<String>) {
    let about = metadata.file_metadata();
    let (mut columns, mut nested, mut other, mut counts) = (vec![], vec![], vec![], vec![]);
    let index = index(metadata);
    for (place, column) in about.schema_descr().columns().iter().enumerate() {
        let root = column.path().parts().first().cloned().unwrap_or_default();
        if column.max_rep_level() > 0 || column.path().parts().len() > 1 {
            nested.push(root);
        } else if root.starts_with("__index_level_") {
            counts.push(root);
        } else if let Some(form) = Form::of(column) {
            columns.push(Column {
                place,
                name: root,
                form,
                has_levels: column.max_def_level() > 0,
            });
        } else {
            other.push(root);
        }
    }
    nested.dedup();
    // pandas writes the index behind the columns, where the target would be.
    columns.sort_by_key(|column| !index.contains(&column.name));
    let notes = [
        left_out(
            &nested,
            "has values within values, and only flat columns are read",
        ),
        left_out(&other, "has bytes and no text"),
        left_out(&counts, "is the index of pandas"),
    ];
    (columns, notes.into_iter().flatten().collect())
}

/// The last column that is no index of pandas.
fn last(metadata: &ParquetMetaData) -> Option<String> {
    let index = index(metadata);
    let columns = metadata.file_metadata().schema_descr().columns().iter();
    let mut roots = columns.filter_map(|column| column.path().parts().first().cloned());
    let is_index = |root: &String| root.starts_with("__index_level_") || index.contains(root);
    roots.rfind(|root| !is_index(root))
}

/// The columns that are the index of a data frame.
fn index(metadata: &ParquetMetaData) -> Vec<String> {
    let pairs = metadata.file_metadata().key_value_metadata();
    let pandas = pairs.and_then(|pairs| pairs.iter().find(|pair| pair.key == "pandas"));
    let about = pandas.and_then(|pair| serde_json::from_str::<Value>(pair.value.as_ref()?).ok());
    let names = about.as_ref().and_then(|it| it["index_columns"].as_array());
    let names = names.into_iter().flatten().filter_map(Value::as_str);
    names.map(str::to_owned).collect()
}

/// What is said of columns that are left out.
fn left_out(names: &[String], why: &str) -> Option<String> {
    let are = match names {
        [] => return None,
        [_] => "column",
        _ => "each of the columns",
    };
    Some(format!("{are} {} {why}: left out", shown(names)))
}

/// Refuses compressions that are not read, and places that are in no file, which the crate takes for granted.
fn packed_in_a_known_way(metadata: &ParquetMetaData) -> Result<()> {
    let chunks = metadata.row_groups().iter().flat_map(|it| it.columns());
    for chunk in chunks {
        let places = [
            chunk.data_page_offset(),
            chunk.dictionary_page_offset().unwrap_or_default(),
            chunk.compressed_size(),
            chunk.num_values(),
        ];
        ensure!(places.iter().all(|it| *it >= 0), DAMAGED);
        let codec = chunk.compression_codec();
        if matches!(codec, CompressionCodec::BROTLI | CompressionCodec::LZO) {
            bail!(
                "this Parquet file is compressed with {codec:?}, which is not read: write it with Snappy, gzip, zstd or lz4"
            );
        }
    }
    Ok(())
}

/// The columns that may be texts and are none, by their first rows.
fn bytes(reader: SerializedFileReader<File>, columns: &[Column]) -> Result<Vec<String>> {
    let maybe = columns.iter().filter(|it| it.form == Form::MaybeText);
    let maybe: Vec<_> = maybe.cloned().collect();
    if maybe.is_empty() {
        return Ok(Vec::new());
    }
    let mut groups = Groups::new(reader, maybe);
    groups.fill()?;
    let found = groups.leaves.iter().zip(&groups.columns);
    let found = found.filter(|(leaf, _)| leaf.has_bytes());
    Ok(found.map(|(_, column)| column.name.clone()).collect())
}

/// The rows of a file, one after the other.
pub(super) struct Rows {
    path: PathBuf,
    rows: Groups,
    all: u64,
    size: u64,
    done: u64,
}

impl Rows {
    /// Reads the next one into `record`; false at the end of the file.
    pub(super) fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        let named = || self.path.display().to_string();
        let found = guarded(|| self.rows.next(record)).with_context(named)?;
        self.done += u64::from(found);
        Ok(found)
    }

    /// The share of the file's bytes that the rows so far have.
    pub(super) fn bytes(&self) -> u64 {
        (u128::from(self.size) * u128::from(self.done) / u128::from(self.all.max(1))) as u64
    }

    /// How many rows were read.
    pub(super) fn done(&self) -> u64 {
        self.done
    }
}

/// The groups of rows of a file.
struct Groups {
    reader: SerializedFileReader<File>,
    columns: Vec<Column>,
    group: usize,
    leaves: Vec<Leaf>,
    /// How many rows the leaves have that were not taken yet.
    left: usize,
    text: String,
}

impl Groups {
    fn new(reader: SerializedFileReader<File>, columns: Vec<Column>) -> Self {
        Groups {
            reader,
            columns,
            group: 0,
            leaves: Vec::new(),
            left: 0,
            text: String::new(),
        }
    }

    fn next(&mut self, record: &mut StringRecord) -> Result<bool> {
        record.clear();
        if self.left == 0 && !self.fill()? {
            return Ok(false);
        }
        self.left -= 1;
        for leaf in &mut self.leaves {
            leaf.next(&mut self.text);
            record.push_field(&self.text);
        }
        Ok(true)
    }

    /// Reads some more rows; false at the end of the file.
    fn fill(&mut self) -> Result<bool> {
        let most = (VALUES / self.columns.len().max(1)).clamp(16, ROWS);
        loop {
            let counts = self.leaves.iter_mut().map(|leaf| leaf.fill(most));
            let counts: Vec<_> = counts.collect::<Result<_>>()?;
            let count = counts.first().copied().unwrap_or_default();
            ensure!(
                counts.iter().all(|it| *it == count),
                "its columns do not have the same number of rows"
            );
            if count > 0 {
                self.left = count;
                return Ok(true);
            }
            if self.group == self.reader.num_row_groups() {
                return Ok(false);
            }
            let group = self.reader.get_row_group(self.group)?;
            self.group += 1;
            let leaf = |column: &Column| {
                let reader = group.get_column_reader(column.place)?;
                Ok(Leaf::new(reader, column.form, column.has_levels))
            };
            self.leaves = self.columns.iter().map(leaf).collect::<Result<_>>()?;
        }
    }
}
