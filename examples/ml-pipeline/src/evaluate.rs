//! The third step: the model is judged by rows that it never saw, run by a runtime of its own.

pub mod bootstrap;
pub mod details;
pub mod importance;
pub mod inputs;
mod matrix;
pub mod metrics;
pub mod paired;
pub mod runtime;
mod text;
mod trees;
pub mod verdict;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use details::Details;
use importance::Importance;
use runtime::{Predictions, Runtime};
use serde::{Deserialize, Serialize};
use verdict::{Verdict, verdict};

use crate::{
    log::Log,
    onnx,
    preprocess::counted,
    quantize::Quantized,
    report,
    schema::{self, Scale, Schema, Splitting, Target, Task, files},
    table::{self, Table, Truth, spread},
    took::{Stopwatch, Took},
    train::{Training, held_out::CrossValidated},
};

/// All that is known of a model: `metrics.json`, of which the report is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Metrics {
    /// The version of this form: a field that is added does not change it, one that goes or means
    /// something else does.
    pub schema_version: u32,
    /// Whether the model is worth having.
    pub verdict: Verdict,
    /// The figure that the model is judged by.
    pub score: Score,
    /// The model's figures on the test rows.
    pub model: Figures,
    /// The same figures of the baseline: the most frequent class, or the mean.
    pub baseline: Figures,
    /// The model in 8 bits, once `quantize` ran.
    pub quantized: Option<Quantized>,
    /// What the columns are worth.
    pub importance: Vec<Importance>,
    /// What the report draws of the predictions.
    pub predictions: Drawn,
    /// What else there is to say of the predictions.
    pub details: Details,
    /// How large the model's file is, in bytes.
    pub model_bytes: u64,
    /// The data.
    pub data: Schema,
    /// How the model was trained.
    pub training: Training,
    /// The run of `evaluate`.
    pub took: Took,
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
    /// Which rows it is of.
    pub by: Judge,
    /// How many they are.
    pub rows: u64,
}

/// What a model is judged by.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// The rows that were set apart.
    Test,
    /// The rows to learn from, each predicted by a model that did not learn from it.
    CrossValidation,
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
        /// The coefficient of determination. All three are on the scale on which the numbers are learned.
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

/// The version of `metrics.json`, which docs/pipeline-metrics.md describes.
pub const SCHEMA_VERSION: u32 = 1;

/// How many points a plot has at most.
const POINTS: usize = 500;

/// The name of the figure that a model is judged by.
pub fn score_name(target: &Target) -> &'static str {
    match (&target.task, target.scale) {
        (Task::Classification { .. }, _) => "balanced accuracy",
        (Task::Regression, Scale::Linear) => "R2",
        (Task::Regression, _) => "R2 on a log scale",
    }
}

/// Judges `model.onnx` in `dir` by `test.csv`, and leaves `metrics.json` and `report.html`.
///
/// # Errors
///
/// If the model does not run, or its score is below `least`, or, without that, not above the baseline; both
/// files are left anyway then.
pub fn evaluate(dir: &Path, least: Option<f64>, log: &Log) -> Result<Metrics> {
    let watched = Stopwatch::start();
    let mut schema: Schema = schema::load(dir, files::SCHEMA)?;
    let training: Training = schema::load(dir, files::TRAINING)?;
    schema.warnings.extend(training.warning.clone());
    schema::forget(dir, &[files::QUANTIZED])?;
    let path = dir.join(files::MODEL);
    let runtime = Runtime::load(&path)?;
    let most = schema.most_tested();
    let test = Table::load(dir, files::TEST, &schema, schema.rows.test, most)?;
    log.start("evaluating", None);
    let predictions = runtime.judged(&test.columns)?;
    let classes = runtime.classes().len();
    let dummy = Predictions::always(&training.baseline, &test.target);
    let importance = importance::importance(&runtime, &test, &schema.columns, &training.strengths)?;
    log.finish();
    let figures = figures(&test.target, &predictions, classes);
    let baseline = self::figures(&test.target, &dummy, classes);
    // The last rows in time cannot be had from folds at random.
    let folds = match &schema.split {
        Splitting::Order { .. } => None,
        _ => training.cross_validated.as_ref(),
    };
    let (mut score, judged, none) = match folds {
        Some(it) => (Score::of_folds(it), &it.model, &it.baseline),
        None => {
            let said = std::slice::from_ref(&predictions);
            let together = test.together.as_deref();
            let (low, high) = bootstrap::interval(&test.target, said, classes, together);
            let score = Score {
                name: String::new(),
                value: predictions.score(&test.target, classes),
                low,
                high,
                baseline: dummy.score(&test.target, classes),
                by: Judge::Test,
                rows: test.len() as u64,
            };
            (score, &figures, &baseline)
        }
    };
    score_name(&schema.target).clone_into(&mut score.name);
    // An R2 below 0 is worse than the mean of the very rows, which is the least that a model must reach.
    if schema.target.task == Task::Regression {
        score.baseline = 0.0;
    }
    let verdict = verdict(&score, judged, none, is_one_class(judged));
    stamp(&path, &score, &figures)?;
    let places = table::places(dir, schema.rows.test, most)?;
    let details = Details::of(&schema, (&test, &places), &predictions, &importance);
    let metrics = Metrics {
        schema_version: SCHEMA_VERSION,
        verdict,
        score,
        model: figures,
        baseline,
        quantized: None,
        importance,
        predictions: drawn(&test.target, &predictions, classes),
        details,
        model_bytes: fs::metadata(&path)?.len(),
        data: schema,
        training,
        took: watched.took(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    metrics.leave(dir)?;
    let score = &metrics.score;
    log.say(&format!(
        "{} {:.4} (95 % interval {:.4} to {:.4}), baseline {:.4}, {}",
        score.name,
        score.value,
        score.low,
        score.high,
        score.baseline,
        metrics.judged_on()
    ));
    log.say(&format!("verdict: {}", metrics.verdict.because));
    let report = dir.join(files::REPORT);
    match least {
        Some(least) if score.value < least => bail!(
            "the model's {} is {:.4}, below the {least} that --min-score asks for; {} says more",
            score.name,
            score.value,
            report.display()
        ),
        None if score.value <= score.baseline => bail!(
            "the model is rejected: {}; other columns or more rows may help, and --min-score sets another bound; {} \
             says more",
            metrics.verdict.because,
            report.display()
        ),
        _ => Ok(metrics),
    }
}

/// Whether the rows that figures are of are all of one class: there is no curve then. In cross-validation too, as a class
/// that is too rare is not judged.
fn is_one_class(figures: &Figures) -> bool {
    matches!(figures, Figures::Classification { auc: None, .. })
}

impl Score {
    /// The score of a cross-validation, still without a name.
    fn of_folds(it: &CrossValidated) -> Self {
        Score {
            name: String::new(),
            value: it.score,
            low: it.low,
            high: it.high,
            baseline: it.baseline_score,
            by: Judge::CrossValidation,
            rows: it.rows,
        }
    }
}

impl Figures {
    /// The mean of some figures of one kind.
    pub fn mean(all: &[Figures]) -> Figures {
        let count = all.len().max(1) as f64;
        let mean = |of: &dyn Fn(&Figures) -> f64| all.iter().map(of).sum::<f64>() / count;
        let at = |row: usize| mean(&|it: &Figures| it.rows()[row].1.unwrap_or_default());
        match all.first() {
            Some(Figures::Classification { auc, .. }) => Figures::Classification {
                accuracy: at(0),
                balanced_accuracy: at(1),
                macro_f1: at(2),
                log_loss: at(3),
                auc: auc.map(|_| at(4)),
            },
            _ => Figures::Regression {
                r2: at(0),
                mae: at(1),
                rmse: at(2),
            },
        }
    }
}

impl Metrics {
    /// Which rows the score is of, in words.
    pub fn judged_on(&self) -> String {
        let rows = self.score.rows;
        match (self.score.by, &self.training.cross_validated) {
            (Judge::CrossValidation, Some(it)) => format!(
                "in cross-validation of {rows} rows, {} times in {} folds",
                it.repeats, it.folds
            ),
            _ => format!("on {}", counted(rows, "test row")),
        }
    }

    /// Writes `metrics.json` and `report.html`, and `score` and `verdict` for a Workflow, which has them as
    /// its outputs even where a step fails.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub fn leave(&self, dir: &Path) -> Result<()> {
        schema::save(dir, files::METRICS, self)?;
        for (name, text) in [
            (files::REPORT, report::html(self)),
            (files::SCORE, format!("{:.4}", self.score.value)),
            (files::VERDICT, self.verdict.outcome.name().to_owned()),
        ] {
            let path = dir.join(name);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
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
