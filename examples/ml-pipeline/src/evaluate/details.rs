//! What a person wants to see beside the score: each class, how far probabilities can be trusted, where the
//! errors are. Test rows only.

pub mod classes;
pub mod reliability;
pub mod residuals;
pub mod roc;
pub mod slices;
pub mod worst;

use classes::ClassFigures;
use reliability::Bin;
use residuals::Residuals;
use roc::Curve;
use serde::{Deserialize, Serialize};
use slices::Slice;
use worst::Row;

use super::{importance::Importance, runtime::Predictions};
use crate::{
    schema::Schema,
    table::{Table, Truth},
};

/// The details of the predictions of the test rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Details {
    /// Precision and recall of each class; empty for a regression.
    pub classes: Vec<ClassFigures>,
    /// ROC curves, each of a class against all others; empty for a regression.
    pub roc: Vec<Curve>,
    /// How often the predicted class is right, for rows of a similar probability; empty for a regression.
    pub calibration: Vec<Bin>,
    /// How far predicted numbers are from the true ones; of a regression alone.
    pub residuals: Option<Residuals>,
    /// The error for parts of the rows, by the values of the most important columns.
    pub slices: Vec<Slice>,
    /// The rows with the largest errors, the worst first.
    pub worst: Vec<Row>,
}

impl Details {
    /// The details of some predictions. `places` says where the rows are in the dataset, `importance` says which columns are worth a look.
    pub fn of(
        schema: &Schema,
        (test, places): (&Table, &[String]),
        predictions: &Predictions,
        importance: &[Importance],
    ) -> Self {
        let names = schema.target.task.classes();
        let columns = looked_at(schema, importance);
        let errors = errors(&test.target, predictions);
        let mut details = Details {
            slices: slices::slices(schema, test, &columns, &errors),
            worst: worst::worst(schema, (test, places), predictions, &columns),
            ..Details::default()
        };
        match (&test.target, predictions) {
            (
                Truth::Classes(truth),
                Predictions::Classes {
                    labels,
                    probabilities,
                },
            ) => {
                details.classes = classes::classes(truth, labels, &names);
                details.roc = roc::curves(truth, probabilities, &names);
                details.calibration = reliability::bins(truth, labels, probabilities, names.len());
            }
            (Truth::Numbers(truth), Predictions::Numbers(numbers)) => {
                details.residuals = residuals::residuals(truth, numbers);
            }
            // The schema decides on both.
            _ => {}
        }
        details
    }
}

/// The error of each row: 1 for a wrong class, or the distance of the number.
fn errors(truth: &Truth, predictions: &Predictions) -> Vec<f32> {
    match (truth, predictions) {
        (Truth::Classes(truth), Predictions::Classes { labels, .. }) => {
            let pairs = truth.iter().zip(labels);
            pairs
                .map(|(truth, label)| f32::from(u8::from(truth != label)))
                .collect()
        }
        (Truth::Numbers(truth), Predictions::Numbers(numbers)) => {
            let pairs = truth.iter().zip(numbers);
            pairs
                .map(|(truth, number)| (truth - number).abs())
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The places of the columns that the model needs, the most important first.
fn looked_at(schema: &Schema, importance: &[Importance]) -> Vec<usize> {
    let place = |it: &Importance| {
        let mut columns = schema.columns.iter();
        columns.position(|column| column.name == it.column)
    };
    let needed = importance.iter().filter(|it| it.drop > 0.0);
    needed.filter_map(place).collect()
}
