//! A whole model: raw columns in, predictions out.

use serde::{Deserialize, Serialize};

use super::{
    Source,
    features::features,
    graph::{Builder, int, ints, text, texts},
    note,
    proto::{KeyValue, Model, Opset, element},
    trees::trees,
};
use crate::{
    features::Encoder,
    schema::{self, Schema, Task},
    train::{calibrate::Calibration, candidate::Predictor, network::Layer, sample::Scale},
    value::{Numerals, date::Order, missing},
};

/// The version of the format that is written, and that of its operators: old ones, which many runtimes know.
const VERSION: (i64, i64) = (8, 17);

/// The same for a model that splits texts: the first ones with `StringSplit`.
const VERSION_FOR_TEXT: (i64, i64) = (9, 20);

/// The version of the operators for machine learning.
const ML_VERSION: i64 = 3;

/// The names of a classification's outputs.
pub const CLASSIFICATION: [&str; 2] = ["label", "probabilities"];

/// The name of a regression's output.
pub const REGRESSION: &str = "prediction";

/// What a model's input is, for those who serve it: the metadata's `inputs` is a list of these.
#[derive(Debug, Serialize, Deserialize)]
pub struct Input {
    /// The name of the input.
    pub name: String,
    /// The column that it takes.
    pub column: String,
    /// What kind of values it has.
    #[serde(flatten)]
    pub kind: crate::schema::Kind,
    /// What its numbers count, if that stands beside them in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How they are written there, if not as the metadata's `numerals` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerals: Option<Numerals>,
    /// How they are given.
    pub given_as: String,
    /// What they are, for programs: `number`, `days`, `text`, or `words` for free text.
    pub takes: String,
    /// The words that the model knows, of a column of text.
    pub words: Vec<String>,
}

/// What makes predictions of raw outputs.
#[derive(Clone, Copy, Debug)]
pub enum Ends<'a> {
    /// Probabilities and a class.
    Classes(&'a Calibration),
    /// A number in its own unit.
    Number(Scale, schema::Scale),
}

/// Builds the model of what a candidate has learned.
pub fn build(
    schema: &Schema,
    encoder: &Encoder,
    predictor: &Predictor,
    ends: Ends,
    source: &Source,
) -> Model {
    let outputs: &[&str] = match schema.target.task {
        Task::Classification { .. } => &CLASSIFICATION,
        Task::Regression => &[REGRESSION],
    };
    let mut graph = Builder::new("ml-pipeline", outputs);
    let (features, inputs) = features(&mut graph, &schema.columns, encoder, predictor.form());
    let result = match predictor {
        Predictor::Layers(layers) => network(&mut graph, features, layers),
        Predictor::Trees(forest) => trees(&mut graph, &features, forest),
    };
    match ends {
        Ends::Classes(calibration) => {
            let classes = schema.target.task.classes();
            classification(&mut graph, &result, &classes, calibration);
        }
        Ends::Number(scale, unit) => regression(&mut graph, &result, scale, unit),
    }
    let (ir_version, opset_import) = versions(encoder);
    let mut model = Model {
        ir_version,
        producer_name: "ml-pipeline".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph.finish()),
        opset_import,
        metadata_props: Vec::new(),
    };
    model.metadata_props = metadata(schema, encoder, &inputs, source);
    note(&mut model, "tool_version", env!("CARGO_PKG_VERSION"));
    model
}

/// The versions of the format and of the operators that a model needs.
pub fn versions(encoder: &Encoder) -> (i64, Vec<Opset>) {
    let (format, operators) = if encoder.texts.is_empty() {
        VERSION
    } else {
        VERSION_FOR_TEXT
    };
    let opset = |(domain, version): (&str, i64)| Opset {
        domain: domain.to_owned(),
        version,
    };
    let opsets = [("", operators), ("ai.onnx.ml", ML_VERSION)];
    (format, opsets.map(opset).to_vec())
}

fn network(graph: &mut Builder, features: String, layers: &[Layer]) -> String {
    let mut x = features;
    for (index, layer) in layers.iter().enumerate() {
        let weights = graph.floats(
            &format!("weights_{index}"),
            &[layer.inputs, layer.outputs],
            &layer.weights,
        );
        let bias = graph.floats(&format!("bias_{index}"), &[layer.outputs], &layer.bias);
        x = graph.node(
            "Gemm",
            &[&x, &weights, &bias],
            &format!("layer_{index}"),
            vec![],
        );
        if index + 1 < layers.len() {
            x = graph.node("Relu", &[&x], &format!("hidden_{index}"), vec![]);
        }
    }
    x
}

/// The same steps as [`Calibration::apply`], in the same order.
fn classification(
    graph: &mut Builder,
    outputs: &str,
    classes: &[String],
    calibration: &Calibration,
) {
    let [label, probabilities] = CLASSIFICATION;
    let count = classes.len() as i64;
    let width = [1, classes.len()];
    let slope = graph.floats("calibration_slope", &[], &[calibration.slope]);
    let shift = graph.floats("calibration_shift", &width, &calibration.shift);
    let favour = graph.floats("label_favour", &width, &calibration.favour);
    let sloped = graph.node("Mul", &[outputs, &slope], "sloped", vec![]);
    let logits = graph.node("Add", &[&sloped, &shift], "logits", vec![]);
    graph.node_to("Softmax", &[&logits], probabilities, vec![int("axis", 1)]);
    let favoured = graph.node("Add", &[&logits, &favour], "favoured", vec![]);
    let winner = graph.node(
        "ArgMax",
        &[&favoured],
        "winner",
        vec![int("axis", 1), int("keepdims", 0)],
    );
    match whole(classes) {
        Some(numbers) => {
            let numbers = graph.ints("label_numbers", &[classes.len()], &numbers);
            graph.node_to("Gather", &[&numbers, &winner], label, vec![int("axis", 0)]);
            graph.output(label, element::INT64, &[None]);
        }
        None => {
            let attributes = vec![
                ints("cats_int64s", (0..count).collect()),
                texts("cats_strings", classes),
                text("default_string", ""),
            ];
            graph.node_to("CategoryMapper", &[&winner], label, attributes);
            graph.output(label, element::STRING, &[None]);
        }
    }
    graph.output(probabilities, element::FLOAT, &[None, Some(count)]);
}

/// The classes as whole numbers, if they are all written as such. Words, and numbers such as `007`, are not.
pub fn whole(classes: &[String]) -> Option<Vec<i64>> {
    let number = |class: &String| {
        let number = class.parse::<i64>().ok();
        number.filter(|number| number.to_string() == *class)
    };
    classes.iter().map(number).collect()
}

/// The greatest logarithm whose number a 32-bit float can hold, and one that is as far from 0.
const LOGS: [f32; 2] = [-88.0, 88.0];

fn regression(graph: &mut Builder, result: &str, scale: Scale, unit: schema::Scale) {
    let deviation = graph.floats("target_deviation", &[], &[scale.deviation]);
    let mean = graph.floats("target_mean", &[], &[scale.mean]);
    let spread = graph.node("Mul", &[result, &deviation], "spread", vec![]);
    let shifted = graph.node("Add", &[&spread, &mean], "shifted", vec![]);
    let number = match unit {
        schema::Scale::Linear => shifted,
        schema::Scale::Log | schema::Scale::LogOfOneMore => {
            let [least, most] = LOGS.map(|bound| graph.floats("log_bound", &[], &[bound]));
            let bounded = graph.node("Clip", &[&shifted, &least, &most], "bounded_log", vec![]);
            let number = graph.node("Exp", &[&bounded], "number", vec![]);
            if unit == schema::Scale::Log {
                number
            } else {
                let one = graph.floats("one", &[], &[1.0]);
                graph.node("Sub", &[&number, &one], "one_less", vec![])
            }
        }
    };
    let axis = graph.ints("prediction_axis", &[1], &[1]);
    graph.node_to("Squeeze", &[&number, &axis], REGRESSION, vec![]);
    graph.output(REGRESSION, element::FLOAT, &[None]);
}

/// The words that a model knows of a column.
fn known_words(encoder: &Encoder, column: usize) -> Vec<String> {
    let categories = encoder.categories.iter().map(|it| (it.column, &it.words));
    let texts = encoder.texts.iter().map(|it| (it.column, &it.words));
    let own = categories.chain(texts).filter(|(it, _)| *it == column);
    own.flat_map(|(_, words)| words.clone()).collect()
}

/// What does not show in the graph. Nothing here differs between two runs on the same input.
fn metadata(
    schema: &Schema,
    encoder: &Encoder,
    inputs: &[String],
    source: &Source,
) -> Vec<KeyValue> {
    let described: Vec<_> = schema
        .columns
        .iter()
        .zip(inputs)
        .enumerate()
        .map(|(place, (column, name))| Input {
            name: name.clone(),
            column: column.name.clone(),
            kind: column.kind,
            unit: column.unit.clone(),
            numerals: column.numerals,
            given_as: match column.kind {
                crate::schema::Kind::Number => "float, NaN where missing",
                crate::schema::Kind::Date {
                    order: Order::TimeOfDay,
                } => "float: a part of a day, NaN where missing",
                crate::schema::Kind::Date { .. } => {
                    "float: days since 1970-01-01 in UTC, NaN where missing"
                }
                crate::schema::Kind::Text => {
                    "string with blanks between words, empty where missing"
                }
                _ => "string, empty where missing",
            }
            .to_owned(),
            takes: match column.kind {
                crate::schema::Kind::Date { .. } => "days",
                crate::schema::Kind::Text => "words",
                kind if kind.is_text() => "text",
                _ => "number",
            }
            .to_owned(),
            words: known_words(encoder, place),
        })
        .collect();
    let markers = missing::ALWAYS.into_iter().map(str::to_owned);
    let missing: Vec<_> = markers
        .filter(|marker| !schema.missing.keeps(marker))
        .chain(Vec::from(schema.missing.clone()))
        .collect();
    let task = match schema.target.task {
        Task::Classification { .. } => "classification",
        Task::Regression => "regression",
    };
    let mut pairs = vec![
        ("source_file", schema.file.clone()),
        ("target", schema.target.name.clone()),
        ("task", task.to_owned()),
        (
            "target_scale",
            serde_json::to_string(&schema.target.scale).unwrap_or_default(),
        ),
        // A list of plain values can always be written.
        (
            "classes",
            serde_json::to_string(&schema.target.task.classes()).unwrap_or_default(),
        ),
        (
            "inputs",
            serde_json::to_string(&described).unwrap_or_default(),
        ),
        (
            "missing",
            serde_json::to_string(&missing).unwrap_or_default(),
        ),
        (
            "numerals",
            match schema.numerals {
                Numerals::Point => "point",
                Numerals::Comma => "comma",
            }
            .to_owned(),
        ),
        ("rows_train", schema.rows.train.to_string()),
        ("rows_test", schema.rows.test.to_string()),
    ];
    for (key, value) in [
        ("source_url", &source.source_url),
        ("source_etag", &source.source_etag),
        ("source_last_modified", &source.source_last_modified),
    ] {
        pairs.extend(value.clone().map(|value| (key, value)));
    }
    pairs
        .into_iter()
        .map(|(key, value)| KeyValue {
            key: key.to_owned(),
            value,
        })
        .collect()
}
