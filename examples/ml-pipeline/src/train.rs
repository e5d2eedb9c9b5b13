//! The second step: some models learn from the rows that `preprocess` set apart for it.

pub mod adam;
pub mod budget;
pub mod calibrate;
pub mod candidate;
pub mod fit;
pub mod folds;
pub mod held_out;
pub mod loss;
pub mod network;
pub mod race;
pub mod ridge;
pub mod sample;
pub mod schedule;
pub mod select;
pub mod summary;
pub mod trees;

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use budget::Budget;
use calibrate::Calibration;
use candidate::{Candidate, Predictor};
use fit::{Fitted, Losses};
use held_out::CrossValidated;
use sample::{Sample, Scale};
use schedule::Schedule;
use select::Trial;
use serde::{Deserialize, Serialize};
use summary::Summary;
use trees::bins::Bins;

use crate::{
    features::{Encoder, Form, bag},
    log::Log,
    onnx::{self, Source, model::Ends},
    schema::{self, Schema, files},
    table::{Table, Truth, spread},
    took::{Stopwatch, Took},
};

/// How many numbers the features of all rows may be: 256 MB. Above, some rows are learned from.
const BUDGET: u64 = 64 * 1024 * 1024;

/// From how many rows a tenth is watched, so that learning ends in time; fewer are needed all.
const WATCHED_FROM: usize = 5_000;

/// What was tried, and how the model learned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Training {
    /// How each candidate did.
    pub trials: Vec<Trial>,
    /// The name of the one that was taken.
    pub chosen: String,
    /// What people should know of how it learned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// From how many rows it learned.
    pub rows: usize,
    /// Its loss in each epoch: on its own rows, and on rows that it did not learn from.
    pub curve: Vec<Losses>,
    /// The share of each class among those rows, or their mean: what is said without learning.
    pub baseline: Vec<f32>,
    /// How the chosen one did in cross-validation, where there are so few rows that this says more than one
    /// test does.
    pub cross_validated: Option<CrossValidated>,
    /// How its outputs become probabilities and classes, for a classification.
    pub calibration: Option<Calibration>,
    /// How strongly each column bears on the outputs; see [`Predictor::strengths`].
    pub strengths: Vec<f32>,
    /// What the columns are like, in the schema's order.
    pub columns: Vec<Summary>,
    /// Where the data came from, as far as it was told.
    pub source: Source,
    /// The run of `train`.
    pub took: Took,
}

/// Reads `schema.json` and `train.csv` in `dir`, and leaves `model.onnx` and `training.json`. It takes `most` as long as
/// that, and not much longer.
///
/// # Errors
///
/// With one sentence, if the files of the step before are not there.
pub fn train(dir: &Path, source: &Source, most: Option<Duration>, log: &Log) -> Result<Training> {
    let budget = Budget::new(most);
    let watched = Stopwatch::start();
    let schema: Schema = schema::load(dir, files::SCHEMA)?;
    schema::forget(dir, &files::AFTER_TRAIN)?;
    // A text has many features, and takes their place while it is read.
    let words = schema.texts() * bag::known(schema.texts());
    let limit = (BUDGET / (schema.columns.len() + words) as u64).max(1);
    let table = Table::load(dir, files::TRAIN, &schema, schema.rows.train, limit)?;
    let mut encoder = Encoder::of(&schema, &table);
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
    // One after the other: both at once would take twice the memory.
    let bins = Bins::of(&encoder.encode(&table, Form::Raw), encoder.width());
    let sample = Sample::new(
        encoder.encode(&table, Form::Scaled),
        bins,
        encoder.width(),
        &table.target,
        classes.len(),
        scale,
    );
    let sample = sample.with_words(encoder.words(&table), table.together.as_deref());
    encoder.encode_words(sample.encodings());
    let mut columns = summary::summaries(&schema, &table);
    let (truth, together) = (table.target, table.together);
    drop(table.columns);
    let together = together.as_deref();

    log.start("comparing", None);
    let compared = race::compare(&sample, (&truth, together), &budget, |trial| {
        log.say(&format!(
            "{:<11} {} {:.4} in {}, loss {:.4}, {}",
            trial.name,
            crate::evaluate::score_name(&schema.target),
            trial.score,
            trial.way(),
            trial.loss,
            trial.course
        ));
    })?;
    log.finish();
    let chosen = select::best(&compared);
    let best = &compared[chosen];
    let (fitted, curve) = learn(
        best.candidate,
        &best.trial,
        &sample,
        (&truth, together),
        (&budget, log),
    )?;
    let baseline = baseline(&truth, classes.len(), scale);
    let calibration = match &truth {
        Truth::Classes(rows) => {
            let counts = held_out::counts(rows, classes.len());
            Some(held_out::calibration(&best.held_out, rows, &counts))
        }
        Truth::Numbers(_) => None,
    };
    let cross_validated = (best.trial.repeats > 1).then(|| {
        let without = (scale, baseline.as_slice());
        let rows = (&truth, together);
        held_out::cross_validated(
            &best.held_out,
            best.trial.folds,
            rows,
            classes.len(),
            without,
        )
    });
    let course = best.candidate.course(fitted.record.epoch);
    summary::tell_use(&mut columns, &encoder, fitted.predictor.form());
    let tried: Vec<_> = compared.iter().map(|it| it.trial.name.clone()).collect();
    let untried = candidate::ALL.iter().filter(|it| it.suits(&sample));
    let untried: Vec<_> = untried
        .map(Candidate::name)
        .filter(|name| !tried.iter().any(|it| it == name))
        .collect();
    let warning = budget.note(&untried);
    if let Some(warning) = &warning {
        log.warn(warning);
    }
    let mut training = Training {
        warning,
        chosen: best.trial.name.clone(),
        trials: compared.into_iter().map(|it| it.trial).collect(),
        rows: truth.len(),
        curve,
        baseline,
        cross_validated,
        calibration,
        strengths: strengths(&encoder, &fitted.predictor, schema.columns.len()),
        columns,
        source: source.clone(),
        took: Took::default(),
    };
    log.say(&format!(
        "{} trained on {} rows, {}",
        training.chosen, training.rows, course
    ));
    let ends = match &training.calibration {
        Some(calibration) => Ends::Classes(calibration),
        None => Ends::Number(scale, schema.target.scale),
    };
    let model = onnx::model::build(&schema, &encoder, &fitted.predictor, ends, source);
    onnx::save(&dir.join(files::MODEL), &model)?;
    onnx::serving::leave(dir, &model)?;
    training.took = watched.took();
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

/// Lets the chosen candidate learn from all rows.
fn learn(
    candidate: &Candidate,
    trial: &Trial,
    sample: &Sample,
    (truth, together): (&Truth, Option<&[u64]>),
    (budget, log): (&Budget, &Log),
) -> Result<(Fitted, Vec<Losses>)> {
    let rows: Vec<_> = (0..sample.len()).collect();
    let (learn, watch, epochs) = if rows.len() < WATCHED_FROM {
        (rows, Vec::new(), Some(trial.epochs))
    } else {
        let mut folds = folds::folds(truth, &rows, 10, 0, together);
        let watch = folds.pop().unwrap_or_default();
        (folds.concat(), watch, None)
    };
    let most = epochs.unwrap_or(Schedule::new(learn.len()).epochs);
    log.start("training", Some(most as u64));
    let fitted = candidate.fit(sample, (&learn, &watch), epochs, |epoch, losses| {
        log.step(|| {
            format!(
                "epoch {epoch}, loss {:.4}",
                losses.watched.unwrap_or(losses.train)
            )
        });
        budget.has_to_learn()
    })?;
    log.finish();
    // Without rows to watch, the comparison's watched ones show best how it learned.
    let curve = if watch.is_empty() {
        trial.curve.clone()
    } else {
        fitted.record.curve.clone()
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

fn strengths(encoder: &Encoder, predictor: &Predictor, columns: usize) -> Vec<f32> {
    let origins = encoder.origins();
    let mut strengths = vec![0.0; columns];
    for (&column, strength) in origins.iter().zip(predictor.strengths(origins.len())) {
        strengths[column] += strength;
    }
    strengths
}
