//! All steps, one after the other, and their results.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use crate::{
    evaluate::{Figures, Metrics, evaluate},
    log::Log,
    onnx::Source,
    preprocess::{Wishes, preprocess},
    quantize::quantize,
    schema::{self, files},
    train::train,
};

/// What a run must come to.
#[derive(Clone, Copy, Debug)]
pub struct Gates {
    /// The least score; more than the baseline's without it.
    pub min_score: Option<f64>,
    /// By how much the score may fall in 8 bits; the full model takes its place there without it.
    pub max_drop: Option<f64>,
    /// How long the training may take.
    pub time_budget: Option<Duration>,
}

/// What else is left, where it is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras {
    /// The model as a folder for MLflow.
    pub mlflow: bool,
}

/// Does all four steps in `dir`, prints a table, and leaves the models, the figures and the report.
///
/// # Errors
///
/// With one sentence, if a step fails.
pub fn run(
    data: &Path,
    dir: &Path,
    wishes: &Wishes,
    source: &Source,
    (gates, extras): (Gates, Extras),
    log: &Log,
) -> Result<()> {
    log.say("1/4 preprocess");
    preprocess(data, dir, wishes, log)?;
    let done = steps(dir, source, (gates, extras), log);
    schema::forget(
        dir,
        &[
            files::SCHEMA,
            files::TRAIN,
            files::TEST,
            files::TOGETHER,
            files::TOGETHER_TEST,
            files::PLACES,
            files::TRAINING,
            files::SCORE,
            files::VERDICT,
        ],
    )?;
    print!("{}", table(&done?, dir));
    Ok(())
}

fn steps(
    dir: &Path,
    source: &Source,
    (gates, extras): (Gates, Extras),
    log: &Log,
) -> Result<Metrics> {
    log.say("2/4 train");
    train(dir, source, gates.time_budget, log)?;
    log.say("3/4 evaluate");
    evaluate(dir, gates.min_score, log)?;
    log.say("4/4 quantize");
    quantize(dir, gates.max_drop, extras.mlflow, log)
}

/// Prints the closing table of steps that were run one by one.
///
/// # Errors
///
/// If `quantize` left nothing there.
pub fn summary(dir: &Path) -> Result<()> {
    let metrics: Metrics = schema::load(dir, files::METRICS)?;
    print!("{}", table(&metrics, dir));
    Ok(())
}

/// The closing table.
fn table(metrics: &Metrics, dir: &Path) -> String {
    let mut text = format!(
        "\n{:<20} {:>12} {:>12} {:>12}\n",
        "", "model", "8 bits", "baseline"
    );
    let quantized = metrics.quantized.as_ref();
    let rows = metrics.model.rows();
    let (eight, none) = (quantized.map(|it| it.model.rows()), metrics.baseline.rows());
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
    for (at, (name, value)) in rows.iter().enumerate() {
        let eight = eight.as_ref().and_then(|rows| rows[at].1);
        let name = metrics.data.target.scale.named(name);
        text += &format!(
            "{name:<20} {:>12} {:>12} {:>12}\n",
            cell(*value),
            cell(eight),
            cell(none[at].1)
        );
    }
    let bytes = quantized.map_or(0, |it| it.model_bytes);
    text += &format!(
        "{:<20} {:>12} {:>12}\n",
        "bytes", metrics.model_bytes, bytes
    );
    let score = &metrics.score;
    text += &format!(
        "\nscore: {} {:.4} (95 % interval {:.4} to {:.4}), {}\nverdict: {}\n",
        score.name,
        score.value,
        score.low,
        score.high,
        metrics.judged_on(),
        metrics.verdict.because
    );
    if let Some(kept) = quantized.filter(|it| it.because.is_some()) {
        text += &format!("{}\n", kept.told(metrics));
    }
    text += "\n";
    for name in [
        files::MODEL,
        files::QUANTIZED,
        files::METRICS,
        files::REPORT,
        files::SIGNATURE,
        files::PREDICT,
        files::MLFLOW,
    ]
    .into_iter()
    .filter(|&name| name != files::MLFLOW || dir.join(name).exists())
    {
        text += &format!("{}\n", dir.join(name).display());
    }
    text
}

impl Figures {
    /// Their names and values, as people read them.
    pub fn rows(&self) -> Vec<(&'static str, Option<f64>)> {
        match *self {
            Figures::Classification {
                accuracy,
                balanced_accuracy,
                macro_f1,
                log_loss,
                auc,
            } => vec![
                ("accuracy", Some(accuracy)),
                ("balanced accuracy", Some(balanced_accuracy)),
                ("macro F1", Some(macro_f1)),
                ("log loss", Some(log_loss)),
                ("AUC", auc),
            ],
            Figures::Regression { r2, mae, rmse } => {
                vec![("R2", Some(r2)), ("MAE", Some(mae)), ("RMSE", Some(rmse))]
            }
        }
    }
}
