//! How sure a score is: what it would have been with other rows of the same kind.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::runtime::Predictions;
use crate::table::Truth;

/// How many times the rows are drawn again.
const DRAWS: usize = 500;

/// How many rows are drawn at most; with more, the interval would be narrower still.
const ROWS: usize = 10_000;

/// The interval that has the score of 95 of 100 draws, with replacement (Efron's percentile method). Of
/// several predictions of the same rows, it is that of their mean score. Rows that belong `together` are drawn
/// together: copies of a row say no more than one.
pub fn interval(
    truth: &Truth,
    predictions: &[Predictions],
    classes: usize,
    together: Option<&[u64]>,
) -> (f64, f64) {
    let mut random = ChaCha8Rng::seed_from_u64(crate::SEED);
    let rows = truth.len();
    let groups = together.map(|together| {
        let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (row, &group) in together.iter().enumerate() {
            groups.entry(group).or_default().push(row);
        }
        groups.into_values().collect::<Vec<_>>()
    });
    let mut draw = |count: usize, rows: usize| -> Vec<usize> {
        (0..count).map(|_| random.random_range(0..rows)).collect()
    };
    let mut scores: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let picked = match &groups {
                None => draw(rows.min(ROWS), rows),
                Some(groups) => {
                    // As large a part of the groups as of the rows.
                    let count = (groups.len() * rows.min(ROWS)).div_ceil(rows);
                    let drawn = draw(count, groups.len());
                    drawn
                        .into_iter()
                        .flat_map(|at| groups[at].clone())
                        .collect()
                }
            };
            let truth = truth.pick(&picked);
            let scores = predictions
                .iter()
                .map(|it| it.pick(&picked).score(&truth, classes));
            scores.sum::<f64>() / predictions.len() as f64
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
        let (low, high) = interval(&truth(40), &[predictions(40)], 2, None);
        assert!(low < 0.9 && 0.9 < high, "{low} {high}");
        let (lower, higher) = interval(&truth(4000), &[predictions(4000)], 2, None);
        assert!(low < lower && higher < high, "{lower} {higher}");
        // Each of 40 rows a hundred times: as sure as 40 rows are.
        let copies: Vec<u64> = (0..4000).map(|row| row % 40).collect();
        let (lower, higher) = interval(&truth(4000), &[predictions(4000)], 2, Some(&copies));
        assert!((lower - low).abs() < 0.03 && (higher - high).abs() < 0.03);
    }
}
