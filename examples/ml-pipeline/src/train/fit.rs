//! How a network learns: in small batches, until rows that it does not learn from get no better.

use anyhow::Result;
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{candidate::Predictor, network::Network, sample::Sample, schedule::Schedule};

/// A network to try.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What it is called.
    pub name: &'static str,
    /// The widths of its hidden layers; none for a linear model.
    pub hidden: &'static [usize],
    /// How far weights decay over the whole course: AdamW's decay times the rate times all steps.
    pub decay: f64,
    /// The learning rate of AdamW, at its greatest.
    pub rate: f64,
}

/// What a candidate has learned, and how.
pub struct Fitted {
    /// What it has learned by the epoch in which the watched rows did best.
    pub predictor: Predictor,
    /// That epoch, from 1.
    pub epoch: usize,
    /// The loss in each epoch.
    pub curve: Vec<Losses>,
    /// What comes out for the watched rows, raw and row by row.
    pub outputs: Vec<f32>,
}

impl Fitted {
    /// The least loss of the watched rows.
    pub fn loss(&self) -> f32 {
        let watched = self.curve.iter().filter_map(|losses| losses.watched);
        watched.fold(f32::INFINITY, f32::min)
    }
}

/// The loss in an epoch.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Losses {
    /// Of the training rows, while the network learns from them.
    pub train: f32,
    /// Of the validation rows.
    pub watched: Option<f32>,
}

/// How much a loss must fall to count as better.
const BETTER: f32 = 1e-4;

/// Learns from the rows `learn`, until `watch` gets no better, or `goes_on` says so after an epoch; for `epochs` where
/// there is none to watch.
///
/// # Errors
///
/// If the memory does not do.
pub fn fit(
    recipe: &Recipe,
    sample: &Sample,
    (learn, watch): (&[usize], &[usize]),
    epochs: Option<usize>,
    mut goes_on: impl FnMut(usize, Losses) -> bool,
) -> Result<Fitted> {
    let mut random = ChaCha8Rng::seed_from_u64(crate::SEED);
    let schedule = Schedule::new(learn.len());
    let mut learner = Learner::new(recipe, sample, schedule, &mut random)?;
    let watched = if watch.is_empty() {
        None
    } else {
        Some(sample.tensors(watch)?)
    };
    let mut order = learn.to_vec();
    let most = epochs.unwrap_or(schedule.epochs);
    let mut best = f32::INFINITY;
    let mut fitted = Fitted {
        predictor: Predictor::Layers(Vec::new()),
        epoch: 0,
        curve: Vec::new(),
        outputs: Vec::new(),
    };
    for epoch in 1..=most {
        order.shuffle(&mut random);
        let train = learner.epoch(&order)?;
        let outputs = watched
            .as_ref()
            .map(|(features, _)| learner.network.forward(features))
            .transpose()?;
        let watched_loss = match (&outputs, &watched) {
            (Some(outputs), Some((_, wanted))) => {
                Some(sample.loss(outputs, wanted)?.to_scalar::<f32>()?)
            }
            _ => None,
        };
        let losses = Losses {
            train,
            watched: watched_loss,
        };
        fitted.curve.push(losses);
        let is_last = !goes_on(epoch, losses) || epoch == most;
        let better = watched_loss.is_some_and(|loss| loss < best - BETTER);
        // The first is kept in any case: a loss that is no number is never better.
        if better || epoch == 1 || (watched.is_none() && is_last) {
            best = watched_loss.unwrap_or(best);
            fitted.epoch = epoch;
            fitted.predictor = Predictor::Layers(learner.network.layers()?);
            fitted.outputs =
                outputs.map_or(Ok(Vec::new()), |outputs| outputs.flatten_all()?.to_vec1())?;
        } else if watched.is_some() && epoch - fitted.epoch >= schedule.patience {
            break;
        }
        if is_last {
            break;
        }
    }
    Ok(fitted)
}

/// A network and what changes it.
struct Learner<'a> {
    network: Network,
    optimizer: AdamW,
    sample: &'a Sample,
    schedule: Schedule,
    rate: f64,
    step: usize,
}

impl<'a> Learner<'a> {
    fn new(
        recipe: &Recipe,
        sample: &'a Sample,
        schedule: Schedule,
        random: &mut ChaCha8Rng,
    ) -> Result<Self> {
        let widths: Vec<_> = [&[sample.width], recipe.hidden, &[sample.outputs]].concat();
        let network = Network::new(&widths, random)?;
        let weight_decay = recipe.decay / (recipe.rate * (schedule.steps * schedule.epochs) as f64);
        let parameters = ParamsAdamW {
            weight_decay,
            ..ParamsAdamW::default()
        };
        let optimizer = AdamW::new(network.variables(), parameters)?;
        Ok(Learner {
            network,
            optimizer,
            sample,
            schedule,
            rate: recipe.rate,
            step: 0,
        })
    }

    /// Learns from each row once, and returns their mean loss.
    fn epoch(&mut self, order: &[usize]) -> Result<f32> {
        let mut total = 0.0;
        for rows in order.chunks(self.schedule.batch) {
            let (features, wanted) = self.sample.tensors(rows)?;
            let loss = self
                .sample
                .loss(&self.network.forward(&features)?, &wanted)?;
            self.optimizer
                .set_learning_rate(self.rate * self.schedule.rate(self.step));
            self.optimizer.backward_step(&loss)?;
            self.step += 1;
            total += loss.to_scalar::<f32>()? * rows.len() as f32;
        }
        Ok(total / order.len() as f32)
    }
}
