//! A whole model: raw columns in, predictions out.

use serde::Serialize;

use super::{
    Source,
    features::features,
    graph::{Builder, int, ints, text, texts},
    note,
    proto::{KeyValue, Model, Opset, element},
};
use crate::{
    features::Encoder,
    schema::{Schema, Task},
    train::{network::Layer, sample::Scale},
};

/// The version of the format that is written.
const IR_VERSION: i64 = 8;

/// The versions of the operators that are used.
const OPSETS: [(&str, i64); 2] = [("", 17), ("ai.onnx.ml", 3)];

/// The names of a classification's outputs.
pub const CLASSIFICATION: [&str; 2] = ["label", "probabilities"];

/// The name of a regression's output.
pub const REGRESSION: &str = "prediction";

/// What a model's input is, for those who serve it: the metadata's `inputs` is a list of these.
#[derive(Debug, Serialize, serde::Deserialize)]
pub struct Input {
    /// The name of the input.
    pub name: String,
    /// The column that it takes.
    pub column: String,
    /// What kind of values it has.
    #[serde(flatten)]
    pub kind: crate::schema::Kind,
    /// How they are given.
    pub given_as: String,
}

/// Builds the model of a network that has learned.
pub fn build(
    schema: &Schema,
    encoder: &Encoder,
    layers: &[Layer],
    scale: Scale,
    source: &Source,
) -> Model {
    let outputs: &[&str] = match schema.target.task {
        Task::Classification { .. } => &CLASSIFICATION,
        Task::Regression => &[REGRESSION],
    };
    let mut graph = Builder::new("ml-pipeline", outputs);
    let (features, inputs) = features(&mut graph, &schema.columns, encoder);
    let result = network(&mut graph, features, layers);
    match &schema.target.task {
        Task::Classification { .. } => {
            classification(&mut graph, &result, &schema.target.task.classes())
        }
        Task::Regression => regression(&mut graph, &result, scale),
    }
    let mut model = Model {
        ir_version: IR_VERSION,
        producer_name: "ml-pipeline".to_owned(),
        producer_version: env!("CARGO_PKG_VERSION").to_owned(),
        graph: Some(graph.finish()),
        opset_import: OPSETS
            .map(|(domain, version)| Opset {
                domain: domain.to_owned(),
                version,
            })
            .to_vec(),
        metadata_props: Vec::new(),
    };
    model.metadata_props = metadata(schema, &inputs, source);
    note(&mut model, "tool_version", env!("CARGO_PKG_VERSION"));
    model
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

fn classification(graph: &mut Builder, logits: &str, classes: &[String]) {
    let [label, probabilities] = CLASSIFICATION;
    let count = classes.len() as i64;
    graph.node_to("Softmax", &[logits], probabilities, vec![int("axis", 1)]);
    let winner = graph.node(
        "ArgMax",
        &[probabilities],
        "winner",
        vec![int("axis", 1), int("keepdims", 0)],
    );
    let attributes = vec![
        ints("cats_int64s", (0..count).collect()),
        texts("cats_strings", classes),
        text("default_string", ""),
    ];
    graph.node_to("CategoryMapper", &[&winner], label, attributes);
    graph.output(label, element::STRING, &[None]);
    graph.output(probabilities, element::FLOAT, &[None, Some(count)]);
}

fn regression(graph: &mut Builder, result: &str, scale: Scale) {
    let deviation = graph.floats("target_deviation", &[], &[scale.deviation]);
    let mean = graph.floats("target_mean", &[], &[scale.mean]);
    let spread = graph.node("Mul", &[result, &deviation], "spread", vec![]);
    let shifted = graph.node("Add", &[&spread, &mean], "shifted", vec![]);
    let axis = graph.ints("prediction_axis", &[1], &[1]);
    graph.node_to("Squeeze", &[&shifted, &axis], REGRESSION, vec![]);
    graph.output(REGRESSION, element::FLOAT, &[None]);
}

/// What does not show in the graph. Nothing here differs between two runs on the same input.
fn metadata(schema: &Schema, inputs: &[String], source: &Source) -> Vec<KeyValue> {
    let described: Vec<_> = schema
        .columns
        .iter()
        .zip(inputs)
        .map(|(column, name)| Input {
            name: name.clone(),
            column: column.name.clone(),
            kind: column.kind,
            given_as: match column.kind {
                crate::schema::Kind::Number => "float, NaN where missing",
                crate::schema::Kind::Date { .. } => {
                    "float: days since 1970-01-01 in UTC, NaN where missing"
                }
                _ => "string, empty where missing",
            }
            .to_owned(),
        })
        .collect();
    let task = match schema.target.task {
        Task::Classification { .. } => "classification",
        Task::Regression => "regression",
    };
    let mut pairs = vec![
        ("source_file", schema.file.clone()),
        ("target", schema.target.name.clone()),
        ("task", task.to_owned()),
        // A list of plain values can always be written.
        (
            "classes",
            serde_json::to_string(&schema.target.task.classes()).unwrap_or_default(),
        ),
        (
            "inputs",
            serde_json::to_string(&described).unwrap_or_default(),
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
