//! The values of a column of a Parquet file, some at a time.

use anyhow::Result;
use parquet::column::reader::ColumnReader;
use parquet::data_type::{ByteArray, FixedLenByteArray, Int96};

use super::text::{self, Form};

/// A column of a group of rows, and some of its values.
pub(super) struct Leaf {
    reader: ColumnReader,
    form: Form,
    /// Whether a value may be missing, in which case there is a level for each row: 1 where it is not.
    has_levels: bool,
    levels: Vec<i16>,
    values: Values,
    row: usize,
    at: usize,
}

enum Values {
    Bool(Vec<bool>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Int96(Vec<Int96>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
}

/// Reads into the values of the same kind.
macro_rules! read {
    ($self:ident, $rows:ident, $($reader:ident $values:ident),*) => {
        match (&mut $self.reader, &mut $self.values) {
            $((ColumnReader::$reader(reader), Values::$values(values)) => {
                values.clear();
                let (read, ..) = reader.read_records($rows, Some(&mut $self.levels), None, values)?;
                read
            })*
            _ => 0,
        }
    };
}

impl Leaf {
    pub(super) fn new(reader: ColumnReader, form: Form, has_levels: bool) -> Self {
        let values = match &reader {
            ColumnReader::BoolColumnReader(_) => Values::Bool(Vec::new()),
            ColumnReader::Int32ColumnReader(_) => Values::Int32(Vec::new()),
            ColumnReader::Int64ColumnReader(_) => Values::Int64(Vec::new()),
            ColumnReader::Int96ColumnReader(_) => Values::Int96(Vec::new()),
            ColumnReader::FloatColumnReader(_) => Values::Float(Vec::new()),
            ColumnReader::DoubleColumnReader(_) => Values::Double(Vec::new()),
            ColumnReader::ByteArrayColumnReader(_) => Values::Bytes(Vec::new()),
            ColumnReader::FixedLenByteArrayColumnReader(_) => Values::Fixed(Vec::new()),
        };
        Leaf {
            reader,
            form,
            has_levels,
            levels: Vec::new(),
            values,
            row: 0,
            at: 0,
        }
    }

    /// Reads at most so many rows more, and says how many.
    pub(super) fn fill(&mut self, rows: usize) -> Result<usize> {
        self.levels.clear();
        (self.row, self.at) = (0, 0);
        Ok(read!(
            self, rows,
            BoolColumnReader Bool,
            Int32ColumnReader Int32,
            Int64ColumnReader Int64,
            Int96ColumnReader Int96,
            FloatColumnReader Float,
            DoubleColumnReader Double,
            ByteArrayColumnReader Bytes,
            FixedLenByteArrayColumnReader Fixed
        ))
    }

    /// Writes the next value; nothing where it is missing.
    pub(super) fn next(&mut self, text: &mut String) {
        text.clear();
        let is_missing = self.has_levels && self.levels.get(self.row) != Some(&1);
        self.row += 1;
        if is_missing {
            return;
        }
        let at = self.at;
        self.at += 1;
        self.write(at, text);
    }

    fn write(&self, at: usize, text: &mut String) -> Option<()> {
        match &self.values {
            Values::Bool(all) => text.push_str(if *all.get(at)? { "true" } else { "false" }),
            Values::Int32(all) => self.form.whole(i64::from(*all.get(at)?), true, text),
            Values::Int64(all) => self.form.whole(*all.get(at)?, false, text),
            Values::Int96(all) => {
                let [low, high, day] = *all.get(at)?.data() else {
                    return None;
                };
                let nanos = (u64::from(high) << 32 | u64::from(low)) as i64;
                text::julian(day, nanos, text);
            }
            Values::Float(all) => text::float(*all.get(at)?, text),
            Values::Double(all) => text::float(*all.get(at)?, text),
            Values::Bytes(all) => self.form.bytes(all.get(at)?.data(), text),
            Values::Fixed(all) => self.form.bytes(all.get(at)?.data(), text),
        }
        Some(())
    }

    /// Whether one of the values that were just read is certainly no text.
    pub(super) fn has_bytes(&self) -> bool {
        let is_none = |it: &ByteArray| {
            let bytes = it.data();
            bytes.contains(&0) || std::str::from_utf8(bytes).is_err()
        };
        matches!(&self.values, Values::Bytes(all) if all.iter().any(is_none))
    }
}
