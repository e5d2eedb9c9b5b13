//! How a network learns: in small batches, until rows that it does not learn from get no better.

use anyhow::Result;
use ndarray::Array2;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{
    adam::Step, candidate::Predictor, loss, network::Network, sample::Sample, schedule::Schedule,
};

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
    /// How it learned.
    pub record: Record,
}

/// How a candidate learned.
#[derive(Default)]
pub struct Record {
    /// The epoch in which the watched rows did best, from 1.
    pub epoch: usize,
    /// The loss in each epoch.
    pub curve: Vec<Losses>,
    /// What comes out for the watched rows, raw and row by row.
    pub outputs: Vec<f32>,
    /// The watched rows after each epoch, unless these are too many numbers.
    pub states: Vec<State>,
}

/// The watched rows after an epoch.
pub struct State {
    /// Their loss.
    pub loss: f32,
    /// What comes out for them, raw and row by row.
    pub outputs: Vec<f32>,
}

/// How many numbers a record keeps of all epochs: 1 MB.
const KEPT: usize = 1 << 18;

impl Record {
    /// The least loss of the watched rows.
    pub fn loss(&self) -> f32 {
        let watched = self.curve.iter().filter_map(|losses| losses.watched);
        watched.fold(f32::INFINITY, f32::min)
    }

    /// Keeps the watched rows after this epoch, counted from 1. Keeps none at all as soon as they are too many numbers.
    pub fn keep(&mut self, epoch: usize, losses: Losses, outputs: &[f32]) {
        let has_all = self.states.len() + 1 == epoch;
        match losses.watched {
            Some(loss) if has_all && epoch * outputs.len() <= KEPT => self.states.push(State {
                loss,
                outputs: outputs.to_vec(),
            }),
            _ => self.states = Vec::new(),
        }
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
    let mut learner = Learner::new(recipe, sample, schedule, &mut random);
    let watched = sample.features_of_all(watch);
    let mut order = learn.to_vec();
    let most = epochs.unwrap_or(schedule.epochs);
    let mut best = f32::INFINITY;
    let mut predictor = Predictor::Layers(Vec::new());
    let mut record = Record::default();
    for epoch in 1..=most {
        order.shuffle(&mut random);
        let train = learner.epoch(&order)?;
        let outputs: Vec<_> = learner
            .network
            .forward(watched.view())
            .into_iter()
            .collect();
        let losses = Losses {
            train,
            watched: (!watch.is_empty()).then(|| loss::loss(sample, watch, &outputs)),
        };
        record.curve.push(losses);
        record.keep(epoch, losses, &outputs);
        let is_last = !goes_on(epoch, losses) || epoch == most;
        let better = losses.watched.is_some_and(|loss| loss < best - BETTER);
        // The first is kept in any case: a loss that is no number is never better.
        if better || epoch == 1 || (watch.is_empty() && is_last) {
            best = losses.watched.unwrap_or(best);
            record.epoch = epoch;
            predictor = Predictor::Layers(learner.network.layers());
            record.outputs = outputs;
        } else if !watch.is_empty() && epoch - record.epoch >= schedule.patience {
            break;
        }
        if is_last {
            break;
        }
    }
    Ok(Fitted { predictor, record })
}

/// A network and what changes it.
struct Learner<'a> {
    network: Network,
    sample: &'a Sample,
    schedule: Schedule,
    rate: f64,
    decay: f64,
    steps: usize,
}

impl<'a> Learner<'a> {
    fn new(
        recipe: &Recipe,
        sample: &'a Sample,
        schedule: Schedule,
        random: &mut ChaCha8Rng,
    ) -> Self {
        let widths: Vec<_> = [&[sample.width], recipe.hidden, &[sample.outputs]].concat();
        Learner {
            network: Network::new(&widths, random),
            sample,
            schedule,
            rate: recipe.rate,
            decay: recipe.decay / (recipe.rate * (schedule.steps * schedule.epochs) as f64),
            steps: 0,
        }
    }

    /// Learns from each row once, and returns their mean loss.
    fn epoch(&mut self, order: &[usize]) -> Result<f32> {
        let sample = self.sample;
        let mut total = 0.0;
        for rows in order.chunks(self.schedule.batch) {
            let features = sample.features_of_all(rows);
            let rate = self.rate * self.schedule.rate(self.steps);
            self.steps += 1;
            let step = Step::new(self.steps, rate, self.decay);
            self.network.learn(features.view(), &step, |outputs| {
                let shape = outputs.raw_dim();
                let outputs: Vec<_> = outputs.into_iter().collect();
                total += loss::loss(sample, rows, &outputs) * rows.len() as f32;
                let slopes = loss::slopes(sample, rows, outputs);
                Ok(Array2::from_shape_vec(shape, slopes)?)
            })?;
        }
        Ok(total / order.len() as f32)
    }
}
