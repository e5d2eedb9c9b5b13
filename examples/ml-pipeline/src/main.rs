//! The command line of the pipeline.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};
use ml_pipeline::log::{Log, printable};
use ml_pipeline::onnx::Source;
use ml_pipeline::preprocess::{Wishes, preprocess, target::Wanted};
use ml_pipeline::read::{Encoding, Hints};
use ml_pipeline::run::{Extras, Gates, run, summary};
use ml_pipeline::value::Missing;
use ml_pipeline::{
    evaluate::evaluate,
    predict::predict,
    quantize::quantize,
    train::{budget, train},
};

/// Turns a CSV or Parquet file, or a directory of them, into a trained ONNX model, its 8-bit form and a report.
///
/// `run` does all four steps. Each step is also a command of its own: it reads what the step before wrote
/// into a directory, and writes its own files there. No step uses the network.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Do all four steps, and leave model.onnx, model-quantized.onnx, metrics.json and report.html
    Run {
        /// The CSV file, of any delimiter and encoding, with a header or without, also in gzip or zstd; or the Parquet
        /// file; or a directory of such files with one header, which are read as one table in the order of their names
        data: PathBuf,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        written: Written,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        time: Time,
        #[command(flatten)]
        quality: Quality,
        #[command(flatten)]
        loss: Loss,
        #[command(flatten)]
        mlflow: Mlflow,
    },
    /// Step 1: find out what the columns are, and split the rows
    Preprocess {
        /// The CSV file, of any delimiter and encoding, with a header or without, also in gzip or zstd; or the Parquet
        /// file; or a directory of such files with one header, which are read as one table in the order of their names
        data: PathBuf,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        written: Written,
    },
    /// Step 2: compare some networks, and train the best one
    Train {
        /// The directory that `preprocess` filled
        dir: PathBuf,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        time: Time,
    },
    /// Step 3: test the model on rows that were not used for training
    Evaluate {
        /// The directory that `train` filled
        dir: PathBuf,
        #[command(flatten)]
        quality: Quality,
    },
    /// Step 4: make the model's 8-bit form, and test it too
    Quantize {
        /// The directory that `evaluate` filled
        dir: PathBuf,
        #[command(flatten)]
        loss: Loss,
        #[command(flatten)]
        mlflow: Mlflow,
    },
    /// Print the results of all steps
    Summary {
        /// The directory that `quantize` filled
        dir: PathBuf,
    },
    /// Run a model on a file that has its columns, and print its predictions as CSV
    Predict {
        /// The model, full or in 8 bits
        model: PathBuf,
        /// The CSV or Parquet file, or a directory of such; columns that the model does not know are ignored
        data: PathBuf,
        #[command(flatten)]
        written: Written,
    },
}

#[derive(clap::Args)]
struct Out {
    /// The directory for the results; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct Written {
    /// The encoding of the characters, such as UTF-8, windows-1252, windows-1251, Shift_JIS, GBK or Big5
    /// [default: by the bytes]
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    encoding: Option<Optional<Encoding>>,
    /// How many lines above the header are skipped, such as a title [default: those that are surely no rows]
    #[arg(long, value_name = "LINES", value_parser = lines, allow_negative_numbers = true)]
    skip_lines: Option<Optional<u64>>,
}

impl Written {
    fn hints(self) -> Hints {
        Hints {
            encoding: self.encoding.and_then(|it| it.0),
            skip_lines: self.skip_lines.and_then(|it| it.0),
        }
    }
}

/// What a Workflow gives as an empty text where it gives nothing, as it cannot leave an argument out.
#[derive(Clone, Copy, Debug)]
struct Optional<T>(Option<T>);

fn encoding(text: &str) -> Result<Optional<Encoding>, String> {
    let found = Encoding::named(text);
    if found.is_none() && !text.is_empty() {
        return Err(
            "a name such as UTF-8, windows-1252, windows-1251, Shift_JIS, GBK or Big5 is needed; convert a file in another \
             encoding to UTF-8"
                .to_owned(),
        );
    }
    Ok(Optional(found))
}

fn lines(text: &str) -> Result<Optional<u64>, String> {
    let found = text.parse().ok();
    if found.is_none() && !text.is_empty() {
        return Err("a whole number such as 2 is needed".to_owned());
    }
    Ok(Optional(found))
}

#[derive(clap::Args)]
struct Target {
    /// The column to predict; the last one if this is empty or not there
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// What kind of prediction it is: classification or regression [default: by the column's values]
    #[arg(long, value_name = "KIND", value_parser = task)]
    task: Option<Optional<Wanted>>,
    /// A column that is not learned from; several with commas between them, or one option for each
    #[arg(long, value_name = "COLUMN")]
    ignore: Vec<String>,
    /// A word or number that stands for no value, such as -999; several with commas between them, or one option for
    /// each. With ! before it, it is a value, such as !NA for North America
    #[arg(long, value_name = "WORD", allow_hyphen_values = true)]
    missing: Vec<String>,
    /// Test with the rows that have the greatest values of this column, such as a date: those that come last
    #[arg(long, value_name = "COLUMN")]
    split_by: Option<String>,
    /// Keep rows with the same value of this column, such as a patient or a machine, on one side of the split
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// A JSON object with the metadata of the blob that the data came from: its keys pipeline_target, pipeline_ignore
    /// and so on go before the options
    #[arg(long, value_name = "FILE")]
    metadata: Option<PathBuf>,
}

#[derive(clap::Args)]
struct Time {
    /// How long the training may take, such as 90s, 10m or 2h: it takes the best model so far then, so that two runs may
    /// differ [default: as long as it needs]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    time_budget: Option<Optional<Duration>>,
}

impl Time {
    fn most(self) -> Option<Duration> {
        self.time_budget.and_then(|it| it.0)
    }
}

fn duration(text: &str) -> Result<Optional<Duration>, String> {
    let found = budget::duration(text);
    if found.is_none() && !text.is_empty() {
        return Err("a time such as 90s, 10m or 2h is needed".to_owned());
    }
    Ok(Optional(found))
}

#[derive(clap::Args)]
struct Quality {
    /// Fail if the score (balanced accuracy, or R2) is lower [default: fail if it is not above the baseline]
    #[arg(long, value_name = "SCORE", value_parser = given, allow_negative_numbers = true)]
    min_score: Option<Optional<f64>>,
}

#[derive(clap::Args)]
struct Loss {
    /// Fail if the score falls by more than this in 8 bits, and not by chance [default: keep the full model
    /// where it falls by more than 0.01]
    #[arg(long, value_name = "SCORE", value_parser = given, allow_negative_numbers = true)]
    max_drop: Option<Optional<f64>>,
}

#[derive(clap::Args)]
struct Mlflow {
    /// Leave the model as a folder for MLflow too, called `mlflow`
    #[arg(long = "mlflow", value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "", hide_default_value = true, value_parser = yes)]
    wanted: bool,
}

impl Quality {
    fn least(self) -> Option<f64> {
        self.min_score.and_then(|it| it.0)
    }
}

impl Loss {
    fn most(self) -> Option<f64> {
        self.max_drop.and_then(|it| it.0)
    }
}

impl Target {
    fn wishes(self, written: Written) -> Wishes {
        // A Workflow cannot leave an argument out.
        let given = |it: Option<String>| it.filter(|it| !it.is_empty());
        Wishes {
            hints: written.hints(),
            target: given(self.target),
            task: self.task.and_then(|it| it.0),
            ignore: self
                .ignore
                .into_iter()
                .filter(|it| !it.is_empty())
                .collect(),
            missing: Missing::of(&self.missing),
            split_by: given(self.split_by),
            group: given(self.group),
            metadata: self.metadata,
        }
    }
}

/// Yes or no; no where the text is empty.
fn yes(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "" | "false" => Ok(false),
        _ => Err("true or false is needed".to_owned()),
    }
}

fn task(text: &str) -> Result<Optional<Wanted>, String> {
    let wanted = (!text.is_empty()).then(|| Wanted::of(text));
    wanted
        .transpose()
        .map(Optional)
        .map_err(|error| error.to_string())
}

fn given(text: &str) -> Result<Optional<f64>, String> {
    if text.is_empty() {
        return Ok(Optional(None));
    }
    match text.parse::<f64>() {
        Ok(score) if score.is_finite() => Ok(Optional(Some(score))),
        _ => Err("a number such as 0.9 is needed".to_owned()),
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    // On one of the threads that share the work: it does a part of it itself, instead of waiting for the others.
    match rayon::scope(|_| execute(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", printable(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> Result<()> {
    let log = Log::new();
    match command {
        Command::Run {
            data,
            out,
            target,
            written,
            source,
            time,
            quality,
            loss,
            mlflow,
        } => {
            let extras = Extras {
                mlflow: mlflow.wanted,
            };
            let gates = Gates {
                min_score: quality.least(),
                max_drop: loss.most(),
                time_budget: time.most(),
            };
            run(
                &data,
                &out.out,
                &target.wishes(written),
                &source,
                (gates, extras),
                &log,
            )
        }
        Command::Preprocess {
            data,
            out,
            target,
            written,
        } => preprocess(&data, &out.out, &target.wishes(written), &log).map(drop),
        Command::Train { dir, source, time } => train(&dir, &source, time.most(), &log).map(drop),
        Command::Evaluate { dir, quality } => evaluate(&dir, quality.least(), &log).map(drop),
        Command::Quantize { dir, loss, mlflow } => {
            quantize(&dir, loss.most(), mlflow.wanted, &log).map(drop)
        }
        Command::Summary { dir } => summary(&dir),
        Command::Predict {
            model,
            data,
            written,
        } => predict(
            &model,
            &data,
            written.hints(),
            std::io::stdout().lock(),
            &log,
        ),
    }
}
