//! What else can be made of an event: the Kubernetes Job of `examples/kubernetes-job`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    install::apply,
    stage::{PATIENCE, SERVER, Stage},
    wait::until,
};

const BLOBS: usize = 10;

/// A Job for each blob, and no second one after a restart; a second version has its own.
pub(crate) async fn jobs(stage: &Stage) -> Result<()> {
    apply(&stage.namespace, "examples/kubernetes-job", "").await?;
    for number in 1..=BLOBS {
        let blob = format!("jobs/{number}.bin");
        stage.storage.put(&blob, vec![1, 2, 3]).await;
    }
    are(stage, BLOBS).await?;
    stage.kill(SERVER).await?;
    stage.storage.put("jobs/1.bin", vec![4]).await;
    are(stage, BLOBS + 1).await?;
    done(stage).await
}

/// Waits until there are so many Jobs, each of another event, and all have said which blob they got.
async fn are(stage: &Stage, count: usize) -> Result<()> {
    let look = async || {
        let args = [
            "get",
            "jobs",
            "-l",
            "azure-blob-eventsource/event-id",
            "-o",
            "json",
        ];
        let jobs: Value = serde_json::from_str(&stage.kubectl(&args).await?)?;
        let jobs = jobs["items"].as_array().context("no list")?;
        let id =
            |job: &Value| job["metadata"]["labels"]["azure-blob-eventsource/event-id"].to_string();
        let events: BTreeSet<_> = jobs.iter().map(id).collect();
        ensure!(events.len() == jobs.len(), "two Jobs of one event");
        ensure!(jobs.len() == count, "{} of {count} Jobs", jobs.len());
        let succeeded = jobs.iter().filter(|job| job["status"]["succeeded"] == 1);
        let succeeded = succeeded.count();
        ensure!(succeeded == count, "{succeeded} of {count} have succeeded");
        Ok(jobs[0]["metadata"]["name"].as_str().map(str::to_owned))
    };
    let name = until("a Job for each blob", PATIENCE, look).await?;
    let name = name.unwrap_or_default();
    let said = stage.kubectl(&["logs", &format!("job/{name}")]).await?;
    ensure!(said.starts_with("blob jobs/"), "{name} printed {said}");
    stage.say.line(format!(
        "{count} Jobs have succeeded; {name}: {}",
        said.trim()
    ));
    Ok(())
}

/// Waits until the source of the Jobs has all of its events confirmed.
async fn done(stage: &Stage) -> Result<()> {
    let look = async || {
        let text = stage.statuses().await?.text();
        let idle = text.contains(r#""inFlight":0"#) && !text.contains(r#""state":"stalled""#);
        ensure!(idle, "{text}");
        Ok(())
    };
    until("all are confirmed", PATIENCE, look).await
}
