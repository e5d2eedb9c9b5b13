//! The Helm chart, installed as its `quick-start.yaml` says.

use std::{env, path::PathBuf};

use anyhow::{Context, Result};

use crate::{
    cluster::repository,
    command::run,
    install::is_ready,
    pods::PATIENCE,
    stage::Stage,
    storage::Storage,
    wait::until,
    witness::{Version, Witness},
};

/// `helm install`, `helm test`, one dataset and its Workflow, `helm upgrade`, `helm uninstall`: in a namespace beside
/// that of the stage.
pub(crate) async fn is_installed(stage: &Stage) -> Result<()> {
    let namespace = format!("{}-chart", stage.namespace);
    run("kubectl", &["create", "namespace", &namespace], "").await?;
    let restricted = "pod-security.kubernetes.io/enforce=restricted";
    run(
        "kubectl",
        &["label", "namespace", &namespace, restricted],
        "",
    )
    .await?;
    let result = in_namespace(stage, &namespace).await;
    let delete = ["delete", "namespace", &namespace, "--wait=false"];
    run("kubectl", &delete, "").await?;
    result
}

async fn in_namespace(stage: &Stage, namespace: &str) -> Result<()> {
    let witness = Witness::start(stage.client.clone(), namespace);
    helm(namespace, &["install", "blobs"], &[]).await?;
    is_ready(namespace).await?;
    let storage = Storage::open(&stage.cluster, namespace).await?;
    stage.say.line("helm install: everything runs");
    // Its pod runs `check` with the configuration of each event.
    let said = run(
        &program(),
        &["test", "blobs", "--namespace", namespace, "--logs"],
        "",
    )
    .await?;
    said.contains("Succeeded")
        .then_some(())
        .with_context(|| format!("`helm test` says: {said}"))?;
    stage
        .say
        .line("helm test: the server reaches storage and cluster");
    let mut versions = vec![storage.put("raw/one.csv", MACHINES).await];
    has_workflows(&witness, &versions).await?;
    stage.say.line("a dataset has its Workflow");
    let more = ["--set", "kubernetesEvents.enabled=true"];
    helm(namespace, &["upgrade", "blobs"], &more).await?;
    is_ready(namespace).await?;
    versions.push(storage.put("raw/two.csv", MACHINES).await);
    has_workflows(&witness, &versions).await?;
    stage.say.figure("blob versions", storage.written());
    stage.say.figure("Workflows", witness.count());
    stage
        .say
        .line("helm upgrade: another dataset has its Workflow, and the first has no other");
    run(
        &program(),
        &["uninstall", "blobs", "--namespace", namespace],
        "",
    )
    .await?;
    Ok(())
}

/// Any dataset: what its steps say of it is for other cases.
const MACHINES: &str = "a,b\n1,2\n";

async fn has_workflows(witness: &Witness, versions: &[Version]) -> Result<()> {
    let look = async || witness.is_exactly(versions);
    until("a Workflow for each dataset", PATIENCE, look).await
}

async fn helm(namespace: &str, what: &[&str], more: &[&str]) -> Result<()> {
    let chart = repository().join("charts/azure-blob-eventsource");
    let (values, chart) = (chart.join("quick-start.yaml"), chart.to_string_lossy());
    let values = values.to_string_lossy();
    let args = [
        what,
        &[&chart, "--namespace", namespace, "--values", &values],
        more,
    ];
    run(&program(), &args.concat(), "").await?;
    Ok(())
}

/// `helm`, or the one that `make test-chart` installs.
fn program() -> String {
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let own = home.join(".cache/azure-blob-eventsource/bin/helm");
    match own.is_file() {
        true => own.to_string_lossy().into_owned(),
        false => "helm".to_owned(),
    }
}
