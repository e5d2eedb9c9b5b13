//! What is known of one blob, from everywhere that knows something.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    batches::{BatchOf, batch_of},
    queues::{self, Queues},
    search::{self, Storage},
    standing::LedgerStanding,
};
use crate::{
    blob::{Blob, Version},
    cli::source::OpenedSource,
    confirm::{error::ConfirmError, object_set::Object, unfinished::Workflows},
    delivery::expected::{Entry, Expected},
    event::EventId,
    gate::identity::Identity,
    ports::confirmation::Confirmations,
    state::{
        dead_letter::DeadLetter,
        loops::{Loop, Loops},
        request::Replay,
        stall::Stalled,
    },
};

/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No letter is nearly as long.
const LONGEST: u64 = 1 << 20;
/// How many letters and requests are read at most.
const MANY: usize = 200;

/// What is known of one blob.
pub(super) struct Findings {
    pub(super) name: String,
    /// The source's name.
    pub(super) source_id: String,
    pub(super) storage: Storage,
    /// `None`: the source has never run, and why that is thought.
    pub(super) ledger: Result<LedgerStanding, String>,
    /// The batch that it is in or waits in. `None` without batches, and of a blob that is in none that is known.
    pub(super) batch: Option<BatchOf>,
    pub(super) letter: Option<Result<DeadLetter, String>>,
    /// Whether a request to announce it again waits for the live stream.
    pub(super) asked: bool,
    pub(super) stalled: Option<Stalled>,
    /// When it is announced again and again.
    pub(super) looping: Option<Loop>,
    /// `None` without a queue.
    pub(super) queues: Option<Queues>,
    /// `None` without `confirm`, and of a blob that is not there.
    pub(super) cluster: Option<Result<Cluster, ConfirmError>>,
    /// The service's clock, in seconds since 1970.
    pub(super) now: i64,
}

/// What the cluster says.
pub(super) struct Cluster {
    /// The objects that the blob version must have, in the order of the configuration.
    pub(super) parts: Vec<Part>,
    /// All Workflows of events that have not finished.
    pub(super) workflows: Workflows,
}

/// An object that the blob version must have.
pub(super) struct Part {
    /// The object in words.
    pub(super) what: String,
    /// The object, when it is there.
    pub(super) object: Option<Object>,
}

impl Cluster {
    /// Those that are there.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.parts.iter().filter_map(|part| part.object.as_ref())
    }

    /// Those that are not there, in words.
    pub(super) fn missing(&self) -> Vec<&str> {
        let missing = self.parts.iter().filter(|part| part.object.is_none());
        missing.map(|part| part.what.as_str()).collect()
    }
}

/// Asks everybody.
pub(super) async fn gather(
    source: &OpenedSource,
    name: &str,
    confirmations: &dyn Confirmations,
) -> anyhow::Result<Findings> {
    let (storage, now) = search::storage(source, name).await?;
    let blob = match &storage {
        Storage::There(blob) => Some(blob),
        _ => None,
    };
    let (ledger, batch) = ledger(source, name, blob, now).await?;
    let of_batch = batch.as_ref().and_then(BatchOf::id);
    let own = blob.map(|blob| ids(source, blob)).unwrap_or_default();
    let ids = of_batch.map_or(own, |id| vec![id]);
    let letter = letter(source, blob, name, &ids).await?;
    let given_up = letter.as_ref().map(|(id, _)| *id);
    Ok(Findings {
        ledger,
        batch,
        asked: asked(source, blob, given_up).await?,
        letter: letter.map(|(_, letter)| letter),
        stalled: source.stalled().await?,
        looping: looping(source, name, now).await?,
        queues: queues::look(source, name).await,
        cluster: cluster(source, &ids, confirmations, now).await,
        name: name.to_owned(),
        source_id: source.id().to_owned(),
        storage,
        now,
    })
}

// The ids that its event has or had: by `version` as it is now, and as it may have been before.
fn ids(source: &OpenedSource, blob: &Blob) -> Vec<EventId> {
    let others = Version::ALL
        .into_iter()
        .filter(|it| *it != source.config.version);
    let versions = std::iter::once(source.config.version).chain(others);
    let id = |version| {
        source
            .place
            .id_of(&Blob::of(&blob.as_listed(), version), None)
    };
    versions.map(id).collect()
}

async fn ledger(
    source: &OpenedSource,
    name: &str,
    blob: Option<&Blob>,
    now: i64,
) -> anyhow::Result<(Result<LedgerStanding, String>, Option<BatchOf>)> {
    let known = match source.known().await {
        Ok(known) => known,
        Err(error) => return Ok((Err(format!("{error:#}")), None)),
    };
    let identity = Identity::new(&known.facts.clone().with_version(source.config.version, now));
    let done = &known.contents.done;
    let done = blob.is_some_and(|blob| identity.is_done(done, &blob.as_listed()));
    let standing = LedgerStanding::of(&source.config, &known.facts, name, blob, done, now);
    let batch = match blob {
        Some(blob) => batch_of(source, &known, blob, &standing, now).await?,
        None => None,
    };
    Ok((Ok(standing), batch))
}

// That of the blob's own event, or of a replay of it. A blob that has gone may have left one, too:
// then the name tells which.
async fn letter(
    source: &OpenedSource,
    blob: Option<&Blob>,
    name: &str,
    own: &[EventId],
) -> anyhow::Result<Option<(EventId, Result<DeadLetter, String>)>> {
    for id in own {
        if let Some(letter) = read_letter(source, *id).await? {
            return Ok(Some((*id, letter)));
        }
    }
    let names = source.store().list(&source.folder.dead_letters()).await?;
    let ids = names
        .iter()
        .filter_map(|it| source.folder.dead_letter_id(it));
    for id in ids.take(MANY) {
        let Some(Ok(letter)) = read_letter(source, id).await? else {
            continue;
        };
        let Some(lost) = letter.about.blob() else {
            continue;
        };
        let same_version = blob.is_none_or(|blob| blob.etag == lost.etag);
        if lost.name == name && same_version {
            return Ok(Some((id, Ok(letter))));
        }
    }
    Ok(None)
}

async fn read_letter(
    source: &OpenedSource,
    id: EventId,
) -> anyhow::Result<Option<Result<DeadLetter, String>>> {
    let name = source.folder.dead_letter(id);
    let chunk = source.store().read(&name, 0, DeadLetter::LONGEST).await?;
    Ok(chunk.map(|chunk| DeadLetter::from_json(id, &chunk.bytes)))
}

// Whether a request for this blob, or for its dead letter, waits for the live stream.
async fn asked(
    source: &OpenedSource,
    blob: Option<&Blob>,
    letter: Option<EventId>,
) -> anyhow::Result<bool> {
    let names = source.store().list(&source.folder.requests()).await?;
    if letter.is_some_and(|id| names.contains(&source.folder.retry(id))) {
        return Ok(true);
    }
    let Some(blob) = blob.filter(|blob| source.config.filter.matches(&blob.name)) else {
        return Ok(false);
    };
    let replays = |name: &&String| source.folder.retry_id(name).is_none();
    for name in names.iter().filter(replays).take(MANY) {
        let chunk = source.store().read(name, 0, LONGEST).await?;
        let replay = chunk.and_then(|chunk| Replay::from_json(&chunk.bytes).ok());
        if replay.is_some_and(|replay| replay.asks_for(&blob.as_listed())) {
            return Ok(true);
        }
    }
    Ok(false)
}

// What was seen long ago says nothing of now.
async fn looping(source: &OpenedSource, name: &str, now: i64) -> anyhow::Result<Option<Loop>> {
    let blob = source.folder.loops();
    let chunk = source.store().read(&blob, 0, LONGEST).await?;
    let loops = chunk.and_then(|chunk| Loops::from_json(&chunk.bytes));
    let mut loops = loops.unwrap_or_default().blobs.into_iter();
    Ok(loops.find(|it| it.name == name && it.is_told(now)))
}

// By the clock of the storage account, which is as right as the cluster's; that of this machine may not be.
async fn cluster(
    source: &OpenedSource,
    ids: &[EventId],
    confirmations: &dyn Confirmations,
    now: i64,
) -> Option<Result<Cluster, ConfirmError>> {
    if ids.is_empty() {
        return None;
    }
    let asked = async {
        let Some(expected) = Expected::open(confirmations, &source.config.confirm).await? else {
            return Ok(None);
        };
        let silence = || ConfirmError::Unreachable("the cluster gives no answer".to_owned());
        timeout(PATIENCE, expected.heard())
            .await
            .unwrap_or_else(|_| Err(silence()))?;
        let part = |entry: &Entry| Part {
            what: entry.what.clone(),
            object: ids.iter().find_map(|id| entry.find(*id)),
        };
        Ok(Some(Cluster {
            parts: expected.entries().iter().map(part).collect(),
            workflows: expected.workflows(now),
        }))
    };
    asked.await.transpose()
}
