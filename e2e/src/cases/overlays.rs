//! What people apply on Azure: the API server takes all of it, though this cluster has no Azure.

use anyhow::{Result, ensure};

use crate::{
    cluster::repository,
    command::{kubectl, run},
    install::render,
    stage::Stage,
};

/// The overlays and the single EventSources of `examples`, applied with `--dry-run=server`.
pub(crate) async fn are_taken(stage: &Stage) -> Result<()> {
    for folder in [
        "examples/azure-keys",
        "examples/azure-workload-identity",
        "examples/python-step",
    ] {
        let text = render(&stage.namespace, folder, "").await?;
        let said = takes(stage, &text).await?;
        ensure!(
            !text.contains(":latest"),
            "{folder} has an image without a version"
        );
        ensure!(
            !text.contains("kind: ClusterRole"),
            "{folder} wants rights on the whole cluster"
        );
        stage.say.line(format!(
            "{folder}: {} objects are taken",
            said.lines().count()
        ));
    }
    let folder = repository().join("examples/event-sources");
    let folder = folder.to_string_lossy();
    let said = kubectl(
        &stage.namespace,
        &["apply", "--dry-run=server", "-f", &folder],
        "",
    )
    .await?;
    stage.say.line(format!(
        "examples/event-sources: {} objects are taken",
        said.lines().count()
    ));
    Ok(())
}

async fn takes(stage: &Stage, text: &str) -> Result<String> {
    // The namespace itself is there, and another name of it would be refused with `--namespace`.
    let rest: Vec<_> = text
        .split("\n---\n")
        .filter(|it| !it.contains("kind: Namespace\n"))
        .collect();
    let args = [
        "--namespace",
        &stage.namespace,
        "apply",
        "--dry-run=server",
        "-f",
        "-",
    ];
    run("kubectl", &args, &rest.join("\n---\n")).await
}
