//! What helps to serve a model: a script that predicts with it, and its signature as MLflow writes it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::proto::{Model, ValueInfo, element};
use crate::schema::files;

/// The script, which is the same for all models: what differs is in their metadata.
pub(super) const SCRIPT: &str = include_str!("predict.py");

/// Leaves both beside the model.
///
/// # Errors
///
/// If a file cannot be written.
pub fn leave(dir: &Path, model: &Model) -> Result<()> {
    let signature = format!("{:#}\n", signature(model));
    for (name, text) in [(files::PREDICT, SCRIPT), (files::SIGNATURE, &signature)] {
        let path = dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// As `mlflow.models.ModelSignature.from_dict` takes it: lists of tensors, each list a text (MLflow's
/// documentation, "Model signatures").
fn signature(model: &Model) -> Value {
    let (inputs, outputs) = match &model.graph {
        Some(graph) => (tensors(&graph.inputs), tensors(&graph.outputs)),
        None => (Value::Null, Value::Null),
    };
    json!({"inputs": inputs.to_string(), "outputs": outputs.to_string(), "params": null})
}

fn tensors(all: &[ValueInfo]) -> Value {
    let tensor = |it: &ValueInfo| {
        let tensor = it.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
        let dims = tensor.and_then(|it| it.shape.as_ref());
        let shape: Vec<_> = dims
            .into_iter()
            .flat_map(|shape| &shape.dims)
            // How many rows there are is open.
            .map(|dim| dim.value.unwrap_or(-1))
            .collect();
        let kind = match tensor.map(|it| it.element) {
            Some(element::STRING) => "object",
            Some(element::INT64) => "int64",
            _ => "float32",
        };
        json!({"name": it.name, "type": "tensor", "tensor-spec": {"dtype": kind, "shape": shape}})
    };
    all.iter().map(tensor).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx::graph::Builder;

    #[test]
    fn the_script_is_short_in_each_line() {
        let long: Vec<_> = SCRIPT
            .lines()
            .filter(|line| line.chars().count() > 120)
            .collect();
        assert!(long.is_empty(), "{long:?}");
    }

    #[test]
    fn the_signature_has_the_types_and_shapes_of_all_columns_and_outputs() {
        let mut graph = Builder::new("model", &["label"]);
        graph.input("load", element::FLOAT);
        graph.input("site", element::STRING);
        graph.output("label", element::INT64, &[None]);
        let model = Model {
            graph: Some(graph.finish()),
            ..Model::default()
        };
        let found = signature(&model);
        let parsed = |key: &str| {
            serde_json::from_str::<Value>(found[key].as_str().unwrap_or_default())
                .unwrap_or_default()
        };
        let tensor = |kind: &str, shape: &[i64]| json!({"dtype": kind, "shape": shape});
        let inputs = parsed("inputs");
        assert_eq!(inputs[0]["name"], "load");
        assert_eq!(inputs[0]["tensor-spec"], tensor("float32", &[-1, 1]));
        assert_eq!(inputs[1]["tensor-spec"], tensor("object", &[-1, 1]));
        assert_eq!(parsed("outputs")[0]["tensor-spec"], tensor("int64", &[-1]));
    }
}
