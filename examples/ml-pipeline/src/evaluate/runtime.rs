//! Runs a model file with tract: a runtime that knows nothing of how the file was made.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::{Factoid, Symbol};

use super::metrics;
use crate::{
    onnx::{
        self,
        model::{CLASSIFICATION, REGRESSION},
    },
    table::{Truth, Values},
};

/// How many rows go through a model at once.
const BATCH: usize = 1024;

/// A model that is ready to run.
pub struct Runtime {
    plan: Arc<TypedRunnableModel>,
    /// The names of its classes, for a classification.
    classes: Vec<String>,
}

/// What a model says of some rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Predictions {
    /// The number of each row's class, and the probabilities of all, row by row.
    Classes {
        /// The class that the model's label names.
        labels: Vec<u32>,
        /// The probability of each class, row by row.
        probabilities: Vec<f32>,
    },
    /// A number for each row.
    Numbers(Vec<f32>),
}

impl Runtime {
    /// Loads a model file that this program wrote.
    ///
    /// # Errors
    ///
    /// If it is none, or tract does not run it.
    pub fn load(path: &Path) -> Result<Self> {
        let model = onnx::load(path)?;
        let classes: Vec<String> = match onnx::metadata(&model, "classes") {
            Some(classes) => serde_json::from_str(classes)?,
            None => bail!("{} was not written by this program", path.display()),
        };
        let outputs: &[&str] = if classes.is_empty() {
            &[REGRESSION]
        } else {
            &CLASSIFICATION
        };
        let outputs: Vec<_> = outputs.iter().map(|&name| name.to_owned()).collect();
        Ok(Runtime {
            plan: plan(path, &outputs)?,
            classes,
        })
    }

    /// The names of the classes; none for a regression.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// Predicts all rows. The columns stand in the order of the model's inputs.
    ///
    /// # Errors
    ///
    /// If they do not fit the model.
    pub fn predict(&self, columns: &[Values]) -> Result<Predictions> {
        let mut all = if self.classes.is_empty() {
            Predictions::Numbers(Vec::new())
        } else {
            Predictions::Classes {
                labels: Vec::new(),
                probabilities: Vec::new(),
            }
        };
        run(&self.plan, columns, |outputs| {
            match &mut all {
                Predictions::Numbers(numbers) => numbers.extend_from_slice(floats(&outputs[0])?),
                Predictions::Classes {
                    labels,
                    probabilities,
                } => {
                    for label in outputs[0].try_as_plain_ram()?.as_slice::<String>()? {
                        let class = self.classes.iter().position(|class| class == label);
                        labels.push(class.with_context(|| {
                            format!("the model says '{label}', which is no class")
                        })? as u32);
                    }
                    probabilities.extend_from_slice(floats(&outputs[1])?);
                }
            }
            Ok(())
        })?;
        Ok(all)
    }
}

impl Predictions {
    /// The score of these predictions: the balanced accuracy, or R².
    pub fn score(&self, truth: &Truth, classes: usize) -> f64 {
        match (self, truth) {
            (Predictions::Classes { labels, .. }, Truth::Classes(truth)) => {
                metrics::balanced_accuracy(truth, labels, classes)
            }
            (Predictions::Numbers(numbers), Truth::Numbers(truth)) => metrics::r2(truth, numbers),
            _ => 0.0,
        }
    }
}

/// The least and greatest of what some values within a model come to, over all rows.
///
/// # Errors
///
/// If tract does not run the model, or it has no such values.
pub fn ranges(path: &Path, names: &[String], columns: &[Values]) -> Result<Vec<(f32, f32)>> {
    let plan = plan(path, names)?;
    let mut ranges = vec![(0.0_f32, 0.0_f32); names.len()];
    run(&plan, columns, |outputs| {
        for (range, output) in ranges.iter_mut().zip(outputs) {
            let floats = floats(output)?;
            *range = floats.iter().fold(*range, |(least, most), &value| {
                (least.min(value), most.max(value))
            });
        }
        Ok(())
    })?;
    Ok(ranges)
}

fn floats(tensor: &Tensor) -> Result<&[f32]> {
    tensor.try_as_plain_ram()?.as_slice::<f32>()
}

fn plan(path: &Path, outputs: &[String]) -> Result<Arc<TypedRunnableModel>> {
    let describe = || format!("tract does not run {}", path.display());
    let mut model = tract_onnx::onnx()
        .model_for_path(path)
        .with_context(describe)?;
    let rows: Symbol = model.symbols.sym("N");
    for input in 0..model.input_outlets()?.len() {
        let element = model
            .input_fact(input)?
            .datum_type
            .concretize()
            .context("an input has no type")?;
        model.set_input_fact(
            input,
            InferenceFact::dt_shape(element, [TDim::from(rows.clone()), 1.into()]),
        )?;
    }
    model = model.with_outputs_by_name(outputs).with_context(describe)?;
    model
        .into_optimized()
        .and_then(|model| model.into_runnable())
        .with_context(describe)
}

/// Runs all rows, some at a time.
fn run(
    plan: &Arc<TypedRunnableModel>,
    columns: &[Values],
    mut take: impl FnMut(&[TValue]) -> Result<()>,
) -> Result<()> {
    let inputs = plan.model().input_outlets()?.len();
    ensure!(
        columns.len() == inputs,
        "the model takes {inputs} columns, and there are {}: run all steps again from `preprocess`",
        columns.len()
    );
    let rows = columns.first().map_or(0, Values::len);
    for start in (0..rows).step_by(BATCH) {
        let end = rows.min(start + BATCH);
        let batch = columns
            .iter()
            .map(|values| Ok(tensor(values, start..end)?.into_tvalue()))
            .collect::<Result<_>>()?;
        take(&plan.run(batch)?)?;
    }
    Ok(())
}

fn tensor(values: &Values, rows: std::ops::Range<usize>) -> Result<Tensor> {
    let shape = (rows.len(), 1);
    Ok(match values {
        Values::Numbers(all) => Tensor::from_shape(&[rows.len(), 1], &all[rows])?,
        Values::Words { words, rows: all } => {
            let words = all[rows]
                .iter()
                .map(|&word| words[word as usize].clone())
                .collect();
            tract_ndarray::Array2::from_shape_vec(shape, words)?.into_tensor()
        }
    })
}
