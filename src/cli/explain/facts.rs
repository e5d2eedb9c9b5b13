//! What is known of one blob, from everywhere that knows something.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    blob::{Blob, BlobRef},
    cli::source::Source,
    config::Existing,
    confirm::{
        ConfirmError, Confirmations,
        index::{Health, Object},
    },
    dead_letter::DeadLetter,
    event::EventId,
    stalled::Stalled,
};

/// How long the cluster may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No letter is nearly as long.
const LONGEST: u64 = 1 << 20;
/// How many names of the same folder are shown.
const NEIGHBOURS: usize = 5;

/// What is known of one blob.
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) storage: Storage,
    /// `None`: the source has never run, and why that is thought.
    pub(super) ledger: Result<Ledger, String>,
    pub(super) letter: Option<Result<DeadLetter, String>>,
    pub(super) stalled: Option<Stalled>,
    /// `None` without `confirm`.
    pub(super) object: Option<Result<Option<Object>, ConfirmError>>,
    /// The service's clock, in seconds since 1970.
    pub(super) now: i64,
}

/// What the container says.
pub(super) enum Storage {
    There(Blob),
    Directory,
    Missing {
        /// One whose name differs in nothing that a person sees at once.
        meant: Option<String>,
        /// Others of the same folder.
        neighbours: Vec<String>,
    },
}

/// What the ledger says.
pub(super) struct Ledger {
    pub(super) done: bool,
    /// Since when blobs count as new for the filter of the configuration, in seconds since 1970.
    pub(super) since: Option<i64>,
    /// Whether the first sweep with this filter has come to its end.
    pub(super) swept: bool,
    /// Whether blobs from before are passed over.
    pub(super) skips_existing: bool,
}

/// Asks everybody.
pub(super) async fn gather(
    source: &Source,
    name: &str,
    confirmations: &dyn Confirmations,
) -> anyhow::Result<Facts> {
    let page = source.blobs.list(name, None).await?;
    let now = page.service_time.unix_timestamp();
    let exact = page.blobs().find(|blob| blob.name == name);
    let storage = match exact {
        Some(blob) if blob.is_directory => Storage::Directory,
        Some(blob) => Storage::There(blob.into()),
        None => missing(source, name).await?,
    };
    let blob = match &storage {
        Storage::There(blob) => Some(blob),
        _ => None,
    };
    let id = blob.map(|blob| source.place.id_of(blob, None));
    Ok(Facts {
        ledger: ledger(source, blob).await,
        letter: letter(source, id, name).await?,
        stalled: stalled(source).await?,
        object: object(source, id, confirmations).await,
        name: name.to_owned(),
        storage,
        now,
    })
}

async fn missing(source: &Source, name: &str) -> anyhow::Result<Storage> {
    let folder = name.rfind('/').map_or("", |end| &name[..=end]);
    let page = source.blobs.list(folder, None).await?;
    let blobs = || page.blobs().filter(|blob| !blob.is_directory);
    let alike = |blob: &BlobRef<'_>| blob.name.trim().eq_ignore_ascii_case(name.trim());
    Ok(Storage::Missing {
        meant: blobs().find(alike).map(|blob| blob.name.to_owned()),
        neighbours: blobs()
            .take(NEIGHBOURS)
            .map(|blob| blob.name.to_owned())
            .collect(),
    })
}

async fn ledger(source: &Source, blob: Option<&Blob>) -> Result<Ledger, String> {
    let mut known = source.known().await.map_err(|error| format!("{error:#}"))?;
    let spec = source.config.filter.spec();
    let facts = &known.facts;
    let swept = facts.baseline.as_ref().filter(|used| used.filter == *spec);
    let pending = facts.pending.as_ref().filter(|used| used.filter == *spec);
    let since = swept.or(pending).map(|used| used.since);
    let swept = swept.is_some();
    let done = blob.is_some_and(|blob| {
        let fingerprint = facts.key.of(&blob.name, &blob.etag);
        known.contents.done.see(fingerprint)
    });
    Ok(Ledger {
        done,
        since,
        swept,
        skips_existing: source.config.existing != Existing::Emit,
    })
}

// A blob that has gone may have left a letter: then the name tells which.
async fn letter(
    source: &Source,
    id: Option<EventId>,
    name: &str,
) -> anyhow::Result<Option<Result<DeadLetter, String>>> {
    if let Some(id) = id {
        let blob = source.folder.dead_letter(id);
        let chunk = source.store().read(&blob, 0, LONGEST).await?;
        return Ok(chunk.map(|chunk| DeadLetter::from_json(id, &chunk.bytes)));
    }
    for blob in source.store().list(&source.folder.dead_letters()).await? {
        let Some(id) = source.folder.dead_letter_id(&blob) else {
            continue;
        };
        let chunk = source.store().read(&blob, 0, LONGEST).await?;
        let letter = chunk.and_then(|chunk| DeadLetter::from_json(id, &chunk.bytes).ok());
        if let Some(letter) = letter.filter(|letter| letter.blob.name == name) {
            return Ok(Some(Ok(letter)));
        }
    }
    Ok(None)
}

async fn stalled(source: &Source) -> anyhow::Result<Option<Stalled>> {
    let chunk = source
        .store()
        .read(&source.folder.stalled(), 0, LONGEST)
        .await?;
    Ok(chunk.and_then(|chunk| Stalled::from_json(&chunk.bytes)))
}

async fn object(
    source: &Source,
    id: Option<EventId>,
    confirmations: &dyn Confirmations,
) -> Option<Result<Option<Object>, ConfirmError>> {
    let confirm = source.config.confirm.as_ref()?;
    let asked = async {
        let watch = confirmations.open(confirm).await?;
        if timeout(PATIENCE, watch.index().ready()).await.is_err() {
            return Err(match watch.index().health() {
                Health::Lost(error) => error,
                _ => ConfirmError::Unreachable("the cluster gives no answer".to_owned()),
            });
        }
        watch.index().ready().await?;
        Ok(id.and_then(|id| watch.index().find(id)))
    };
    Some(asked.await)
}
