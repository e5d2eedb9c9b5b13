//! Blobs that Event Grid tells of, in a queue.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use super::restarts::has_no_dead_letter;
use crate::{
    install::{QUEUE, is_ready},
    pods::SERVER,
    stage::Stage,
    witness::Version,
};

/// Each third notification is lost, and a sweep finds its blob.
const LOST: usize = 3;

/// A message that a killed server held is seen again after five minutes, and the server that takes it may be killed,
/// too.
const RECOVERY: Duration = Duration::from_secs(1200);

/// Blobs come one by one, and after each third some pods are killed.
pub(crate) async fn alone(stage: &Stage) -> Result<()> {
    let mut rng = stage.dice("kills")?;
    let mut versions = Vec::new();
    for number in 1..=60 {
        let version = stage.put(&format!("told-{number}")).await;
        tell(stage, &version).await?;
        versions.push(version);
        if number % 3 == 0 {
            stage.kill_some(&mut rng).await?;
        }
        let pause = rng.duration(Duration::from_millis(200)..Duration::from_secs(4));
        tokio::time::sleep(pause).await;
    }
    stage.say.line(format!(
        "60 blobs are there, each told of, with {} Workflows",
        stage.witness.count()
    ));
    is_ready(&stage.namespace).await?;
    stage.comes_to_exactly_within(&versions, RECOVERY).await?;
    has_no_dead_letter(stage).await
}

/// Blobs come in three bursts, between which the servers are killed.
pub(crate) async fn with_losses(stage: &Stage) -> Result<()> {
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
        stage.say.line(format!(
            "20 blobs are there, {stem}-1 to {stem}-20, and every third notification is lost"
        ));
        if stem != "third" {
            stage.kill(SERVER).await?;
        }
    }
    // Event Grid delivers at least once.
    for version in versions.iter().take(10) {
        tell(stage, version).await?;
    }
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
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
