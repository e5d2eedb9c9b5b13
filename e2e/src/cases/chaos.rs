//! Everything dies, at random.

use std::time::Duration;

use anyhow::{Result, ensure};
use testkit::rng::Rng;

use super::restarts::has_no_dead_letter;
use crate::{
    install::is_ready,
    pods::{AZURITE, BUS, EVENT_SOURCE, SENSOR, SERVER},
    stage::Stage,
    witness::Version,
};

/// How long pods die.
pub(crate) const STORM: Duration = Duration::from_secs(600);
/// How many blobs come one by one in that time.
const BLOBS: u32 = 100;
/// How many come at once, twice. The bus of this case takes less.
const BURST: usize = 80;
/// How long the rest may take afterwards, on a bus that takes 18 in 30 s.
const RECOVERY: Duration = Duration::from_secs(1200);

/// Pods of every part are deleted for ten minutes, gently or not, one part or all; the API server is killed, the
/// network is cut, and the bus is full, while blobs arrive.
pub(crate) async fn storm(stage: &Stage) -> Result<()> {
    let dice = stage.dice("faults")?;
    let (versions, faults) = tokio::join!(arrivals(stage), faults(stage, dice));
    let Faults {
        count,
        bus_was_full,
    } = faults?;
    ensure!(bus_was_full, "the bus was never full");
    stage.witness.has_no_twins()?;
    let over = stage.say.elapsed();
    stage.say.figure("faults", count);
    stage
        .say
        .figure("Workflows when it ended", stage.witness.count());
    stage.say.line(format!(
        "the storm of {count} faults is over, with {} Workflows of {} versions{}",
        stage.witness.count(),
        versions.len(),
        if stage.cluster.is_at_hand() {
            ""
        } else {
            "; without cuts and killed API servers, which this cluster does not let us do"
        }
    ));
    is_ready(&stage.namespace).await?;
    stage.comes_to_exactly_within(&versions, RECOVERY).await?;
    let later = stage.say.elapsed() - over;
    stage.say.seconds("seconds after the last fault", later);
    stage.say.line(format!(
        "all was done {:.0} s after the last fault",
        later.as_secs_f64()
    ));
    has_no_dead_letter(stage).await
}

async fn arrivals(stage: &Stage) -> Vec<Version> {
    let mut versions = Vec::new();
    for number in 1..=BLOBS {
        if number == BLOBS / 4 || number == BLOBS * 3 / 4 {
            versions.extend(stage.put_all(&format!("burst-{number}"), BURST).await);
        }
        versions.push(stage.put(&format!("storm-{number}")).await);
        tokio::time::sleep(STORM * 9 / 10 / BLOBS).await;
    }
    versions
}

/// What an EventSource's log says of a bus that takes no more.
const FULL: &str = "maximum messages exceeded";

/// What a storm was.
pub(crate) struct Faults {
    pub(crate) count: usize,
    pub(crate) bus_was_full: bool,
}

/// Lets things die for as long as a storm lasts.
pub(crate) async fn faults(stage: &Stage, mut rng: Rng) -> Result<Faults> {
    let end = stage.say.elapsed() + STORM;
    let (mut count, mut bus_was_full) = (0, false);
    while stage.say.elapsed() < end {
        // Before the pod goes, and its log with it.
        if !bus_was_full && is_full(stage).await {
            bus_was_full = true;
            stage
                .say
                .line("the bus is full: it refuses what the EventSource publishes");
        }
        let choice = rng.below(if stage.cluster.is_at_hand() { 10 } else { 7 });
        match choice {
            0..=4 => one_part(stage, &mut rng).await?,
            5 => stage.kill(BUS).await?,
            6 => {
                for selector in [SERVER, EVENT_SOURCE, SENSOR, BUS] {
                    stage.kill(selector).await?;
                }
            }
            7 => stage.kill_component("apiserver").await?,
            8 => cut(stage, SERVER, &mut rng).await?,
            _ => cut(stage, AZURITE, &mut rng).await?,
        }
        count += 1;
        let pause = rng.duration(Duration::from_secs(1)..Duration::from_secs(12));
        tokio::time::sleep(pause).await;
    }
    Ok(Faults {
        count,
        bus_was_full,
    })
}

/// Whether publications were refused; an EventSource that is away says nothing.
async fn is_full(stage: &Stage) -> bool {
    let log = stage
        .kubectl(&["logs", "-l", EVENT_SOURCE, "--tail=-1"])
        .await;
    log.is_ok_and(|log| log.contains(FULL))
}

async fn one_part(stage: &Stage, rng: &mut Rng) -> Result<()> {
    let selector = *rng.pick(&[SERVER, EVENT_SOURCE, SENSOR, BUS]);
    if rng.chance(500) {
        return stage.kill(selector).await;
    }
    stage
        .kubectl(&["delete", "pod", "-l", selector, "--wait=false"])
        .await?;
    stage.say.line(format!("deleted {selector}"));
    Ok(())
}

/// For some seconds nothing gets to or from these pods, but for what this process itself sends.
async fn cut(stage: &Stage, selector: &str, rng: &mut Rng) -> Result<()> {
    if let Err(error) = stage.cluster.cut(&stage.namespace, selector).await {
        // They may have been killed a moment ago, and have no address yet.
        stage.say.line(format!("not cut off: {error:#}"));
        return Ok(());
    }
    stage.say.count("cuts", 1);
    let pause = rng.duration(Duration::from_secs(5)..Duration::from_secs(30));
    stage
        .say
        .line(format!("cut {selector} off for {} s", pause.as_secs()));
    tokio::time::sleep(pause).await;
    stage.cluster.heal().await
}
