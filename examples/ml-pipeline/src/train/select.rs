//! Which network fits the data: each is tried on rows that it did not learn from.

use anyhow::Result;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{
    fit::{Fitted, Losses, Recipe, fit},
    sample::Sample,
};
use crate::{
    evaluate::metrics,
    parallel,
    table::{Truth, spread},
};

/// What is tried, the simplest first, which wins among equals.
pub const RECIPES: [Recipe; 2] = [
    Recipe {
        name: "linear",
        hidden: &[],
        decay: 0.6,
        rate: 0.05,
    },
    Recipe {
        name: "MLP 64",
        hidden: &[64],
        decay: 2.5,
        rate: 0.02,
    },
];

/// How many rows the networks are compared on; more say little more.
const COMPARED_ROWS: usize = 6_000;

/// How many folds small data is cut into, and how many is enough where there are many rows.
const FOLDS: (usize, usize) = (5, 3);

/// From how many rows there are many.
const MANY_ROWS: usize = 3_000;

/// How one network did.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Trial {
    /// What it is called.
    pub name: String,
    /// Its mean score in the folds: the balanced accuracy, or R².
    pub score: f64,
    /// By how much that score may be chance: the standard error over the folds.
    pub error: f64,
    /// Its mean loss in the folds.
    pub loss: f64,
    /// After how many epochs it did best, on average.
    pub epochs: usize,
    /// The mean loss in each epoch.
    pub curve: Vec<Losses>,
}

/// Cuts rows into folds, each with its share of each class.
pub fn folds(truth: &Truth, rows: &[usize], count: usize) -> Vec<Vec<usize>> {
    let mut order = rows.to_vec();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(crate::SEED));
    if let Truth::Classes(classes) = truth {
        order.sort_by_key(|&row| classes[row]);
    }
    let mut folds = vec![Vec::new(); count];
    for (place, row) in order.into_iter().enumerate() {
        folds[place % count].push(row);
    }
    folds
}

/// Tries all networks, and tells of each when it is done.
///
/// # Errors
///
/// If the memory does not do.
pub fn compare(sample: &Sample, truth: &Truth, tell: impl Fn(&Trial)) -> Result<Vec<Trial>> {
    let rows = spread(sample.len(), COMPARED_ROWS);
    let folds = folds(
        truth,
        &rows,
        if sample.len() < MANY_ROWS {
            FOLDS.0
        } else {
            FOLDS.1
        },
    );
    let jobs: Vec<_> = (0..RECIPES.len())
        .flat_map(|recipe| (0..folds.len()).map(move |fold| (recipe, fold)))
        .collect();
    let fitted = parallel::map(jobs.len(), |job| {
        let (recipe, fold) = jobs[job];
        let learn: Vec<_> = (0..folds.len())
            .filter(|&it| it != fold)
            .flat_map(|it| folds[it].clone())
            .collect();
        fit(
            &RECIPES[recipe],
            sample,
            (&learn, &folds[fold]),
            None,
            |_, _| {},
        )
    })?;
    let trials = RECIPES.iter().zip(fitted.chunks(folds.len()));
    Ok(trials
        .map(|(recipe, fitted)| {
            let trial = trial(recipe, sample, truth, &folds, fitted);
            tell(&trial);
            trial
        })
        .collect())
}

fn trial(
    recipe: &Recipe,
    sample: &Sample,
    truth: &Truth,
    folds: &[Vec<usize>],
    fitted: &[Fitted],
) -> Trial {
    let count = fitted.len() as f64;
    let scores: Vec<_> = folds
        .iter()
        .zip(fitted)
        .map(|(rows, it)| score(sample, truth, rows, &it.outputs))
        .collect();
    let mean_score = scores.iter().sum::<f64>() / count;
    let variance = scores
        .iter()
        .map(|score| (score - mean_score).powi(2))
        .sum::<f64>()
        / (count - 1.0);
    let best = |it: &Fitted| {
        it.curve
            .iter()
            .filter_map(|losses| losses.watched)
            .fold(f32::INFINITY, f32::min)
    };
    let longest = fitted
        .iter()
        .map(|it| it.curve.len())
        .max()
        .unwrap_or_default();
    Trial {
        name: recipe.name.to_owned(),
        score: mean_score,
        error: (variance / count).sqrt(),
        loss: fitted.iter().map(|it| f64::from(best(it))).sum::<f64>() / count,
        epochs: (fitted.iter().map(|it| it.epoch).sum::<usize>() / fitted.len()).max(1),
        curve: (0..longest)
            .map(|epoch| mean(fitted.iter().filter_map(|it| it.curve.get(epoch))))
            .collect(),
    }
}

/// The score of a network's outputs for some rows.
fn score(sample: &Sample, truth: &Truth, rows: &[usize], outputs: &[f32]) -> f64 {
    match truth.pick(rows) {
        Truth::Classes(truth) => {
            let predicted: Vec<_> = outputs
                .chunks_exact(sample.outputs)
                .map(metrics::greatest)
                .collect();
            metrics::balanced_accuracy(&truth, &predicted, sample.outputs)
        }
        Truth::Numbers(_) => {
            let wanted: Vec<_> = rows.iter().map(|&row| sample.wanted[row]).collect();
            metrics::r2(&wanted, outputs)
        }
    }
}

fn mean<'a>(losses: impl Iterator<Item = &'a Losses>) -> Losses {
    let all: Vec<_> = losses.collect();
    let count = all.len() as f32;
    Losses {
        train: all.iter().map(|it| it.train).sum::<f32>() / count,
        watched: Some(all.iter().filter_map(|it| it.watched).sum::<f32>() / count),
    }
}

/// Which trial to take: the simplest whose score is within one standard error of the greatest
/// (Breiman et al., "Classification and Regression Trees", 1984, section 3.4.3).
pub fn best(trials: &[Trial]) -> usize {
    let Some(greatest) = trials.iter().max_by(|a, b| a.score.total_cmp(&b.score)) else {
        return 0;
    };
    trials
        .iter()
        .position(|trial| trial.score >= greatest.score - greatest.error)
        .unwrap_or_default()
}
