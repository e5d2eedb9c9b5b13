//! Models as ONNX files: opset 17, ai.onnx.ml 3, IR 8; with free text opset 20, IR 9.

pub mod features;
pub mod graph;
pub mod mlflow;
pub mod model;
pub mod proto;
pub mod serving;
pub mod spellings;
pub mod trees;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use prost::Message;
use proto::{KeyValue, Model};
use serde::{Deserialize, Serialize};

/// What is known of the blob that the data came from; it goes into the model's metadata.
#[derive(Clone, Debug, Default, clap::Args, Serialize, Deserialize)]
pub struct Source {
    /// The URL of the blob that the data came from, for the model's metadata.
    #[arg(long, value_name = "URL", help_heading = "Metadata")]
    pub source_url: Option<String>,
    /// The blob's ETag, for the model's metadata.
    #[arg(long, value_name = "ETAG", help_heading = "Metadata")]
    pub source_etag: Option<String>,
    /// When the blob was last modified, for the model's metadata.
    #[arg(long, value_name = "TIME", help_heading = "Metadata")]
    pub source_last_modified: Option<String>,
}

/// Reads a model.
///
/// # Errors
///
/// If the file cannot be read or is no ONNX model.
pub fn load(path: &Path) -> Result<Model> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let model = Model::decode(bytes.as_slice())
        .ok()
        .filter(|model| model.graph.is_some());
    model.with_context(|| format!("{} is no ONNX model", path.display()))
}

/// Writes a model.
///
/// # Errors
///
/// If the file cannot be written.
pub fn save(path: &Path, model: &Model) -> Result<()> {
    fs::write(path, model.encode_to_vec())
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The value of a key in a model's metadata.
pub fn metadata<'a>(model: &'a Model, key: &str) -> Option<&'a str> {
    model
        .metadata_props
        .iter()
        .find(|it| it.key == key)
        .map(|it| it.value.as_str())
}

/// Notes something in a model's metadata, instead of what was there.
pub fn note(model: &mut Model, key: &str, value: impl Into<String>) {
    let value = value.into();
    match model.metadata_props.iter_mut().find(|it| it.key == key) {
        Some(known) => known.value = value,
        None => model.metadata_props.push(KeyValue {
            key: key.to_owned(),
            value,
        }),
    }
}
