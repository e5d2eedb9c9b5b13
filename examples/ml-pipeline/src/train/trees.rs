//! Gradient-boosted trees: each tree corrects what those before it left wrong (Friedman, "Greedy function
//! approximation", 2001), by slopes and curvatures (Chen and Guestrin, "XGBoost", 2016).

pub mod bins;
pub mod drawn;
pub mod forest;
pub mod grow;
pub mod histogram;
pub mod walk;

use std::array;

use bins::PIECE;
use drawn::Drawn;
use forest::{Forest, Tree};
use grow::{Shape, grow};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use walk::Walk;

use histogram::Cell;

use super::{
    candidate::Predictor,
    fit::{Fitted, Losses, Record},
    loss,
    sample::Sample,
};
use crate::table::spread;

/// Trees to try.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What they are called.
    pub name: &'static str,
    /// How many leaves a tree has at most.
    pub leaves: usize,
    /// By which part of what would be best at once each tree changes the outputs, where rows are few.
    pub rate: f64,
    /// Which part of the rows a tree grows on.
    pub rows: f64,
    /// Which part of the features it may ask.
    pub features: f64,
    /// When it ends before the last round.
    pub patience: Patience,
}

/// When learning ends, because it gets no better.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After so many rounds without anything better.
    pub rounds: usize,
    /// Which part of the loss must go to count as better.
    pub better: f32,
}

/// How many rounds there are at most, and how many trees in all of them.
const ROUNDS: usize = 600;
const TREES: usize = 3_000;

/// From how many rows on the rate is at least [`MANY_RATE`]: with so many there is less to fear from a single tree,
/// and half as many are needed.
const MANY_ROWS: usize = 10_000;
const MANY_RATE: f64 = 0.1;

/// How many rows a tree grows on at most; the next one grows on others. With 20,000 the score fell by up to 0.01 on real
/// data of more than 50,000 rows.
const GROWN_ROWS: usize = 30_000;

/// Of how many rows at most the loss on the rows to learn from is told; it decides nothing.
const TOLD_ROWS: usize = 20_000;

/// Between how many and how many rows a leaf has at least; in between, one for each so many.
const LEAF: (usize, usize) = (3, 20);
const LEAF_PER: usize = 100;

/// Grows trees on the rows `learn` until `watch` gets no better; for `rounds` where there is none to
/// watch.
pub fn fit(
    recipe: &Recipe,
    sample: &Sample,
    (learn, watch): (&[usize], &[usize]),
    rounds: Option<usize>,
    mut goes_on: impl FnMut(usize, Losses) -> bool,
) -> Fitted {
    let base = loss::base(sample, learn);
    let mut booster = Booster {
        recipe,
        sample,
        learn,
        random: ChaCha8Rng::seed_from_u64(crate::SEED),
        rate: if sample.len() < MANY_ROWS {
            recipe.rate
        } else {
            recipe.rate.max(MANY_RATE)
        },
        outputs: base.repeat(learn.len()),
        forest: Forest {
            base: base.clone(),
            trees: Vec::new(),
        },
    };
    let most = rounds.unwrap_or(ROUNDS.min(TREES / sample.outputs).max(20));
    let mut watched = base.repeat(watch.len());
    let told = spread(learn.len(), TOLD_ROWS);
    let told_rows: Vec<_> = told.iter().map(|&place| learn[place]).collect();
    let (mut best, mut trees) = (f32::INFINITY, 0);
    let mut record = Record::default();
    for round in 1..=most {
        let new = booster.round();
        add(sample, &new, watch, &mut watched);
        let outputs = outputs_of(&booster.outputs, &told, sample.outputs);
        let losses = Losses {
            train: loss::loss(sample, &told_rows, &outputs),
            watched: (!watch.is_empty()).then(|| loss::loss(sample, watch, &watched)),
        };
        record.curve.push(losses);
        record.keep(round, losses, &watched);
        let is_last = !goes_on(round, losses);
        if losses
            .watched
            .is_none_or(|loss| loss < best * (1.0 - recipe.patience.better))
            || round == 1
        {
            best = losses.watched.unwrap_or(best);
            (record.epoch, trees) = (round, booster.forest.trees.len());
            record.outputs.clone_from(&watched);
        } else if round - record.epoch >= recipe.patience.rounds {
            break;
        }
        if is_last {
            break;
        }
    }
    let mut forest = booster.forest;
    forest.trees.truncate(trees);
    Fitted {
        predictor: Predictor::Trees(forest),
        record,
    }
}

/// Adds what trees say of some rows to their outputs.
fn add(sample: &Sample, trees: &[Walk], rows: &[usize], outputs: &mut [f32]) {
    let outputs = outputs.par_chunks_mut(walk::ROWS * sample.outputs);
    let some = rows.par_chunks(walk::ROWS).zip(outputs);
    some.with_min_len(PIECE / walk::ROWS)
        .for_each(|(rows, outputs)| {
            let last = rows.len() - 1;
            let bins = array::from_fn(|place| sample.bins.row(rows[place.min(last)]));
            for tree in trees {
                let outputs = outputs[tree.output..].iter_mut().step_by(sample.outputs);
                for (output, answer) in outputs.zip(tree.answers(bins)) {
                    *output += answer;
                }
            }
        });
}

/// The outputs of the rows at some places, `width` of each.
fn outputs_of(all: &[f32], places: &[usize], width: usize) -> Vec<f32> {
    let each = places.iter();
    each.flat_map(|&place| &all[place * width..(place + 1) * width])
        .copied()
        .collect()
}

struct Booster<'a> {
    recipe: &'a Recipe,
    sample: &'a Sample,
    learn: &'a [usize],
    rate: f64,
    random: ChaCha8Rng,
    /// The outputs of the rows to learn from.
    outputs: Vec<f32>,
    forest: Forest,
}

impl Booster<'_> {
    /// Grows a tree for each output, or one for two classes, and returns them. All see the outputs as they were before
    /// the round.
    fn round(&mut self) -> Vec<Walk> {
        let sample = self.sample;
        let outputs = sample.outputs;
        let places = self.drawn();
        let asked = self.asked();
        let shape = Shape {
            leaves: self.recipe.leaves,
            rows: (self.learn.len() / LEAF_PER).clamp(LEAF.0, LEAF.1),
            rate: self.rate,
        };
        let rows: Vec<_> = places.iter().map(|&place| self.learn[place]).collect();
        let said = loss::shares(sample, outputs_of(&self.outputs, &places, outputs));
        let drawn = Drawn::new(&sample.bins, &rows, &asked);
        let tree = |output: usize| {
            let each = rows.iter().zip(said.chunks_exact(outputs));
            let gradients: Vec<_> = each
                .map(|(&row, said)| Cell::of(loss::gradient(sample, row, said[output], output)))
                .collect();
            let (nodes, answers) = grow(&drawn, &gradients, shape);
            (Tree { output, nodes }, answers)
        };
        // The second class of two says all of the first.
        let grown = if outputs == 2 { 1..2 } else { 0..outputs };
        let (trees, answers): (Vec<_>, Vec<_>) = grown.into_par_iter().map(tree).unzip();
        // Of the rows that a tree grew on, its answers are known.
        for (tree, answers) in trees.iter().zip(answers) {
            for (&place, answer) in places.iter().zip(answers) {
                self.outputs[place * outputs + tree.output] += answer;
            }
        }
        let walks: Vec<_> = trees.iter().map(Walk::of).collect();
        self.forest.trees.extend(trees);
        self.add_to_others(&places, &walks);
        walks
    }

    /// Adds what trees say of the rows to learn from whose places are not among these, which stand upwards.
    fn add_to_others(&mut self, places: &[usize], trees: &[Walk]) {
        let mut left = places.iter().peekable();
        let others = (0..self.learn.len()).filter(|place| left.next_if_eq(&place).is_none());
        let others: Vec<_> = others.collect();
        let rows: Vec<_> = others.iter().map(|&place| self.learn[place]).collect();
        let width = self.sample.outputs;
        let mut outputs = outputs_of(&self.outputs, &others, width);
        add(self.sample, trees, &rows, &mut outputs);
        for (place, outputs) in others.into_iter().zip(outputs.chunks_exact(width)) {
            self.outputs[place * width..(place + 1) * width].copy_from_slice(outputs);
        }
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
