//! The second reading of a dataset: each row goes to the part to learn from or to the part to judge by.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use csv::StringRecord;

use super::{counted, leaks::Watch, sides::Sides, survey::fits, tidy::Reading};
use crate::{
    log::Log,
    read::Dataset,
    schema::{Column, Schema, Target, Task, files},
};

/// How many rows of both parts are copies of an earlier one.
pub(super) type Copies = u64;

/// The rows that are left out, as their target is far from all others.
#[derive(Debug)]
pub(super) struct Far {
    rows: u64,
    /// The least and the greatest of their numbers.
    far: (f32, f32),
    /// The same of the others.
    range: (f32, f32),
}

/// The range of no number.
const NONE: (f32, f32) = (f32::INFINITY, f32::NEG_INFINITY);

impl Default for Far {
    fn default() -> Self {
        Far {
            rows: 0,
            far: NONE,
            range: NONE,
        }
    }
}

impl Far {
    /// Whether a number counts.
    fn has_room(&mut self, number: f32, bounds: Option<(f64, f64)>) -> bool {
        let is_far = |(least, most)| f64::from(number) < least || f64::from(number) > most;
        if bounds.is_some_and(is_far) {
            self.far = with(self.far, number);
            self.rows += 1;
            return false;
        }
        self.range = with(self.range, number);
        true
    }

    /// A warning, if some are left out.
    pub(super) fn told(&self, target: &Target) -> Option<String> {
        let (least, most) = self.range;
        let far = match self.far {
            (one, other) if one == other => format!("{one}"),
            (low, high) => format!("from {low} to {high}"),
        };
        (self.rows > 0).then(|| {
            format!(
                "{} left out, as '{}' is far from all others there ({far}): the others are between {least} and {most}, \
                 and the score says nothing of such rows",
                counted(self.rows, "row is"),
                target.name
            )
        })
    }
}

/// A range with one more number.
fn with((least, most): (f32, f32), number: f32) -> (f32, f32) {
    (least.min(number), most.max(number))
}

/// Writes both parts, all values in one way of writing.
pub(super) fn write(
    data: &Dataset,
    dir: &Path,
    target: usize,
    (sides, watch): (&mut Sides, &mut Watch),
    schema: &mut Schema,
    log: &Log,
) -> Result<(Copies, Far)> {
    let known = schema.clone();
    let mut tidied = Tidied::of(data, target, &known);
    let mut train = create(dir, files::TRAIN, schema)?;
    let mut test = create(dir, files::TEST, schema)?;
    let failed = || format!("cannot write to {}", dir.display());
    let create_list = |name| {
        File::create(dir.join(name))
            .map(BufWriter::new)
            .with_context(failed)
    };
    let mut together = create_list(files::TOGETHER)?;
    let mut together_test = create_list(files::TOGETHER_TEST)?;
    let mut places = create_list(files::PLACES)?;
    let mut rows = data.rows();
    let mut record = StringRecord::new();
    let (mut done, mut copies) = (0, 0);
    let mut far = Far::default();
    while rows.next(&mut record)? {
        if !fits(&record, data.names.len()) {
            continue;
        }
        done += 1;
        if done % 1000 == 0 {
            log.at(done);
        }
        let Some(class) = tidied.row(&record, &mut far) else {
            continue;
        };
        let fields = &tidied.fields;
        let side = sides.side(&record, fields, &class, &schema.target.task);
        watch.row(fields, &class, schema, side.is_copy);
        copies += u64::from(side.is_copy);
        let (out, list, count) = match side.is_test {
            true => (&mut test, &mut together_test, &mut schema.rows.test),
            false => (&mut train, &mut together, &mut schema.rows.train),
        };
        for text in fields {
            out.write_field(text)?;
        }
        out.write_field(class.as_ref())?;
        out.write_record(None::<&[u8]>)?;
        *count += 1;
        if side.is_test {
            // A name of a file may have any characters.
            let place = rows.place(&record).replace(char::is_control, " ");
            writeln!(places, "{place}").with_context(failed)?;
        }
        if let Some(key) = side.key {
            writeln!(list, "{key}").with_context(failed)?;
        }
    }
    train
        .flush()
        .and_then(|()| test.flush())
        .and_then(|()| together.flush())
        .and_then(|()| together_test.flush())
        .and_then(|()| places.flush())
        .with_context(failed)?;
    Ok((copies, far))
}

/// What becomes of a row.
pub(super) struct Tidied<'a> {
    columns: Vec<(usize, Reading<'a>)>,
    target: usize,
    labels: Labels<'a>,
    /// Its fields, as the model takes them.
    pub(super) fields: Vec<String>,
}

impl<'a> Tidied<'a> {
    pub(super) fn of(data: &Dataset, target: usize, schema: &'a Schema) -> Self {
        let place = |column: &Column| data.names.iter().position(|name| *name == column.name);
        let columns = schema.columns.iter().filter_map(|column| {
            let reading = schema.reading(column);
            Some((place(column)?, reading))
        });
        let columns: Vec<_> = columns.collect();
        Tidied {
            fields: vec![String::new(); columns.len()],
            columns,
            target,
            labels: Labels::of(schema),
        }
    }

    /// Takes the next row and returns its target as it is written; nothing where it has none.
    pub(super) fn row<'b>(
        &mut self,
        record: &'b StringRecord,
        far: &mut Far,
    ) -> Option<Cow<'b, str>> {
        let class = record.get(self.target).unwrap_or_default();
        let class = self.labels.of_row(class, far)?;
        for ((index, reading), text) in self.columns.iter().zip(&mut self.fields) {
            reading.tidy(record.get(*index).unwrap_or_default(), text);
        }
        Some(class)
    }
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

/// What the target's fields are written as.
enum Labels<'a> {
    Classes(HashSet<&'a str>),
    Numbers(Reading<'a>, Option<(f64, f64)>),
}

impl<'a> Labels<'a> {
    fn of(schema: &'a Schema) -> Self {
        match &schema.target.task {
            Task::Classification { classes } => {
                Labels::Classes(classes.iter().map(|class| class.name.as_str()).collect())
            }
            Task::Regression => Labels::Numbers(schema.target_reading(), schema.target.bounds),
        }
    }

    /// The target of a row as it is written; nothing where it has none.
    fn of_row<'b>(&self, field: &'b str, far: &mut Far) -> Option<Cow<'b, str>> {
        let field = field.trim();
        match self {
            Labels::Classes(names) => names.contains(field).then(|| field.into()),
            Labels::Numbers(reading, bounds) => {
                let number = reading.number(field)?;
                far.has_room(number, *bounds)
                    .then(|| number.to_string().into())
            }
        }
    }
}
