//! Which layers are kept in 8 bits, and how: the smallest and fastest form that says the same as the
//! full model. Each is tried on rows that were learned from, so that the test stays a test.

use std::path::Path;

use anyhow::Result;

use super::{
    graph::{self, Form},
    seen::Seen,
};
use crate::{
    evaluate::runtime::{self, Runtime},
    onnx::{self, proto::Model},
    table::Table,
};

/// By how much the score may fall, on rows that were learned from, before another form is tried.
const TRIED: f64 = 0.0025;

/// What became of the layers.
pub enum Written {
    /// They are in the file, in the form that is named; and the model that it has.
    Bytes(&'static str, Box<Runtime>),
    /// They were not, for this reason.
    Not(String),
}

/// Writes the model of the file `full`, which is loaded already, to the file `path`, in the first form that is good enough,
/// or in the best one. If that one loses more than `most` on the rows that were learned from, it writes none: a small test
/// cannot tell such a loss from chance. What is loaded is used again: with thousands of columns, that takes longest.
///
/// # Errors
///
/// If a file cannot be written, or the model does not run.
pub fn write(
    (full, loaded): (&Path, &Runtime),
    path: &Path,
    rows: &Table,
    most: f64,
) -> Result<Written> {
    let model = onnx::load(full)?;
    let layers = graph::layers(&model);
    if layers.is_empty() {
        return Ok(Written::Not(
            "trees have no 8-bit form in ONNX, only networks have".to_owned(),
        ));
    }
    let widths = graph::widths(&model);
    let mut seen: Vec<_> = widths.into_iter().map(Seen::of).collect();
    runtime::within(full, &layers, &rows.columns, |layer, values| {
        seen[layer].add(values);
    })?;
    let whole: Vec<_> = seen
        .iter()
        .map(|it| Form::Whole(it.least, it.most))
        .collect();
    let classes = loaded.classes().len();
    let score = loaded.judged(&rows.columns)?.score(&rows.target, classes);
    let size = std::fs::metadata(full)?.len();
    let mut best: Option<(f64, &'static str, Model, Runtime)> = None;
    let mut smallest = u64::MAX;
    for (name, forms) in plans(&whole) {
        let mut tried = model.clone();
        graph::quantize(&mut tried, &forms, &seen);
        onnx::save(path, &tried)?;
        let bytes = std::fs::metadata(path)?.len();
        smallest = smallest.min(bytes);
        if bytes >= size {
            continue;
        }
        let runtime = Runtime::load(path)?;
        let predicted = runtime.judged(&rows.columns)?;
        let loss = score - predicted.score(&rows.target, classes);
        if loss <= TRIED {
            return Ok(Written::Bytes(name, Box::new(runtime)));
        }
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, name, tried, runtime));
        }
    }
    match best {
        Some((loss, ..)) if loss > most => Ok(Written::Not(format!(
            "its score falls by {loss:.4} in 8 bits, on rows that it was trained on"
        ))),
        Some((_, name, model, runtime)) => {
            onnx::save(path, &model)?;
            Ok(Written::Bytes(name, Box::new(runtime)))
        }
        None => Ok(Written::Not(format!(
            "its 8-bit form would be larger ({smallest} instead of {size} bytes)"
        ))),
    }
}

/// The forms that are tried, the fastest first. Wide ranges of what goes into the first layer are what
/// bytes lose most of: a network may take small differences of two large columns.
fn plans(whole: &[Form]) -> Vec<(&'static str, Vec<Form>)> {
    let mut plans = vec![("8 bits", whole.to_vec())];
    if whole.len() > 1 {
        let mut inner = whole.to_vec();
        inner[0] = Form::Weights;
        plans.push(("8 bits, the inputs in floats", inner));
    }
    plans.push(("8-bit weights", vec![Form::Weights; whole.len()]));
    plans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        onnx::{
            graph::{Builder, int},
            model::REGRESSION,
            note,
            proto::{Opset, element},
        },
        table::{Truth, Values},
    };

    /// A network of two inputs, each of them four times, which says `by` times their difference.
    fn difference(by: f32) -> Model {
        let mut graph = Builder::new("difference", &[REGRESSION]);
        let inputs = ["a", "b", "a2", "b2", "a3", "b3", "a4", "b4"]
            .map(|name| graph.input(name, element::FLOAT));
        let inputs: Vec<_> = inputs.iter().map(String::as_str).collect();
        let x = graph.node("Concat", &inputs, "x", vec![int("axis", 1)]);
        let sign = |at: usize| if at.is_multiple_of(2) { by } else { -by };
        let first: Vec<_> = (0..1600).map(|at| sign(at + at / 200) / 4.0).collect();
        let last: Vec<_> = (0..200).map(|at| sign(at) / by / 100.0).collect();
        let layers = [
            (graph.floats("w", &[8, 200], &first), 200),
            (graph.floats("v", &[200, 1], &last), 1),
        ];
        let biases = layers
            .each_ref()
            .map(|(_, outputs)| graph.floats("bias", &[*outputs], &vec![0.0; *outputs]));
        let hidden = graph.node("Gemm", &[&x, &layers[0].0, &biases[0]], "hidden", vec![]);
        let hidden = graph.node("Relu", &[&hidden], "relu", vec![]);
        let result = graph.node(
            "Gemm",
            &[&hidden, &layers[1].0, &biases[1]],
            "result",
            vec![],
        );
        let axis = graph.ints("axis", &[1], &[1]);
        graph.node_to("Squeeze", &[&result, &axis], REGRESSION, vec![]);
        graph.output(REGRESSION, element::FLOAT, &[None]);
        let mut model = Model {
            ir_version: 8,
            graph: Some(graph.finish()),
            opset_import: vec![Opset {
                domain: String::new(),
                version: 17,
            }],
            ..Model::default()
        };
        note(&mut model, "classes", "[]");
        model
    }

    /// What becomes of such a network on rows where the inputs differ by at most `spread`.
    fn written(by: f32, spread: f32) -> Result<Option<&'static str>> {
        let dir = tempfile::tempdir()?;
        let (full, path) = (dir.path().join("full"), dir.path().join("8"));
        onnx::save(&full, &difference(by))?;
        let at = |row: u16, step: u16| f32::from(row * step % 997) / 997.0 - 0.5;
        let a: Vec<_> = (0..900).map(|row| at(row, 31) * 8.0).collect();
        let b: Vec<_> = (0..900)
            .zip(&a)
            .map(|(row, a)| a - at(row, 7) * 2.0 * spread)
            .collect();
        let truth = a.iter().zip(&b).map(|(a, b)| by * (a - b)).collect();
        let rows = Table {
            columns: vec![[Values::Numbers(a), Values::Numbers(b)]; 4].concat(),
            target: Truth::Numbers(truth),
            together: None,
        };
        let loaded = Runtime::load(&full)?;
        Ok(
            match write((&full, &loaded), &path, &rows, f64::INFINITY)? {
                Written::Bytes(form, _) => Some(form),
                Written::Not(_) => None,
            },
        )
    }

    #[test]
    fn a_small_difference_of_two_wide_columns_leaves_the_inputs_in_floats() -> Result<()> {
        assert_eq!(written(1.0, 4.0)?, Some("8 bits"));
        assert_eq!(written(1.0, 0.1)?, Some("8 bits, the inputs in floats"));
        Ok(())
    }

    #[test]
    fn weights_are_dequantized_only_where_the_inputs_are_too() {
        for (name, forms) in plans(&[Form::Whole(-1.0, 1.0); 2]) {
            let mut model = difference(1.0);
            graph::quantize(&mut model, &forms, &[Seen::of(8), Seen::of(200)]);
            let nodes = model.graph.unwrap_or_default().nodes;
            let is_dequantized = |value: &String| {
                let mut makes = nodes.iter().filter(|it| it.op_type == "DequantizeLinear");
                makes.any(|it| it.outputs.contains(value))
            };
            let layers = nodes.iter().filter(|it| it.op_type == "Gemm");
            for (layer, form) in layers.zip(forms) {
                let both = [&layer.inputs[0], &layer.inputs[1]].map(is_dequantized);
                assert_eq!(both, [matches!(form, Form::Whole(..)); 2], "{name}");
            }
        }
    }

    #[test]
    fn the_inputs_leave_the_bytes_before_the_inner_layers_do() {
        let whole = Form::Whole(-1.0, 1.0);
        let names = |layers: usize| -> Vec<_> {
            plans(&vec![whole; layers])
                .into_iter()
                .map(|(_, forms)| forms)
                .collect()
        };
        assert_eq!(names(1), [vec![whole], vec![Form::Weights]]);
        assert_eq!(
            names(2),
            [
                vec![whole, whole],
                vec![Form::Weights, whole],
                vec![Form::Weights, Form::Weights]
            ]
        );
    }
}
