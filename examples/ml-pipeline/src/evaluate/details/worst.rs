//! The rows with the largest errors, for a person to look at: often the data is wrong there, not the model.

use serde::{Deserialize, Serialize};

use crate::{
    evaluate::runtime::Predictions,
    schema::Schema,
    table::{Table, Truth, Values},
};

/// How many rows are shown.
const ROWS: usize = 10;

/// How many columns of each: the most important ones.
const COLUMNS: usize = 5;

/// How much of a text is shown, in characters.
const SHOWN: usize = 80;

/// A row that the model got wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Which row of the test it is, counted from 1.
    pub row: u64,
    /// Where it is in the dataset, such as `line 17`; empty if that is not known.
    #[serde(default)]
    pub place: String,
    /// What the target is.
    pub truth: String,
    /// What the model says.
    pub predicted: String,
    /// The probability that it gives to the true class; none for a number.
    pub probability: Option<f64>,
    /// Column and value, of the most important columns.
    pub values: Vec<(String, String)>,
}

/// The worst rows: numbers by their distance, classes by how sure the model was of another one.
pub(super) fn worst(
    schema: &Schema,
    (test, places): (&Table, &[String]),
    predictions: &Predictions,
    columns: &[usize],
) -> Vec<Row> {
    let names = schema.target.task.classes();
    let mut rows: Vec<(f32, usize)> = match (&test.target, predictions) {
        (
            Truth::Classes(truth),
            Predictions::Classes {
                labels,
                probabilities,
            },
        ) => (0..truth.len())
            .filter(|&row| truth[row] != labels[row])
            .map(|row| (-probabilities[row * names.len() + truth[row] as usize], row))
            .collect(),
        (Truth::Numbers(truth), Predictions::Numbers(numbers)) => (0..truth.len())
            .map(|row| ((truth[row] - numbers[row]).abs(), row))
            .collect(),
        _ => Vec::new(),
    };
    rows.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    rows.truncate(ROWS);
    let told = |(error, row): (f32, usize)| {
        let (truth, predicted) = match (&test.target, predictions) {
            (Truth::Classes(truth), Predictions::Classes { labels, .. }) => (
                names[truth[row] as usize].clone(),
                names[labels[row] as usize].clone(),
            ),
            (Truth::Numbers(truth), Predictions::Numbers(numbers)) => {
                (truth[row].to_string(), numbers[row].to_string())
            }
            _ => Default::default(),
        };
        Row {
            row: row as u64 + 1,
            place: places.get(row).cloned().unwrap_or_default(),
            truth,
            predicted,
            probability: (!names.is_empty()).then(|| f64::from(-error)),
            values: columns
                .iter()
                .take(COLUMNS)
                .map(|&place| value(schema, test, place, row))
                .collect(),
        }
    };
    rows.into_iter().map(told).collect()
}

/// The beginning of a text.
fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn value(schema: &Schema, test: &Table, place: usize, row: usize) -> (String, String) {
    let column = &schema.columns[place];
    let value = match &test.columns[place] {
        Values::Numbers(numbers) if numbers[row].is_nan() => String::new(),
        Values::Numbers(numbers) => column.kind.shown(numbers[row]),
        Values::Words { words, rows } => short(&words[rows[row] as usize]),
    };
    (column.name.clone(), value)
}
