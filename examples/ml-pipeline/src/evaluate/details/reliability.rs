//! How far probabilities can be trusted: of the rows that are predicted with a probability of about 0.8, about
//! 80 % should be right.

use serde::{Deserialize, Serialize};

/// How many parts the probabilities from 0 to 1 are put into.
const BINS: usize = 10;

/// The test rows whose predicted class has a probability in one part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many they are.
    pub rows: u64,
    /// The mean probability of the predicted class.
    pub probability: f64,
    /// The part of them that is right.
    pub right: f64,
}

/// The parts that have any row, by rising probability.
pub(super) fn bins(
    truth: &[u32],
    labels: &[u32],
    probabilities: &[f32],
    classes: usize,
) -> Vec<Bin> {
    let mut sums = [(0_u64, 0.0_f64, 0_u64); BINS];
    let rows = truth.iter().zip(labels);
    for ((truth, label), all) in rows.zip(probabilities.chunks_exact(classes.max(1))) {
        let probability = f64::from(all[*label as usize]);
        let bin = ((probability * BINS as f64) as usize).min(BINS - 1);
        let (rows, sum, right) = &mut sums[bin];
        *rows += 1;
        *sum += probability;
        *right += u64::from(truth == label);
    }
    let filled = sums.iter().filter(|(rows, ..)| *rows > 0);
    filled
        .map(|&(rows, sum, right)| Bin {
            rows,
            probability: sum / rows as f64,
            right: right as f64 / rows as f64,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_similar_probability_are_counted_together() {
        let probabilities = [0.08, 0.92, 0.06, 0.94, 1.0, 0.0];
        let found = bins(&[1, 0, 0], &[1, 1, 0], &probabilities, 2);
        assert_eq!(found.len(), 1, "a probability of 1 is in the last part");
        assert_eq!(found[0].rows, 3);
        assert!((found[0].probability - 2.86 / 3.0).abs() < 1e-6);
        assert!((found[0].right - 2.0 / 3.0).abs() < 1e-9);
    }
}
