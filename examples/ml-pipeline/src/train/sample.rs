//! The rows that a network learns from, as the network takes them.

use anyhow::Result;
use candle_core::{Device, Tensor};

use super::network::{cross_entropy, squared_error};
use crate::table::Truth;

/// Features and truths of some rows.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How many features a row has.
    pub width: usize,
    /// Whether classes are learned, and not numbers.
    pub is_classes: bool,
    /// How many outputs a row has: one for each class, or one.
    pub outputs: usize,
    /// The features, row by row.
    pub features: Vec<f32>,
    /// What is to come out, row by row: the class's weight at the class's place, or the scaled number.
    pub wanted: Vec<f32>,
}

/// How the numbers of a regression are scaled while it is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
}

impl Scale {
    /// Of the numbers to learn from; of classes there is none.
    pub fn of(truth: &Truth) -> Self {
        let Truth::Numbers(numbers) = truth else {
            return Scale {
                mean: 0.0,
                deviation: 1.0,
            };
        };
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().map(|&n| f64::from(n)).sum::<f64>() / count;
        let variance = numbers
            .iter()
            .map(|&n| (f64::from(n) - mean).powi(2))
            .sum::<f64>()
            / count;
        let deviation = variance.sqrt() as f32;
        Scale {
            mean: mean as f32,
            deviation: if deviation.is_normal() {
                deviation
            } else {
                1.0
            },
        }
    }
}

impl Sample {
    /// Of encoded features and their truths.
    pub fn new(
        features: Vec<f32>,
        width: usize,
        truth: &Truth,
        classes: usize,
        scale: Scale,
    ) -> Self {
        let (outputs, wanted) = match truth {
            Truth::Classes(rows) => (classes, weighted(rows, classes)),
            Truth::Numbers(rows) => (
                1,
                rows.iter()
                    .map(|&n| (n - scale.mean) / scale.deviation)
                    .collect(),
            ),
        };
        Sample {
            width,
            is_classes: matches!(truth, Truth::Classes(_)),
            outputs,
            features,
            wanted,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.wanted.len() / self.outputs
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// How far outputs are from what they should be.
    ///
    /// # Errors
    ///
    /// If the shapes do not fit.
    pub fn loss(&self, outputs: &Tensor, wanted: &Tensor) -> Result<Tensor> {
        if self.is_classes {
            cross_entropy(outputs, wanted)
        } else {
            squared_error(outputs, wanted)
        }
    }

    /// Some rows, as what goes in and what is to come out.
    ///
    /// # Errors
    ///
    /// If the memory does not do.
    pub fn tensors(&self, rows: &[usize]) -> Result<(Tensor, Tensor)> {
        let gather = |all: &[f32], width: usize| {
            let mut some = Vec::with_capacity(rows.len() * width);
            for &row in rows {
                some.extend_from_slice(&all[row * width..(row + 1) * width]);
            }
            Tensor::from_vec(some, (rows.len(), width), &Device::Cpu)
        };
        Ok((
            gather(&self.features, self.width)?,
            gather(&self.wanted, self.outputs)?,
        ))
    }
}

/// How much a rare class's rows may count, at most, against the average row.
const WEIGHT_LIMIT: f32 = 10.0;

/// Each class weighs as much as the others, however many rows it has.
fn weighted(rows: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0.0_f32; classes];
    rows.iter().for_each(|&class| counts[class as usize] += 1.0);
    let present = counts.iter().filter(|&&count| count > 0.0).count() as f32;
    let even = rows.len() as f32 / present;
    let mut wanted = vec![0.0; rows.len() * classes];
    for (row, &class) in rows.iter().enumerate() {
        wanted[row * classes + class as usize] = (even / counts[class as usize]).min(WEIGHT_LIMIT);
    }
    wanted
}
