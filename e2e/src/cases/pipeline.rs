//! What the bundled pipeline makes of a dataset.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    cluster::repository,
    stage::{PATIENCE, Stage},
    wait::until,
};

/// The dataset, as it is in the repository and as it is uploaded.
const FILE: &str = "examples/data/machines.csv";
const BLOB: &str = "raw/plant/machines.csv";

/// A dataset is uploaded; its Workflow succeeds, and leaves a model, a report and a score.
pub(crate) async fn dataset(stage: &Stage) -> Result<()> {
    let content = fs::read(repository().join(FILE))?;
    let version = stage.storage.put(BLOB, content).await;
    stage.say.line(format!("{FILE} is there as {BLOB}"));
    stage.comes_to_exactly(&[version]).await?;
    let ended = async || {
        let all: Value =
            serde_json::from_str(&stage.kubectl(&["get", "workflows", "-o", "json"]).await?)?;
        let status = all["items"][0]["status"].clone();
        status["finishedAt"]
            .as_str()
            .context("it has not ended yet")?;
        Ok(status)
    };
    let status = until("the Workflow ends", PATIENCE, ended).await?;
    ensure!(
        status["phase"] == "Succeeded",
        "it ended so: {}",
        status["message"]
    );
    let score = &status["outputs"]["parameters"][0];
    ensure!(
        score["name"] == "score",
        "its outputs are {}",
        status["outputs"]
    );
    let score: f64 = score["value"].as_str().unwrap_or_default().parse()?;
    ensure!(score > 0.8, "the score is {score}");
    for (name, content) in [
        ("quantized.onnx", "tool_version"),
        ("report.html", "balanced accuracy"),
    ] {
        let name = format!("model-raw-plant-machines.csv-{name}");
        let result = stage.storage.result(&name).await;
        let result = result.with_context(|| format!("there is no models/{name}"))?;
        let has = result
            .windows(content.len())
            .any(|it| it == content.as_bytes());
        ensure!(
            has,
            "models/{name} has no '{content}' in its {} bytes",
            result.len()
        );
    }
    stage.say.line(format!(
        "model and report are there, and the Workflow says a score of {score}"
    ));
    Ok(())
}
