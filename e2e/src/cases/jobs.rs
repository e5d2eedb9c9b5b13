//! What else can be made of an event: the Kubernetes Job of `examples/kubernetes-job`.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{
    install::apply,
    pods::{PATIENCE, SERVER},
    stage::Stage,
    wait::until,
};

const BLOBS: usize = 10;
/// What that example calls its event.
const EVENT: &str = "files";

/// A Job for each blob, and no second one after a restart; a second version has its own.
pub(crate) async fn jobs(stage: &Stage) -> Result<()> {
    apply(&stage.namespace, "examples/kubernetes-job", "").await?;
    let mut blobs: Vec<_> = (1..=BLOBS)
        .map(|number| format!("jobs/{number}.bin"))
        .collect();
    for blob in &blobs {
        stage.storage.put(blob, vec![1, 2, 3]).await;
    }
    come_to(stage, &blobs).await?;
    stage.kill(SERVER).await?;
    stage.storage.put(&blobs[0], vec![4]).await;
    blobs.push(blobs[0].clone());
    come_to(stage, &blobs).await?;
    stage.rests(|it| it.live_of_event(EVENT)).await?;
    come_to(stage, &blobs).await?;
    stage.say.figure("Jobs", blobs.len());
    Ok(())
}

/// Waits until exactly these blobs, a second version twice, have a Job, and all Jobs have succeeded.
async fn come_to(stage: &Stage, blobs: &[String]) -> Result<()> {
    let mut expected = blobs.to_vec();
    expected.sort();
    let look = async || {
        let label = "azure-blob-eventsource/event-id";
        let jobs = stage
            .kubectl(&["get", "jobs", "-l", label, "-o", "json"])
            .await?;
        let jobs: Value = serde_json::from_str(&jobs)?;
        let jobs = jobs["items"].as_array().context("no list")?;
        let mut found: Vec<_> = jobs.iter().map(blob).collect();
        found.sort();
        ensure!(found == expected, "the Jobs are of {found:?}");
        let succeeded = jobs.iter().filter(|job| job["status"]["succeeded"] == 1);
        let (succeeded, all) = (succeeded.count(), jobs.len());
        ensure!(succeeded == all, "{succeeded} of {all} have succeeded");
        let name = jobs[0]["metadata"]["name"].as_str();
        Ok(name.context("no name")?.to_owned())
    };
    let name = until("a Job for each blob", PATIENCE, look).await?;
    let said = stage.kubectl(&["logs", &format!("job/{name}")]).await?;
    ensure!(said.starts_with("blob jobs/"), "{name} printed {said}");
    stage.say.line(format!(
        "{} Jobs have succeeded; {name}: {}",
        blobs.len(),
        said.trim()
    ));
    Ok(())
}

/// The blob that a Job was given.
fn blob(job: &Value) -> String {
    let argument = &job["spec"]["template"]["spec"]["containers"][0]["args"][0];
    argument.as_str().unwrap_or_default().to_owned()
}
