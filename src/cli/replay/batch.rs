//! The blobs of a batch, as one batch again.

use anyhow::bail;

use crate::{
    batch::{manifest::Manifest, stored::manifest_of},
    cli::{
        counts::{Size, counted},
        set_aside_id::is_id,
        source::OpenedSource,
    },
    event::EventId,
    ledger::batches::BatchId,
    state::request::Replay,
    text::plain::Plain,
};

/// The replay of the batch that `asked` names, and what is in it, in a line.
///
/// # Errors
/// A sentence about what was typed.
pub(super) async fn of_batch(
    source: &OpenedSource,
    replay: Replay,
    asked: &str,
) -> anyhow::Result<(Replay, String)> {
    let (id, manifest) = find(source, asked).await?;
    let rules = source.config.batch.as_ref();
    let first = manifest.blobs.first();
    let group = rules
        .zip(first)
        .map(|(rules, first)| rules.by.group_of(&first.name));
    let told = format!(
        "the batch {} of {} ({}) to announce again, as one batch with a new Workflow",
        id.to_hex(),
        counted(manifest.blobs.len() as u64, "blob"),
        Size(manifest.size())
    );
    let replay = Replay {
        prefix: group.unwrap_or_default().to_owned(),
        batch: Some(id.to_hex()),
        ..replay
    };
    Ok((replay, told))
}

async fn find(source: &OpenedSource, asked: &str) -> anyhow::Result<(EventId, Manifest)> {
    if source.config.batch.is_none() {
        bail!("--batch: the configuration has no `batch`, so the source has no batches");
    }
    let shown = Plain(asked);
    let names = source.store().list(&source.folder.manifests()).await?;
    let ids = names.iter().filter_map(|it| source.folder.manifest_id(it));
    let hex = |id: &BatchId| EventId(id.0).to_hex();
    let mut found = ids.filter(|id| is_id(&hex(id), asked));
    let id = match (found.next(), found.next()) {
        (Some(id), None) => id,
        (Some(_), Some(_)) => {
            bail!("`{shown}`: more than one batch matches; give more digits of its id")
        }
        (None, _) => bail!(
            "`{shown}`: there is no such batch; its id is that of its event, `explain` shows it for a blob, and the list of \
             its blobs is kept for `batch.keep` after it is done"
        ),
    };
    match manifest_of(source.store(), &source.folder, id).await? {
        Some(Ok(manifest)) => Ok((EventId(id.0), manifest)),
        Some(Err(problem)) => {
            let name = source.folder.manifest(id);
            bail!("{}: was changed: {problem}", Plain(&name))
        }
        None => bail!("`{shown}`: the list of its blobs was removed a moment ago"),
    }
}
