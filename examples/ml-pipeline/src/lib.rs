//! Turns a CSV file, or a directory of them, into a model: preprocess, train, evaluate, quantize to 8 bit.
//!
//! Each step takes files and leaves files in one directory (`schema::files`), with no network and no
//! credentials:
//!
//! - [`preprocess`]: `DATA.csv` or a directory -> `schema.json`, `train.csv`, `test.csv`
//! - [`train`]: -> `model.onnx`, `training.json`
//! - [`evaluate`]: -> `metrics.json`, `report.html`
//! - [`quantize`]: -> `model-quantized.onnx`, and its figures in the other two
//!
//! The same input gives the same bytes.

pub mod evaluate;
pub mod features;
pub mod log;
pub mod onnx;
pub mod predict;
pub mod preprocess;
pub mod quantize;
pub mod read;
pub mod report;
pub mod run;
pub mod schema;
pub mod table;
pub mod took;
pub mod train;
pub mod value;

/// Where all random choices begin, so that each run makes the same ones.
pub const SEED: u64 = 5;
