//! How good predictions are. Pure functions of truths and predictions.

/// The place of the greatest number; the first of equals.
pub fn greatest(numbers: &[f32]) -> u32 {
    let mut best = 0;
    for (place, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = place;
        }
    }
    best as u32
}

/// How often each class (row) was taken for each class (column).
pub fn confusion(truth: &[u32], predicted: &[u32], classes: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; classes]; classes];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        counts[truth as usize][predicted as usize] += 1;
    }
    counts
}

/// The part of the rows that were predicted right.
pub fn accuracy(truth: &[u32], predicted: &[u32]) -> f64 {
    let right = truth.iter().zip(predicted).filter(|(a, b)| a == b).count();
    right as f64 / truth.len().max(1) as f64
}

/// The mean over the classes that there are of the part of their rows that was predicted right.
pub fn balanced_accuracy(truth: &[u32], predicted: &[u32], classes: usize) -> f64 {
    let (mut rows, mut right) = (vec![0_u64; classes], vec![0_u64; classes]);
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        rows[truth as usize] += 1;
        right[truth as usize] += u64::from(truth == predicted);
    }
    let recalls: Vec<_> = rows
        .iter()
        .zip(&right)
        .filter(|(rows, _)| **rows > 0)
        .map(|(&rows, &right)| right as f64 / rows as f64)
        .collect();
    recalls.iter().sum::<f64>() / recalls.len().max(1) as f64
}

/// The mean of the classes' F1, over those that are true or predicted anywhere.
pub fn macro_f1(confusion: &[Vec<u64>]) -> f64 {
    let scores: Vec<_> = (0..confusion.len())
        .filter_map(|class| {
            let right = confusion[class][class];
            let truth: u64 = confusion[class].iter().sum();
            let predicted: u64 = confusion.iter().map(|row| row[class]).sum();
            (truth + predicted > 0).then(|| 2.0 * right as f64 / (truth + predicted) as f64)
        })
        .collect();
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}

/// The mean of `-ln` of the true class's probability, in nats. `probabilities` has a row of `classes`.
pub fn log_loss(truth: &[u32], probabilities: &[f32], classes: usize) -> f64 {
    // As scikit-learn does, so that one certain mistake is not infinite.
    let least = f64::from(f32::EPSILON);
    let rows = truth.iter().zip(probabilities.chunks_exact(classes));
    let loss: f64 = rows
        .map(|(&class, row)| -f64::from(row[class as usize]).max(least).ln())
        .sum();
    loss / truth.len().max(1) as f64
}

/// The area under the ROC curve; of more than two classes the mean of each against all others, over
/// those that have both. Nothing where no class has.
pub fn auc(truth: &[u32], probabilities: &[f32], classes: usize) -> Option<f64> {
    let tested = if classes == 2 { 1..2 } else { 0..classes };
    let areas: Vec<_> = tested
        .filter_map(|class| {
            let scores = probabilities.chunks_exact(classes).map(|row| row[class]);
            area(
                truth
                    .iter()
                    .map(|&truth| truth as usize == class)
                    .zip(scores),
            )
        })
        .collect();
    (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64)
}

/// The area under the ROC curve of rows that are of a class or not, by its probability; none where all are, or
/// none is. By ranks (Mann and Whitney); equals share theirs.
pub fn area(rows: impl Iterator<Item = (bool, f32)>) -> Option<f64> {
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    let positive = rows.iter().filter(|(is, _)| *is).count() as f64;
    let negative = rows.len() as f64 - positive;
    if positive == 0.0 || negative == 0.0 {
        return None;
    }
    let (mut ranks, mut before) = (0.0, 0.0);
    for equals in rows.chunk_by(|a, b| a.1 == b.1) {
        let rank = before + (equals.len() as f64 + 1.0) / 2.0;
        ranks += rank * equals.iter().filter(|(is, _)| *is).count() as f64;
        before += equals.len() as f64;
    }
    Some((ranks - positive * (positive + 1.0) / 2.0) / (positive * negative))
}

/// The coefficient of determination: 1 is perfect, 0 is the mean, below is worse than that.
pub fn r2(truth: &[f32], predicted: &[f32]) -> f64 {
    let mean = truth.iter().map(|&n| f64::from(n)).sum::<f64>() / truth.len().max(1) as f64;
    let total: f64 = truth.iter().map(|&n| (f64::from(n) - mean).powi(2)).sum();
    let left: f64 = squares(truth, predicted);
    if total > 0.0 { 1.0 - left / total } else { 0.0 }
}

/// The mean distance.
pub fn mae(truth: &[f32], predicted: &[f32]) -> f64 {
    let sum: f64 = truth
        .iter()
        .zip(predicted)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).abs())
        .sum();
    sum / truth.len().max(1) as f64
}

/// The root of the mean squared distance.
pub fn rmse(truth: &[f32], predicted: &[f32]) -> f64 {
    (squares(truth, predicted) / truth.len().max(1) as f64).sqrt()
}

fn squares(truth: &[f32], predicted: &[f32]) -> f64 {
    truth
        .iter()
        .zip(predicted)
        .map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    #[test]
    fn the_figures_are_those_that_a_hand_comes_to() {
        let (truth, predicted) = ([0, 0, 0, 1], [0, 0, 1, 1]);
        assert!(near(accuracy(&truth, &predicted), 0.75));
        assert!(near(
            balanced_accuracy(&truth, &predicted, 2),
            (2.0 / 3.0 + 1.0) / 2.0
        ));
        let confusion = confusion(&truth, &predicted, 2);
        assert_eq!(confusion, [[2, 1], [0, 1]]);
        assert!(near(macro_f1(&confusion), (0.8 + 2.0 / 3.0) / 2.0));
        assert!(near(r2(&[1.0, 2.0, 3.0], &[1.0, 2.0, 4.0]), 0.5));
        assert!(near(mae(&[1.0, 2.0], &[2.0, 4.0]), 1.5));
        assert!(near(rmse(&[0.0, 0.0], &[3.0, 4.0]), 12.5_f64.sqrt()));
        assert!(near(
            log_loss(&[0, 1], &[0.5, 0.5, 0.5, 0.5], 2),
            2.0_f64.ln()
        ));
    }

    #[test]
    fn the_area_is_one_for_a_perfect_order_and_a_half_for_equals() {
        let perfect = [0.9, 0.1, 0.2, 0.8];
        assert!(near(auc(&[0, 1], &perfect, 2).unwrap_or_default(), 1.0));
        assert!(near(
            auc(&[0, 1], &[0.5, 0.5, 0.5, 0.5], 2).unwrap_or_default(),
            0.5
        ));
        assert_eq!(auc(&[1, 1], &perfect, 2), None);
    }
}
