//! The third step: the model is judged by rows that it never saw, run by a runtime of its own.

pub mod bootstrap;
pub mod importance;
pub mod metrics;
pub mod runtime;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use importance::Importance;
use runtime::{Predictions, Runtime};
use serde::{Deserialize, Serialize};

use crate::{
    log::Log,
    onnx,
    quantize::Quantized,
    report,
    schema::{self, Schema, Task, files},
    table::{Table, Truth, spread},
    train::Training,
};

/// All that is known of a model: `metrics.json`, of which the report is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metrics {
    /// The figure that the model is judged by.
    pub score: Score,
    /// The model's figures.
    pub model: Figures,
    /// The same figures of the baseline: the most frequent class, or the mean.
    pub baseline: Figures,
    /// The model in 8 bits, once `quantize` ran.
    pub quantized: Option<Quantized>,
    /// What the columns are worth.
    pub importance: Vec<Importance>,
    /// What the report draws of the predictions.
    pub predictions: Drawn,
    /// How large the model's file is, in bytes.
    pub model_bytes: u64,
    /// The data.
    pub data: Schema,
    /// How the model came about.
    pub training: Training,
    /// The version of this program.
    pub tool_version: String,
}

/// The figure that a model is judged by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Score {
    /// `balanced accuracy` or `R2`
    pub name: String,
    /// Its value, at most 1.
    pub value: f64,
    /// The lower end of its 95 % confidence interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The value of the baseline.
    pub baseline: f64,
}

/// The figures of some predictions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Figures {
    /// Of classes.
    Classification {
        /// The part of the rows that is right.
        accuracy: f64,
        /// The mean over the classes of the part of their rows that is right.
        balanced_accuracy: f64,
        /// The mean over the classes of F1.
        macro_f1: f64,
        /// In nats.
        log_loss: f64,
        /// The area under the ROC curve, of each class against all others; none if there is one class.
        auc: Option<f64>,
    },
    /// Of numbers.
    Regression {
        /// The coefficient of determination.
        r2: f64,
        /// The mean distance.
        mae: f64,
        /// The root of the mean squared distance.
        rmse: f64,
    },
}

/// What the report draws.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Drawn {
    /// How often each class (row) was taken for each (column), both in the order of the classes.
    Confusion {
        /// The counts.
        confusion: Vec<Vec<u64>>,
    },
    /// Some rows' true and predicted numbers.
    Points {
        /// Pairs of both.
        points: Vec<(f32, f32)>,
    },
}

/// How many points a plot has at most.
const POINTS: usize = 500;

/// The name of the figure that a model is judged by.
pub fn score_name(task: &Task) -> &'static str {
    match task {
        Task::Classification { .. } => "balanced accuracy",
        Task::Regression => "R2",
    }
}

/// Judges `model.onnx` in `dir` by `test.csv`, and leaves `metrics.json` and `report.html`.
///
/// # Errors
///
/// If the model does not run, or its score is below `least`; both files are left anyway then.
pub fn evaluate(dir: &Path, least: Option<f64>, log: &Log) -> Result<Metrics> {
    let schema: Schema = schema::load(dir, files::SCHEMA)?;
    let training: Training = schema::load(dir, files::TRAINING)?;
    schema::forget(dir, &[files::QUANTIZED])?;
    let path = dir.join(files::MODEL);
    let runtime = Runtime::load(&path)?;
    let test = Table::load(dir, files::TEST, &schema, schema.rows.test, u64::MAX)?;
    log.start("evaluating", None);
    let predictions = runtime.predict(&test.columns)?;
    let classes = runtime.classes().len();
    let value = predictions.score(&test.target, classes);
    let (low, high) = bootstrap::interval(&test.target, &predictions, classes);
    let dummy = dummy(&test, &training.baseline);
    let importance = importance::importance(&runtime, &test, &schema.columns, &training.strengths)?;
    log.finish();
    let name = score_name(&schema.target.task).to_owned();
    let score = Score {
        name,
        value,
        low,
        high,
        baseline: dummy.score(&test.target, classes),
    };
    let figures = figures(&test.target, &predictions, classes);
    stamp(&path, &score, &figures)?;
    let metrics = Metrics {
        score,
        model: figures,
        baseline: self::figures(&test.target, &dummy, classes),
        quantized: None,
        importance,
        predictions: drawn(&test.target, &predictions, classes),
        model_bytes: fs::metadata(&path)?.len(),
        data: schema,
        training,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    metrics.leave(dir)?;
    let score = &metrics.score;
    log.say(&format!(
        "{} {:.4} (95 % interval {:.4} to {:.4}), baseline {:.4}, on {} test rows",
        score.name,
        score.value,
        score.low,
        score.high,
        score.baseline,
        test.len()
    ));
    match least {
        Some(least) if score.value < least => bail!(
            "the model's {} is {:.4}, below the {least} that --min-score asks for; {} says more",
            score.name,
            score.value,
            dir.join(files::REPORT).display()
        ),
        _ => Ok(metrics),
    }
}

impl Metrics {
    /// Writes `metrics.json` and `report.html`.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub fn leave(&self, dir: &Path) -> Result<()> {
        schema::save(dir, files::METRICS, self)?;
        let path = dir.join(files::REPORT);
        fs::write(&path, report::html(self))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}

/// Notes the figures in the model's metadata. What it computes stays as it was judged.
pub fn stamp(path: &Path, score: &Score, figures: &Figures) -> Result<()> {
    let mut model = onnx::load(path)?;
    onnx::note(&mut model, "score_name", score.name.clone());
    onnx::note(&mut model, "score", score.value.to_string());
    onnx::note(&mut model, "metrics", serde_json::to_string(figures)?);
    onnx::save(path, &model)
}

/// The figures of predictions.
pub fn figures(truth: &Truth, predictions: &Predictions, classes: usize) -> Figures {
    match (truth, predictions) {
        (
            Truth::Classes(truth),
            Predictions::Classes {
                labels,
                probabilities,
            },
        ) => Figures::Classification {
            accuracy: metrics::accuracy(truth, labels),
            balanced_accuracy: metrics::balanced_accuracy(truth, labels, classes),
            macro_f1: metrics::macro_f1(&metrics::confusion(truth, labels, classes)),
            log_loss: metrics::log_loss(truth, probabilities, classes),
            auc: metrics::auc(truth, probabilities, classes),
        },
        (Truth::Numbers(truth), Predictions::Numbers(numbers)) => Figures::Regression {
            r2: metrics::r2(truth, numbers),
            mae: metrics::mae(truth, numbers),
            rmse: metrics::rmse(truth, numbers),
        },
        // The schema decides on both.
        _ => Figures::Regression {
            r2: f64::NAN,
            mae: f64::NAN,
            rmse: f64::NAN,
        },
    }
}

/// The baseline: the most frequent class with the classes' shares, or the mean.
fn dummy(test: &Table, baseline: &[f32]) -> Predictions {
    let rows = test.len();
    match test.target {
        Truth::Classes(_) => Predictions::Classes {
            labels: vec![metrics::greatest(baseline); rows],
            probabilities: baseline.repeat(rows),
        },
        Truth::Numbers(_) => Predictions::Numbers(baseline.repeat(rows)),
    }
}

fn drawn(truth: &Truth, predictions: &Predictions, classes: usize) -> Drawn {
    match (truth, predictions) {
        (Truth::Numbers(truth), Predictions::Numbers(numbers)) => {
            let rows = spread(truth.len(), POINTS).into_iter();
            Drawn::Points {
                points: rows.map(|row| (truth[row], numbers[row])).collect(),
            }
        }
        (Truth::Classes(truth), Predictions::Classes { labels, .. }) => Drawn::Confusion {
            confusion: metrics::confusion(truth, labels, classes),
        },
        _ => Drawn::Points { points: Vec::new() },
    }
}
