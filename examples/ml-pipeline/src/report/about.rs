//! How the model was trained, and from what.

use std::fmt::Write;

use super::{figure, grouped, svg, table::Table};
use crate::{
    evaluate::Metrics,
    schema::{Splitting, Took},
};

/// The candidates, and how the chosen one learned.
pub(super) fn training(page: &mut String, metrics: &Metrics) {
    let training = &metrics.training;
    page.push_str("<h2>Training</h2>\n");
    let score = format!("{} in validation", metrics.score.name);
    let mut table = Table::new(&["\"tried", &score, "loss", "\"after"]);
    for trial in &training.trials {
        let taken = if trial.name == training.chosen {
            " (chosen)"
        } else {
            ""
        };
        table.row([
            format!("{}{taken}", trial.name),
            format!("{:.4}", trial.score),
            figure(trial.loss),
            trial.course.clone(),
        ]);
    }
    table.write(page);
    page.push_str(&svg::curves::losses(&training.curve));
}

/// Where the data is from, and when the steps ran.
pub(super) fn data(page: &mut String, metrics: &Metrics) {
    let data = &metrics.data;
    page.push_str("<h2>Data and run</h2>\n");
    let mut table = Table::new(&["\"", "\"value"]);
    let split = match &data.split {
        Splitting::Random => "at random".to_owned(),
        Splitting::Order { column } => format!("the last rows by '{column}' are the test"),
        Splitting::Group { column } => format!("rows with the same '{column}' are on one side"),
    };
    table.row(["data", &data.file]);
    table.row(["SHA-256", &data.sha256]);
    for (name, value) in source(metrics) {
        table.row([name, &value]);
    }
    table.row(["rows", &grouped(data.rows.read)]);
    table.row(["stored as", &data.written]);
    table.row(["split", &split]);
    let quantized = metrics.quantized.as_ref().map(|it| &it.took);
    let steps = [
        ("preprocess", Some(&data.took)),
        ("train", Some(&metrics.training.took)),
        ("evaluate", Some(&metrics.took)),
        ("quantize", quantized),
    ];
    table.row(["started", &data.took.started]);
    table.row(["duration", &durations(&steps)]);
    table.write(page);
}

/// What is known of the blob.
fn source(metrics: &Metrics) -> Vec<(&'static str, String)> {
    let source = &metrics.training.source;
    let pairs = [
        ("blob", &source.source_url),
        ("ETag", &source.source_etag),
        ("last modified", &source.source_last_modified),
    ];
    let known = pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)));
    known.collect()
}

/// `12.3 s: preprocess 1.0 s, train 10.0 s, …`
fn durations(steps: &[(&str, Option<&Took>)]) -> String {
    let known: Vec<_> = steps
        .iter()
        .filter_map(|&(name, took)| Some((name, took?.seconds)))
        .collect();
    let mut told = String::new();
    let all: f64 = known.iter().map(|(_, seconds)| seconds).sum();
    let _ = write!(told, "{all:.1} s: ");
    let each: Vec<_> = known
        .iter()
        .map(|(name, seconds)| format!("{name} {seconds:.1} s"))
        .collect();
    told + &each.join(", ")
}
