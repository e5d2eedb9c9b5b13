//! What a candidate says of rows that it did not learn from, and how good that is.

use serde::{Deserialize, Serialize};

use super::{
    calibrate::{Calibration, Known},
    sample::Scale,
};
use crate::{
    evaluate::{Figures, bootstrap, figures, runtime::Predictions},
    table::Truth,
};

/// The raw outputs of a candidate for rows that it did not learn from.
pub struct HeldOut {
    /// The rows.
    pub rows: Vec<usize>,
    /// Their outputs, row by row: logits of all classes, or the scaled number.
    pub outputs: Vec<f32>,
}

/// The figures of a model in cross-validation: each row is predicted by one that did not learn from it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CrossValidated {
    /// How many rows there are.
    pub rows: u64,
    /// Into how many folds they were cut.
    pub folds: usize,
    /// How often they were cut again; the figures are means over that.
    pub repeats: usize,
    /// The mean score.
    pub score: f64,
    /// The lower end of its 95 % confidence interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// The model's figures.
    pub model: Figures,
    /// The baseline's figures on the same rows.
    pub baseline: Figures,
    /// The baseline's score.
    pub baseline_score: f64,
}

/// The calibration of each fold, learned from the other folds of the same cut.
pub fn calibrations(
    held_out: &[HeldOut],
    folds: usize,
    truth: &[u32],
    counts: &[u64],
) -> Vec<Calibration> {
    let truths: Vec<Vec<u32>> = held_out.iter().map(|it| pick(truth, &it.rows)).collect();
    (0..held_out.len())
        .map(|fold| {
            let first = fold / folds * folds;
            // A candidate that was given up has not all folds.
            let end = held_out.len().min(first + folds);
            let others = (first..end).filter(|&it| it != fold);
            let known: Vec<_> = others
                .map(|it| Known {
                    outputs: &held_out[it].outputs,
                    truth: &truths[it],
                })
                .collect();
            Calibration::of(&known, counts)
        })
        .collect()
}

/// The calibration that all rows teach.
pub fn calibration(held_out: &[HeldOut], truth: &[u32], counts: &[u64]) -> Calibration {
    let truths: Vec<Vec<u32>> = held_out.iter().map(|it| pick(truth, &it.rows)).collect();
    let known = held_out.iter().zip(&truths).map(|(it, truth)| Known {
        outputs: &it.outputs,
        truth,
    });
    Calibration::of(&known.collect::<Vec<_>>(), counts)
}

/// How many rows each class has.
pub fn counts(truth: &[u32], classes: usize) -> Vec<u64> {
    let mut counts = vec![0; classes];
    truth.iter().for_each(|&class| counts[class as usize] += 1);
    counts
}

/// What is said of the rows of each fold: of classes with a calibration that they did not teach.
pub fn predictions(
    held_out: &[HeldOut],
    folds: usize,
    truth: &Truth,
    classes: usize,
    scale: Scale,
) -> Vec<Predictions> {
    match truth {
        Truth::Classes(truth) => {
            let counts = counts(truth, classes);
            let calibrations = calibrations(held_out, folds, truth, &counts);
            let both = held_out.iter().zip(calibrations);
            both.map(|(it, calibration)| {
                let (labels, probabilities) = calibration.apply(&it.outputs);
                Predictions::Classes {
                    labels,
                    probabilities,
                }
            })
            .collect()
        }
        Truth::Numbers(_) => {
            let number = |output: &f32| output * scale.deviation + scale.mean;
            let numbers = held_out.iter().map(|it| it.outputs.iter().map(number));
            numbers
                .map(|numbers| Predictions::Numbers(numbers.collect()))
                .collect()
        }
    }
}

/// Of how many rows a class is told by the others, when one of them is held out. Rarer ones are not judged,
/// as in the test (`preprocess::split::test_rows`).
const JUDGED_FROM: u64 = 3;

/// The figures over all rows. `baseline` is what is said without learning: shares, or the mean.
pub fn cross_validated(
    held_out: &[HeldOut],
    folds: usize,
    (truth, together): (&Truth, Option<&[u64]>),
    classes: usize,
    (scale, baseline): (Scale, &[f32]),
) -> CrossValidated {
    let said = predictions(held_out, folds, truth, classes, scale);
    let is_judged: Box<dyn Fn(usize) -> bool> = match truth {
        Truth::Classes(all) => {
            let counts = counts(all, classes);
            Box::new(move |row| counts[all[row] as usize] >= JUDGED_FROM)
        }
        Truth::Numbers(_) => Box::new(|_| true),
    };
    let cuts: Vec<_> = held_out
        .chunks(folds)
        .zip(said.chunks(folds))
        .map(|(rows, said)| in_order(rows, said, classes, &is_judged))
        .collect();
    let mut rows: Vec<usize> = held_out
        .iter()
        .take(folds)
        .flat_map(|it| it.rows.clone())
        .filter(|&row| is_judged(row))
        .collect();
    rows.sort_unstable();
    let together: Option<Vec<_>> = together.map(|all| rows.iter().map(|&row| all[row]).collect());
    let truth = truth.pick(&rows);
    let scores: Vec<f64> = cuts.iter().map(|it| it.score(&truth, classes)).collect();
    let (low, high) = bootstrap::interval(&truth, &cuts, classes, together.as_deref());
    let dummy = Predictions::always(baseline, &truth);
    CrossValidated {
        rows: rows.len() as u64,
        folds,
        repeats: cuts.len(),
        score: scores.iter().sum::<f64>() / scores.len().max(1) as f64,
        low,
        high,
        model: Figures::mean(
            &cuts
                .iter()
                .map(|it| figures(&truth, it, classes))
                .collect::<Vec<_>>(),
        ),
        baseline: figures(&truth, &dummy, classes),
        baseline_score: dummy.score(&truth, classes),
    }
}

/// What is said of the rows of all folds of a cut that are judged, in the order of the rows.
fn in_order(
    held_out: &[HeldOut],
    said: &[Predictions],
    classes: usize,
    is_judged: &dyn Fn(usize) -> bool,
) -> Predictions {
    let mut places: Vec<(usize, usize, usize)> = held_out
        .iter()
        .enumerate()
        .flat_map(|(fold, it)| {
            it.rows
                .iter()
                .enumerate()
                .map(move |(at, &row)| (row, fold, at))
        })
        .collect();
    places.retain(|&(row, ..)| is_judged(row));
    places.sort_unstable();
    let mut numbers = Vec::new();
    let (mut all, mut every) = (Vec::new(), Vec::new());
    for (_, fold, at) in places {
        match &said[fold] {
            Predictions::Numbers(some) => numbers.push(some[at]),
            Predictions::Classes {
                labels,
                probabilities,
            } => {
                all.push(labels[at]);
                every.extend_from_slice(&probabilities[at * classes..(at + 1) * classes]);
            }
        }
    }
    if all.is_empty() {
        Predictions::Numbers(numbers)
    } else {
        Predictions::Classes {
            labels: all,
            probabilities: every,
        }
    }
}

fn pick(truth: &[u32], rows: &[usize]) -> Vec<u32> {
    rows.iter().map(|&row| truth[row]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fold_that_others_are_missing_of_has_a_calibration() {
        let fold = |rows: std::ops::Range<usize>| HeldOut {
            outputs: rows
                .clone()
                .flat_map(|row| [row as f32 % 2.0, 0.0])
                .collect(),
            rows: rows.collect(),
        };
        let truth: Vec<u32> = (0..60).map(|row| 1 - row % 2).collect();
        let held_out = [fold(0..20), fold(20..40)];
        let found = calibrations(&held_out, 3, &truth, &[30, 30]);
        assert_eq!(found.len(), 2);
        assert!(found[0].slope > 1.0, "{found:?}");
        assert_eq!(calibrations(&held_out[..1], 3, &truth, &[30, 30]).len(), 1);
    }

    #[test]
    fn rows_come_back_into_their_order_and_cuts_are_averaged() {
        // Of 40 rows the number is the row; the first cut is right, the second is off by 10 for all.
        let fold = |rows: Vec<usize>, off: f32| HeldOut {
            outputs: rows.iter().map(|&row| row as f32 + off).collect(),
            rows,
        };
        let held_out = [
            fold((20..40).collect(), 0.0),
            fold((0..20).rev().collect(), 0.0),
            fold((0..40).step_by(2).collect(), 10.0),
            fold((1..40).step_by(2).collect(), 10.0),
        ];
        let truth = Truth::Numbers((0..40_u8).map(f32::from).collect());
        let scale = Scale {
            mean: 0.0,
            deviation: 1.0,
        };
        let it = cross_validated(&held_out, 2, (&truth, None), 0, (scale, &[19.5]));
        let second = 1.0 - 100.0 / (1599.0 / 12.0);
        assert!(
            (it.score - f64::midpoint(1.0, second)).abs() < 1e-6,
            "{}",
            it.score
        );
        assert!(it.low < it.score && it.score < it.high);
        assert_eq!((it.rows, it.folds, it.repeats), (40, 2, 2));
        assert!(it.baseline_score.abs() < 1e-9);
    }
}
