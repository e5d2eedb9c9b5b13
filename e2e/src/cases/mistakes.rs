//! What people get wrong: the reason and the cure are where they look first, in the log of the EventSource's pod
//! and in `kubectl describe`.

use anyhow::{Result, ensure};
use serde_json::json;
use testkit::http::KEY;

use super::{
    restarts::has_no_dead_letter,
    secrets::{NEW, presents},
};
use crate::{
    command::kubectl,
    install,
    pods::{EVENT_SOURCE, PATIENCE, SERVER},
    stage::Stage,
    wait::until,
};

/// One mistake after the other is made, told, and fixed; at the end everything works again.
pub(crate) async fn are_told(stage: &Stage) -> Result<()> {
    wrong_configurations(stage).await?;
    wrong_key(stage).await?;
    missing_role(stage).await?;
    missing_secret(stage).await?;

    stage.is_streaming().await?;
    let versions = stage.put_all("after", 5).await;
    stage.comes_to_exactly(&versions).await?;
    has_no_dead_letter(stage).await
}

/// A key is misspelled, the container is not there, the credential is not mounted: each is told, and works again once
/// it is right.
async fn wrong_configurations(stage: &Stage) -> Result<()> {
    let right = install::config(&stage.namespace, install::Setup::USUAL);
    let misspelled = right.replace("existing:", "exsiting:");
    // Another source: of this one, the ledger knows which container it is of.
    let container = right
        .replace("container: datasets", "container: dataset")
        .replace("id: e2e", "id: elsewhere");
    let credential = right.replace("credential: azure-storage", "credential: azure-storag");
    for (wrong, status, words) in [
        (misspelled, "InvalidArgument", ["exsiting", "existing"]),
        (
            container,
            "NotFound",
            ["`dataset`", "create it, or correct the name"],
        ),
        (
            credential,
            "FailedPrecondition",
            ["`azure-storag`", "mount it there"],
        ),
    ] {
        set_config(stage, &wrong).await?;
        says(stage, status, &words).await?;
        set_config(stage, &right).await?;
        stage.is_streaming().await?;
    }
    Ok(())
}

/// The Secret has a key that the account does not know: Azurite says `AuthorizationFailure` of it.
async fn wrong_key(stage: &Stage) -> Result<()> {
    presents(stage, NEW).await?;
    stage.restart(SERVER).await?;
    says(stage, "PermissionDenied", &["denies access", "key"]).await?;
    presents(stage, KEY).await?;
    stage.restart(SERVER).await?;
    stage.is_streaming().await?;
    Ok(())
}

async fn missing_role(stage: &Stage) -> Result<()> {
    let name = "azure-blob-eventsource";
    let get = ["get", "rolebinding", name, "-o", "json"];
    let binding = stage.kubectl(&get).await?;
    stage.kubectl(&["delete", "rolebinding", name]).await?;
    stage.restart(SERVER).await?;
    let words = ["confirm", "kubectl create rolebinding"];
    says(stage, "PermissionDenied", &words).await?;
    let mut binding: serde_json::Value = serde_json::from_str(&binding)?;
    // It is another object, to the API server.
    for key in ["resourceVersion", "uid"] {
        binding["metadata"][key].take();
    }
    let apply = ["apply", "-f", "-"];
    kubectl(&stage.namespace, &apply, &binding.to_string()).await?;
    stage.is_streaming().await?;
    Ok(())
}

/// Without the token's Secret no pod of the server starts, and those that run go on.
async fn missing_secret(stage: &Stage) -> Result<()> {
    let name = "azure-blob-eventsource-token";
    stage.kubectl(&["delete", "secret", name]).await?;
    let selector = ["-l", SERVER];
    let restart = ["rollout", "restart", "deployment"];
    stage.kubectl(&[&restart[..], &selector].concat()).await?;
    let look = async || {
        let said = stage
            .kubectl(&[&["describe", "pods"][..], &selector].concat())
            .await?;
        let line = said
            .lines()
            .find(|it| it.contains(name) && it.contains("not found"));
        ensure!(
            line.is_some(),
            "`kubectl describe` does not name the Secret"
        );
        Ok(line.unwrap_or_default().trim().to_owned())
    };
    let line = until("the missing Secret is named", PATIENCE, look).await?;
    stage.say.count("mistakes told", 1);
    stage.say.line(format!("kubectl describe pods: {line}"));
    stage.is_streaming().await?;
    let token = "--from-literal=token=quick-start";
    stage
        .kubectl(&["create", "secret", "generic", name, token])
        .await?;
    install::is_ready(&stage.namespace).await
}

async fn set_config(stage: &Stage, config: &str) -> Result<()> {
    let patch = json!({"spec": {"generic": {"datasets": {"config": config}}}}).to_string();
    let args = [
        "patch",
        "eventsource",
        "blobs",
        "--type=merge",
        "-p",
        &patch,
    ];
    stage.replace(EVENT_SOURCE, &args).await
}

/// Waits until the log of an EventSource pod has a line with a gRPC status and some words.
async fn says(stage: &Stage, status: &str, words: &[&str]) -> Result<()> {
    let look = async || {
        let log = stage
            .kubectl(&["logs", "-l", EVENT_SOURCE, "--tail=50"])
            .await?;
        let is_it = |line: &&str| line.contains(status) && words.iter().all(|it| line.contains(it));
        let line = log.lines().find(is_it).map(str::to_owned);
        line.ok_or_else(|| anyhow::anyhow!("the log says: {log}"))
    };
    let line = until(&format!("the log tells {status}"), PATIENCE, look).await?;
    stage.say.count("mistakes told", 1);
    stage.say.line(format!("kubectl logs: {line}"));
    Ok(())
}
