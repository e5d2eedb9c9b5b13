//! Everything dies, at random.

use std::time::{Duration, SystemTime};

use anyhow::Result;
use testkit::rng::Rng;

use super::restarts::has_no_dead_letter;
use crate::{
    install::is_ready,
    stage::{BUS, EVENT_SOURCE, SENSOR, SERVER, Stage},
};

/// How long pods die.
const STORM: Duration = Duration::from_secs(300);
const BLOBS: usize = 60;

/// Pods of every part are deleted for five minutes, gently or not, while blobs arrive.
pub(crate) async fn random_deletions(stage: &Stage) -> Result<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let seed = now.as_secs();
    stage
        .say
        .line(format!("the order of the deletions is that of seed {seed}"));
    let (versions, deletions) = tokio::join!(
        async {
            let mut versions = Vec::new();
            for number in 1..=BLOBS {
                versions.push(stage.put(&format!("storm-{number}")).await);
                tokio::time::sleep(STORM * 9 / 10 / BLOBS as u32).await;
            }
            versions
        },
        storm(stage, Rng::new(seed)),
    );
    deletions?;
    stage.witness.has_no_twins()?;
    stage.say.line(format!(
        "the storm is over, with {} Workflows",
        stage.witness.count()
    ));
    is_ready(&stage.namespace).await?;
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}

async fn storm(stage: &Stage, mut rng: Rng) -> Result<()> {
    let end = stage.say.elapsed() + STORM;
    while stage.say.elapsed() < end {
        let selector = *rng.pick(&[SERVER, EVENT_SOURCE, SENSOR, BUS]);
        if rng.chance(500) {
            stage.kill(selector).await?;
        } else {
            stage
                .kubectl(&["delete", "pod", "-l", selector, "--wait=false"])
                .await?;
            stage.say.line(format!("deleted {selector}"));
        }
        let pause = rng.duration(Duration::from_secs(3)..Duration::from_secs(25));
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
