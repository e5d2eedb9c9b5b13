//! The model as a folder that MLflow loads and serves (MLflow's documentation, "MLflow Model", storage format).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::{load, metadata, model::Input, serving::SCRIPT};
use crate::schema::files;

/// How MLflow gets predictions: through `predict.py`, so that blanks, markers of missing values and dates are read
/// as in training.
const LOADER: &str = r#""""How MLflow loads the model: what it gets is read by predict.py."""

import predict


class Model:
    def __init__(self, path):
        self.path = path

    def predict(self, frame, params=None):
        return predict.predict(self.path, frame)


def _load_pyfunc(path):
    return Model(path)
"#;

/// The name of that file, which no other module has.
const LOADER_MODULE: &str = "ml_pipeline_model";

/// The Python that `predict.py` is tested with. MLflow makes environments with it, and warns where another one loads
/// the model.
const PYTHON: &str = "3.11";

const REQUIREMENTS: &str = "mlflow\nonnxruntime>=1.17\npandas>=2\n";

/// Writes the folder `mlflow` in `dir`, with the model of `model-quantized.onnx`.
///
/// # Errors
///
/// If the model cannot be read, or a file cannot be written.
pub fn leave(dir: &Path) -> Result<()> {
    let from = dir.join(files::QUANTIZED);
    let folder = dir.join(files::MLFLOW);
    let code = folder.join("code");
    fs::create_dir_all(&code).with_context(|| format!("cannot create {}", code.display()))?;
    let described = format!("{:#}\n", described(&from)?);
    let environment = format!(
        "python: \"{PYTHON}\"\nbuild_dependencies: [pip]\ndependencies: [-r requirements.txt]\n"
    );
    let conda = format!(
        "name: ml-pipeline\nchannels: [conda-forge]\n\
         dependencies: [python={PYTHON}, pip, {{pip: [mlflow, 'onnxruntime>=1.17', 'pandas>=2']}}]\n"
    );
    let to = folder.join("model.onnx");
    fs::copy(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
    for (name, text) in [
        // JSON is YAML.
        ("MLmodel", described.as_str()),
        ("requirements.txt", REQUIREMENTS),
        ("python_env.yaml", &environment),
        ("conda.yaml", &conda),
        ("code/predict.py", SCRIPT),
        (&format!("code/{LOADER_MODULE}.py"), LOADER),
    ] {
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// What the file `MLmodel` says.
fn described(path: &Path) -> Result<Value> {
    let model = load(path)?;
    let of = |key: &str| metadata(&model, key).map(str::to_owned);
    let inputs: Vec<Input> = serde_json::from_str(&of("inputs").unwrap_or_default())
        .with_context(|| format!("{} was not written by this program", path.display()))?;
    let classes: Vec<String> = serde_json::from_str(&of("classes").unwrap_or_default())?;
    let versions = |domain: &str| {
        let mut opsets = model.opset_import.iter();
        opsets.find(|it| it.domain == domain).map(|it| it.version)
    };
    let environment = json!({"virtualenv": "python_env.yaml", "conda": "conda.yaml"});
    let (ins, outs) = (Value::from(taken(&inputs)), Value::from(given(&classes)));
    let metadata: serde_json::Map<_, _> = [
        "target",
        "task",
        "score_name",
        "score",
        "source_url",
        "source_etag",
    ]
    .into_iter()
    .filter_map(|key| Some((key.to_owned(), of(key)?.into())))
    .collect();
    Ok(json!({
        "flavors": {
            "onnx": {"data": "model.onnx", "providers": ["CPUExecutionProvider"], "opset": versions("")},
            "python_function": {
                "loader_module": LOADER_MODULE,
                "code": "code",
                "data": "model.onnx",
                "env": environment,
                "python_version": PYTHON,
            },
        },
        "signature": {"inputs": ins.to_string(), "outputs": outs.to_string(), "params": null},
        "metadata": metadata,
    }))
}

/// The columns that are needed. A missing value is a missing value, not a mistake.
///
/// A number is of any type too: pandas makes whole numbers of a column, or floats if one is missing, or text if one has
/// a unit. MLflow converts none of these to another, and predict.py reads them all.
fn taken(inputs: &[Input]) -> Vec<Value> {
    let column = |it: &Input| json!({"type": "any", "name": it.column, "required": false});
    inputs.iter().map(column).collect()
}

/// What predict.py returns.
fn given(classes: &[String]) -> Vec<Value> {
    if classes.is_empty() {
        return vec![json!({"type": "float", "name": super::model::REGRESSION, "required": true})];
    }
    let label = match super::model::whole(classes) {
        Some(_) => "long",
        None => "string",
    };
    let label = json!({"type": label, "name": super::model::CLASSIFICATION[0], "required": true});
    let probability =
        |class: &String| json!({"type": "float", "name": format!("p({class})"), "required": true});
    std::iter::once(label)
        .chain(classes.iter().map(probability))
        .collect()
}
