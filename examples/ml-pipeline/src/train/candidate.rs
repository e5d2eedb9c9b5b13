//! The kinds of models that are tried, behind one interface.

use anyhow::Result;

use super::{
    fit::{self, Fitted, Losses, Recipe},
    network::Layer,
    ridge,
    sample::Sample,
    trees::{self, Patience, forest::Forest},
};
use crate::features::Form;

/// A model to try.
#[derive(Clone, Copy, Debug)]
pub enum Candidate {
    /// A network, which is linear if it has no hidden layer.
    Network(Recipe),
    /// Ridge regression, for numbers.
    Ridge,
    /// Gradient-boosted trees.
    Trees(trees::Recipe),
}

/// What a candidate has learned: raw features or scaled ones in, raw outputs out. The raw outputs of a
/// classification are logits; of a regression, the scaled number.
#[derive(Clone, Debug, PartialEq)]
pub enum Predictor {
    /// Layers with a ReLU between two, over scaled features.
    Layers(Vec<Layer>),
    /// Trees, over features as they are.
    Trees(Forest),
}

/// All candidates, the simplest first: that order decides among those that are as good.
pub const ALL: [Candidate; 4] = [
    Candidate::Network(Recipe {
        name: "linear",
        hidden: &[],
        decay: 0.6,
        rate: 0.05,
    }),
    Candidate::Ridge,
    Candidate::Network(Recipe {
        name: "MLP 64",
        hidden: &[64],
        decay: 2.5,
        rate: 0.02,
    }),
    Candidate::Trees(trees::Recipe {
        name: "trees",
        leaves: 31,
        rate: 0.05,
        rows: 0.8,
        features: 0.6,
        patience: Patience {
            rounds: 25,
            better: 0.003,
        },
    }),
];

/// The rate of trees in large steps: a fourth of the rounds is enough.
const LARGE_RATE: f64 = 0.2;

/// And they end sooner: what the last rounds still gain is less than what small steps may gain.
const LITTLE_PATIENCE: Patience = Patience {
    rounds: 10,
    better: 0.01,
};

impl Candidate {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Candidate::Network(recipe) => recipe.name,
            Candidate::Ridge => "ridge",
            Candidate::Trees(recipe) => recipe.name,
        }
    }

    /// Whether it can learn what is wanted.
    pub fn suits(&self, sample: &Sample) -> bool {
        !(sample.is_classes && matches!(self, Candidate::Ridge))
    }

    /// Whether it takes so long that it is given up where it falls behind.
    pub fn is_slow(&self) -> bool {
        matches!(self, Candidate::Trees(_))
    }

    /// The same, learning in steps so large that it soon ends.
    pub fn in_large_steps(self) -> Self {
        match self {
            Candidate::Trees(recipe) => Candidate::Trees(trees::Recipe {
                rate: LARGE_RATE,
                patience: LITTLE_PATIENCE,
                ..recipe
            }),
            other => other,
        }
    }

    /// How long it learned, in words.
    pub fn course(&self, epochs: usize) -> String {
        match self {
            Candidate::Network(_) => format!("{epochs} epochs"),
            Candidate::Ridge => format!("penalty {}", ridge::penalty(epochs)),
            Candidate::Trees(_) => format!("{epochs} rounds"),
        }
    }

    /// Learns from the rows `learn`, until `watch` gets no better; for `epochs` where there is none to
    /// watch. `goes_on` is told of each epoch, and says whether there is time for another one.
    ///
    /// # Errors
    ///
    /// If the memory does not do.
    pub fn fit(
        &self,
        sample: &Sample,
        rows: (&[usize], &[usize]),
        epochs: Option<usize>,
        goes_on: impl FnMut(usize, Losses) -> bool,
    ) -> Result<Fitted> {
        // Here, so that no candidate sees a target in its features.
        let sample = &sample.encoded(rows.0, rows.1);
        match self {
            Candidate::Network(recipe) => fit::fit(recipe, sample, rows, epochs, goes_on),
            Candidate::Ridge => ridge::fit(sample, rows, epochs, goes_on),
            Candidate::Trees(recipe) => Ok(trees::fit(recipe, sample, rows, epochs, goes_on)),
        }
    }
}

impl Predictor {
    /// What it takes.
    pub fn form(&self) -> Form {
        match self {
            Predictor::Layers(_) => Form::Scaled,
            Predictor::Trees(_) => Form::Raw,
        }
    }

    /// How much each feature bears on the outputs; comparable within one predictor alone.
    pub fn strengths(&self, width: usize) -> Vec<f32> {
        match self {
            Predictor::Trees(forest) => forest.gains(width),
            Predictor::Layers(layers) => {
                let mut strengths = vec![0.0; width];
                if let Some(layer) = layers.first() {
                    let rows = layer.weights.chunks_exact(layer.outputs);
                    for (strength, weights) in strengths.iter_mut().zip(rows) {
                        *strength = weights.iter().map(|weight| weight.abs()).sum();
                    }
                }
                strengths
            }
        }
    }
}
