//! What the bundled pipeline makes of datasets.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde_json::Value;

use crate::{
    cluster::repository,
    pods::PATIENCE,
    python::{self, DATASETS},
    stage::Stage,
    wait::until,
};

/// The dataset, as it is in the repository and as it is uploaded.
const FILE: &str = "examples/data/machines.csv";
const BLOB: &str = "raw/plant/machines.csv";
/// Two blobs whose results have the same promised name.
const SAME_RESULT: [&str; 2] = ["raw/a/b.csv", "raw/a-b.csv"];
/// The columns that docs/pipeline.md has people look at.
const COLUMNS: &str = "custom-columns=BLOB:.spec.arguments.parameters[1].value,\
    PHASE:.status.phase,SCORE:.status.outputs.parameters[0].value";

/// A dataset is uploaded; its Workflow succeeds, and leaves a model, a report and a score.
pub(crate) async fn dataset(stage: &Stage) -> Result<()> {
    let content = Bytes::from(fs::read(repository().join(FILE))?);
    let mut versions = vec![stage.storage.put(BLOB, content.clone()).await];
    stage.say.line(format!("{FILE} is there as {BLOB}"));
    stage.comes_to_exactly(&versions).await?;
    let scores = succeeded(stage, 1).await?;
    ensure!(scores[BLOB] > 0.8, "the score is {}", scores[BLOB]);
    let model = result(stage, BLOB, "quantized.onnx", "tool_version").await?;
    let report = result(stage, BLOB, "report.html", "balanced accuracy").await?;
    stage.say.line(format!(
        "a model of {} bytes and a report of {} are there, and the Workflow says a score of {}",
        model.len(),
        report.len(),
        scores[BLOB]
    ));
    stage.say.figure("score", scores[BLOB]);
    stage.say.figure("bytes of the model", model.len());
    holds_little(stage).await?;
    for blob in SAME_RESULT {
        versions.push(stage.storage.put(blob, content.clone()).await);
    }
    stage.comes_to_exactly(&versions).await?;
    succeeded(stage, versions.len()).await?;
    each_keeps_its_own(stage, &SAME_RESULT).await
}

/// Whether each run's model is there under the run's own name, and is of its own blob, though both have
/// written one and the same promised name.
async fn each_keeps_its_own(stage: &Stage, blobs: &[&str]) -> Result<()> {
    for blob in blobs {
        let seen = stage.witness.all();
        let seen = seen.iter().find(|it| it.version().blob == *blob);
        let run = &seen.context("no Workflow")?.name;
        let name = format!("runs/{run}/model-{}-quantized.onnx", blob.replace('/', "-"));
        let model = stage.storage.result(&name).await;
        let model = model.with_context(|| format!("there is no models/{name}"))?;
        // Its metadata has the blob's URL.
        let model = String::from_utf8_lossy(&model);
        ensure!(model.contains(blob), "models/{name} is not of {blob}");
        stage.say.line(format!("models/{name} is of {blob}"));
    }
    Ok(())
}

/// Whether the steps that look into a dataset hold neither a token for the API server nor a key of the account.
async fn holds_little(stage: &Stage) -> Result<()> {
    let label = "app.kubernetes.io/name=ml-pipeline";
    let pods = stage
        .kubectl(&["get", "pods", "-l", label, "-o", "json"])
        .await?;
    let pods: Value = serde_json::from_str(&pods)?;
    let pod = &pods["items"][0]["spec"];
    let secrets = pod["volumes"].as_array().context("no pod is there")?.iter();
    let secrets = secrets.filter(|it| it["secret"].is_object() || it["projected"].is_object());
    let secrets: BTreeSet<_> = secrets.map(|it| it["name"].to_string()).collect();
    let mut holders = BTreeSet::new();
    for kind in ["initContainers", "containers"] {
        for container in pod[kind].as_array().context("no containers")? {
            let mounts = container["volumeMounts"].as_array().into_iter().flatten();
            if mounts
                .map(|it| it["name"].to_string())
                .any(|it| secrets.contains(&it))
            {
                holders.insert(container["name"].as_str().unwrap_or_default());
            }
            ensure!(
                container["resources"]["limits"]["memory"].is_string(),
                "{} has no bound on its memory",
                container["name"]
            );
        }
    }
    ensure!(
        holders == BTreeSet::from(["download", "init", "wait"]),
        "these containers hold a Secret or a token: {holders:?}"
    );
    stage.say.line(format!(
        "of its containers only {holders:?} hold a token or a key"
    ));
    Ok(())
}

/// Five real datasets; onnxruntime loads each of the models and predicts with it.
pub(crate) async fn datasets(stage: &Stage) -> Result<()> {
    let mut versions = Vec::new();
    for name in DATASETS {
        let content = fs::read(python::csv(name))?;
        versions.push(stage.storage.put(&blob(name), content).await);
    }
    stage.say.line(format!("uploaded {}", DATASETS.join(", ")));
    stage.comes_to_exactly(&versions).await?;
    let scores = succeeded(stage, DATASETS.len()).await?;
    for name in DATASETS {
        let blob = blob(name);
        let model = result(stage, &blob, "quantized.onnx", "tool_version").await?;
        result(stage, &blob, "report.html", "<html").await?;
        let served = python::score(&model, name).await?;
        let said = scores[&blob];
        stage.say.figure(&format!("{name}: score"), said);
        stage
            .say
            .figure(&format!("{name}: 8 bits, all rows"), served);
        stage.say.line(format!(
            "{name}: the Workflow says {said}; in onnxruntime the 8-bit model has {served} over all rows"
        ));
        // The one is of rows that were set apart, the other of all; but both are of one model.
        ensure!(
            (served - said).abs() < 0.15,
            "{name} has {served}, not {said}"
        );
    }
    let table = stage.kubectl(&["get", "workflows", "-o", COLUMNS]).await?;
    table.lines().for_each(|line| stage.say.line(line));
    let event = &stage.witness.all()[0];
    let label = format!("azure-blob-eventsource/event-id={}", event.event);
    let found = stage
        .kubectl(&["get", "workflow", "-l", &label, "-o", "name"])
        .await?;
    ensure!(
        found.trim().ends_with(&event.name),
        "with -l {label} there is {found}"
    );
    stage
        .say
        .line(format!("kubectl get workflow -l {label}: {}", found.trim()));
    Ok(())
}

fn blob(name: &str) -> String {
    format!("raw/real/{name}.csv")
}

/// Waits until so many Workflows have ended, and returns the scores by blob.
async fn succeeded(stage: &Stage, count: usize) -> Result<BTreeMap<String, f64>> {
    let ended = async || {
        let all: Value =
            serde_json::from_str(&stage.kubectl(&["get", "workflows", "-o", "json"]).await?)?;
        let all = all["items"].as_array().cloned().unwrap_or_default();
        let ended = all
            .iter()
            .filter(|it| it["status"]["finishedAt"].is_string());
        let ended = ended.count();
        ensure!(ended == count, "{ended} of {count} have ended");
        Ok(all)
    };
    let all = until("the Workflows end", PATIENCE, ended).await?;
    all.iter().map(score).collect()
}

fn score(workflow: &Value) -> Result<(String, f64)> {
    let status = &workflow["status"];
    ensure!(
        status["phase"] == "Succeeded",
        "{} ended so: {}",
        workflow["metadata"]["name"],
        status["message"]
    );
    let score = &status["outputs"]["parameters"][0];
    ensure!(
        score["name"] == "score",
        "its outputs are {}",
        status["outputs"]
    );
    let blob = &workflow["spec"]["arguments"]["parameters"][1]["value"];
    let blob = blob.as_str().context("no blob")?.to_owned();
    Ok((blob, score["value"].as_str().unwrap_or_default().parse()?))
}

/// A result of a blob's run, which must have some word in it.
async fn result(stage: &Stage, blob: &str, name: &str, word: &str) -> Result<Bytes> {
    let name = format!("model-{}-{name}", blob.replace('/', "-"));
    let result = stage.storage.result(&name).await;
    let result = result.with_context(|| format!("there is no models/{name}"))?;
    let has = result.windows(word.len()).any(|it| it == word.as_bytes());
    ensure!(
        has,
        "models/{name} has no '{word}' in its {} bytes",
        result.len()
    );
    Ok(result)
}
