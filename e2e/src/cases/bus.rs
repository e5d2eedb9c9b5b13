//! The bus loses everything, or keeps what it cannot read.

use std::time::Duration;

use anyhow::Result;

use super::{
    refusals::{gives_nothing_up, is_stalled},
    restarts::has_no_dead_letter,
};
use crate::{
    install::bus_is_ready,
    pods::{BUS, EVENT_SOURCE, SENSOR},
    stage::Stage,
};

/// A bus without persistence comes back empty, and its clients do not notice: the server must, say
/// what heals it, and lose nothing.
pub(crate) async fn lost(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("before", 10).await;
    stage.comes_to_exactly(&versions).await?;
    stage.kill(BUS).await?;
    versions.extend(stage.put_all("during", 5).await);
    bus_is_ready(&stage.namespace).await?;
    stage.say.line("the bus is back, without its stream");
    // Some of the others may have passed before the bus was gone.
    versions.extend(stage.put_all("afterwards", 5).await);
    is_stalled(stage, "kubectl rollout restart").await?;
    stage
        .explains(&versions[15], 0, "kubectl rollout restart")
        .await?;
    gives_nothing_up(stage).await?;

    stage.restart(EVENT_SOURCE).await?;
    stage.restart(SENSOR).await?;
    stage.say.line("the cure is applied");
    versions.extend(stage.put_all("healed", 10).await);
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}

/// How long NATS 2.10 keeps in memory what it wrote: what comes later, it reads from its disk.
const CACHE: Duration = Duration::from_secs(10);

/// A bus is killed before its first message. With NATS' own encryption at rest it would then write messages that it
/// cannot read: the manifests turn that off.
pub(crate) async fn killed_empty(stage: &Stage) -> Result<()> {
    for _ in 0..3 {
        stage.kill(BUS).await?;
        bus_is_ready(&stage.namespace).await?;
    }
    let mut versions = Vec::new();
    for number in 1..=4 {
        versions.push(stage.put(&format!("blob-{number}")).await);
        stage.comes_to_exactly(&versions).await?;
        tokio::time::sleep(CACHE * 3 / 2).await;
    }
    has_no_dead_letter(stage).await
}
