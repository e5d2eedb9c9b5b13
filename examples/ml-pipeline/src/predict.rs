//! Runs a model on a CSV file, as a server of it would.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::StringRecord;

use crate::evaluate::runtime::{Predictions, Runtime};
use crate::onnx::{self, model::Input};
use crate::preprocess::tidy;
use crate::read::CsvFile;
use crate::schema::Kind;
use crate::table::Gatherer;

/// Prints what a model says of each row of `data`, as CSV.
///
/// # Errors
///
/// If the model cannot be run, or a column that it takes is not in the file.
pub fn predict(model: &Path, data: &Path, out: impl Write) -> Result<()> {
    let runtime = Runtime::load(model)?;
    let inputs = onnx::metadata(&onnx::load(model)?, "inputs").map(serde_json::from_str::<Vec<Input>>);
    let inputs = inputs.with_context(|| format!("{} was not written by this program", model.display()))??;
    let file = CsvFile::open(data)?;
    let mut places = Vec::new();
    for input in &inputs {
        match file.names.iter().position(|name| *name == input.column) {
            Some(place) => places.push(place),
            None => bail!("{} has no column '{}', which the model takes", data.display(), input.column),
        }
    }
    let mut columns: Vec<_> = inputs.iter().map(|input| Gatherer::new(input.kind.is_text())).collect();
    let (mut rows, mut record, mut text) = (file.rows()?, StringRecord::new(), String::new());
    while rows.next(&mut record)? {
        for ((column, input), &place) in columns.iter_mut().zip(&inputs).zip(&places) {
            let field = record.get(place).unwrap_or_default();
            tidy(field, input.kind, file.numerals(), &mut text);
            // Dates may also come as the model takes them, which is how `preprocess` writes them.
            if text.is_empty() && matches!(input.kind, Kind::Date { .. }) {
                tidy(field, Kind::Number, file.numerals(), &mut text);
            }
            column.add(&text);
        }
    }
    let columns: Vec<_> = columns.into_iter().map(Gatherer::finish).collect();
    print(&runtime.predict(&columns)?, runtime.classes(), out)
}

fn print(predictions: &Predictions, classes: &[String], out: impl Write) -> Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    match predictions {
        Predictions::Numbers(numbers) => {
            writer.write_record(["prediction"])?;
            numbers.iter().try_for_each(|number| writer.write_record([number.to_string()]))?;
        }
        Predictions::Classes { labels, probabilities } => {
            let header = std::iter::once("label".to_owned()).chain(classes.iter().map(|class| format!("p({class})")));
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
