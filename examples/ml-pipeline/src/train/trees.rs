//! Gradient-boosted trees: each tree corrects what those before it left wrong (Friedman, "Greedy function
//! approximation", 2001), by slopes and curvatures (Chen and Guestrin, "XGBoost", 2016).

pub mod bins;
pub mod forest;
pub mod grow;
pub mod histogram;
pub mod loss;

use anyhow::Result;
use forest::{Forest, Tree};
use grow::{Shape, grow};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{
    candidate::Predictor,
    fit::{Fitted, Losses},
    sample::Sample,
};

/// Trees to try.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What they are called.
    pub name: &'static str,
    /// How many leaves a tree has at most.
    pub leaves: usize,
    /// By which part of what would be best at once each tree changes the outputs.
    pub rate: f64,
    /// Which part of the rows a tree grows on.
    pub rows: f64,
    /// Which part of the features it may ask.
    pub features: f64,
}

/// How many rounds there are at most, and how many trees in all of them.
const ROUNDS: usize = 600;
const TREES: usize = 3_000;

/// After how many rounds without anything better it ends before.
const PATIENCE: usize = 25;

/// Which part of the loss must go to count as better.
const BETTER: f32 = 0.003;

/// How many rows a tree grows on at most; more make the next tree hardly better.
const GROWN_ROWS: usize = 100_000;

/// Between how many and how many rows a leaf has at least; in between, one for each so many.
const LEAF: (usize, usize) = (3, 20);
const LEAF_PER: usize = 100;

/// Grows trees on the rows `learn` until `watch` gets no better; for `rounds` where there is none to
/// watch.
///
/// # Errors
///
/// If a thread ends early.
pub fn fit(
    recipe: &Recipe,
    sample: &Sample,
    (learn, watch): (&[usize], &[usize]),
    rounds: Option<usize>,
    mut goes_on: impl FnMut(usize, Losses) -> bool,
) -> Result<Fitted> {
    let base = loss::base(sample, learn);
    let mut booster = Booster {
        recipe,
        sample,
        learn,
        random: ChaCha8Rng::seed_from_u64(crate::SEED),
        gradients: vec![[0.0; 2]; sample.len()],
        outputs: base.repeat(learn.len()),
        forest: Forest {
            base: base.clone(),
            trees: Vec::new(),
        },
    };
    let most = rounds.unwrap_or(ROUNDS.min(TREES / sample.outputs).max(20));
    let mut watched = base.repeat(watch.len());
    let (mut best, mut trees) = (f32::INFINITY, 0);
    let (mut epoch, mut curve, mut outputs) = (0, Vec::new(), Vec::new());
    for round in 1..=most {
        let added = booster.round()?;
        let new = &booster.forest.trees[booster.forest.trees.len() - added..];
        add(sample, new, watch, &mut watched);
        let losses = Losses {
            train: loss::loss(sample, learn, &booster.outputs),
            watched: (!watch.is_empty()).then(|| loss::loss(sample, watch, &watched)),
        };
        curve.push(losses);
        let is_last = !goes_on(round, losses);
        if losses
            .watched
            .is_none_or(|loss| loss < best * (1.0 - BETTER))
            || round == 1
        {
            best = losses.watched.unwrap_or(best);
            (epoch, trees) = (round, booster.forest.trees.len());
            outputs.clone_from(&watched);
        } else if round - epoch >= PATIENCE {
            break;
        }
        if is_last {
            break;
        }
    }
    let mut forest = booster.forest;
    forest.trees.truncate(trees);
    Ok(Fitted {
        predictor: Predictor::Trees(forest),
        epoch,
        curve,
        outputs,
    })
}

/// Adds what trees say of some rows to their outputs.
fn add(sample: &Sample, trees: &[Tree], rows: &[usize], outputs: &mut [f32]) {
    for tree in trees {
        for (&row, outputs) in rows.iter().zip(outputs.chunks_exact_mut(sample.outputs)) {
            outputs[tree.output] += tree.answer(&sample.bins, row);
        }
    }
}

struct Booster<'a> {
    recipe: &'a Recipe,
    sample: &'a Sample,
    learn: &'a [usize],
    random: ChaCha8Rng,
    /// By row of the sample; only those of the round's rows are of now.
    gradients: Vec<[f32; 2]>,
    /// The outputs of the rows to learn from.
    outputs: Vec<f32>,
    forest: Forest,
}

impl Booster<'_> {
    /// Grows a tree for each output, or one for two classes, and returns how many. All see the outputs
    /// as they were before the round.
    fn round(&mut self) -> Result<usize> {
        let sample = self.sample;
        let outputs = sample.outputs;
        let places = self.drawn();
        let asked = self.asked();
        let shape = Shape {
            leaves: self.recipe.leaves,
            rows: (self.learn.len() / LEAF_PER).clamp(LEAF.0, LEAF.1),
            rate: self.recipe.rate,
        };
        let rows: Vec<_> = places.iter().map(|&place| self.learn[place]).collect();
        // The second class of two says all of the first.
        let grown = if outputs == 2 { 1..2 } else { 0..outputs };
        let before = self.forest.trees.len();
        let said: Vec<_> = places
            .iter()
            .flat_map(|&place| &self.outputs[place * outputs..(place + 1) * outputs])
            .copied()
            .collect();
        let said = loss::shares(sample, said);
        for output in grown {
            for (&row, said) in rows.iter().zip(said.chunks_exact(outputs)) {
                self.gradients[row] = loss::gradient(sample, row, said[output], output);
            }
            let nodes = grow(&sample.bins, &self.gradients, &rows, &asked, shape)?;
            self.forest.trees.push(Tree { output, nodes });
        }
        let new = &self.forest.trees[before..];
        add(sample, new, self.learn, &mut self.outputs);
        Ok(new.len())
    }

    /// Which of the rows to learn from a round takes, by their places.
    fn drawn(&mut self) -> Vec<usize> {
        let count = (self.learn.len() as f64 * self.recipe.rows).ceil() as usize;
        draw(self.learn.len(), count.min(GROWN_ROWS), &mut self.random)
    }

    /// Which features it asks.
    fn asked(&mut self) -> Vec<usize> {
        let width = self.sample.bins.features.len();
        let count = (width as f64 * self.recipe.features).ceil() as usize;
        draw(width, count, &mut self.random)
    }
}

/// `count` of the numbers below `all`, in their order.
fn draw(all: usize, count: usize, random: &mut ChaCha8Rng) -> Vec<usize> {
    let mut numbers: Vec<_> = (0..all).collect();
    if count < all {
        let (drawn, _) = numbers.partial_shuffle(random, count);
        let mut drawn = drawn.to_vec();
        drawn.sort_unstable();
        return drawn;
    }
    numbers
}
