//! Real datasets, and another runtime for their models: Python's, from
//! `examples/ml-pipeline/verify`.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

use crate::{
    cluster::repository,
    command::{self, wait},
};

/// The datasets: ten digits, two kinds of tumour, three wines, three flowers, a number.
pub(crate) const DATASETS: [&str; 5] = ["digits", "breast_cancer", "wine", "iris", "diabetes"];

/// Writes the datasets, and installs what is needed for that and for [`score`]. It needs the network, so it comes
/// before that of the cluster is entered.
///
/// # Errors
/// There is no Python, or its packages cannot be installed.
pub(crate) fn prepare() -> Result<()> {
    fs::create_dir_all(folder())?;
    for name in DATASETS {
        let mut write = Command::new(script());
        wait(write.arg("datasets.py").arg(name).arg(csv(name)))?;
    }
    Ok(())
}

/// Where a dataset is.
pub(crate) fn csv(name: &str) -> PathBuf {
    folder().join(format!("{name}.csv"))
}

/// How well a model predicts the dataset, in onnxruntime: accuracy or R².
///
/// # Errors
/// It cannot be loaded, or does not predict.
pub(crate) async fn score(model: &[u8], name: &str) -> Result<f64> {
    let path = folder().join(format!("{name}.onnx"));
    fs::write(&path, model)?;
    let (path, data) = (path.to_string_lossy(), csv(name));
    let args = ["predict.py", &path, &data.to_string_lossy()];
    let said = command::run(&script().to_string_lossy(), &args, "").await?;
    let score: f64 = said
        .trim()
        .parse()
        .with_context(|| format!("it printed {said}"))?;
    ensure!(score.is_finite(), "the score is {score}");
    Ok(score)
}

fn folder() -> PathBuf {
    // The scripts run in a directory of their own.
    let folder = repository().join("target/e2e/datasets");
    std::path::absolute(&folder).unwrap_or(folder)
}

fn script() -> PathBuf {
    repository().join("scripts/pipeline-python.sh")
}
