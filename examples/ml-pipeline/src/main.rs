//! The command line of the pipeline.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use ml_pipeline::log::{Log, printable};
use ml_pipeline::onnx::Source;
use ml_pipeline::preprocess::{Wishes, preprocess, target::Wanted};
use ml_pipeline::run::{Gates, run, summary};
use ml_pipeline::{evaluate::evaluate, predict::predict, quantize::quantize, train::train};

/// Training allocates some hundred tensors a step, which the system's allocator gives back to the
/// kernel each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the libraries below ask their environment for, once, before anything of theirs runs.
const SETTINGS: [(&str, &str); 2] = [
    // The threads of candle for a product of matrices. Otherwise it asks the system for the number of
    // processors before each of them, some file reads a time, and the order of its sums depends on that
    // number. All processors are used anyway, by training several networks at once.
    ("RAYON_NUM_THREADS", "1"),
    // mimalloc's huge pages: they double the memory of a process as small as this.
    ("MIMALLOC_ALLOW_THP", "0"),
];

/// Turns a CSV file, or a directory of them, into a trained ONNX model, its 8-bit form and a report.
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
        /// The CSV file, of any delimiter and encoding, with a header or without; or a directory of such files with one
        /// header, which are read as one table in the order of their names
        data: PathBuf,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        target: Target,
        #[command(flatten)]
        source: Source,
        #[command(flatten)]
        quality: Quality,
        #[command(flatten)]
        loss: Loss,
    },
    /// Step 1: find out what the columns are, and split the rows
    Preprocess {
        /// The CSV file, of any delimiter and encoding, with a header or without; or a directory of such files with one
        /// header, which are read as one table in the order of their names
        data: PathBuf,
        #[command(flatten)]
        out: Out,
        #[command(flatten)]
        target: Target,
    },
    /// Step 2: compare some networks, and train the best one
    Train {
        /// The directory that `preprocess` filled
        dir: PathBuf,
        #[command(flatten)]
        source: Source,
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
    },
    /// Print the results of all steps, and write the score into a file of its own for a Workflow
    Summary {
        /// The directory that `quantize` filled
        dir: PathBuf,
    },
    /// Run a model on a CSV file that has its columns, and print its predictions as CSV
    Predict {
        /// The model, full or in 8 bits
        model: PathBuf,
        /// The CSV file; columns that the model does not know are ignored
        data: PathBuf,
    },
}

#[derive(clap::Args)]
struct Out {
    /// The directory for the results; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(clap::Args)]
struct Target {
    /// The column to predict; the last one if this is empty or not there
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// What kind of prediction it is [default: by the column's values]
    #[arg(long, value_name = "KIND")]
    task: Option<Wanted>,
}

#[derive(clap::Args)]
struct Quality {
    /// Fail if the score (balanced accuracy, or R2) is lower
    #[arg(long, value_name = "SCORE", value_parser = score, allow_negative_numbers = true)]
    min_score: Option<f64>,
}

#[derive(clap::Args)]
struct Loss {
    /// Fail if the score falls by more than this in 8 bits
    #[arg(
        long,
        value_name = "SCORE", value_parser = score,
        default_value_t = 0.01,
        allow_negative_numbers = true
    )]
    max_drop: f64,
}

impl Target {
    fn wishes(self) -> Wishes {
        Wishes {
            // A Workflow cannot leave an argument out.
            target: self.target.filter(|target| !target.is_empty()),
            task: self.task,
        }
    }
}

/// A score, or by how much it may fall.
fn score(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if score.is_finite() => Ok(score),
        _ => Err("a number such as 0.9 is needed".to_owned()),
    }
}

fn main() -> ExitCode {
    let command = Cli::parse().command;
    match with_settings().and_then(|()| execute(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", printable(&format!("{error:#}")));
            ExitCode::FAILURE
        }
    }
}

/// Starts this program again with [`SETTINGS`], unless it has them.
fn with_settings() -> Result<()> {
    if SETTINGS
        .iter()
        .all(|(name, value)| std::env::var_os(name).is_some_and(|found| found == *value))
    {
        return Ok(());
    }
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    let error = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .envs(SETTINGS)
        .exec();
    Err(error).context("cannot start this program again")
}

fn execute(command: Command) -> Result<()> {
    let log = Log::new();
    match command {
        Command::Run {
            data,
            out,
            target,
            source,
            quality,
            loss,
        } => {
            let gates = Gates {
                min_score: quality.min_score,
                max_drop: loss.max_drop,
            };
            run(&data, &out.out, &target.wishes(), &source, gates, &log)
        }
        Command::Preprocess { data, out, target } => {
            preprocess(&data, &out.out, &target.wishes(), &log).map(drop)
        }
        Command::Train { dir, source } => train(&dir, &source, &log).map(drop),
        Command::Evaluate { dir, quality } => evaluate(&dir, quality.min_score, &log).map(drop),
        Command::Quantize { dir, loss } => quantize(&dir, loss.max_drop, &log).map(drop),
        Command::Summary { dir } => summary(&dir),
        Command::Predict { model, data } => predict(&model, &data, std::io::stdout().lock(), &log),
    }
}
