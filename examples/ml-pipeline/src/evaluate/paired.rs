//! Whether one model is worse than another on the same rows, or only had bad luck with some of them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::runtime::Predictions;
use crate::table::{Truth, spread};

/// How often the two models change places at random.
const DRAWS: u32 = 2000;

/// How many rows are drawn at most; with more, chance is the same.
const ROWS: usize = 5000;

/// Up to which chance a loss is no accident.
pub const RARE: f64 = 0.05;

/// How likely the second model loses as much as it does against the first if both are equally good: in
/// each row, either of them may then be the better one (Fisher's randomization test, which is McNemar's
/// exact test where all rows count the same).
pub fn chance(truth: &Truth, first: &Predictions, second: &Predictions, classes: usize) -> f64 {
    let losses: Vec<f64> = losses(truth, first, second, classes)
        .into_iter()
        .filter(|loss| *loss != 0.0)
        .collect();
    let losses: Vec<f64> = spread(losses.len(), ROWS)
        .into_iter()
        .map(|row| losses[row])
        .collect();
    let found: f64 = losses.iter().sum();
    // Sums in another order differ in their last digits.
    let near = losses.iter().map(|loss| loss.abs()).sum::<f64>() * 1e-12;
    let mut random = ChaCha8Rng::seed_from_u64(crate::SEED);
    let reached = (0..DRAWS)
        .filter(|_| {
            let drawn = losses
                .iter()
                .map(|&loss| if random.random::<bool>() { loss } else { -loss });
            drawn.sum::<f64>() >= found - near
        })
        .count();
    reached as f64 / f64::from(DRAWS)
}

/// What each row adds to the score of the first model and not to that of the second.
fn losses(truth: &Truth, first: &Predictions, second: &Predictions, classes: usize) -> Vec<f64> {
    match (truth, first, second) {
        (
            Truth::Classes(truth),
            Predictions::Classes { labels: first, .. },
            Predictions::Classes { labels: second, .. },
        ) => {
            let mut rows = vec![0_u32; classes];
            truth.iter().for_each(|&class| rows[class as usize] += 1);
            let is = |label: u32, class: u32| f64::from(u8::from(label == class));
            let both = first.iter().zip(second);
            truth
                .iter()
                .zip(both)
                .map(|(&class, (&first, &second))| {
                    (is(first, class) - is(second, class)) / f64::from(rows[class as usize])
                })
                .collect()
        }
        (Truth::Numbers(truth), Predictions::Numbers(first), Predictions::Numbers(second)) => {
            let square = |a: f32, b: f32| (f64::from(a) - f64::from(b)).powi(2);
            let both = first.iter().zip(second);
            truth
                .iter()
                .zip(both)
                .map(|(&truth, (&first, &second))| square(truth, second) - square(truth, first))
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(rows: u32, wrong: u32) -> Predictions {
        Predictions::Classes {
            labels: (0..rows)
                .map(|row| if row < wrong { 1 - row % 2 } else { row % 2 })
                .collect(),
            probabilities: Vec::new(),
        }
    }

    fn classes(rows: u32, wrong: u32) -> f64 {
        let truth = Truth::Classes((0..rows).map(|row| row % 2).collect());
        chance(&truth, &labels(rows, 0), &labels(rows, wrong), 2)
    }

    #[test]
    fn few_rows_more_that_are_wrong_are_chance_and_many_are_none() {
        // McNemar's exact test on one side: one half to the power of the rows that differ.
        assert!((classes(40, 1) - 0.5).abs() < 0.05);
        assert!(classes(40, 4) > RARE);
        assert!(classes(40, 6) < RARE);
        assert!((classes(40, 0) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn numbers_that_are_further_off_in_nearly_all_rows_are_no_chance() {
        let truth = Truth::Numbers((0..60_u8).map(f32::from).collect());
        let off = |by: f32| {
            let numbers =
                (0..60_u8).map(|row| f32::from(row) + if row % 2 == 0 { by } else { -by });
            Predictions::Numbers(numbers.collect())
        };
        assert!(chance(&truth, &off(1.0), &off(1.1), 0) < 0.01);
        assert!(chance(&truth, &off(1.1), &off(1.0), 0) > 0.99);
    }
}
