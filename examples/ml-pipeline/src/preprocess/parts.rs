//! The second reading of a dataset: each row goes to the part to learn from or to the part to judge by.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use anyhow::{Context, Result};
use csv::StringRecord;

use super::{split::Split, survey::fits};
use crate::{
    log::Log,
    read::Dataset,
    schema::{Column, Kind, Schema, Task, files},
    value::{self, Numerals, date},
};

/// Writes both parts, all values in one way of writing.
///
/// `usable` is how many rows have a number as their target.
pub(super) fn write(
    data: &Dataset,
    dir: &Path,
    target: usize,
    usable: u64,
    schema: &mut Schema,
    log: &Log,
) -> Result<()> {
    let columns: Vec<(usize, Kind)> = {
        let place = |column: &Column| data.names.iter().position(|name| *name == column.name);
        schema
            .columns
            .iter()
            .filter_map(|column| Some((place(column)?, column.kind)))
            .collect()
    };
    let mut train = create(dir, files::TRAIN, schema)?;
    let mut test = create(dir, files::TEST, schema)?;
    let mut split = Split::new(&schema.target.task, usable);
    let mut rows = data.rows();
    let (mut record, mut text) = (StringRecord::new(), String::new());
    let mut done = 0;
    while rows.next(&mut record)? {
        if !fits(&record, data.names.len()) {
            continue;
        }
        done += 1;
        if done % 1000 == 0 {
            log.at(done);
        }
        let Some(class) = class(record.get(target).unwrap_or_default(), schema) else {
            continue;
        };
        let is_test = split.is_test(if schema.target.task == Task::Regression {
            ""
        } else {
            &class
        });
        let (out, count) = match is_test {
            true => (&mut test, &mut schema.rows.test),
            false => (&mut train, &mut schema.rows.train),
        };
        for &(index, kind) in &columns {
            tidy(
                record.get(index).unwrap_or_default(),
                kind,
                schema.numerals,
                &mut text,
            );
            out.write_field(&text)?;
        }
        out.write_field(class.as_ref())?;
        out.write_record(None::<&[u8]>)?;
        *count += 1;
    }
    train
        .flush()
        .and_then(|()| test.flush())
        .with_context(|| format!("cannot write to {}", dir.display()))
}

fn create(dir: &Path, name: &str, schema: &Schema) -> Result<csv::Writer<BufWriter<File>>> {
    let path = dir.join(name);
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    let names = schema
        .columns
        .iter()
        .map(|column| &column.name)
        .chain([&schema.target.name]);
    writer.write_record(names)?;
    Ok(writer)
}

/// The target of a row as it is written; nothing where it has none.
fn class<'a>(field: &'a str, schema: &Schema) -> Option<std::borrow::Cow<'a, str>> {
    let field = field.trim();
    match schema.target.task {
        Task::Classification { .. } => (!value::is_missing(field)).then(|| field.into()),
        Task::Regression => finite(field, schema.numerals).map(|number| number.to_string().into()),
    }
}

/// A number that a 32-bit float can hold.
fn finite(field: &str, numerals: Numerals) -> Option<f32> {
    let field = field.trim();
    let number = value::number(field, numerals).filter(|_| !value::is_missing(field));
    number
        .map(|number| number as f32)
        .filter(|number| number.is_finite())
}

/// A value as the model takes it: a decimal point, dates as days, nothing where it is missing.
pub fn tidy(field: &str, kind: Kind, numerals: Numerals, text: &mut String) {
    use std::fmt::Write;
    text.clear();
    let field = field.trim();
    let number = match kind {
        Kind::Number => finite(field, numerals),
        Kind::Date { order } => date::days(field, order).map(|days| days as f32),
        Kind::Category | Kind::Boolean => {
            if !value::is_missing(field) {
                text.push_str(field);
            }
            return;
        }
    };
    if let Some(number) = number {
        // Writing to a string cannot fail.
        let _ = write!(text, "{number}");
    }
}
