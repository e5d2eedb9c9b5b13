//! Runs a model on a CSV file, as a server of it would.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::StringRecord;

use crate::{
    evaluate::runtime::{Predictions, Runtime},
    log::Log,
    onnx::{self, model::Input},
    preprocess::tidy::Reading,
    read::{Dataset, Hints},
    schema::Kind,
    table::Gatherer,
    value::{Marks, Missing, Numerals, date},
};

/// Prints what a model says of each row of `data`, as CSV.
///
/// # Errors
///
/// If the model cannot be run, or a column that it takes is not in the file.
pub fn predict(model: &Path, data: &Path, hints: Hints, out: impl Write, log: &Log) -> Result<()> {
    let runtime = Runtime::load(model)?;
    let about = onnx::load(model)?;
    let inputs = onnx::metadata(&about, "inputs").map(serde_json::from_str::<Vec<Input>>);
    let inputs = inputs
        .with_context(|| format!("{} was not written by this program", model.display()))??;
    let missing: Missing = match onnx::metadata(&about, "missing") {
        Some(words) => serde_json::from_str(words)?,
        None => Missing::default(),
    };
    let file = Dataset::open(data, hints)?;
    file.notes.iter().for_each(|note| log.warn(note));
    let mut columns = inputs
        .iter()
        .map(|input| Served::new(input, &file).with_context(|| data.display().to_string()))
        .collect::<Result<Vec<_>>>()?;
    let usual = match onnx::metadata(&about, "numerals") {
        Some("comma") => Numerals::Comma,
        _ => Numerals::Point,
    };
    find_marks(&mut columns, &file, usual)?;
    let (mut rows, mut record, mut ragged) = (file.rows(), StringRecord::new(), 0);
    while rows.next(&mut record)? {
        ragged += u64::from(record.len() != file.names.len());
        for column in &mut columns {
            column.add(record.get(column.place).unwrap_or_default(), &missing);
        }
    }
    rows.notes().iter().for_each(|note| log.warn(note));
    if ragged > 0 {
        log.warn(&format!(
            "{ragged} rows have another number of fields than the first line: what is not there counts as missing"
        ));
    }
    columns
        .iter()
        .filter_map(Served::lost)
        .for_each(|lost| log.warn(&lost));
    let columns: Vec<_> = columns
        .into_iter()
        .map(|column| column.values.finish())
        .collect();
    print(&runtime.predict(&columns)?, runtime.classes(), out)
}

/// Reads the rows once for how each column writes numbers. Where its values do not tell, the model knows a column that is
/// not like the others, and of all others the file tells more.
fn find_marks(columns: &mut [Served], file: &Dataset, usual: Numerals) -> Result<()> {
    let mut marks = vec![Marks::default(); columns.len()];
    let (mut rows, mut record) = (file.rows(), StringRecord::new());
    while rows.next(&mut record)? {
        for (marks, column) in marks.iter_mut().zip(columns.iter()) {
            if !column.input.kind.is_text() {
                marks.add(record.get(column.place).unwrap_or_default().trim());
            }
        }
    }
    for (marks, column) in marks.iter().zip(columns) {
        let known = column.input.numerals.or(file.numerals);
        column.numerals = marks.sure().or(known).unwrap_or(usual);
    }
    Ok(())
}

/// A column that a model takes, as a file has it.
struct Served<'a> {
    input: &'a Input,
    /// Which column of the file it is.
    place: usize,
    /// How its numbers are written.
    numerals: Numerals,
    values: Gatherer,
    /// How many values could not be read, and one of them.
    unread: u64,
    example: String,
    text: String,
}

impl<'a> Served<'a> {
    fn new(input: &'a Input, file: &Dataset) -> Result<Self> {
        let Some(place) = file.names.iter().position(|name| *name == input.column) else {
            let found: Vec<_> = file
                .names
                .iter()
                .take(10)
                .map(|name| format!("'{name}'"))
                .collect();
            bail!(
                "it has no column '{}', which the model needs: its columns are {} (delimiter '{}')",
                input.column,
                found.join(", "),
                file.delimiter().escape_default()
            )
        };
        Ok(Served {
            input,
            place,
            numerals: Numerals::Point,
            values: Gatherer::new(input.kind.is_text()),
            unread: 0,
            example: String::new(),
            text: String::new(),
        })
    }

    fn add(&mut self, field: &str, missing: &Missing) {
        let reading = Reading {
            kind: self.input.kind,
            unit: self.input.unit.as_deref(),
            numerals: self.numerals,
            missing,
        };
        reading.tidy(field, &mut self.text);
        // Dates may also come as the model takes them, which is how `preprocess` writes them.
        // A count of seconds is none of these.
        if let Kind::Date { order } = self.input.kind
            && self.text.is_empty()
        {
            let kind = Kind::Number;
            let number = Reading { kind, ..reading }.number(field.trim());
            let days = number.and_then(|number| date::counted(number.into(), order));
            self.text = days.map_or_else(String::new, |days| (days as f32).to_string());
        }
        let is_known = !missing.names(field.trim()) && missing.marker(field.trim()).is_none();
        if self.text.is_empty() && is_known {
            self.unread += 1;
            self.example = field.to_owned();
        }
        self.values.add(&self.text);
    }

    fn lost(&self) -> Option<String> {
        let Served {
            input,
            unread,
            example,
            ..
        } = self;
        (*unread > 0).then(|| {
            format!(
                "'{}': {unread} values are no {}, such as '{example}': they count as missing",
                input.column,
                input.kind.name()
            )
        })
    }
}

fn print(predictions: &Predictions, classes: &[String], out: impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    match predictions {
        Predictions::Numbers(numbers) => {
            writer.write_record(["prediction"])?;
            numbers
                .iter()
                .try_for_each(|number| writer.write_record([number.to_string()]))?;
        }
        Predictions::Classes {
            labels,
            probabilities,
        } => {
            let header = std::iter::once("label".to_owned())
                .chain(classes.iter().map(|class| format!("p({class})")));
            writer.write_record(header)?;
            for (&label, row) in labels.iter().zip(probabilities.chunks_exact(classes.len())) {
                writer.write_field(&classes[label as usize])?;
                writer.write_record(row.iter().map(f32::to_string))?;
            }
        }
    }
    writer.flush()?;
    Ok(())
}
