//! The fourth step: the model in 8 bits, judged beside the full one on the same rows.

pub mod forms;
pub mod graph;
pub mod scale;
pub mod seen;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use forms::Written;
use serde::{Deserialize, Serialize};

use crate::{
    evaluate::{
        self, Figures, Metrics, Score, metrics, paired,
        runtime::{Predictions, Runtime},
    },
    log::Log,
    onnx,
    preprocess::counted,
    schema::{self, files},
    table::Table,
    took::{Stopwatch, Took},
};

/// How many rows the ranges of values are taken from, and the forms compared on.
const CALIBRATION_ROWS: u64 = 10_000;

/// By how much the score may fall where nothing else was said.
pub const MOST: f64 = 0.01;

/// How the file in 8 bits did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Quantized {
    /// What the file has: `8 bits`, parts of the model in 8 bits, or `full model`.
    pub form: String,
    /// Why it has the full model, where it has.
    pub because: Option<String>,
    /// Its score on the test rows, of the same name as the full model's.
    pub score: f64,
    /// By how much that is less than the full model's on the same rows.
    pub drop: f64,
    /// How likely it would fall so far if both were equally good.
    pub chance: f64,
    /// In how many of the rows it says the same as the full model; of numbers, the R² of its
    /// predictions against the full model's.
    pub agreement: f64,
    /// Its figures.
    pub model: Figures,
    /// How large its file is, in bytes.
    pub model_bytes: u64,
    /// The run of `quantize`.
    pub took: Took,
}

/// What `Quantized::form` says of the full model.
pub const FULL: &str = "full model";

/// Makes `model-quantized.onnx` of `model.onnx` in `dir`, and adds how it does to `metrics.json` and
/// `report.html`. Where 8 bits save or keep too little, the file has the full model. With `for_mlflow` it leaves the
/// model as a folder for MLflow, too.
///
/// # Errors
///
/// If the score falls by more than `most`, and by more than chance; all files are left anyway then.
pub fn quantize(dir: &Path, most: Option<f64>, for_mlflow: bool, log: &Log) -> Result<Metrics> {
    let watched = Stopwatch::start();
    let mut metrics: Metrics = schema::load(dir, files::METRICS)?;
    let (path, quantized) = (dir.join(files::MODEL), dir.join(files::QUANTIZED));
    log.start("quantizing", None);
    let (schema, rows) = (&metrics.data, metrics.data.rows);
    let learned = Table::load(dir, files::TRAIN, schema, rows.train, CALIBRATION_ROWS)?;
    let runtime = Runtime::load(&path)?;
    // Who says how much may be lost gets the verdict of the test.
    let on_learned = most.map_or(MOST, |_| f64::INFINITY);
    let written = forms::write((&path, &runtime), &quantized, &learned, on_learned)?;
    let test = Table::load(dir, files::TEST, schema, rows.test, schema.most_tested())?;
    let full = runtime.judged(&test.columns)?;
    let score = full.score(&test.target, metrics.data.target.task.classes().len());
    let judged = match written {
        Written::Bytes(form, runtime) => {
            judge(&metrics, (&quantized, &runtime), form, &test, &full)?
        }
        Written::Not(because) => in_full(&metrics, dir, score, because)?,
    };
    log.finish();
    let allowed = most.unwrap_or(MOST);
    let loses = is_loss(&judged, allowed);
    let name = metrics.score.name.clone();
    let fell = format!(
        "the {name} falls by {:.4} in 8 bits (from {:.4} to {:.4}, on {})",
        judged.drop,
        judged.score + judged.drop,
        judged.score,
        counted(test.len() as u64, "test row")
    );
    let mut kept = match (loses, most) {
        (true, None) => in_full(&metrics, dir, score, fell.clone())?,
        _ => judged,
    };
    log.say(&kept.told(&metrics));
    kept.took = watched.took();
    metrics.quantized = Some(kept);
    metrics.leave(dir)?;
    schema::forget(dir, &[files::MLFLOW])?;
    if for_mlflow {
        onnx::mlflow::leave(dir)?;
    }
    if let (true, Some(most)) = (loses, most) {
        bail!(
            "{fell}, more than the {most} that --max-drop allows; {} is as good as it was",
            path.display()
        );
    }
    Ok(metrics)
}

/// Whether the score falls by more than `most`, and not by chance. A negative `most` asks for a rise,
/// which is no question of chance.
fn is_loss(judged: &Quantized, most: f64) -> bool {
    judged.drop > most && (most < 0.0 || judged.chance < paired::RARE)
}

fn judge(
    metrics: &Metrics,
    (path, runtime): (&Path, &Runtime),
    form: &str,
    test: &Table,
    full: &Predictions,
) -> Result<Quantized> {
    let classes = runtime.classes().len();
    let predictions = runtime.judged(&test.columns)?;
    let score = predictions.score(&test.target, classes);
    let figures = evaluate::figures(&test.target, &predictions, classes);
    let stamped = Score {
        value: score,
        ..metrics.score.clone()
    };
    evaluate::stamp(path, &stamped, &figures)?;
    Ok(Quantized {
        form: form.to_owned(),
        because: None,
        score,
        drop: full.score(&test.target, classes) - score,
        chance: paired::chance(&test.target, full, &predictions, classes),
        agreement: agreement(full, &predictions),
        model: figures,
        model_bytes: fs::metadata(path)?.len(),
        took: Took::default(),
    })
}

/// Leaves the full model where the one in 8 bits would be.
fn in_full(metrics: &Metrics, dir: &Path, score: f64, because: String) -> Result<Quantized> {
    let path = dir.join(files::QUANTIZED);
    fs::copy(dir.join(files::MODEL), &path)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Quantized {
        form: FULL.to_owned(),
        because: Some(because),
        score,
        drop: 0.0,
        chance: 1.0,
        agreement: 1.0,
        model: metrics.model.clone(),
        model_bytes: metrics.model_bytes,
        took: Took::default(),
    })
}

impl Quantized {
    /// How it did, in one sentence.
    pub fn told(&self, metrics: &Metrics) -> String {
        let full = metrics.model_bytes;
        match &self.because {
            Some(because) => format!(
                "{} has the full model, not one in 8 bits: {because}",
                files::QUANTIZED
            ),
            None => format!(
                "in {}: {} {:.4}, agreement with the full model {:.4}, {} of {full} bytes",
                self.form, metrics.score.name, self.score, self.agreement, self.model_bytes
            ),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_counts_if_it_is_more_than_allowed_and_more_than_chance() {
        let judged = |drop, chance| Quantized {
            form: "8 bits".to_owned(),
            because: None,
            score: 0.9,
            drop,
            chance,
            agreement: 1.0,
            model: Figures::Regression {
                r2: 0.9,
                mae: 1.0,
                rmse: 1.0,
            },
            model_bytes: 1,
            took: Took::default(),
        };
        assert!(!is_loss(&judged(0.024, 0.5), MOST), "one row of 40");
        assert!(is_loss(&judged(0.024, 0.001), MOST));
        assert!(!is_loss(&judged(0.009, 0.001), MOST));
        assert!(is_loss(&judged(0.0, 1.0), -1.0), "a rise was asked for");
    }
}
