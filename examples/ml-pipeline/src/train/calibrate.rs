//! From raw outputs to probabilities that can be believed, and to the class that is said. Both are learned
//! from rows that the model did not learn from. Pure arithmetic.

use serde::{Deserialize, Serialize};

use crate::evaluate::metrics;

/// How often the two numbers are made better, at most; a handful of times is usual.
const STEPS: usize = 50;

/// How many outputs the two numbers are learned from, at most; more make them no better.
const LEARNED: usize = 1 << 20;

/// What makes probabilities of raw outputs: `softmax(slope * output + shift)`.
///
/// That is Platt's scaling (1999), with one slope for all classes, and shifts in the direction of the
/// classes' shares: a slope of 0 says the shares themselves. The class that is said is the one whose
/// probability is the greatest *for its share*, so that rare classes are found, which balanced accuracy asks
/// for; the probabilities keep the shares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// What all raw outputs are multiplied by.
    pub slope: f32,
    /// What is added then, for each class.
    pub shift: Vec<f32>,
    /// What is added to that, for each class, before the greatest is said.
    pub favour: Vec<f32>,
}

/// Raw outputs of some rows and their classes.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The raw outputs, row by row.
    pub outputs: &'a [f32],
    /// The class of each row.
    pub truth: &'a [u32],
}

impl Calibration {
    /// Of what is known. `counts` are the rows that each class has in all.
    pub fn of(known: &[Known], counts: &[u64]) -> Self {
        let all: u64 = counts.iter().sum();
        let (all, classes) = (all as f64, counts.len() as f64);
        // No class has no share at all.
        let logs: Vec<f64> = counts
            .iter()
            .map(|&count| ((count as f64 + 0.5) / (all + classes / 2.0)).ln())
            .collect();
        let (slope, weight) = fit(known, &logs);
        Calibration {
            slope: slope as f32,
            shift: logs.iter().map(|log| (weight * log) as f32).collect(),
            favour: logs.iter().map(|log| -log as f32).collect(),
        }
    }

    /// The probabilities and the classes of rows with such outputs.
    pub fn apply(&self, outputs: &[f32]) -> (Vec<u32>, Vec<f32>) {
        let (mut labels, mut probabilities) = (Vec::new(), Vec::new());
        for row in outputs.chunks_exact(self.shift.len()) {
            let scaled = row.iter().zip(&self.shift);
            let scaled: Vec<f32> = scaled.map(|(it, shift)| it * self.slope + shift).collect();
            let favoured = scaled.iter().zip(&self.favour);
            let favoured: Vec<f32> = favoured.map(|(it, favour)| it + favour).collect();
            labels.push(metrics::greatest(&favoured));
            let most = scaled.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let powers: Vec<f32> = scaled.iter().map(|it| (it - most).exp()).collect();
            let sum: f32 = powers.iter().sum();
            probabilities.extend(powers.iter().map(|power| power / sum));
        }
        (labels, probabilities)
    }
}

/// Slope and weight of the logarithms with the least log loss, which has one minimum: by Newton's method.
fn fit(known: &[Known], logs: &[f64]) -> (f64, f64) {
    let rows: usize = known.iter().map(|it| it.truth.len()).sum();
    // No row is quite certain, or rows that are all right would have no least loss (as Platt has it).
    let doubt = 1.0 / (rows as f64 + 2.0);
    let mut at = (1.0, 1.0);
    let mut best = Loss::of(known, logs, at, doubt);
    for _ in 0..STEPS {
        let Some((slope, weight)) = best.step() else {
            break;
        };
        let mut length = 1.0;
        let better = loop {
            let tried = (at.0 - length * slope, at.1 - length * weight);
            let loss = Loss::of(known, logs, tried, doubt);
            if loss.value < best.value {
                break Some((tried, loss));
            }
            length /= 2.0;
            if length < 1e-4 {
                break None;
            }
        };
        let Some((tried, loss)) = better else {
            break;
        };
        let gain = best.value - loss.value;
        (at, best) = (tried, loss);
        if gain < 1e-10 * rows as f64 {
            break;
        }
    }
    // Outputs that say the opposite say nothing, and the shares do.
    if at.0 > 0.0 && best.value < Loss::of(known, logs, (0.0, 1.0), doubt).value {
        at
    } else {
        (0.0, 1.0)
    }
}

/// The log loss of all rows, and how it changes.
#[derive(Clone, Copy, Debug, Default)]
struct Loss {
    value: f64,
    first: (f64, f64),
    /// By slope twice, by both, by weight twice.
    second: (f64, f64, f64),
}

impl Loss {
    fn of(known: &[Known], logs: &[f64], (slope, weight): (f64, f64), doubt: f64) -> Self {
        let mut loss = Loss::default();
        let shares: Vec<f64> = logs.iter().map(|log| log.exp()).collect();
        let mut scaled = vec![0.0; logs.len()];
        let outputs: usize = known.iter().map(|it| it.outputs.len()).sum();
        let step = outputs.div_ceil(LEARNED).max(1);
        for some in known {
            let rows = some.outputs.chunks_exact(logs.len()).zip(some.truth);
            for (row, &class) in rows.step_by(step) {
                for ((to, &output), log) in scaled.iter_mut().zip(row).zip(logs) {
                    *to = slope * f64::from(output) + weight * log;
                }
                loss.add(row, class as usize, &scaled, logs, &shares, doubt);
            }
        }
        loss
    }

    fn add(
        &mut self,
        row: &[f32],
        class: usize,
        scaled: &[f64],
        logs: &[f64],
        shares: &[f64],
        doubt: f64,
    ) {
        let most = scaled.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = scaled.iter().map(|it| (it - most).exp()).sum();
        let (mut mean, mut squares) = ((0.0, 0.0), (0.0, 0.0, 0.0));
        for (at, it) in scaled.iter().enumerate() {
            let probability = (it - most).exp() / sum;
            let wanted = doubt * shares[at] + if at == class { 1.0 - doubt } else { 0.0 };
            let (x, y) = (f64::from(row[at]), logs[at]);
            self.value -= wanted * (it - most - sum.ln());
            self.first.0 += (probability - wanted) * x;
            self.first.1 += (probability - wanted) * y;
            mean.0 += probability * x;
            mean.1 += probability * y;
            squares.0 += probability * x * x;
            squares.1 += probability * x * y;
            squares.2 += probability * y * y;
        }
        self.second.0 += squares.0 - mean.0 * mean.0;
        self.second.1 += squares.1 - mean.0 * mean.1;
        self.second.2 += squares.2 - mean.1 * mean.1;
    }

    /// Newton's step; a little less far where the loss is flat, as it is for classes of equal shares.
    fn step(&self) -> Option<(f64, f64)> {
        let flat = 1e-6 * (1.0 + self.second.0 + self.second.2);
        let (a, b, c) = (self.second.0 + flat, self.second.1, self.second.2 + flat);
        let determinant = a * c - b * b;
        let step = (
            (c * self.first.0 - b * self.first.1) / determinant,
            (a * self.first.1 - b * self.first.0) / determinant,
        );
        (step.0.is_finite() && step.1.is_finite()).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs with the right odds times `by`, as a model has them that learned with even classes: of each
    /// ten rows with a sign, some are of the second class.
    fn known(by: f32) -> (Vec<f32>, Vec<u32>) {
        // 9000 rows say "first": 90 are of the second class. 1000 say "second": 400 are.
        let rows = [(9000, 90), (1000, 400)];
        let (mut outputs, mut truth) = (Vec::new(), Vec::new());
        let of: [f32; 2] = rows.map(|(_, second)| second as f32 / 490.0);
        let not: [f32; 2] = rows.map(|(all, second)| (all - second) as f32 / 9510.0);
        for (side, (all, second)) in rows.into_iter().enumerate() {
            for row in 0..all {
                outputs.extend([0.0, by * (of[side] / not[side]).ln()]);
                truth.push(u32::from(row < second));
            }
        }
        (outputs, truth)
    }

    #[test]
    fn probabilities_are_the_shares_of_what_happens_and_a_rare_class_is_said_all_the_same() {
        let counts = [9510, 490];
        for by in [1.0, 5.0] {
            let (outputs, truth) = known(by);
            let some = Known {
                outputs: &outputs,
                truth: &truth,
            };
            let calibration = Calibration::of(&[some], &counts);
            let (labels, probabilities) = calibration.apply(&outputs);
            assert!((probabilities[1] - 0.01).abs() < 0.002, "{calibration:?}");
            let last = probabilities[probabilities.len() - 1];
            assert!((last - 0.4).abs() < 0.01, "{calibration:?}");
            assert_eq!((labels[0], labels[9999]), (0, 1));
        }
    }

    #[test]
    fn outputs_that_say_nothing_or_the_opposite_leave_the_shares() {
        let truth: Vec<u32> = (0..500).map(|row| u32::from(row % 5 == 0)).collect();
        let opposite = truth.iter().flat_map(|&class| [class as f32, 0.0]);
        let opposite: Vec<f32> = opposite.collect();
        let some = Known {
            outputs: &opposite,
            truth: &truth,
        };
        let calibration = Calibration::of(&[some], &[400, 100]);
        let (_, probabilities) = calibration.apply(&opposite);
        assert!((probabilities[1] - 0.2).abs() < 0.01, "{calibration:?}");
    }

    #[test]
    fn rows_that_are_all_right_leave_a_little_doubt() {
        let truth: Vec<u32> = (0..100).map(|row| row % 3).collect();
        let right = truth
            .iter()
            .flat_map(|&class| (0..3).map(move |it| f32::from(u8::from(it == class))));
        let right: Vec<f32> = right.collect();
        let some = Known {
            outputs: &right,
            truth: &truth,
        };
        let (labels, probabilities) = Calibration::of(&[some], &[34, 33, 33]).apply(&right);
        assert_eq!(labels, truth);
        assert!(
            (0.98..0.9999).contains(&probabilities[0]),
            "{}",
            probabilities[0]
        );
    }
}
