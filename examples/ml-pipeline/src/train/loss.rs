//! How far outputs are from what they should be, and which way is better. Pure arithmetic.

use rayon::prelude::*;

use super::sample::Sample;

/// How many rows one thread looks at in one go. Sums are made of the sums of such parts, so that they are the same on
/// any number of processors.
const PART: usize = 4_096;

/// The least curvature of a row, so that no answer is beyond all measure.
const LEAST_CURVATURE: f32 = 1e-6;

/// What outputs are without any tree: the mean, or the logits of the classes' shares.
pub fn base(sample: &Sample, rows: &[usize]) -> Vec<f32> {
    let mut sums = vec![0.0_f64; sample.outputs];
    for &row in rows {
        for (sum, &wanted) in sums.iter_mut().zip(sample.wanted_of(row)) {
            *sum += f64::from(wanted);
        }
    }
    if !sample.is_classes {
        return vec![(sums[0] / rows.len().max(1) as f64) as f32];
    }
    let all: f64 = sums.iter().sum();
    // A class that these rows do not have counts as half a row.
    let least = 0.5 / rows.len().max(1) as f64;
    sums.iter()
        .map(|sum| (sum / all).max(least).ln() as f32)
        .collect()
}

/// The classes' shares that some rows' outputs stand for, row by row; numbers stay as they are.
pub fn shares(sample: &Sample, mut outputs: Vec<f32>) -> Vec<f32> {
    if sample.is_classes {
        let rows = outputs.par_chunks_mut(sample.outputs).with_min_len(PART);
        rows.for_each(|row| {
            let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            row.iter_mut().for_each(|it| *it = (*it - greatest).exp());
            let all: f32 = row.iter().sum();
            row.iter_mut().for_each(|it| *it /= all);
        });
    }
    outputs
}

/// The slope and curvature of a row's loss by one of its outputs, of which `said` is the share.
pub fn gradient(sample: &Sample, row: usize, said: f32, output: usize) -> [f32; 2] {
    let wanted = sample.wanted_of(row);
    if !sample.is_classes {
        return [said - wanted[0], 1.0];
    }
    let weight: f32 = wanted.iter().sum();
    let curvature = weight * said * (1.0 - said);
    [
        said * weight - wanted[output],
        curvature.max(LEAST_CURVATURE),
    ]
}

/// The slopes of the mean loss of some rows by each of their outputs, in the order of these.
pub fn slopes(sample: &Sample, rows: &[usize], outputs: Vec<f32>) -> Vec<f32> {
    let mut slopes = shares(sample, outputs);
    // The slope of a square is twice its root.
    let part = if sample.is_classes { 1.0 } else { 2.0 } / rows.len().max(1) as f32;
    for (&row, slopes) in rows.iter().zip(slopes.chunks_exact_mut(sample.outputs)) {
        let wanted = sample.wanted_of(row);
        let weight: f32 = if sample.is_classes {
            wanted.iter().sum()
        } else {
            1.0
        };
        for (slope, wanted) in slopes.iter_mut().zip(wanted) {
            *slope = (*slope * weight - wanted) * part;
        }
    }
    slopes
}

/// The mean loss of some rows: the squared error, or the negative logarithm of the right class's share, by its weight.
pub fn loss(sample: &Sample, rows: &[usize], outputs: &[f32]) -> f32 {
    let parts = rows.par_chunks(PART);
    let parts = parts.zip(outputs.par_chunks(PART * sample.outputs));
    let sums = parts.map(|(rows, outputs)| {
        let each = rows.iter().zip(outputs.chunks_exact(sample.outputs));
        let each = each.map(|(&row, outputs)| {
            f64::from(row_loss(sample.wanted_of(row), outputs, sample.is_classes))
        });
        each.sum::<f64>()
    });
    let sum: f64 = sums.collect::<Vec<_>>().iter().sum();
    (sum / rows.len().max(1) as f64) as f32
}

fn row_loss(wanted: &[f32], outputs: &[f32], is_classes: bool) -> f32 {
    if !is_classes {
        return (outputs[0] - wanted[0]).powi(2);
    }
    let greatest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let all: f32 = outputs.iter().map(|it| (it - greatest).exp()).sum();
    let log = all.ln();
    let logs = wanted
        .iter()
        .zip(outputs)
        .map(|(weight, output)| weight * (output - greatest - log));
    -logs.sum::<f32>()
}
