//! Ridge regression: a linear model in closed form, which is kept small by a penalty on its weights
//! (Hoerl and Kennard, 1970). It also fits where there are more columns than rows.

pub mod system;

use anyhow::Result;
use system::System;

use super::{
    candidate::Predictor,
    fit::{Fitted, Losses, Record},
    network::Layer,
    sample::Sample,
};
use crate::table::spread;

/// How many unknowns are solved for at most. Of data that is larger in both ways, some rows are used.
const UNKNOWNS: usize = 800;

/// How many products a system may take to set up; with more, some rows are used.
const PRODUCTS: usize = 20_000_000_000;

/// How many penalties are tried, the strongest first, each a root of ten times weaker than the one before.
const PENALTIES: usize = 15;

/// The penalty of a step, from 1, for features and truths with a variance of 1.
pub fn penalty(step: usize) -> f64 {
    10_f64.powf(1.0 - (step as f64 - 1.0) / 2.0)
}

/// Fits the rows `learn` with the penalty that suits `watch` best; with that of `step` where there is
/// none to watch.
///
/// # Errors
///
/// None; as all candidates.
pub fn fit(
    sample: &Sample,
    (learn, watch): (&[usize], &[usize]),
    step: Option<usize>,
    mut goes_on: impl FnMut(usize, Losses) -> bool,
) -> Result<Fitted> {
    let most = if sample.width > UNKNOWNS {
        UNKNOWNS
    } else {
        PRODUCTS / (sample.width * sample.width).max(1)
    };
    let learn: Vec<_> = spread(learn.len(), most)
        .into_iter()
        .map(|place| learn[place])
        .collect();
    let system = System::new(sample, &learn);
    let steps = step.map_or(1..=PENALTIES, |step| step..=step);
    let mut best = f32::INFINITY;
    let mut predictor = Predictor::Layers(Vec::new());
    let mut record = Record::default();
    for step in steps {
        let layer = system.solve(sample, &learn, penalty(step));
        let outputs = outputs(&layer, sample, watch);
        let losses = Losses {
            train: loss(sample, &learn, &self::outputs(&layer, sample, &learn)),
            watched: (!watch.is_empty()).then(|| loss(sample, watch, &outputs)),
        };
        record.keep(step, losses, &outputs);
        let is_last = !goes_on(step, losses);
        let own = losses.watched.unwrap_or(0.0);
        if own < best || record.epoch == 0 {
            best = own;
            predictor = Predictor::Layers(vec![layer]);
            record = Record {
                epoch: step,
                curve: vec![losses],
                outputs,
                states: record.states,
            };
        }
        if is_last {
            break;
        }
    }
    Ok(Fitted { predictor, record })
}

fn outputs(layer: &Layer, sample: &Sample, rows: &[usize]) -> Vec<f32> {
    rows.iter()
        .map(|&row| {
            let features = sample.features_of(row);
            let products = features.iter().zip(&layer.weights);
            layer.bias[0]
                + products
                    .map(|(feature, weight)| feature * weight)
                    .sum::<f32>()
        })
        .collect()
}

fn loss(sample: &Sample, rows: &[usize], outputs: &[f32]) -> f32 {
    let off = rows
        .iter()
        .zip(outputs)
        .map(|(&row, output)| (sample.wanted[row] - output).powi(2));
    off.sum::<f32>() / rows.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        table::Truth,
        train::{sample::Scale, trees::bins::Bins},
    };
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// Rows whose wanted number is the sum of the first three features.
    fn made(rows: usize, width: usize) -> Sample {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let features: Vec<f32> = (0..rows * width)
            .map(|_| random.random_range(-1.7..1.7))
            .collect();
        let wanted: Vec<f32> = features
            .chunks_exact(width)
            .map(|row| row[..3].iter().sum())
            .collect();
        let scale = Scale {
            mean: 0.0,
            deviation: 1.0,
        };
        Sample::new(
            features,
            Bins::default(),
            width,
            &Truth::Numbers(wanted),
            0,
            scale,
        )
    }

    #[test]
    fn a_sum_is_found_with_fewer_columns_than_rows_and_with_more() -> Result<()> {
        for (rows, width, most) in [(100, 5, 1e-3), (100, 60, 1e-2), (60, 100, 0.8)] {
            let sample = made(rows, width);
            let all: Vec<_> = (0..rows).collect();
            let (watch, learn) = all.split_at(rows / 5);
            let fitted = fit(&sample, (learn, watch), None, |_, _| true)?;
            let loss = loss(&sample, watch, &fitted.record.outputs);
            assert!(loss < most * 3.0, "{rows} x {width}: {loss}");
        }
        Ok(())
    }

    #[test]
    fn both_ways_to_solve_come_to_the_same() {
        let sample = made(40, 40);
        let rows: Vec<_> = (0..40).collect();
        let by_columns = System::by_columns(&sample, &rows).solve(&sample, &rows, 0.1);
        let by_rows = System::by_rows(&sample, &rows).solve(&sample, &rows, 0.1);
        for (a, b) in by_columns.weights.iter().zip(&by_rows.weights) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}
