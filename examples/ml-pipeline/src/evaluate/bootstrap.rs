//! How sure a score is: what it would have been with other rows of the same kind.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::runtime::Predictions;
use crate::table::Truth;

/// How many times the rows are drawn again.
const DRAWS: usize = 500;

/// How many rows are drawn at most; with more, the interval would be narrower still.
const ROWS: usize = 10_000;

/// The interval that has the score of 95 of 100 draws, with replacement (Efron's percentile method).
pub fn interval(truth: &Truth, predictions: &Predictions, classes: usize) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(crate::SEED);
    let rows = truth.len();
    let mut scores: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let picked: Vec<_> = (0..rows.min(ROWS))
                .map(|_| random.random_range(0..rows))
                .collect();
            predictions
                .pick(&picked)
                .score(&truth.pick(&picked), classes)
        })
        .collect();
    scores.sort_by(f64::total_cmp);
    let at = |part: f64| scores[((scores.len() - 1) as f64 * part).round() as usize];
    (at(0.025), at(0.975))
}

impl Predictions {
    /// What they say of some of the rows, without the probabilities, which no score asks for.
    fn pick(&self, rows: &[usize]) -> Predictions {
        match self {
            Predictions::Classes { labels, .. } => Predictions::Classes {
                labels: rows.iter().map(|&row| labels[row]).collect(),
                probabilities: Vec::new(),
            },
            Predictions::Numbers(all) => {
                Predictions::Numbers(rows.iter().map(|&row| all[row]).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_around_the_score_and_narrower_with_more_rows() {
        let predictions = |rows: u32| Predictions::Classes {
            labels: (0..rows)
                .map(|row| u32::from(row % 2 == 1 || row % 10 == 0))
                .collect(),
            probabilities: Vec::new(),
        };
        let truth = |rows: u32| Truth::Classes((0..rows).map(|row| row % 2).collect());
        let (low, high) = interval(&truth(40), &predictions(40), 2);
        assert!(low < 0.9 && 0.9 < high, "{low} {high}");
        let (lower, higher) = interval(&truth(4000), &predictions(4000), 2);
        assert!(low < lower && higher < high, "{lower} {higher}");
    }
}
