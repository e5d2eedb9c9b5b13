//! What people ask of a live source: replays, and dead letters to be sent again.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tracing::{info, warn};

use super::{SessionError, fence::Fence, letters::Letters};
use crate::{
    blob::{Access, BlobRef, ListPage},
    event::EventId,
    filter::Filter,
    folder::Folder,
    ledger::{
        Ledger, Standing,
        fingerprint::{Fingerprint, FingerprintKey},
        home::Home,
        lock,
        recorder::Record,
    },
    request::{Replay, Request, every},
    retry::Retry,
    source::{
        BlobListing,
        identity::Identity,
        listing::{Discovered, Origin},
        rules::names_at_once,
        walk::Walk,
    },
    storage::StorageErrorKind,
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
pub(super) struct Requests {
    pub(super) home: Home,
    pub(super) listing: Arc<dyn BlobListing>,
    /// What the source announces; a replay announces no more.
    pub(super) filter: Filter,
    pub(super) key: FingerprintKey,
    /// By what blobs are known.
    pub(super) identity: Identity,
    pub(super) ledger: Arc<Mutex<Ledger>>,
    /// `None` when nothing is confirmed: then there are no dead letters to retry.
    pub(super) letters: Option<Arc<Letters>>,
    /// Asked before a request is removed.
    pub(super) fence: Fence,
    /// Where blobs go that are to be announced.
    pub(super) offers: mpsc::Sender<Discovered>,
    /// Where dead letters go that are to be sent again: ahead of all others.
    pub(super) retries: mpsc::Sender<Discovered>,
    pub(super) records: mpsc::Sender<Record>,
    /// From the start of a round to the start of the next, at most half a minute.
    pub(super) interval: Duration,
}

/// The replays that are asked for, each with the name of its request.
type Replays = Vec<(String, Replay)>;

/// Nobody takes what is offered any more.
struct Closed;

impl Requests {
    /// Takes up requests until nobody takes what they ask for.
    ///
    /// # Errors
    /// The storage account refuses.
    pub(super) async fn run(self) -> Result<(), SessionError> {
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
    ) -> Result<(), SessionError> {
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
    ) -> Result<(), SessionError> {
        let mut stale = self.home.retry("list blobs to replay");
        // Those of which the last round found nothing open.
        let mut clean = HashSet::new();
        while asked.changed().await.is_ok() {
            let replays = asked.borrow_and_update().clone().unwrap_or_default();
            for (name, replay) in &replays {
                match self.round(replay, &mut stale).await? {
                    Err(Closed) => return Ok(()),
                    Ok(false) => _ = clean.remove(name),
                    // One listing may be wrongly empty; two in a row are believed.
                    Ok(true) if clean.insert(name.clone()) => {}
                    Ok(true) => self.answer(name, replay).await?,
                }
            }
            let over = replays.is_empty() && !self.ledger().contents().replayed.is_empty();
            if over && self.records.send(Record::ReplaysOver).await.is_err() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read(
        &self,
        refused: &mut HashSet<String>,
    ) -> Result<Vec<(String, Request)>, SessionError> {
        let folder = Folder::of(&self.home.source_id);
        let prefix = folder.requests();
        let list = || self.home.store.list(&prefix);
        let names = self.home.retry_proven("list requests").run(list).await?;
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
    ) -> Result<Option<Result<Request, String>>, SessionError> {
        if let Some(id) = folder.retry_id(name) {
            return Ok(Some(match self.letters {
                Some(_) => Ok(Request::Retry(id)),
                None => Err("a dead letter can be retried only with `confirm`".to_owned()),
            }));
        }
        let read = || self.home.store.read(name, 0, LONGEST);
        let chunk = self.home.retry_proven("read request").run(read).await?;
        Ok(chunk.map(|chunk| {
            let replay = Replay::from_json(&chunk.bytes)?;
            match folder.replay(&replay.name) == name {
                true => Ok(Request::Replay(replay)),
                false => Err(format!("it calls itself `{}`", replay.name.escape_debug())),
            }
        }))
    }

    async fn retry(&self, id: EventId) -> Result<Result<(), Closed>, SessionError> {
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
                let discovered = Discovered {
                    fingerprint: self.key.of(&letter.blob.name, &letter.blob.version),
                    blob: letter.blob,
                    origin: Origin::Retry(name),
                };
                Ok(self.retries.send(discovered).await.map_err(|_| Closed))
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
    ) -> Result<Result<bool, Closed>, SessionError> {
        let prefix = replay.blob.as_deref().unwrap_or(&replay.prefix);
        let mut walk = Walk::new(&*self.listing, prefix);
        let mut open = 0;
        loop {
            let retry = self.home.retry_proven("list blobs to replay");
            let page = match walk.patiently(retry).await {
                Ok(Some(page)) => page,
                Ok(None) => break,
                // The next round begins at the beginning.
                Err(error) if error.kind == StorageErrorKind::StaleContinuation => {
                    stale.wait(&error).await;
                    return Ok(Ok(false));
                }
                Err(error) => return Err(error.into()),
            };
            match self.take(&page, replay).await {
                Ok(left) => open += left,
                Err(closed) => return Ok(Err(closed)),
            }
        }
        stale.succeeded();
        Ok(Ok(open == 0))
    }

    /// A replay is over: its request goes.
    async fn answer(&self, request: &str, replay: &Replay) -> Result<(), SessionError> {
        if self.fence.ask().await.is_none() {
            return Ok(());
        }
        let delete = || self.home.store.delete(request);
        self.home.retry_proven("delete request").run(delete).await?;
        info!(replay = replay.name, "replay done");
        Ok(())
    }

    // Offers what is to be offered, and says how much is not done yet.
    async fn take(&self, page: &ListPage, replay: &Replay) -> Result<usize, Closed> {
        let at_once = names_at_once(self.filter.cost());
        let mut open = 0;
        for start in (0..page.len()).step_by(at_once) {
            let some = (start..page.len()).take(at_once);
            let (offers, waiting) = self.judge(some.filter_map(|at| page.get(at)), replay);
            open += offers.len() + waiting;
            for discovered in offers {
                self.offers.send(discovered).await.map_err(|_| Closed)?;
            }
            yield_now().await;
        }
        Ok(open)
    }

    // What is to be offered, and how much is under way.
    fn judge<'a>(
        &self,
        blobs: impl Iterator<Item = BlobRef<'a>>,
        replay: &Replay,
    ) -> (Vec<Discovered>, usize) {
        let (mut offers, mut waiting) = (Vec::new(), 0);
        let mut ledger = self.ledger();
        for blob in blobs.filter(|blob| self.is_asked(blob, replay)) {
            // What was not announced for itself yet has that before it.
            if self.identity.look(&mut ledger, &blob) != Standing::Done {
                continue;
            }
            let fingerprint = self.identity.of_replay(&blob, &replay.name);
            match ledger.look_replay(fingerprint) {
                Standing::New => {
                    ledger.begin(fingerprint);
                    offers.push(again(&blob, fingerprint, replay));
                }
                Standing::UnderWay => waiting += 1,
                Standing::Done => {}
            }
        }
        (offers, waiting)
    }

    fn is_asked(&self, blob: &BlobRef<'_>, replay: &Replay) -> bool {
        // A run of what cannot be read would fail.
        let is_dataset = !blob.is_directory && blob.access == Access::Readable;
        is_dataset && self.filter.matches(blob.name) && replay.asks_for(blob)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

fn refuse(refused: &mut HashSet<String>, name: String, problem: &str) {
    if refused.len() < REMEMBERED && refused.insert(name.clone()) {
        warn!(
            request = %name.escape_debug(),
            problem,
            "a request makes no sense and is left alone; remove it, or write it with `replay` or `dead-letters retry`"
        );
    }
}

fn again(blob: &BlobRef<'_>, fingerprint: Fingerprint, replay: &Replay) -> Discovered {
    Discovered {
        blob: (*blob).into(),
        fingerprint,
        origin: Origin::Replay(replay.name.as_str().into()),
    }
}
