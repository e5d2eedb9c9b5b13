//! What the steps tell each other of the data: `schema.json` beside the two parts of the table.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub use crate::took::Took;
use crate::{
    preprocess::tidy::Reading,
    read::{Encoding, Header},
    value::{Missing, Numerals, date::Order},
};

/// The files of a working directory, as each step finds and leaves them.
pub mod files {
    /// What `preprocess` found out of the data.
    pub const SCHEMA: &str = "schema.json";
    /// The rows that the model learns from.
    pub const TRAIN: &str = "train.csv";
    /// The rows that it is judged by, which it never saw.
    pub const TEST: &str = "test.csv";
    /// Which rows to learn from belong together, if some do: a number in each line, for each of them.
    pub const TOGETHER: &str = "together.txt";
    /// The same of the rows that it is judged by.
    pub const TOGETHER_TEST: &str = "together-test.txt";
    /// Where in the dataset each row of the test is, a line for each.
    pub const PLACES: &str = "places.txt";
    /// What `train` tried, and how the model learned.
    pub const TRAINING: &str = "training.json";
    /// The model.
    pub const MODEL: &str = "model.onnx";
    /// A script that predicts with the model.
    pub const PREDICT: &str = "predict.py";
    /// What goes into the model and what comes out, in MLflow's form.
    pub const SIGNATURE: &str = "signature.json";
    /// The model in 8 bits.
    pub const QUANTIZED: &str = "model-quantized.onnx";
    /// How good the models are, for programs.
    pub const METRICS: &str = "metrics.json";
    /// How good the models are, for people.
    pub const REPORT: &str = "report.html";
    /// The model as a folder for MLflow, where that is asked for.
    pub const MLFLOW: &str = "mlflow";
    /// The score alone.
    pub const SCORE: &str = "score";
    /// The verdict in one word.
    pub const VERDICT: &str = "verdict";

    /// What is out of date when `preprocess` runs.
    pub const AFTER_PREPROCESS: [&str; 12] = [
        TOGETHER,
        TOGETHER_TEST,
        TRAINING,
        MODEL,
        METRICS,
        REPORT,
        QUANTIZED,
        SCORE,
        VERDICT,
        PREDICT,
        SIGNATURE,
        MLFLOW,
    ];
    /// What is out of date when `train` runs.
    pub const AFTER_TRAIN: [&str; 6] = [METRICS, REPORT, QUANTIZED, SCORE, VERDICT, MLFLOW];
}

/// A table of which we know what each column means.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Schema {
    /// The name of the file or the directory, without the one that it is in.
    pub file: String,
    /// How many files it was.
    pub files: usize,
    /// How the first of them was stored and written, in words.
    pub written: String,
    /// The SHA-256 of the file; of several files, that of the lines that `sha256sum` prints of them.
    pub sha256: String,
    /// How its characters were stored.
    pub encoding: Encoding,
    /// What stood between two fields.
    pub delimiter: char,
    /// How numbers were written, in all columns that have no other way of their own.
    pub numerals: Numerals,
    /// What stood for no value besides the usual markers, as the user says.
    #[serde(default)]
    pub missing: Missing,
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
    /// Which rows are in which part.
    pub split: Splitting,
    /// What people should know, a sentence each.
    pub warnings: Vec<String>,
    /// The run of `preprocess`.
    pub took: Took,
}

/// How many rows of texts are tested with: they are in memory at once.
const TEXT_ROWS: u64 = 100_000;

impl Schema {
    /// How many columns are free text.
    pub fn texts(&self) -> usize {
        let texts = self.columns.iter().filter(|it| it.kind == Kind::Text);
        texts.count()
    }

    /// How many rows a model is tested with at most.
    pub fn most_tested(&self) -> u64 {
        match self.texts() {
            0 => u64::MAX,
            texts => TEXT_ROWS / texts as u64,
        }
    }

    /// How a column is read.
    pub fn reading<'a>(&'a self, column: &'a Column) -> Reading<'a> {
        Reading {
            kind: column.kind,
            unit: column.unit.as_deref(),
            numerals: column.numerals.unwrap_or(self.numerals),
            missing: &self.missing,
        }
    }

    /// How a target of numbers is read.
    pub fn target_reading(&self) -> Reading<'_> {
        Reading {
            kind: Kind::Number,
            unit: self.target.unit.as_deref(),
            numerals: self.target.numerals.unwrap_or(self.numerals),
            missing: &self.missing,
        }
    }
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
    /// On which scale its numbers are learned and judged.
    #[serde(default)]
    pub scale: Scale,
    /// The least and the greatest number that count, where a few are far from all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<(f64, f64)>,
    /// What its numbers count, if that stands beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How its numbers are written, if not as those of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerals: Option<Numerals>,
}

/// On which scale numbers are learned and judged. The model's output is in their own unit in any case.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// As they are.
    #[default]
    Linear,
    /// Their natural logarithm.
    Log,
    /// The natural logarithm of one more than they are, as 0 is among them.
    LogOfOneMore,
}

impl Scale {
    /// What a figure on this scale is called.
    pub fn named(self, figure: &str) -> String {
        match self {
            Scale::Linear => figure.to_owned(),
            _ => format!("{figure} (log scale)"),
        }
    }

    /// A number on this scale.
    pub fn apply(self, number: f64) -> f64 {
        match self {
            Scale::Linear => number,
            Scale::Log => number.ln(),
            Scale::LogOfOneMore => number.ln_1p(),
        }
    }

    /// Numbers on this scale.
    pub fn apply_all(self, numbers: &mut [f32]) {
        if self != Scale::Linear {
            for number in numbers {
                *number = self.apply(f64::from(*number)) as f32;
            }
        }
    }
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
    /// What its numbers count, if that stands beside them: such as `kg`, or `eur` for money.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// How its numbers are written, if not as those of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerals: Option<Numerals>,
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
    /// Free text, of which the words count: a string input, empty where missing.
    Text,
    /// Dates: a float input with days since 1970-01-01, NaN where missing.
    Date {
        /// How the file writes them.
        order: Order,
    },
}

impl Kind {
    /// Whether the model takes it as text.
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Category | Kind::Boolean | Kind::Text)
    }

    /// A number of such a column as people write it.
    pub fn shown(self, number: f32) -> String {
        match self {
            Kind::Date { .. } => day(number),
            _ => number.to_string(),
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Number => "number",
            Kind::Category => "category",
            Kind::Boolean => "boolean",
            Kind::Text => "text",
            Kind::Date { .. } => "date",
        }
    }
}

/// Days since 1970-01-01 as `2026-11-25`, with the time of day where there is one.
fn day(days: f32) -> String {
    let minutes = (f64::from(days) * 1440.0).round();
    let moment = time::UtcDateTime::from_unix_timestamp((minutes * 60.0) as i64);
    let Ok(moment) = moment else {
        return days.to_string();
    };
    let date = moment.date();
    match (moment.hour(), moment.minute()) {
        (0, 0) => date.to_string(),
        (hour, minute) => format!("{date} {hour:02}:{minute:02}"),
    }
}

/// Which rows are set apart for the test.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "lowercase")]
pub enum Splitting {
    /// A fifth of each class, at random; copies of a row stay together.
    #[default]
    Random,
    /// The fifth with the greatest values of a column: what comes last in time.
    Order {
        /// Its name.
        column: String,
    },
    /// A fifth at random, the rows with one value of a column together.
    Group {
        /// Its name.
        column: String,
    },
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
/// If a file or a folder cannot be removed.
pub fn forget(dir: &Path, names: &[&str]) -> Result<()> {
    for name in names {
        let path = dir.join(name);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        match removed {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}
