//! Notifications of blobs that a queue alone finds, put there by hand: what is not announced yet needs no new Workflow, only
//! somebody who tells of it.

use futures::{StreamExt, TryStreamExt, stream};
use time::OffsetDateTime;

use crate::{
    blob::{Access, BlobRef, is_name},
    calls::walk::Walk,
    cli::source::{LedgerContents, OpenedSource},
    gate::identity::Identity,
    notification::tell,
    ports::connect::OpenedQueue,
    state::request::Replay,
};

/// How many calls are under way at once.
const AT_ONCE: usize = 8;

/// The queue, when nothing else tells of blobs.
pub(super) fn queue_alone(source: &OpenedSource) -> Option<&OpenedQueue> {
    source
        .queue
        .as_ref()
        .filter(|_| source.config.is_queue_alone())
}

/// Tells the queue of all blobs that are asked for and not done, and returns how many. One that is told of twice is
/// announced once.
///
/// # Errors
/// The storage account refuses.
pub(super) async fn tell_of(
    source: &OpenedSource,
    queue: &OpenedQueue,
    known: &mut LedgerContents,
    replay: &Replay,
) -> anyhow::Result<u64> {
    let facts = known.facts.clone();
    let identity = Identity::new(&facts.with_version(source.config.version, i64::MAX));
    let done = &mut known.contents.done;
    let prefix = replay.blob.as_ref().unwrap_or(&replay.prefix);
    let mut walk = Walk::new(&*source.blobs, prefix);
    let mut told = 0;
    while let Some(page) = walk.next().await? {
        let open =
            |blob: &BlobRef<'_>| is_asked(source, replay, blob) && !identity.is_done(done, blob);
        let blobs = page.blobs().filter(|blob| open(blob));
        let texts: Vec<_> = blobs
            .map(|blob| text(source, &blob, page.service_time))
            .collect();
        told += texts.len() as u64;
        stream::iter(&texts)
            .map(|text| queue.queue.put(text))
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
    }
    Ok(told)
}

fn is_asked(source: &OpenedSource, replay: &Replay, blob: &BlobRef<'_>) -> bool {
    let readable = !blob.is_directory && blob.access == Access::Readable && is_name(blob.name);
    readable && replay.asks_for(blob) && source.config.filter.matches(blob.name)
}

fn text(source: &OpenedSource, blob: &BlobRef<'_>, now: OffsetDateTime) -> String {
    tell(&source.config.container, blob.name, blob.etag, now)
}
