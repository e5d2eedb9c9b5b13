//! How a network learns: in small batches, until rows that it does not learn from get no better.

use anyhow::Result;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::network::{Layer, Network, cross_entropy, squared_error};
use super::sample::Sample;
use candle_core::Tensor;

/// A network to try.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// What it is called.
    pub name: &'static str,
    /// The widths of its hidden layers; none for a linear model.
    pub hidden: &'static [usize],
    /// The weight decay of AdamW.
    pub decay: f64,
    /// The learning rate of AdamW.
    pub rate: f64,
}

/// When learning ends.
#[derive(Clone, Copy, Debug)]
pub enum End {
    /// After so many epochs.
    After(usize),
    /// When the rows to watch got no better for so many epochs, or after `most`.
    Early {
        /// How long to wait for something better.
        patience: usize,
        /// After how many epochs in any case.
        most: usize,
    },
}

/// What came of it.
pub struct Fitted {
    /// The network, of the epoch in which the watched rows did best.
    pub layers: Vec<Layer>,
    /// That epoch, from 1.
    pub epoch: usize,
    /// The loss in each epoch.
    pub curve: Vec<Losses>,
    /// What comes out for the watched rows, row by row.
    pub outputs: Vec<f32>,
}

/// The loss in an epoch.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Losses {
    /// Of the rows learned from, while they were learned from.
    pub train: f32,
    /// Of the rows that were only watched.
    pub watched: Option<f32>,
}

/// Rows in a batch: few enough that small data gives some steps in an epoch, enough to be fast.
fn batch(rows: usize) -> usize {
    (rows / 8).next_power_of_two().clamp(32, 256)
}

/// How much a loss must fall to count as better.
const BETTER: f32 = 1e-4;

/// Learns from the rows `learn`, watching `watch`, which may be empty where the end is given.
///
/// # Errors
///
/// If the memory does not do.
pub fn fit(
    recipe: &Recipe,
    sample: &Sample,
    classes: bool,
    (learn, watch): (&[usize], &[usize]),
    end: End,
    mut epoch_done: impl FnMut(usize, Losses),
) -> Result<Fitted> {
    let mut random = ChaCha8Rng::seed_from_u64(crate::SEED);
    let widths: Vec<_> = [&[sample.width], recipe.hidden, &[sample.outputs]].concat();
    let network = Network::new(&widths, &mut random)?;
    let parameters = ParamsAdamW { lr: recipe.rate, weight_decay: recipe.decay, ..ParamsAdamW::default() };
    let mut optimizer = AdamW::new(network.variables(), parameters)?;
    let loss = |outputs: &Tensor, wanted: &Tensor| match classes {
        true => cross_entropy(outputs, wanted),
        false => squared_error(outputs, wanted),
    };
    let watched = if watch.is_empty() { None } else { Some(sample.tensors(watch)?) };
    let mut order = learn.to_vec();
    let (patience, most) = match end {
        End::After(epochs) => (usize::MAX, epochs),
        End::Early { patience, most } => (patience, most),
    };
    let batch = batch(learn.len());
    let mut best = f32::INFINITY;
    let mut fitted = Fitted { layers: Vec::new(), epoch: 0, curve: Vec::new(), outputs: Vec::new() };
    for epoch in 1..=most {
        order.shuffle(&mut random);
        let mut total = 0.0;
        for rows in order.chunks(batch) {
            let (features, wanted) = sample.tensors(rows)?;
            let batch_loss = loss(&network.forward(&features)?, &wanted)?;
            optimizer.backward_step(&batch_loss)?;
            total += batch_loss.to_scalar::<f32>()? * rows.len() as f32;
        }
        let outputs = watched.as_ref().map(|(features, _)| network.forward(features)).transpose()?;
        let watched_loss = match (&outputs, &watched) {
            (Some(outputs), Some((_, wanted))) => Some(loss(outputs, wanted)?.to_scalar::<f32>()?),
            _ => None,
        };
        let losses = Losses { train: total / order.len() as f32, watched: watched_loss };
        fitted.curve.push(losses);
        epoch_done(epoch, losses);
        let better = watched_loss.is_some_and(|loss| loss < best - BETTER);
        if better || (watched.is_none() && epoch == most) {
            best = watched_loss.unwrap_or(best);
            fitted.epoch = epoch;
            fitted.layers = network.layers()?;
            fitted.outputs = outputs.map_or(Ok(Vec::new()), |outputs| outputs.flatten_all()?.to_vec1())?;
        } else if epoch - fitted.epoch >= patience {
            break;
        }
    }
    Ok(fitted)
}
