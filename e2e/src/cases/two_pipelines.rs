//! Two pipelines over one container: two Sensors on one event, or a source and a Sensor for each.

use anyhow::Result;
use serde_json::json;

use super::{
    refusals::{flows_again, is_stalled},
    restarts::has_no_dead_letter,
};
use crate::{
    install::{self, Setup, apply, rolled_out},
    pods::{PATIENCE, SERVER},
    stage::Stage,
    wait::until,
    witness::Version,
};

const EXAMPLE: &str = "examples/two-sensors";

/// What each event has to come to.
pub(crate) const SENSORS: Setup = Setup {
    confirm: "[{workflows: {selector: {pipeline: ml-pipeline}}}, {workflows: {selector: {pipeline: audit}}}]",
    ..Setup::USUAL
};

/// The second Sensor is not there yet, then there, then away for a while.
pub(crate) async fn second_sensor_is_away(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("first", 5).await;
    trained(stage, &versions).await?;
    is_stalled(
        stage,
        "no Workflow (pipeline=audit) is created for any of them",
    )
    .await?;
    stage
        .explains(&versions[0], 0, "it has no Workflow (pipeline=audit) yet")
        .await?;

    sensor_is_there(stage).await?;
    both_are_exactly(stage, &versions).await?;
    flows_again(stage).await?;

    stage.kubectl(&["delete", "sensor", "audit"]).await?;
    stage.say.line("the second Sensor is deleted");
    versions.extend(stage.put_all("second", 5).await);
    trained(stage, &versions).await?;
    stage.kill(SERVER).await?;
    sensor_is_there(stage).await?;
    both_are_exactly(stage, &versions).await?;
    stage
        .explains(&versions[5], 0, "it was announced: ml-pipeline-")
        .await?;
    has_no_dead_letter(stage).await
}

/// Another event over the same blobs, which comes later and wants them all.
pub(crate) async fn second_source_has_all_of_its_own(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("old", 5).await;
    stage.comes_to_exactly(&versions).await?;

    let config = install::config(&stage.namespace, Setup::USUAL);
    let second = json!({
        "url": "azure-blob-eventsource:50051",
        "insecure": true,
        "jsonBody": true,
        "authSecret": {"name": "azure-blob-eventsource-token", "key": "token"},
        "config": config.replace("id: e2e", "id: e2e-audit"),
    });
    let patches = format!(
        "patches:\n{}    - {{op: add, path: /spec/generic/audits, value: {second}}}\n\
         - target: {{kind: Sensor, name: audit}}\n  patch: |\n    \
         - {{op: replace, path: /spec/dependencies/0/eventName, value: audits}}\n",
        install::configured(config),
    );
    apply(&stage.namespace, EXAMPLE, &patches).await?;
    rolled_out(&stage.namespace, &["deployment", "-l", "sensor-name=audit"]).await?;
    stage
        .say
        .line("a second source has come, with a Sensor of its own");
    versions.extend(stage.put_all("new", 5).await);
    both_are_exactly(stage, &versions).await?;
    has_no_dead_letter(stage).await
}

async fn sensor_is_there(stage: &Stage) -> Result<()> {
    let config = install::config(&stage.namespace, SENSORS);
    let patches = format!("patches:\n{}", install::configured(config));
    apply(&stage.namespace, EXAMPLE, &patches).await?;
    rolled_out(&stage.namespace, &["deployment", "-l", "sensor-name=audit"]).await?;
    stage.say.line("the second Sensor is there");
    Ok(())
}

/// Waits for the first Sensor's Workflows alone.
async fn trained(stage: &Stage, versions: &[Version]) -> Result<()> {
    let look = async || stage.witness.is_exactly(versions);
    until("a Workflow of the first Sensor for each", PATIENCE, look).await?;
    stage
        .say
        .line(format!("{} Workflows of the first Sensor", versions.len()));
    Ok(())
}

/// Waits until each version has its Workflow of each, and makes sure that no other comes.
async fn both_are_exactly(stage: &Stage, versions: &[Version]) -> Result<()> {
    let look = async || stage.witness.audits_are_exactly(versions);
    until("a Workflow of the second Sensor for each", PATIENCE, look).await?;
    stage.comes_to_exactly(versions).await?;
    stage.witness.audits_are_exactly(versions)?;
    let each = versions.len();
    stage
        .say
        .line(format!("{each} Workflows of each of the two"));
    Ok(())
}
