//! The account's key changes while everything runs.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use testkit::http::KEY;

use super::restarts::has_no_dead_letter;
use crate::{
    pods::{AZURITE, PATIENCE, SERVER},
    stage::Stage,
    storage::ACCOUNT,
    wait::until,
};

/// Keys of the account that come and go; these tests themselves sign with a third that stays.
const OLD: &str = "b2xkIGtleSBvZiB0aGUgYWNjb3VudCBpbiB0ZXN0cw==";
pub(super) const NEW: &str = "bmV3IGtleSBvZiB0aGUgYWNjb3VudCBpbiB0ZXN0cw==";
/// The kubelet renews a mounted Secret about once a minute.
const REFRESH: Duration = Duration::from_secs(240);

/// The key in the server's Secret stops to work, and another takes its place; no pod of the server restarts.
pub(crate) async fn rotated(stage: &Stage) -> Result<()> {
    accepts(stage, OLD).await?;
    presents(stage, OLD).await?;
    // The account of the case so far has another key, and its pod is new: the story begins here.
    stage.restart(AZURITE).await?;
    stage.restart(SERVER).await?;
    stage.is_streaming().await?;
    let mut versions = stage.put_all("before", 5).await;
    stage.comes_to_exactly(&versions).await?;
    let pods = pods(stage).await?;

    accepts(stage, NEW).await?;
    // In place, so that the account keeps its blobs.
    let kill = [
        "exec",
        "deployment/azurite",
        "--",
        "node",
        "-e",
        "process.kill(1)",
    ];
    // The command dies with what it kills, so it may seem to fail; that the old key is refused shows that it worked.
    let _ = stage.kubectl(&kill).await;
    let ready = [
        "wait",
        "--for=condition=Ready",
        "pod",
        "-l",
        AZURITE,
        "--timeout=60s",
    ];
    let refused = async || match stage.statuses().await?.text() {
        text if text.contains("AuthorizationFailure") || text.contains("AuthenticationFailed") => {
            Ok(())
        }
        text => bail!("the servers say {text}"),
    };
    until("the old key is refused", PATIENCE, refused).await?;
    stage.kubectl(&ready).await?;
    stage.say.line("the old key is refused");
    versions.extend(stage.put_all("during", 5).await);
    presents(stage, NEW).await?;
    let changed = stage.say.elapsed();
    stage.say.line("the Secret has the new key");
    stage.comes_to_exactly_within(&versions, REFRESH).await?;
    let later = stage.say.elapsed() - changed;
    stage.say.seconds("seconds after the new Secret", later);
    stage.say.line(format!(
        "all was done {:.0} s after the Secret changed",
        later.as_secs_f64()
    ));
    ensure!(
        self::pods(stage).await? == pods,
        "pods of the server were replaced or restarted"
    );
    has_no_dead_letter(stage).await
}

/// Gives the account a key beside that of these tests, from its next start on.
async fn accepts(stage: &Stage, key: &str) -> Result<()> {
    let accounts = format!("{ACCOUNT}:{KEY}:{key}");
    patch(stage, "azurite", json!({"accounts": accounts})).await
}

/// Gives the server a key.
pub(super) async fn presents(stage: &Stage, key: &str) -> Result<()> {
    let namespace = &stage.namespace;
    let text = format!(
        "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={key};\
         BlobEndpoint=http://{ACCOUNT}.{namespace}.svc:10000"
    );
    patch(stage, "azure-storage", json!({"azure-storage": text})).await
}

async fn patch(stage: &Stage, secret: &str, data: serde_json::Value) -> Result<()> {
    let patch = json!({"stringData": data}).to_string();
    stage
        .kubectl(&["patch", "secret", secret, "--type=merge", "-p", &patch])
        .await?;
    Ok(())
}

/// The server's pods, and how often their containers started.
async fn pods(stage: &Stage) -> Result<Vec<String>> {
    let path =
        "{range .items[*]}{.metadata.name} {.status.containerStatuses[0].restartCount}{'\\n'}{end}";
    let output = format!("jsonpath={path}");
    let said = stage
        .kubectl(&["get", "pods", "-l", SERVER, "-o", &output])
        .await?;
    let pods: Vec<_> = said.lines().map(str::to_owned).collect();
    pods.first().context("no pod of the server")?;
    Ok(pods)
}
