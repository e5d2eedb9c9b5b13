//! What people apply on Azure: the API server takes all of it, though this cluster has no Azure.

use anyhow::{Context, Result, ensure};

use crate::{
    cluster::repository,
    command::{kubectl, run},
    install::render,
    stage::Stage,
};

/// The overlays and the single EventSources of `examples`, applied with `--dry-run=server`.
pub(crate) async fn are_taken(stage: &Stage) -> Result<()> {
    // `enforce` speaks of pods alone; `warn` of what would make them as well.
    let warn = "pod-security.kubernetes.io/warn=restricted";
    stage
        .kubectl(&["label", "namespace", &stage.namespace, warn])
        .await?;
    for folder in [
        "examples/azure-keys",
        "examples/azure-workload-identity",
        "examples/python-step",
    ] {
        let text = render(&stage.namespace, folder, "").await?;
        let said = takes(stage, &text).await?;
        has_versions(&text).with_context(|| folder.to_owned())?;
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

/// Whether each image has a tag that stays what it is.
fn has_versions(text: &str) -> Result<()> {
    let images = text.lines().filter_map(|line| line.split_once("image: "));
    for (_, image) in images.filter(|(_, image)| !image.contains("{{")) {
        let tag = image.rsplit('/').next().and_then(|it| it.split_once(':'));
        ensure!(
            tag.is_some_and(|(_, tag)| tag != "latest"),
            "the image {image}"
        );
    }
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
        "--warnings-as-errors",
        "-f",
        "-",
    ];
    run("kubectl", &args, &rest.join("\n---\n")).await
}
