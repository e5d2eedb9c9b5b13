//! What a user of the old operator does: `migrate`, apply what it prints, and let blobs arrive.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    cluster::repository,
    command::kubectl,
    install::rolled_out,
    pods::{EVENT_SOURCE, PATIENCE, SENSOR, SERVER},
    stage::{OF_THE_SOURCE, Stage},
    wait::until,
};

/// What the old cluster has.
const WATCHERS: &str = include_str!("watchers.yaml");
/// Their names, which their EventSources, events and Sensors get.
const OF_WORKFLOWS: &str = "ml-dataset-watcher";
const OF_JOBS: &str = "settings-watcher";
/// The Secret that the old operator read, and the templates read too.
const OLD_SECRET: &str = "azure-storage-credentials";
/// How many blobs were there when the operator stopped.
const OLD: usize = 3;

/// Two watchers become two EventSources and Sensors, which run what the watchers ran: for each blob since the operator's last
/// check, and for none before.
pub(crate) async fn from_the_operator(stage: &Stage) -> Result<()> {
    has_no_sources(stage).await?;
    for blob in ["raw/old-1.csv", "raw/old-2.csv", "raw/old.json"] {
        stage.storage.put(blob, "a,b\n1,2\n").await;
    }
    let since = moment_after_now().await?;
    stage.say.line(format!(
        "{OLD} blobs are there, and the operator is stopped"
    ));
    let mut tables = ["between", "below/between"]
        .map(|name| format!("raw/{name}.csv"))
        .to_vec();
    let mut settings = vec!["raw/between.json".to_owned()];
    upload(stage, tables.iter().chain(&settings)).await;

    brings_what_templates_name(stage).await?;
    let printed = printed(stage, &WATCHERS.replace("LAST_CHECKED", &since)).await?;
    kubectl(&stage.namespace, &["apply", "-f", "-"], &printed).await?;
    for name in [OF_WORKFLOWS, OF_JOBS] {
        for client in ["eventsource-name", "sensor-name"] {
            let label = format!("{client}={name}");
            rolled_out(&stage.namespace, &["deployment", "-l", &label]).await?;
        }
    }
    stage.say.line("what was printed is applied, and runs");
    come_to(stage, &tables, &settings).await?;

    let more = ["one", "two", "three"].map(|name| format!("raw/{name}.csv"));
    upload(stage, more.iter().chain([&"raw/notes.txt".to_owned()])).await;
    tables.extend(more);
    stage.kill(SERVER).await?;
    // A second version of each.
    let again = ["raw/between.csv".to_owned(), "raw/between.json".to_owned()];
    upload(stage, again.iter()).await;
    tables.push(again[0].clone());
    settings.push(again[1].clone());
    come_to(stage, &tables, &settings).await?;
    for name in [OF_WORKFLOWS, OF_JOBS] {
        stage.rests(|it| it.live_of_event(name)).await?;
    }
    come_to(stage, &tables, &settings).await?;
    stage.say.figure("blobs before `since`", OLD);
    stage.say.figure("Jobs", settings.len());
    Ok(())
}

/// Takes away what the quick start has of its own: the page has the server and the bus installed, and no EventSource.
async fn has_no_sources(stage: &Stage) -> Result<()> {
    stage
        .kubectl(&["delete", "eventsource/blobs", "sensor/ml-pipeline"])
        .await?;
    for selector in [EVENT_SOURCE, SENSOR] {
        let gone = [
            "wait",
            "--for=delete",
            "pod",
            "-l",
            selector,
            "--timeout=120s",
        ];
        stage.kubectl(&gone).await?;
    }
    Ok(())
}

/// A whole second, as the operator noted it, that is over.
async fn moment_after_now() -> Result<String> {
    let moment = OffsetDateTime::now_utc() + Duration::from_secs(1);
    let moment = moment.replace_nanosecond(0)?;
    let is_over = async || match OffsetDateTime::now_utc() > moment {
        true => Ok(()),
        false => bail!("it is not yet {moment}"),
    };
    until("the next second", PATIENCE, is_over).await?;
    Ok(moment.format(&Rfc3339)?)
}

async fn upload(stage: &Stage, blobs: impl Iterator<Item = &String>) {
    for blob in blobs {
        stage.storage.put(blob, "a,b\n1,2\n").await;
    }
}

/// The Secret and the rights that the printed comments speak of.
async fn brings_what_templates_name(stage: &Stage) -> Result<()> {
    // The templates only look whether it is there.
    let secret = "--from-literal=connectionString=of-the-account";
    stage
        .kubectl(&["create", "secret", "generic", OLD_SECRET, secret])
        .await?;
    let rights = repository().join("examples/kubernetes-job/rbac.yaml");
    stage
        .kubectl(&["apply", "-f", &rights.to_string_lossy()])
        .await?;
    Ok(())
}

/// What `migrate` prints, once `check` says of each configuration in it that it works.
async fn printed(stage: &Stage, watchers: &str) -> Result<String> {
    let (status, printed) = stage.program(&["migrate", "-"], watchers).await?;
    ensure!(status == 0, "`migrate` ends with {status}: {printed}");
    // The account of these tests is no account of Azure, so its URL takes the place of its name.
    let url = format!(
        "endpoint: http://mlpipelinestore.{}.svc:10000",
        stage.namespace
    );
    let printed = printed.replace("account: mlpipelinestore", &url);
    let mut checked = 0;
    for config in configurations(&printed) {
        let check = [&["check"], &OF_THE_SOURCE[..]].concat();
        let (status, said) = stage.program(&check, &config).await?;
        ensure!(status == 0, "`check` ends with {status}: {said}\n{config}");
        checked += 1;
    }
    ensure!(checked == 2, "{checked} configurations in:\n{printed}");
    stage
        .say
        .line("`migrate` has printed what `check` says works");
    Ok(printed)
}

/// The texts under `config`, as people copy them.
fn configurations(printed: &str) -> Vec<String> {
    let documents = printed.split("\n---\n");
    let blocks = documents.filter_map(|it| it.split_once("      config: |\n"));
    let text = |block: &str| {
        let lines = block
            .lines()
            .map_while(|line| line.strip_prefix("        "));
        lines.map(|line| format!("{line}\n")).collect()
    };
    blocks.map(|(_, block)| text(block)).collect()
}

/// Waits until exactly these blobs, each version by itself, have a Workflow or a Job, and all of them have succeeded.
async fn come_to(stage: &Stage, tables: &[String], settings: &[String]) -> Result<()> {
    let workflows = async || {
        let blob = |it: &Value| text(&it["spec"]["arguments"]["parameters"][1]["value"]);
        let is_done = |it: &Value| it["status"]["phase"] == "Succeeded";
        are(stage, "workflows", (blob, is_done), tables).await?;
        let ever = stage.witness.count();
        ensure!(ever == tables.len(), "there were {ever} Workflows in all");
        Ok(())
    };
    until("a Workflow for each table", PATIENCE, workflows).await?;
    let jobs = async || {
        let pod = |it: &Value| it["spec"]["template"]["spec"]["containers"][0].clone();
        let blob = |it: &Value| text(&pod(it)["args"][0]);
        let is_done = |it: &Value| it["status"]["succeeded"] == 1;
        are(stage, "jobs", (blob, is_done), settings).await
    };
    until("a Job for each JSON file", PATIENCE, jobs).await?;
    let (tables, settings) = (tables.len(), settings.len());
    stage.say.line(format!(
        "{tables} Workflows and {settings} Jobs have succeeded"
    ));
    Ok(())
}

/// Whether the objects of a kind that events have are of exactly these blobs, and all have succeeded.
async fn are(
    stage: &Stage,
    kind: &str,
    (blob, is_done): (impl Fn(&Value) -> String, impl Fn(&Value) -> bool),
    expected: &[String],
) -> Result<()> {
    let label = "azure-blob-eventsource/event-id";
    let found = stage
        .kubectl(&["get", kind, "-l", label, "-o", "json"])
        .await?;
    let found: Value = serde_json::from_str(&found)?;
    let found = found["items"].as_array().context("no list")?;
    let mut blobs: Vec<_> = found.iter().map(blob).collect();
    let mut expected = expected.to_vec();
    blobs.sort();
    expected.sort();
    ensure!(blobs == expected, "the {kind} are of {blobs:?}");
    let open: Vec<_> = found.iter().filter(|it| !is_done(it)).collect();
    let states: Vec<_> = open.iter().map(|it| it["status"].to_string()).collect();
    ensure!(
        open.is_empty(),
        "these {kind} have not succeeded: {states:?}"
    );
    Ok(())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_ends_where_its_block_ends() {
        let printed =
            "# a\nspec:\n      config: |\n        a: b\n        c: {}\n---\nkind: Sensor\n";
        assert_eq!(configurations(printed), ["a: b\nc: {}\n"]);
    }
}
