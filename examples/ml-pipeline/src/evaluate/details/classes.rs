//! Precision and recall of each class.

use serde::{Deserialize, Serialize};

use crate::evaluate::metrics;

/// How well a class is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassFigures {
    /// The class.
    pub class: String,
    /// How many test rows are of it.
    pub rows: u64,
    /// How many are predicted as it.
    pub predicted: u64,
    /// The part of the rows predicted as it that are of it; none if no row is predicted as it.
    pub precision: Option<f64>,
    /// The part of its rows that are predicted as it; none if the test has no row of it.
    pub recall: Option<f64>,
    /// The harmonic mean of both; none if the test has no row of it, and none is predicted as it.
    pub f1: Option<f64>,
}

/// The figures of all classes, in their order.
pub(super) fn classes(truth: &[u32], labels: &[u32], names: &[String]) -> Vec<ClassFigures> {
    let confusion = metrics::confusion(truth, labels, names.len());
    let part = |right: u64, all: u64| (all > 0).then(|| right as f64 / all as f64);
    let figures = |(class, name): (usize, &String)| {
        let right = confusion[class][class];
        let rows = confusion[class].iter().sum();
        let predicted = confusion.iter().map(|row| row[class]).sum();
        ClassFigures {
            class: name.clone(),
            rows,
            predicted,
            precision: part(right, predicted),
            recall: part(right, rows),
            f1: part(2 * right, rows + predicted),
        }
    };
    names.iter().enumerate().map(figures).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_its_figures() {
        let names = ["a", "b", "c"].map(str::to_owned);
        let found = classes(&[0, 0, 0, 1], &[0, 0, 1, 1], &names);
        assert_eq!(found[0].precision, Some(1.0));
        assert_eq!(found[0].recall, Some(2.0 / 3.0));
        assert_eq!(found[0].f1, Some(0.8));
        assert_eq!((found[1].rows, found[1].predicted), (1, 2));
        assert_eq!(found[1].precision, Some(0.5));
        assert_eq!(
            (found[2].precision, found[2].recall, found[2].f1),
            (None, None, None)
        );
    }
}
