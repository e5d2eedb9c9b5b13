//! The bus loses everything.

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
