//! Blobs that the change feed tells of.

use anyhow::{Context, Result, ensure};

use super::{
    notified::{RECOVERY, in_bursts, while_pods_are_killed},
    restarts::has_no_dead_letter,
};
use crate::{
    feed::Feed,
    pods::{PATIENCE, SERVER},
    stage::Stage,
    status::Live,
    wait::until,
    witness::Version,
};

/// What a server says that has listed for the last time.
const JOINED: &str = "blobs are found by the change feed alone from now on";

/// Blobs come one by one, and after each third some pods are killed.
pub(crate) async fn alone(stage: &Stage) -> Result<()> {
    let mut dice = stage.dice("kills")?;
    let mut feed = Feed::enable(&stage.storage, &mut dice).await;
    let mut versions = before(stage, &mut feed).await?;
    let written = async |version: &Version| {
        feed.created(version);
        feed.work(&stage.storage).await;
        Ok(())
    };
    versions.extend(while_pods_are_killed(stage, &mut dice, written).await?);
    comes_to_exactly(stage, &mut feed, &versions).await
}

/// Blobs come in three bursts, of which each third notification is lost, and between which the servers are killed.
pub(crate) async fn beside_a_queue(stage: &Stage) -> Result<()> {
    let mut dice = stage.dice("service that writes the feed")?;
    let mut feed = Feed::enable(&stage.storage, &mut dice).await;
    let mut versions = before(stage, &mut feed).await?;
    let written = async |burst: &[Version]| {
        for version in burst {
            feed.created(version);
        }
        feed.work(&stage.storage).await;
    };
    versions.extend(in_bursts(stage, written).await?);
    comes_to_exactly(stage, &mut feed, &versions).await
}

// Blobs that were there before the feed, which a listing finds. From then on the container is not listed.
async fn before(stage: &Stage, feed: &mut Feed) -> Result<Vec<Version>> {
    let versions = stage.put_all("before", 5).await;
    let look = async || stage.witness.is_exactly(&versions);
    until("a Workflow for each blob of before", RECOVERY, look).await?;
    let look = async || {
        let logs = stage.kubectl(&["logs", "-l", SERVER, "--tail=-1"]).await?;
        logs.contains(JOINED)
            .then_some(())
            .context("the container is still listed")
    };
    until("the feed tells all", RECOVERY, look).await?;
    feed.work(&stage.storage).await;
    stage
        .say
        .line("5 blobs of before have their Workflows; from now on the feed tells of all");
    Ok(versions)
}

// Exactly one Workflow for each version, also when the feed was read to its end twice more.
async fn comes_to_exactly(stage: &Stage, feed: &mut Feed, versions: &[Version]) -> Result<()> {
    feed.catch_up(&stage.storage).await;
    stage.has_exactly(versions, RECOVERY).await?;
    for _ in 0..2 {
        let before = stage.is_streaming().await?;
        feed.catch_up(&stage.storage).await;
        let look = async || {
            let now = stage.statuses().await?.live()?;
            let is_read = now.pod != before.pod || now.of_others > before.of_others;
            is_settled(&now, is_read)
                .then_some(())
                .context("it has not read the feed to its end")
        };
        until("the feed is read to its end", PATIENCE, look).await?;
    }
    stage.witness.is_exactly(versions)?;
    let live = stage.is_streaming().await?;
    ensure!(live.sweeps == 0, "the container was listed again: {live:?}");
    stage.say.figure("events in the feed", feed.written());
    stage
        .say
        .line("the feed was read to its end twice more, and no other Workflow came");
    has_no_dead_letter(stage).await
}

fn is_settled(live: &Live, is_read: bool) -> bool {
    is_read && live.in_flight == 0 && live.waiting == 0
}
