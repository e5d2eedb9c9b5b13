//! Runs a model file with tract: a runtime that knows nothing of how the file was made.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::internal::{Factoid, Symbol};

use super::{
    inputs::{self, Inputs},
    metrics,
};
use crate::{
    onnx::{
        self,
        model::{CLASSIFICATION, REGRESSION},
    },
    schema::Scale,
    table::{Truth, Values},
};

/// How many rows go through a model at once.
const BATCH: usize = 1024;

/// A model that is ready to run.
pub struct Runtime {
    plan: Plan,
    /// The names of its classes, for a classification.
    classes: Vec<String>,
    /// The scale on which its numbers are judged.
    scale: Scale,
}

/// A model, and the columns that each of its inputs has.
struct Plan {
    model: Arc<TypedRunnableModel>,
    inputs: Inputs,
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
        let scale = onnx::metadata(&model, "target_scale").map(serde_json::from_str);
        Ok(Runtime {
            plan: plan(path, &outputs)?,
            classes,
            scale: scale.transpose()?.unwrap_or_default(),
        })
    }

    /// The names of the classes; none for a regression.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// What is judged of all rows: the same as [`Runtime::predict`], but numbers on the scale on which they were
    /// learned.
    ///
    /// # Errors
    ///
    /// If they do not fit the model.
    pub fn judged(&self, columns: &[Values]) -> Result<Predictions> {
        let mut predictions = self.predict(columns)?;
        if let Predictions::Numbers(numbers) = &mut predictions {
            self.scale.apply_all(numbers);
        }
        Ok(predictions)
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
                    for label in names(&outputs[0])? {
                        let class = self.classes.iter().position(|class| *class == label);
                        labels.push(class.with_context(|| {
                            format!("the model says '{label}', which is not a known class")
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
    /// What is said of rows without learning from the columns: the most frequent class with the classes'
    /// shares, or the mean.
    pub fn always(baseline: &[f32], truth: &Truth) -> Self {
        let rows = truth.len();
        match truth {
            Truth::Classes(_) => Predictions::Classes {
                labels: vec![metrics::greatest(baseline); rows],
                probabilities: baseline.repeat(rows),
            },
            Truth::Numbers(_) => Predictions::Numbers(baseline.repeat(rows)),
        }
    }

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

/// Tells `take` what some values within a model come to, some rows at a time: the place in `names`, and the numbers, row by
/// row.
///
/// # Errors
///
/// If tract does not run the model, or it has no such values.
pub fn within(
    path: &Path,
    names: &[String],
    columns: &[Values],
    mut take: impl FnMut(usize, &[f32]),
) -> Result<()> {
    let plan = plan(path, names)?;
    run(&plan, columns, |outputs| {
        for (place, output) in outputs.iter().enumerate() {
            take(place, floats(output)?);
        }
        Ok(())
    })
}

/// Labels as they are written, whatever their type.
fn names(tensor: &Tensor) -> Result<Vec<String>> {
    let plain = tensor.try_as_plain_ram()?;
    Ok(match tensor.datum_type() {
        DatumType::I64 => plain
            .as_slice::<i64>()?
            .iter()
            .map(i64::to_string)
            .collect(),
        _ => plain.as_slice::<String>()?.to_vec(),
    })
}

fn floats(tensor: &Tensor) -> Result<&[f32]> {
    tensor.try_as_plain_ram()?.as_slice::<f32>()
}

fn plan(path: &Path, outputs: &[String]) -> Result<Plan> {
    let describe = || format!("tract does not run {}", path.display());
    let mut framework = tract_onnx::onnx();
    super::text::register(&mut framework);
    super::trees::register(&mut framework);
    let mut file = onnx::load(path)?;
    let inputs = inputs::join(file.graph.get_or_insert_default());
    let mut model = framework
        .model_for_read(&mut file.encode_to_vec().as_slice())
        .with_context(describe)?;
    let rows: Symbol = model.symbols.sym("N");
    for (input, columns) in inputs.iter().enumerate() {
        let element = model
            .input_fact(input)?
            .datum_type
            .concretize()
            .context("an input has no type")?;
        model.set_input_fact(
            input,
            InferenceFact::dt_shape(element, [TDim::from(rows.clone()), columns.len().into()]),
        )?;
    }
    model = model.with_outputs_by_name(outputs).with_context(describe)?;
    let model = model
        .into_optimized()
        .and_then(|model| model.into_runnable())
        .with_context(describe)?;
    Ok(Plan { model, inputs })
}

/// Runs all rows, some at a time.
fn run(
    plan: &Plan,
    columns: &[Values],
    mut take: impl FnMut(&[TValue]) -> Result<()>,
) -> Result<()> {
    let inputs = plan.inputs.iter().map(Vec::len).sum::<usize>();
    ensure!(
        columns.len() == inputs,
        "the model takes {inputs} columns, and there are {}: run all steps again from `preprocess`",
        columns.len()
    );
    let rows = columns.first().map_or(0, Values::len);
    for start in (0..rows).step_by(BATCH) {
        let end = rows.min(start + BATCH);
        let batch = plan
            .inputs
            .iter()
            .map(|input| Ok(inputs::tensor(columns, input, start..end)?.into_tvalue()))
            .collect::<Result<_>>()?;
        take(&plan.model.run(batch)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::{
        features::{Encoder, Form},
        log::Log,
        onnx::{
            features::features,
            graph::Builder,
            model::versions,
            proto::{Model, element},
        },
        preprocess::{Wishes, preprocess},
        schema::{Schema, files},
        table::Table,
    };

    /// All kinds of columns, with missing values and with words that are rare.
    fn data(rows: u32) -> String {
        let mut text = "load,day,site,part,note,y\n".to_owned();
        for row in 0..rows {
            let mixed = row.wrapping_mul(0x9e37_79b9) >> 7;
            let load = match mixed % 9 {
                0 => String::new(),
                _ => format!("{}.25", mixed % 1009),
            };
            let site = ["roof", "hall", "", "yard"][(mixed / 3 % 4) as usize];
            let day = format!("2024-{:02}-{:02}", mixed % 12 + 1, mixed / 12 % 28 + 1);
            let part = mixed / 5 % 90 * (mixed / 7 % 3);
            let note = match mixed / 11 % 8 {
                0 => String::new(),
                at => format!(
                    "Seen {} on the roof, no {row}; all is fine!",
                    ["by me", "late"][at as usize % 2]
                ),
            };
            let _ = writeln!(
                text,
                "{load},{day},{site},part {part},\"{note}\",{}",
                mixed % 977
            );
        }
        text
    }

    fn prepared(dir: &Path) -> Result<(Schema, Table)> {
        let (file, out) = (dir.join("data.csv"), dir.join("out"));
        std::fs::write(&file, data(900))?;
        let schema = preprocess(&file, &out, &Wishes::default(), &Log::new())?;
        let table = Table::load(&out, files::TRAIN, &schema, schema.rows.train, u64::MAX)?;
        Ok((schema, table))
    }

    #[test]
    fn the_features_in_the_graph_are_those_that_were_learned_from() -> Result<()> {
        let dir = tempfile::tempdir()?;
        let (schema, table) = prepared(dir.path())?;
        let mut encoder = Encoder::of(&schema, &table);
        let words = encoder.words(&table);
        assert_eq!(words.len(), 1, "one column has many words");
        assert_eq!(encoder.texts.len(), 1);
        let made = (0..words[0].count)
            .map(|word| (word as f32).sin())
            .collect();
        encoder.encode_words(vec![made]);
        for form in [Form::Scaled, Form::Raw] {
            let mut graph = Builder::new("features", &[]);
            let (name, _) = features(&mut graph, &schema.columns, &encoder, form);
            graph.output(&name, element::FLOAT, &[None, Some(encoder.width() as i64)]);
            let (ir_version, opset_import) = versions(&encoder);
            let model = Model {
                ir_version,
                opset_import,
                graph: Some(graph.finish()),
                ..Model::default()
            };
            let path = dir.path().join("features.onnx");
            onnx::save(&path, &model)?;
            let mut found: Vec<f32> = Vec::new();
            run(&plan(&path, &[name])?, &table.columns, |outputs| {
                found.extend_from_slice(floats(&outputs[0])?);
                Ok(())
            })?;
            let expected = encoder.encode(&table, form);
            assert_eq!(found.len(), expected.len());
            // Words are the same in all bits; sines and quotients are each runtime's own.
            let numbers = encoder.origins().iter().filter(|&&it| it < 2).count();
            for (at, (&found, &expected)) in found.iter().zip(&expected).enumerate() {
                let allowed = if at % encoder.width() < numbers {
                    1e-4 * expected.abs().max(1.0)
                } else {
                    0.0
                };
                let is_same =
                    found.is_nan() && expected.is_nan() || (found - expected).abs() <= allowed;
                assert!(
                    is_same,
                    "feature {}: {found} and {expected}",
                    at % encoder.width()
                );
            }
        }
        Ok(())
    }
}
