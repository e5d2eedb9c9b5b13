//! Somebody is not allowed what the chain needs.

use anyhow::{Context, Result, ensure};

use super::restarts::has_no_dead_letter;
use crate::{
    install::install_sensor,
    stage::{PATIENCE, Stage},
    wait::until,
};

/// The Sensor's role is taken away and given back: an outage, so nothing may be given up.
pub(crate) async fn sensor_forbidden(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("before", 5).await;
    stage.comes_to_exactly(&versions).await?;
    stage
        .kubectl(&["delete", "rolebinding", "ml-pipeline-sensor"])
        .await?;
    stage.say.line("the Sensor may not make Workflows any more");
    versions.extend(stage.put_all("during", 10).await);
    is_stalled(stage, "Sensor").await?;
    has_no_dead_letter(stage).await?;

    install_sensor(&stage.namespace).await?;
    stage.say.line("it may again");
    versions.extend(stage.put_all("after", 5).await);
    stage.comes_to_exactly(&versions).await?;
    flows_again(stage).await?;
    has_no_dead_letter(stage).await
}

/// Waits until the source says that nothing is confirmed, with a cure that has these words.
pub(crate) async fn is_stalled(stage: &Stage, cure: &str) -> Result<()> {
    let look = async || stage.state("stalled.json").await.context("no stalled.json");
    let text = until("the source says that it is stalled", PATIENCE, look).await?;
    stage.say.line(format!(
        "stalled: {}",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    ));
    ensure!(text.contains(cure), "the reason does not speak of `{cure}`");
    Ok(())
}

/// Waits until the source does not say so any more.
pub(crate) async fn flows_again(stage: &Stage) -> Result<()> {
    let look = async || {
        ensure!(
            stage.state("stalled.json").await.is_none(),
            "stalled.json is still there"
        );
        Ok(())
    };
    until("the source flows again", PATIENCE, look).await?;
    stage.say.line("the source is not stalled any more");
    Ok(())
}
