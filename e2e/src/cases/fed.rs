//! Blobs that the change feed tells of.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{notified::tell, restarts::has_no_dead_letter};
use crate::{
    feed::Feed,
    install::is_ready,
    pods::{PATIENCE, SERVER},
    stage::Stage,
    status::Live,
    wait::until,
    witness::Version,
};

/// Each third notification is lost, and the feed tells of its blob.
const LOST: usize = 3;

/// The feed is looked at every half a minute, and a message that a killed server held is seen again after five minutes.
const RECOVERY: Duration = Duration::from_secs(1200);

/// What a server says that has listed for the last time.
const JOINED: &str = "blobs are found by the change feed alone from now on";

/// Blobs come one by one, and after each third some pods are killed.
pub(crate) async fn alone(stage: &Stage) -> Result<()> {
    let mut dice = stage.dice("kills")?;
    let mut feed = Feed::enable(&stage.storage, &mut dice).await;
    let mut versions = before(stage, &mut feed).await?;
    for number in 1..=60 {
        let version = stage.put(&format!("fed-{number}")).await;
        feed.created(&version);
        versions.push(version);
        feed.work(&stage.storage).await;
        if number % 3 == 0 {
            stage.kill_some(&mut dice).await?;
        }
        let pause = dice.duration(Duration::from_millis(200)..Duration::from_secs(4));
        tokio::time::sleep(pause).await;
    }
    stage.say.line(format!(
        "60 blobs are there, and {} events are in the feed, with {} Workflows",
        feed.written(),
        stage.witness.count()
    ));
    is_ready(&stage.namespace).await?;
    comes_to_exactly(stage, &mut feed, &versions).await
}

/// Blobs come in three bursts, between which the servers are killed.
pub(crate) async fn beside_a_queue(stage: &Stage) -> Result<()> {
    let mut dice = stage.dice("service that writes the feed")?;
    let mut feed = Feed::enable(&stage.storage, &mut dice).await;
    let mut versions = before(stage, &mut feed).await?;
    for stem in ["first", "second", "third"] {
        for number in 1..=20 {
            let version = stage.put(&format!("{stem}-{number}")).await;
            match number % LOST {
                0 => stage.say.count("notifications withheld", 1),
                _ => tell(stage, &version).await?,
            }
            feed.created(&version);
            versions.push(version);
        }
        feed.work(&stage.storage).await;
        stage.say.line(format!(
            "20 blobs are there, {stem}-1 to {stem}-20, and every third notification is lost"
        ));
        if stem != "third" {
            stage.kill(SERVER).await?;
        }
    }
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
    let look = async || stage.witness.is_exactly(versions);
    until("exactly one Workflow for each version", RECOVERY, look).await?;
    stage.say.line(format!(
        "{} versions, {} Workflows",
        versions.len(),
        stage.witness.count()
    ));
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
