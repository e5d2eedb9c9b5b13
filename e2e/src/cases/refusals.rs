//! Somebody is not allowed what the chain needs.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::restarts::has_no_dead_letter;
use crate::{pods::PATIENCE, stage::Stage, wait::until};

/// Three attempts, 5 s apart and more, would be over by then.
const OUTAGE: Duration = Duration::from_secs(40);

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
    gives_nothing_up(stage).await?;

    stage.install_sensor().await?;
    stage.say.line("it may again");
    versions.extend(stage.put_all("after", 5).await);
    stage.comes_to_exactly(&versions).await?;
    flows_again(stage).await?;
    has_no_dead_letter(stage).await
}

/// Waits until the source says that nothing is confirmed, with a cure that has these words.
pub(crate) async fn is_stalled(stage: &Stage, cure: &str) -> Result<()> {
    let look = async || {
        stage
            .storage
            .state("stalled.json")
            .await
            .context("no stalled.json")
    };
    let text = until("the source says that it is stalled", PATIENCE, look).await?;
    stage.say.line(format!(
        "stalled: {}",
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    ));
    ensure!(text.contains(cure), "the reason does not speak of `{cure}`");
    Ok(())
}

/// Watches an outage for longer than it takes to give one event up while others are confirmed.
pub(super) async fn gives_nothing_up(stage: &Stage) -> Result<()> {
    let end = stage.say.elapsed() + OUTAGE;
    while stage.say.elapsed() < end {
        let letters = stage.storage.dead_letters().await?;
        ensure!(letters.is_empty(), "dead letters in an outage: {letters:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    stage.say.seconds("seconds of outage", OUTAGE);
    stage.say.line(format!(
        "nothing was given up in {} s of outage",
        OUTAGE.as_secs()
    ));
    Ok(())
}

/// Waits until the source does not say so any more.
pub(crate) async fn flows_again(stage: &Stage) -> Result<()> {
    let look = async || {
        ensure!(
            stage.storage.state("stalled.json").await.is_none(),
            "stalled.json is still there"
        );
        Ok(())
    };
    until("the source flows again", PATIENCE, look).await?;
    stage.say.line("the source is not stalled any more");
    Ok(())
}
