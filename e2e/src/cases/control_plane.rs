//! The control plane dies and comes back.

use anyhow::Result;

use super::restarts::has_no_dead_letter;
use crate::stage::Stage;

/// A part of the control plane is killed while blobs arrive.
pub(crate) async fn killed(stage: &Stage, component: &str) -> Result<()> {
    let mut versions = stage.put_all("before", 15).await;
    stage.cluster.kill(component).await?;
    stage
        .say
        .line(format!("{component} was killed, and is healthy again"));
    versions.extend(stage.put_all("after", 15).await);
    stage.cluster.kill(component).await?;
    stage.say.line(format!("{component} was killed once more"));
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}
