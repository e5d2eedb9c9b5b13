//! In which batch a blob is, or waits.

use time::OffsetDateTime;

use super::standing::LedgerStanding;
use crate::{
    batch::{
        manifest::{Entry, Manifest},
        stored::manifest_of,
    },
    blob::Blob,
    cli::source::{LedgerContents, OpenedSource},
    event::EventId,
    gate::{identity::Identity, rules::Judgement},
    ledger::batches::{BatchId, FixedBatch},
    state::open_batches::{OpenBatch, OpenBatchList},
};

/// So many manifests are read at most, the latest first.
const MOST: usize = 100;
/// The list of open batches is read with one call.
const LIST: u64 = 4 << 20;

/// The batch of a blob version.
pub(super) enum BatchOf {
    /// It is in a batch that is fixed.
    Fixed {
        id: EventId,
        group: String,
        /// How many blobs it has.
        blobs: usize,
        /// What closed it, while it is not done.
        closed_by: Option<&'static str>,
        /// When it was done, in seconds since 1970.
        done: Option<i64>,
    },
    /// It waits for others, or is about to.
    Open {
        /// The open batch of its group, if the stream tells of one.
        batch: Option<OpenBatch>,
        /// What the names of its group start with.
        group: String,
    },
}

impl BatchOf {
    /// The batch's event, once it is fixed.
    pub(super) fn id(&self) -> Option<EventId> {
        match self {
            Self::Fixed { id, .. } => Some(*id),
            Self::Open { .. } => None,
        }
    }
}

/// The batch of `blob`. Without `batch` in the configuration it can still be in one that was fixed before.
pub(super) async fn batch_of(
    source: &OpenedSource,
    known: &LedgerContents,
    blob: &Blob,
    standing: &LedgerStanding,
    now: i64,
) -> anyhow::Result<Option<BatchOf>> {
    let version = source.config.version;
    let identity = Identity::new(&known.facts.clone().with_version(version, now));
    let batches = &known.contents.batches;
    let found = batches.open.values().filter(|it| it.replay.is_none());
    let mut of_blob = found.filter(|it| identity.is_among(&it.members, &blob.as_listed()));
    if let Some(batch) = of_blob.next() {
        let manifest = read(source, batch.id).await?;
        return Ok(Some(fixed(batch, manifest)));
    }
    let rules = source.config.batch.as_ref();
    let group = rules.map_or("", |it| it.by.group_of(&blob.name)).to_owned();
    if standing.done {
        let mut kept: Vec<_> = batches.kept.iter().collect();
        kept.sort_by_key(|(_, at)| std::cmp::Reverse(**at));
        for (id, at) in kept.into_iter().take(MOST) {
            let Some(manifest) = read(source, *id).await? else {
                continue;
            };
            let is_it = |it: &Entry| it.name == blob.name && it.etag == blob.etag;
            // Those of a replay are no answer to when it was announced for itself.
            if manifest.id(&source.place, None) == *id && manifest.blobs.iter().any(is_it) {
                return Ok(Some(BatchOf::Fixed {
                    id: EventId(id.0),
                    group,
                    blobs: manifest.blobs.len(),
                    closed_by: None,
                    done: Some(*at),
                }));
            }
        }
        return Ok(None);
    }
    // What is held back, or passed over, waits for nobody.
    let facts = known.facts.clone().with_batches(rules.is_some(), now);
    let alone_until = facts.batches.and_then(|it| it.alone_until);
    let is_alone = rules.is_none() || alone_until.is_some_and(|it| blob.last_modified <= it);
    if is_alone || standing.next != Some(Judgement::Offer) {
        return Ok(None);
    }
    let name = source.folder.open_batches();
    let chunk = source.store().read(&name, 0, LIST).await?;
    let list = chunk.and_then(|chunk| OpenBatchList::from_json(&chunk.bytes));
    let now = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let batches = list.map(|it| it.batches).unwrap_or_default().into_iter();
    let mut of_group = batches.filter(|it| it.group == group && it.replay.is_none());
    Ok(Some(BatchOf::Open {
        batch: of_group.next().filter(|it| it.closes >= now),
        group,
    }))
}

fn fixed(batch: &FixedBatch, manifest: Option<Manifest>) -> BatchOf {
    BatchOf::Fixed {
        id: EventId(batch.id.0),
        group: batch.group.to_string(),
        blobs: manifest.map_or(batch.members.len(), |it| it.blobs.len()),
        closed_by: Some(batch.closed_by.as_str()),
        done: None,
    }
}

async fn read(source: &OpenedSource, id: BatchId) -> anyhow::Result<Option<Manifest>> {
    let manifest = manifest_of(source.store(), &source.folder, id).await?;
    Ok(manifest.and_then(Result::ok))
}
