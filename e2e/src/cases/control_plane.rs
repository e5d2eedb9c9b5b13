//! The control plane dies and comes back.

use anyhow::Result;

use super::restarts::has_no_dead_letter;
use crate::stage::Stage;

/// A part of the control plane is killed while blobs arrive.
pub(crate) async fn killed(stage: &Stage, component: &str) -> Result<()> {
    let mut versions = stage.put_all("before", 15).await;
    stage.kill_component(component).await?;
    versions.extend(stage.put_all("after", 15).await);
    stage.kill_component(component).await?;
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}
