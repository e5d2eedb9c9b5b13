//! Two of everything: one streams, the other waits for its turn.

use std::{cell::Cell, time::Duration};

use anyhow::{Context, Result, ensure};

use super::restarts::has_no_dead_letter;
use crate::{
    pods::{EVENT_SOURCE, PATIENCE, SERVER},
    stage::Stage,
    wait::until,
    witness::Version,
};

/// What an EventSource pod of several says when it is the one that streams.
const LEADS: &str = "I'm the LEADER";
/// How often a blob arrives while the server is replaced.
const PACE: Duration = Duration::from_millis(500);
/// Two blobs a second are as many as 20 Workflows of ten seconds at a time take, or more.
const RECOVERY: Duration = Duration::from_secs(600);

/// An EventSource of two replicas elects one of them; that one is killed, twice.
pub(crate) async fn two_event_sources(stage: &Stage) -> Result<()> {
    let two = r#"{"spec": {"replicas": 2}}"#;
    let patch = ["patch", "eventsource", "blobs", "--type=merge", "-p", two];
    stage.replace(EVENT_SOURCE, &patch).await?;
    let mut leader = leads(stage, "").await?;
    stage.say.line(format!("{leader} leads"));
    let mut versions = stage.put_all("before", 10).await;
    stage.comes_to_exactly(&versions).await?;
    for stem in ["first", "second"] {
        stage.kill_pod(&leader).await?;
        let killed = stage.say.elapsed();
        versions.extend(stage.put_all(stem, 10).await);
        leader = leads(stage, &leader).await?;
        stage.is_streaming().await?;
        let took = stage.say.elapsed() - killed;
        stage
            .say
            .seconds(&format!("seconds to take over, {stem} time"), took);
        stage.say.line(format!(
            "{leader} leads and streams, {:.1} s after the leader was killed",
            took.as_secs_f64()
        ));
        stage.comes_to_exactly(&versions).await?;
    }
    has_no_dead_letter(stage).await
}

/// Waits until two pods run, of which one leads, and names it.
async fn leads(stage: &Stage, before: &str) -> Result<String> {
    let look = async || {
        let path = "jsonpath={range .items[*]}{.metadata.name}{'\\n'}{end}";
        let args = ["get", "pods", "-l", EVENT_SOURCE, "-o", path];
        let pods = stage.kubectl(&args).await?;
        let pods: Vec<_> = pods.lines().filter(|pod| *pod != before).collect();
        ensure!(pods.len() == 2, "{} pods", pods.len());
        for pod in pods {
            if stage.kubectl(&["logs", pod]).await?.contains(LEADS) {
                return Ok(pod.to_owned());
            }
        }
        anyhow::bail!("nobody leads yet")
    };
    until("one of two EventSource pods leads", PATIENCE, look).await
}

/// The server is replaced, twice, while blobs arrive every half a second.
pub(crate) async fn upgrade(stage: &Stage) -> Result<()> {
    let over = Cell::new(false);
    let (versions, upgraded) = tokio::join!(load(stage, &over), async {
        let result = upgrade_twice(stage).await;
        over.set(true);
        result
    });
    upgraded?;
    stage.comes_to_exactly_within(&versions, RECOVERY).await?;
    has_no_dead_letter(stage).await
}

async fn load(stage: &Stage, over: &Cell<bool>) -> Vec<Version> {
    let mut versions = Vec::new();
    while !over.get() {
        versions.push(stage.put(&format!("load-{}", versions.len() + 1)).await);
        tokio::time::sleep(PACE).await;
    }
    stage
        .say
        .line(format!("{} blobs came meanwhile", versions.len()));
    versions
}

// An upgrade changes the pods' template; the image is the only one that there is.
async fn upgrade_twice(stage: &Stage) -> Result<()> {
    for release in ["one", "two"] {
        let before = stage.is_streaming().await?.pod;
        let start = stage.say.elapsed();
        let change = format!("RELEASE={release}");
        let change = ["set", "env", "deployment", "-l", SERVER, change.as_str()];
        let streams = async || {
            let pod = stage.statuses().await?.live()?.pod;
            (pod != before)
                .then_some(pod)
                .context("it is still the old one")
        };
        let (replaced, pod) = tokio::join!(
            stage.replace(SERVER, &change),
            until("another server streams", PATIENCE, streams)
        );
        replaced?;
        let took = stage.say.elapsed() - start;
        stage
            .say
            .seconds(&format!("seconds of upgrade {release}"), took);
        stage.say.line(format!(
            "upgrade {release}: {} took the stream over; the servers are replaced after {:.1} s",
            pod?,
            took.as_secs_f64()
        ));
    }
    Ok(())
}
