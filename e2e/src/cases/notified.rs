//! Blobs that Event Grid tells of, in a queue.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use testkit::rng::Rng;

use super::restarts::has_no_dead_letter;
use crate::{
    install::{QUEUE, is_ready},
    pods::SERVER,
    stage::Stage,
    witness::Version,
};

/// Each third notification is lost, and a sweep or the change feed finds its blob.
const LOST: usize = 3;

/// A message that a killed server held is seen again after five minutes, and the server that takes it may be killed,
/// too.
pub(super) const RECOVERY: Duration = Duration::from_secs(1200);

/// Blobs come one by one, and after each third some pods are killed.
pub(crate) async fn alone(stage: &Stage) -> Result<()> {
    let mut dice = stage.dice("kills")?;
    let versions =
        while_pods_are_killed(stage, &mut dice, async |version| tell(stage, version).await).await?;
    stage.comes_to_exactly_within(&versions, RECOVERY).await?;
    has_no_dead_letter(stage).await
}

/// Blobs come in three bursts, between which the servers are killed.
pub(crate) async fn with_losses(stage: &Stage) -> Result<()> {
    let versions = in_bursts(stage, async |_| ()).await?;
    // Event Grid delivers at least once.
    for version in versions.iter().take(10) {
        tell(stage, version).await?;
    }
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}

/// Puts 60 blobs one by one, each followed by `after`, and kills some pods after each third.
pub(super) async fn while_pods_are_killed(
    stage: &Stage,
    dice: &mut Rng,
    mut after: impl AsyncFnMut(&Version) -> Result<()>,
) -> Result<Vec<Version>> {
    let mut versions = Vec::new();
    for number in 1..=60 {
        let version = stage.put(&format!("blob-{number}")).await;
        after(&version).await?;
        versions.push(version);
        if number % 3 == 0 {
            stage.kill_some(dice).await?;
        }
        let pause = dice.duration(Duration::from_millis(200)..Duration::from_secs(4));
        tokio::time::sleep(pause).await;
    }
    stage.say.line(format!(
        "60 blobs are there, with {} Workflows",
        stage.witness.count()
    ));
    is_ready(&stage.namespace).await?;
    Ok(versions)
}

/// Puts three bursts of 20 blobs, each followed by `after`, withholds every third notification, and kills the servers
/// in between.
pub(super) async fn in_bursts(
    stage: &Stage,
    mut after: impl AsyncFnMut(&[Version]),
) -> Result<Vec<Version>> {
    let mut versions = Vec::new();
    for stem in ["first", "second", "third"] {
        for number in 1..=20 {
            let version = stage.put(&format!("{stem}-{number}")).await;
            match number % LOST {
                0 => stage.say.count("notifications withheld", 1),
                _ => tell(stage, &version).await?,
            }
            versions.push(version);
        }
        after(&versions[versions.len() - 20..]).await;
        stage.say.line(format!(
            "20 blobs are there, {stem}-1 to {stem}-20, and every third notification is lost"
        ));
        if stem != "third" {
            stage.kill(SERVER).await?;
        }
    }
    Ok(versions)
}

/// Event Grid tells of a blob.
pub(super) async fn tell(stage: &Stage, version: &Version) -> Result<()> {
    let event = json!({
        "specversion": "1.0",
        "type": "Microsoft.Storage.BlobCreated",
        "source": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/mlpipelinestore",
        "id": version.etag,
        "subject": format!("/blobServices/default/containers/datasets/blobs/{}", version.blob),
        "data": {"api": "PutBlob", "eTag": version.etag},
    });
    let text = event.to_string();
    stage.storage.enqueue(&stage.namespace, QUEUE, &text).await
}
