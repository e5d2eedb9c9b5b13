//! The second step: a network learns from the rows that `preprocess` set apart for it.

pub mod fit;
pub mod network;
pub mod sample;
pub mod schedule;
pub mod select;

use std::path::Path;

use anyhow::Result;
use fit::{Fitted, Losses, fit};
use sample::{Sample, Scale};
use schedule::Schedule;
use select::{RECIPES, Trial};
use serde::{Deserialize, Serialize};

use crate::{
    features::Encoder,
    log::Log,
    onnx::{self, Source},
    schema::{self, Schema, files},
    table::{Table, Truth, spread},
};

/// How many numbers the features of all rows may be: 256 MB. Above, some rows are learned from.
const BUDGET: u64 = 64 * 1024 * 1024;

/// From how many rows a tenth is watched, so that learning ends in time; fewer are needed all.
const WATCHED_FROM: usize = 5_000;

/// What was tried, and how the model learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Training {
    /// How each network did.
    pub trials: Vec<Trial>,
    /// The name of the one that was taken.
    pub chosen: String,
    /// From how many rows it learned.
    pub rows: usize,
    /// Its loss in each epoch: on its own rows, and on rows that it did not learn from.
    pub curve: Vec<Losses>,
    /// The share of each class among those rows, or their mean: what is said without learning.
    pub baseline: Vec<f32>,
    /// How strongly each column bears on the first layer, by the sum of its weights.
    pub strengths: Vec<f32>,
}

/// Reads `schema.json` and `train.csv` in `dir`, and leaves `model.onnx` and `training.json`.
///
/// # Errors
///
/// With one sentence, if the files of the step before are not there.
pub fn train(dir: &Path, source: &Source, log: &Log) -> Result<Training> {
    let schema: Schema = schema::load(dir, files::SCHEMA)?;
    schema::forget(dir, &files::AFTER_TRAIN)?;
    let limit = (BUDGET / schema.columns.len() as u64).max(1);
    let table = Table::load(dir, files::TRAIN, &schema, schema.rows.train, limit)?;
    let encoder = Encoder::of(&schema, &table);
    let table = thinned(table, encoder.width());
    if (table.len() as u64) < schema.rows.train {
        log.warn(&format!(
            "{} of {} rows are used for training, evenly spread",
            table.len(),
            schema.rows.train
        ));
    }
    let classes = schema.target.task.classes();
    let scale = Scale::of(&table.target);
    let sample = Sample::new(
        encoder.encode(&table),
        encoder.width(),
        &table.target,
        classes.len(),
        scale,
    );
    let truth = table.target;
    drop(table.columns);

    log.start("comparing", None);
    let trials = select::compare(&sample, &truth, |trial| {
        log.say(&format!(
            "{:<11} {} {:.4} in cross-validation, loss {:.4}, {} epochs",
            trial.name,
            crate::evaluate::score_name(&schema.target.task),
            trial.score,
            trial.loss,
            trial.epochs
        ));
    })?;
    log.finish();
    let chosen = select::best(&trials);
    let (fitted, curve) = learn(chosen, &trials[chosen], &sample, &truth, log)?;
    let training = Training {
        chosen: trials[chosen].name.clone(),
        trials,
        rows: truth.len(),
        curve,
        baseline: baseline(&truth, classes.len(), scale),
        strengths: strengths(&encoder, &fitted, schema.columns.len()),
    };
    log.say(&format!(
        "{} trained on {} rows, {} epochs",
        training.chosen, training.rows, fitted.epoch
    ));
    let model = onnx::model::build(&schema, &encoder, &fitted.layers, scale, source);
    onnx::save(&dir.join(files::MODEL), &model)?;
    schema::save(dir, files::TRAINING, &training)?;
    Ok(training)
}

/// Rows that are still too many once their words have become features.
fn thinned(table: Table, width: usize) -> Table {
    let most = (BUDGET as usize / width.max(1)).max(1);
    if table.len() <= most {
        return table;
    }
    table.pick(&spread(table.len(), most))
}

/// Lets the chosen network learn from all rows.
fn learn(
    chosen: usize,
    trial: &Trial,
    sample: &Sample,
    truth: &Truth,
    log: &Log,
) -> Result<(Fitted, Vec<Losses>)> {
    let rows: Vec<_> = (0..sample.len()).collect();
    let (learn, watch, epochs) = if rows.len() < WATCHED_FROM {
        (rows, Vec::new(), Some(trial.epochs))
    } else {
        let mut folds = select::folds(truth, &rows, 10);
        let watch = folds.pop().unwrap_or_default();
        (folds.concat(), watch, None)
    };
    let most = epochs.unwrap_or(Schedule::new(learn.len()).epochs);
    log.start("training", Some(most as u64));
    let fitted = fit(
        &RECIPES[chosen],
        sample,
        (&learn, &watch),
        epochs,
        |epoch, losses| {
            log.step(|| {
                format!(
                    "epoch {epoch}, loss {:.4}",
                    losses.watched.unwrap_or(losses.train)
                )
            });
        },
    )?;
    log.finish();
    // Without rows to watch, the comparison's watched ones show best how it learned.
    let curve = if watch.is_empty() {
        trial.curve.clone()
    } else {
        fitted.curve.clone()
    };
    Ok((fitted, curve))
}

fn baseline(truth: &Truth, classes: usize, scale: Scale) -> Vec<f32> {
    let Truth::Classes(rows) = truth else {
        return vec![scale.mean];
    };
    let mut counts = vec![0.0; classes];
    rows.iter().for_each(|&class| counts[class as usize] += 1.0);
    counts
        .iter()
        .map(|count| count / rows.len() as f32)
        .collect()
}

fn strengths(encoder: &Encoder, fitted: &Fitted, columns: usize) -> Vec<f32> {
    let mut strengths = vec![0.0; columns];
    if let Some(layer) = fitted.layers.first() {
        for (column, weights) in encoder
            .origins()
            .into_iter()
            .zip(layer.weights.chunks_exact(layer.outputs))
        {
            strengths[column] += weights.iter().map(|weight| weight.abs()).sum::<f32>();
        }
    }
    strengths
}
