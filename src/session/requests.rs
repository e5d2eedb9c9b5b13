//! What people ask of a live source: replays, and dead letters to be sent again.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tracing::{info, warn};

use crate::{
    batch::{open::Closed, stored::manifest_of},
    blob::{Access, Blob, BlobRef, ListPage},
    calls::{retry::Retry, walk::Walk},
    delivery::{dead_letters::DeadLetterBox, ownership::Ownership},
    event::EventId,
    filter::Filter,
    gate::{self, Gate, rules::names_at_once},
    journal::source_store::SourceStore,
    ledger::{
        Standing,
        batches::{BatchId, ClosedBy},
        fingerprint::FingerprintKey,
        offer::{BatchOffer, Offer, Origin, Subject},
    },
    ports::{
        error::{StorageError, StorageErrorKind},
        listing::BlobListing,
    },
    recorder::Record,
    state::{
        dead_letter::About,
        folder::Folder,
        request::{Replay, Request, every},
    },
};

/// A request is read with one call, and none is nearly as long.
const LONGEST: u64 = 64 * 1024;
/// So many requests that make no sense are remembered, so that each is told of once.
const REMEMBERED: usize = 1024;

/// Takes up what is asked of one source.
///
/// Nothing about a request is kept in memory: each round of a replay lists what it asks for and offers
/// what is neither done nor under way, until a round finds all of it done. So a crash costs one listing.
/// However much a replay asks for, dead letters are looked after in each interval.
pub(crate) struct Requests {
    pub(crate) source_store: SourceStore,
    pub(crate) listing: Arc<dyn BlobListing>,
    /// What the source announces; a replay announces no more.
    pub(crate) filter: Filter,
    pub(crate) key: FingerprintKey,
    /// Where blobs go that are to be announced.
    pub(crate) gate: Arc<Gate>,
    /// `None` when nothing is confirmed: then there are no dead letters to retry.
    pub(crate) letters: Option<Arc<DeadLetterBox>>,
    /// Asked before a request is removed.
    pub(crate) ownership: Ownership,
    /// Where dead letters go that are to be sent again: ahead of all others.
    pub(crate) retries: mpsc::Sender<Offer>,
    /// Where blobs go that are to be one batch again; `None` without batches.
    pub(crate) batches: Option<mpsc::Sender<Closed>>,
    /// What was asked for by then, in seconds since 1970, may be on its way without a batch, and goes into none.
    pub(crate) alone_until: Option<i64>,
    /// From the start of a round to the start of the next, at most half a minute.
    pub(crate) interval: Duration,
}

/// The replays that are asked for, each with the name of its request.
type Replays = Vec<(String, Replay)>;

impl Requests {
    /// Takes up requests until nobody takes what they ask for.
    ///
    /// # Errors
    /// The storage account refuses.
    pub(crate) async fn run(self) -> Result<(), StorageError> {
        let (asked, replays) = watch::channel(None);
        // Either ends when nobody takes what it offers.
        tokio::select! {
            ended = self.look_after_letters(asked) => ended,
            ended = self.replay_all(replays) => ended,
        }
    }

    /// Takes up dead letters to retry, learns which there are, and passes on which replays are asked for.
    async fn look_after_letters(
        &self,
        asked: watch::Sender<Option<Replays>>,
    ) -> Result<(), StorageError> {
        let mut refused = HashSet::new();
        loop {
            let next = Instant::now() + every(self.interval);
            let mut replays = Vec::new();
            for (name, request) in self.read(&mut refused).await? {
                match request {
                    Request::Replay(replay) => replays.push((name, replay)),
                    Request::Retry(id) => {
                        if self.retry(id).await?.is_err() {
                            return Ok(());
                        }
                    }
                }
            }
            if let Some(letters) = &self.letters {
                letters.refresh().await?;
            }
            asked.send_replace(Some(replays));
            sleep_until(next).await;
        }
    }

    /// Works off replays, one after the other, a round of each at a time.
    async fn replay_all(
        &self,
        mut asked: watch::Receiver<Option<Replays>>,
    ) -> Result<(), StorageError> {
        let mut stale = self.source_store.retry("list blobs to replay");
        // Those of which the last round found nothing open.
        let mut clean = HashSet::new();
        while asked.changed().await.is_ok() {
            let replays = asked.borrow_and_update().clone().unwrap_or_default();
            for (name, replay) in &replays {
                match self.round(replay, &mut stale).await? {
                    Err(gate::Closed) => return Ok(()),
                    Ok(false) => _ = clean.remove(name),
                    // One listing may be wrongly empty; two in a row are believed.
                    Ok(true) if clean.insert(name.clone()) => {}
                    Ok(true) => self.answer(name, replay).await?,
                }
            }
            let over = replays.is_empty() && self.gate.has_replayed();
            if over && self.gate.record(Record::ReplaysOver).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read(
        &self,
        refused: &mut HashSet<String>,
    ) -> Result<Vec<(String, Request)>, StorageError> {
        let folder = self.source_store.folder();
        let prefix = folder.requests();
        let list = || self.source_store.store.list(&prefix);
        let names = self
            .source_store
            .retry_proven("list requests")
            .run(list)
            .await?;
        let mut requests = Vec::new();
        for name in names {
            match self.parse(&folder, &name).await? {
                Some(Ok(request)) => requests.push((name, request)),
                Some(Err(problem)) => refuse(refused, name, &problem),
                None => {}
            }
        }
        Ok(requests)
    }

    // `None`: it is gone by now.
    async fn parse(
        &self,
        folder: &Folder,
        name: &str,
    ) -> Result<Option<Result<Request, String>>, StorageError> {
        if let Some(id) = folder.retry_id(name) {
            return Ok(Some(match self.letters {
                Some(_) => Ok(Request::Retry(id)),
                None => Err("a dead letter can be retried only with `confirm`".to_owned()),
            }));
        }
        let read = || self.source_store.store.read(name, 0, LONGEST);
        let chunk = self
            .source_store
            .retry_proven("read request")
            .run(read)
            .await?;
        Ok(chunk.map(|chunk| {
            let replay = Replay::from_json(&chunk.bytes)?;
            match folder.replay(&replay.name) == name {
                true => Ok(Request::Replay(replay)),
                false => Err(format!("its own id is `{}`", replay.name.escape_debug())),
            }
        }))
    }

    fn subject(&self, about: About) -> Subject {
        match about {
            About::Blob(blob) => Subject::Blob {
                fingerprint: self.key.of(&blob.name, &blob.version),
                blob,
            },
            About::Batch(batch) => Subject::Batch(Arc::new(BatchOffer {
                id: BatchId(batch.id.0),
                group: batch.group.into(),
                count: batch.count,
                payload: batch.payload,
            })),
        }
    }

    async fn retry(&self, id: EventId) -> Result<Result<(), gate::Closed>, StorageError> {
        let Some(letters) = self
            .letters
            .as_ref()
            .filter(|letters| letters.begin_retry(id))
        else {
            return Ok(Ok(()));
        };
        match letters.read(id).await? {
            Some(Ok(letter)) => {
                let name = letter.replay.map(Arc::from);
                let offer = Offer {
                    subject: self.subject(letter.about),
                    origin: Origin::Retry(name),
                };
                Ok(self.retries.send(offer).await.map_err(|_| gate::Closed))
            }
            Some(Err(problem)) => {
                warn!(
                    event_id = id.to_hex(),
                    problem, "a dead letter cannot be retried"
                );
                letters.end_retry(id).await?;
                Ok(Ok(()))
            }
            None => {
                letters.end_retry(id).await?;
                Ok(Ok(()))
            }
        }
    }

    /// One round of a replay. Says whether all that it asks for is done.
    async fn round(
        &self,
        replay: &Replay,
        stale: &mut Retry,
    ) -> Result<Result<bool, gate::Closed>, StorageError> {
        if let Some(id) = &replay.batch {
            return self.batch_round(replay, id).await;
        }
        let prefix = replay.blob.as_deref().unwrap_or(&replay.prefix);
        let mut walk = Walk::new(&*self.listing, prefix);
        let mut open = 0;
        loop {
            let retry = self.source_store.retry_proven("list blobs to replay");
            let page = match walk.patiently(retry).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // The next round begins at the beginning.
                Err(error) if error.kind == StorageErrorKind::StaleContinuation => {
                    stale.wait(&error).await;
                    return Ok(Ok(false));
                }
                Err(error) => return Err(error),
            };
            match self.take(&page, replay).await {
                Ok(left) => open += left,
                Err(closed) => return Ok(Err(closed)),
            }
        }
        stale.succeeded();
        Ok(Ok(open == 0))
    }

    // One round of the replay of a batch, which is made of its manifest.
    async fn batch_round(
        &self,
        replay: &Replay,
        id: &str,
    ) -> Result<Result<bool, gate::Closed>, StorageError> {
        let Some((batches, id)) = self.batches.as_ref().zip(EventId::from_hex(id)) else {
            warn!(
                replay = replay.name,
                "the configuration has no `batch`, so no batch is announced again"
            );
            return Ok(Ok(true));
        };
        let (folder, id) = (self.source_store.folder(), BatchId(id.0));
        let read = || manifest_of(&*self.source_store.store, &folder, id);
        let retry = self.source_store.retry_proven("read manifest");
        let Some(Ok(manifest)) = retry.run(read).await? else {
            warn!(
                replay = replay.name,
                manifest = folder.manifest(id),
                "the manifest is gone or damaged"
            );
            return Ok(Ok(true));
        };
        let blobs: Vec<_> = manifest.blobs.into_iter().map(Blob::from).collect();
        let member = |blob: &Blob| self.key.of_replay(&blob.name, &blob.etag, &replay.name);
        let members: Vec<_> = blobs.iter().map(member).collect();
        match self.gate.replay_together(&members) {
            Standing::Done => return Ok(Ok(true)),
            Standing::UnderWay => return Ok(Ok(false)),
            Standing::New => {}
        }
        let closed = Closed {
            group: replay.prefix.as_str().into(),
            replay: Some(replay.name.as_str().into()),
            blobs,
            members,
            closed_by: ClosedBy::Replay,
        };
        let sent = batches.send(closed).await;
        Ok(sent.map(|()| false).map_err(|_| gate::Closed))
    }

    /// A replay is over: its request goes.
    async fn answer(&self, request: &str, replay: &Replay) -> Result<(), StorageError> {
        if self.ownership.ask().await.is_none() {
            return Ok(());
        }
        let delete = || self.source_store.store.delete(request);
        self.source_store
            .retry_proven("delete request")
            .run(delete)
            .await?;
        info!(replay = replay.name, "replay done");
        Ok(())
    }

    // Offers what is to be offered, and says how much is not done yet.
    async fn take(&self, page: &ListPage, replay: &Replay) -> Result<usize, gate::Closed> {
        let at_once = names_at_once(self.filter.cost());
        let is_alone = self.alone_until.is_some_and(|it| replay.asked() <= it);
        let mut open = 0;
        for start in (0..page.len()).step_by(at_once) {
            let some = (start..page.len()).take(at_once);
            let asked = some.filter_map(|at| page.get(at));
            let asked = asked.filter(|blob| self.is_asked(blob, replay));
            let (begun, waiting) = self.gate.replay(asked, &replay.name, is_alone);
            open += begun.offers() + waiting;
            begun.hand_on().await?;
            yield_now().await;
        }
        Ok(open)
    }

    fn is_asked(&self, blob: &BlobRef<'_>, replay: &Replay) -> bool {
        // A run of what cannot be read would fail.
        let is_dataset = !blob.is_directory && blob.access == Access::Readable;
        is_dataset && self.filter.matches(blob.name) && replay.asks_for(blob)
    }
}

fn refuse(refused: &mut HashSet<String>, name: String, problem: &str) {
    if refused.len() < REMEMBERED && refused.insert(name.clone()) {
        warn!(
            request = %name.escape_debug(),
            problem,
            "a request cannot be used and is ignored; remove it, or write it with `replay` or `dead-letters retry`"
        );
    }
}
