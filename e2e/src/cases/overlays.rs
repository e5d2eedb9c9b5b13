//! What people apply on Azure: the API server takes all of it, though this cluster has no Azure.

use anyhow::{Context, Result, ensure};

use crate::{cluster::repository, command::kubectl, install::render, stage::Stage};

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
        "examples/batches",
        "examples/python-step",
        "examples/two-sensors",
    ] {
        let text = render(&stage.namespace, folder, "").await?;
        is_taken(stage, folder, "-", &text).await?;
        has_versions(&text).with_context(|| folder.to_owned())?;
        ensure!(
            !text.contains("kind: ClusterRole"),
            "{folder} wants rights on the whole cluster"
        );
    }
    let folder = repository().join("examples/event-sources");
    is_taken(
        stage,
        "examples/event-sources",
        &folder.to_string_lossy(),
        "",
    )
    .await
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

/// Whether the API server takes a file, or its standard input, without a warning.
async fn is_taken(stage: &Stage, what: &str, file: &str, stdin: &str) -> Result<()> {
    let args = [
        "apply",
        "--dry-run=server",
        "--warnings-as-errors",
        "-f",
        file,
    ];
    let said = kubectl(&stage.namespace, &args, stdin).await?;
    let objects = said.lines().count();
    stage.say.count("objects", objects);
    stage
        .say
        .line(format!("{what}: {objects} objects are taken"));
    Ok(())
}
