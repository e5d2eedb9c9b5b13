//! How far predicted numbers are from the true ones.

use serde::{Deserialize, Serialize};

/// How many bars the histogram has.
const BARS: usize = 25;

/// The differences between true and predicted numbers of the test rows, in the unit of the target. A positive
/// one means that the true number is larger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Residuals {
    /// The difference of which 5 % of the rows are below.
    pub low: f64,
    /// The difference in the middle.
    pub median: f64,
    /// The difference of which 5 % of the rows are above.
    pub high: f64,
    /// Where the histogram begins; smaller differences are in its first bar.
    pub from: f64,
    /// Where it ends; larger ones are in its last bar.
    pub to: f64,
    /// How many rows are in each of its bars, which are equally wide.
    pub bars: Vec<u64>,
}

/// The residuals of some rows; none of no row.
pub(super) fn residuals(truth: &[f32], numbers: &[f32]) -> Option<Residuals> {
    let pairs = truth.iter().zip(numbers);
    let mut all: Vec<f64> = pairs
        .map(|(truth, number)| f64::from(*truth) - f64::from(*number))
        .filter(|residual| residual.is_finite())
        .collect();
    all.sort_by(f64::total_cmp);
    let last = all.len().checked_sub(1)?;
    let at = |part: f64| all[(last as f64 * part).round() as usize];
    // A few far ones would make all others one bar.
    let most = at(0.01).abs().max(at(0.99).abs()).max(f64::MIN_POSITIVE);
    let (from, to) = (-most, most);
    let mut bars = vec![0; BARS];
    for residual in &all {
        let bar = (residual - from) / (to - from) * BARS as f64;
        bars[(bar.max(0.0) as usize).min(BARS - 1)] += 1;
    }
    Some(Residuals {
        low: at(0.05),
        median: at(0.5),
        high: at(0.95),
        from,
        to,
        bars,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    #[test]
    fn far_residuals_are_in_the_outer_bars() {
        let mut truth: Vec<f32> = (0..200).map(|row| (row % 5) as f32 - 2.0).collect();
        truth[0] = 1e9;
        let found = residuals(&truth, &[0.0; 200]).unwrap();
        assert_eq!((found.from, found.to), (-2.0, 2.0));
        assert_eq!((found.low, found.median, found.high), (-2.0, 0.0, 2.0));
        assert_eq!(found.bars.iter().sum::<u64>(), 200);
        assert_eq!(found.bars[BARS - 1], 41, "the far one is among them");
        assert_eq!(residuals(&[], &[]), None);
        let none = residuals(&[1.0], &[1.0]).unwrap();
        assert_eq!(none.bars[BARS / 2], 1, "no difference is in the middle");
    }
}
