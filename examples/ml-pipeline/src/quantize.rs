//! The fourth step: the model in 8 bits, judged like the full one.

pub mod graph;
pub mod scale;

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::{
    evaluate::{
        self, Figures, Metrics, Score, metrics,
        runtime::{self, Predictions, Runtime},
    },
    log::Log,
    onnx,
    preprocess::counted,
    schema::{self, files},
    table::Table,
};

/// How many rows the ranges of values are taken from.
const CALIBRATION_ROWS: u64 = 10_000;

/// How the 8-bit model did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quantized {
    /// Its score, of the same name as the full model's.
    pub score: f64,
    /// By how much that is less than the full model's.
    pub drop: f64,
    /// In how many of the rows it says the same as the full model; of numbers, the R² of its
    /// predictions against the full model's.
    pub agreement: f64,
    /// Its figures.
    pub model: Figures,
    /// How large its file is, in bytes.
    pub model_bytes: u64,
}

/// Makes `model-quantized.onnx` of `model.onnx` in `dir`, and adds how it does to `metrics.json` and
/// `report.html`.
///
/// # Errors
///
/// If the score falls by more than `most`; all files are left anyway then.
pub fn quantize(dir: &Path, most: f64, log: &Log) -> Result<Metrics> {
    let mut metrics: Metrics = schema::load(dir, files::METRICS)?;
    let path = dir.join(files::MODEL);
    let quantized = dir.join(files::QUANTIZED);
    let mut model = onnx::load(&path)?;
    log.start("quantizing", None);
    let layers = graph::layers(&model);
    let rows = metrics.data.rows;
    let calibration = Table::load(
        dir,
        files::TRAIN,
        &metrics.data,
        rows.train,
        CALIBRATION_ROWS,
    )?;
    let ranges = runtime::ranges(&path, &layers, &calibration.columns)?;
    graph::quantize(&mut model, &ranges);
    onnx::save(&quantized, &model)?;

    let test = Table::load(dir, files::TEST, &metrics.data, rows.test, u64::MAX)?;
    let runtime = Runtime::load(&quantized)?;
    let predictions = runtime.predict(&test.columns)?;
    let full = Runtime::load(&path)?.predict(&test.columns)?;
    log.finish();
    let classes = runtime.classes().len();
    let score = predictions.score(&test.target, classes);
    let figures = evaluate::figures(&test.target, &predictions, classes);
    evaluate::stamp(
        &quantized,
        &Score {
            value: score,
            ..metrics.score.clone()
        },
        &figures,
    )?;
    let result = Quantized {
        score,
        drop: metrics.score.value - score,
        agreement: agreement(&full, &predictions),
        model: figures,
        model_bytes: fs::metadata(&quantized)?.len(),
    };
    log.say(&format!(
        "in 8 bits: {} {score:.4}, agreement with the full model {:.4}, {} of {} bytes",
        metrics.score.name, result.agreement, result.model_bytes, metrics.model_bytes
    ));
    let drop = result.drop;
    metrics.quantized = Some(result);
    metrics.leave(dir)?;
    if drop > most {
        bail!(
            "the {} falls by {drop:.4} in 8 bits (from {:.4} to {score:.4}, on {}), more than the {most} that \
             --max-drop allows; {} is as good as it was",
            metrics.score.name,
            metrics.score.value,
            counted(rows.test, "row"),
            path.display()
        );
    }
    Ok(metrics)
}

fn agreement(full: &Predictions, quantized: &Predictions) -> f64 {
    match (full, quantized) {
        (Predictions::Classes { labels: full, .. }, Predictions::Classes { labels, .. }) => {
            metrics::accuracy(full, labels)
        }
        (Predictions::Numbers(full), Predictions::Numbers(numbers)) => metrics::r2(full, numbers),
        _ => 0.0,
    }
}
