//! The outcome of blobs on an ordinary day.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use kube::api::DeleteParams;

use crate::{
    pods::{PATIENCE, SERVER},
    stage::Stage,
    wait::until,
    witness::{Seen, is_named_after, workflows},
};

/// Twenty blobs, a second version of one of them, and the same ones again after a restart.
pub(crate) async fn twenty(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("data", 20).await;
    stage.comes_to_exactly(&versions).await?;
    stage
        .witness
        .all()
        .iter()
        .try_for_each(|seen| check(stage, seen))?;
    stage
        .say
        .line("names, labels, arguments and annotations are those of the events");
    succeeds(stage).await?;
    stage
        .explains(&versions[0], 0, "it was announced: ml-pipeline-")
        .await?;

    versions.push(stage.put("data-7").await);
    stage.say.line("data-7 has a second version");
    stage.comes_to_exactly(&versions).await?;

    stage.restart(SERVER).await?;
    stage.is_streaming().await?;
    stage.comes_to_exactly(&versions).await
}

/// A Workflow that was confirmed is deleted, and all is swept again by another process.
pub(crate) async fn deleted_by_hand(stage: &Stage) -> Result<()> {
    let mut versions = vec![stage.put("deleted").await];
    stage.comes_to_exactly(&versions).await?;
    let name = stage
        .witness
        .all()
        .first()
        .context("no Workflow")?
        .name
        .clone();
    let api = workflows(stage.client.clone(), &stage.namespace);
    api.delete(&name, &DeleteParams::default()).await?;
    stage.say.line(format!("deleted {name}"));

    stage.restart(SERVER).await?;
    stage.is_streaming().await?;
    versions.push(stage.put("alive").await);
    // The witness counts the deleted one, and would count a second one of its version.
    stage.comes_to_exactly(&versions).await?;
    ensure!(api.get_opt(&name).await?.is_none(), "{name} is there again");
    Ok(())
}

/// The Workflows are gone when a proxy shows an empty listing for a while, and a server is killed in that time.
pub(crate) async fn listing_blank(stage: &Stage) -> Result<()> {
    let mut versions = stage.put_all("kept", 5).await;
    stage.comes_to_exactly(&versions).await?;
    stage.kubectl(&["delete", "workflows", "--all"]).await?;
    stage.say.line("all Workflows are deleted");

    stage.storage.blank(true).await;
    missing(stage, versions.len() as u64).await?;
    stage.kill(SERVER).await?;
    stage.is_streaming().await?;
    stage.is_at_rest().await?;
    stage.storage.blank(false).await;
    missing(stage, 0).await?;

    versions.push(stage.put("alive").await);
    // The witness counts the deleted ones, and would count a second one of a version.
    stage.comes_to_exactly(&versions).await
}

async fn missing(stage: &Stage, expected: u64) -> Result<()> {
    let look = async || {
        let missing = stage.statuses().await?.live()?.missing;
        ensure!(missing == expected, "it misses {missing}");
        Ok(())
    };
    until("the listing shows what it is to", PATIENCE, look).await?;
    stage.is_at_rest().await?;
    if expected > 0 {
        stage.say.figure("blobs that the listing missed", expected);
    }
    stage.say.line(format!(
        "{expected} blobs are missing from the listing, for two sweeps and more"
    ));
    Ok(())
}

/// Whether a Workflow is what the Sensor is to make of its event.
fn check(stage: &Stage, seen: &Seen) -> Result<()> {
    let argument = |name: &str| seen.arguments.get(name).map_or("", String::as_str);
    let blob = argument("blob");
    let slug = blob.replace(['/', '.'], "-");
    ensure!(is_named_after(&seen.name, &slug), "the name of {seen:?}");
    ensure!(seen.event.len() == 32, "the label of {seen:?}");
    ensure!(
        argument("container") == "datasets",
        "the container of {seen:?}"
    );
    let url = format!(
        "http://mlpipelinestore.{}.svc:10000/datasets/{blob}",
        stage.namespace
    );
    ensure!(argument("url") == url, "the URL of {seen:?}");
    let annotation = |name: &str| {
        let key = format!("workflows.argoproj.io/{name}");
        seen.annotations.get(&key).map_or("", String::as_str)
    };
    ensure!(
        annotation("title") == format!("`datasets/{blob}`"),
        "the title of {seen:?}"
    );
    ensure!(
        annotation("description").starts_with("8 bytes, last modified 2"),
        "the description of {seen:?}"
    );
    Ok(())
}

/// Waits until one of the Workflows has run, and looks at what its step printed.
async fn succeeds(stage: &Stage) -> Result<()> {
    let succeeded = async || {
        let args = [
            "get",
            "workflows",
            "-l",
            "workflows.argoproj.io/phase=Succeeded",
            "-o",
            "name",
        ];
        let names: BTreeSet<_> = stage
            .kubectl(&args)
            .await?
            .lines()
            .map(str::to_owned)
            .collect();
        names.first().cloned().context("none has succeeded yet")
    };
    let name = until("a Workflow succeeds", PATIENCE, succeeded).await?;
    let name = name.rsplit('/').next().unwrap_or_default();
    let label = format!("workflows.argoproj.io/workflow={name}");
    let printed = stage.kubectl(&["logs", "-l", &label, "-c", "main"]).await?;
    let seen = stage.witness.all();
    let seen = seen
        .iter()
        .find(|it| it.name == name)
        .context("an unknown Workflow")?;
    let version = seen.version();
    for expected in ["datasets", &version.blob, &version.etag] {
        ensure!(
            printed.lines().any(|line| line == expected),
            "its step printed {printed:?}, without {expected}"
        );
    }
    stage.say.line(format!(
        "{name} has succeeded, and its step printed what the event says"
    ));
    Ok(())
}
