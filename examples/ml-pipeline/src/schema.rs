//! What the steps tell each other of the data: `schema.json` beside the two parts of the table.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    read::{Encoding, Header},
    value::{Numerals, date::Order},
};

/// The files of a working directory, as each step finds and leaves them.
pub mod files {
    /// What `preprocess` found out of the data.
    pub const SCHEMA: &str = "schema.json";
    /// The rows that the model learns from.
    pub const TRAIN: &str = "train.csv";
    /// The rows that it is judged by, which it never saw.
    pub const TEST: &str = "test.csv";
    /// What `train` tried, and how the model learned.
    pub const TRAINING: &str = "training.json";
    /// The model.
    pub const MODEL: &str = "model.onnx";
    /// The model in 8 bits.
    pub const QUANTIZED: &str = "model-quantized.onnx";
    /// How good the models are, for programs.
    pub const METRICS: &str = "metrics.json";
    /// How good the models are, for people.
    pub const REPORT: &str = "report.html";
    /// The score alone.
    pub const SCORE: &str = "score";

    /// What is out of date when `preprocess` runs.
    pub const AFTER_PREPROCESS: [&str; 5] = [TRAINING, MODEL, METRICS, REPORT, QUANTIZED];
    /// What is out of date when `train` runs.
    pub const AFTER_TRAIN: [&str; 3] = [METRICS, REPORT, QUANTIZED];
}

/// A table of which we know what each column means.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Schema {
    /// The name of the file or the directory, without the one that it is in.
    pub file: String,
    /// How many files it was.
    pub files: usize,
    /// How its characters were stored.
    pub encoding: Encoding,
    /// What stood between two fields.
    pub delimiter: char,
    /// How numbers were written.
    pub numerals: Numerals,
    /// Whether the columns had names.
    pub header: Header,
    /// What is to be predicted.
    pub target: Target,
    /// The columns that it is predicted from, in their order.
    pub columns: Vec<Column>,
    /// The columns that are left out.
    pub dropped: Vec<Dropped>,
    /// How many rows there are in each part.
    pub rows: Rows,
    /// What people should know, a sentence each.
    pub warnings: Vec<String>,
}

/// The column that is to be predicted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// What kind of prediction that is.
    pub task: Task,
    /// Why it is that kind.
    pub because: String,
}

/// What is predicted: one of some classes, or a number.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Task {
    /// One of some classes.
    Classification {
        /// Their names and how many rows each has, sorted by name: numbers by value, then words.
        classes: Vec<Class>,
    },
    /// A number.
    Regression,
}

/// A class of the target.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// What it is called in the file.
    pub name: String,
    /// In how many rows it stands.
    pub rows: u64,
}

impl Task {
    /// The names of the classes; none for a number.
    pub fn classes(&self) -> Vec<String> {
        match self {
            Task::Classification { classes } => {
                classes.iter().map(|class| class.name.clone()).collect()
            }
            Task::Regression => Vec::new(),
        }
    }
}

/// A column that the model takes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name, which is also the name of the model's input.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Numbers: a float input, NaN where missing.
    Number,
    /// Some words again and again: a string input, empty where missing.
    Category,
    /// Yes or no in words: a string input, empty where missing.
    Boolean,
    /// Dates: a float input with days since 1970-01-01, NaN where missing.
    Date {
        /// How the file writes them.
        order: Order,
    },
}

impl Kind {
    /// Whether the model takes it as text.
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Category | Kind::Boolean)
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Category => "category",
            Kind::Boolean => "boolean",
            Kind::Date { .. } => "date",
        }
    }
}

/// A column that is left out, and why.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Dropped {
    /// Its name.
    pub name: String,
    /// Why it helps no model.
    pub reason: String,
}

/// How many rows there are.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    /// In the dataset, headers aside.
    pub read: u64,
    /// To learn from.
    pub train: u64,
    /// To judge by.
    pub test: u64,
}

/// Reads what an earlier step left.
///
/// # Errors
///
/// If the file is not there or is not what the step writes.
pub fn load<T: DeserializeOwned>(dir: &Path, name: &str) -> Result<T> {
    let path = dir.join(name);
    let text = fs::read(&path).with_context(|| {
        format!(
            "cannot read {}, which an earlier step leaves there",
            path.display()
        )
    })?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is not what this program wrote", path.display()))
}

/// Leaves something for the next step, and for people who look.
///
/// # Errors
///
/// If the file cannot be written.
pub fn save<T: Serialize>(dir: &Path, name: &str, value: &T) -> Result<()> {
    let path = dir.join(name);
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Removes what an earlier run of later steps left, so that nothing of two runs stands side by side.
///
/// # Errors
///
/// If a file cannot be removed.
pub fn forget(dir: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
