//! From offers of blobs to offers of batches: gathers, fixes, sends on.

use std::{
    future::ready,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use futures::future::OptionFuture;
use time::OffsetDateTime;
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tracing::{info, warn};

use super::{
    event::{ManifestPlace, offer_of},
    manifest::Manifest,
    open::{Closed, OpenBatches},
    rules::BatchRules,
    setup::{Batcher, GONE, ON, Step},
    stored::manifest_of,
    tidy::Tidy,
    waiting_file::WaitingFile,
};
use crate::{
    event::EventId,
    ledger::{
        batches::{ClosedBy, FixedBatch},
        offer::{Offer, Origin, Subject},
    },
    metrics::events::{BATCHES, OpenBatch, shortened},
    ports::error::StorageError,
    recorder::Record,
};

/// A batch that is due waits no longer than this for offers that are there already.
const LATE: Duration = Duration::from_secs(1);
/// However many offers come, people see open batches that are no older than this.
const SHOW: Duration = Duration::from_secs(1);

impl Batcher {
    /// Sends what was fixed and is not done. Then gathers what is `offered`, and fixes what a replay asks for as one
    /// batch; without rules, what is `offered` goes on as it is. Works until no more blobs are offered and all that were
    /// are in batches, or nobody takes these any more.
    ///
    /// # Errors
    /// A refusal of the state container. Transient faults are waited out.
    pub async fn run(
        self,
        offered: mpsc::Receiver<Offer>,
        replayed: mpsc::Receiver<Closed>,
    ) -> Result<(), StorageError> {
        if self.resume().await?.is_err() {
            return Ok(());
        }
        // Whether nobody is left, or no more comes: it is over.
        let _ = match self.rules.clone() {
            Some(rules) => self.gather(rules, offered, replayed).await?,
            None => self.pass_on(offered).await?,
        };
        Ok(())
    }

    async fn pass_on(&self, mut offered: mpsc::Receiver<Offer>) -> Step {
        let mut tidy = Tidy::default();
        loop {
            let step = tokio::select! {
                biased;
                offer = offered.recv() => match offer {
                    Some(offer) => self.send_on(offer).await,
                    None => return ON,
                },
                () = sleep_until(tidy.next()), if self.is_recorded => tidy.round(self).await,
            };
            if step?.is_err() {
                return GONE;
            }
        }
    }

    async fn gather(
        &self,
        rules: BatchRules,
        mut offered: mpsc::Receiver<Offer>,
        mut replayed: mpsc::Receiver<Closed>,
    ) -> Step {
        let mut open = OpenBatches::new(rules);
        let mut tidy = Tidy::default();
        let mut file = WaitingFile::default();
        let mut shown = Instant::now();
        let mut more = true;
        while more {
            let due = open.next_due();
            let is_late = due.is_some_and(|due| Instant::now() >= due + LATE);
            let step = tokio::select! {
                biased;
                () = ready(()), if is_late => self.close_due(&mut open).await,
                Some(closed) = replayed.recv() => self.fix(closed).await,
                offer = offered.recv() => match offer {
                    Some(offer) => self.add(&mut open, offer).await,
                    None => {
                        more = false;
                        ON
                    }
                },
                Some(()) = OptionFuture::from(due.map(sleep_until)) => self.close_due(&mut open).await,
                () = sleep_until(file.next()), if self.is_recorded => file.write(self, &open).await,
                () = sleep_until(tidy.next()), if self.is_recorded => tidy.round(self).await,
            };
            if step?.is_err() {
                return GONE;
            }
            self.note(&open);
            // Where many come at once it would cost more than each of them.
            if offered.is_empty() || shown.elapsed() >= SHOW {
                shown = Instant::now();
                self.show(&open);
            }
        }
        while let Some(closed) = open.take_any() {
            if self.fix(closed).await?.is_err() {
                return GONE;
            }
        }
        self.note(&open);
        self.show(&open);
        ON
    }

    // What was fixed and is not done is sent before all else, as it was.
    async fn resume(&self) -> Step {
        let fixed: Vec<_> = {
            let ledger = self.ledger.lock();
            ledger.contents().batches.open.values().cloned().collect()
        };
        for batch in fixed {
            let step = match self.read(&batch).await? {
                Ok(manifest) => {
                    self.date(&batch, &manifest);
                    self.send(&batch, &manifest).await
                }
                Err(problem) => {
                    warn!(
                        batch = EventId(batch.id.0).to_hex(),
                        blobs = batch.members.len(),
                        problem,
                        "a batch cannot be sent: its blobs go into other batches. Do not change or \
                         delete blobs in the state container, by hand or by a lifecycle rule"
                    );
                    self.record(Record::BatchesGone(vec![batch.id])).await
                }
            };
            if step?.is_err() {
                return GONE;
            }
        }
        ON
    }

    // The journal has the members and not how old they are.
    fn date(&self, batch: &FixedBatch, manifest: &Manifest) {
        let modified = manifest.blobs.iter().map(|it| it.last_modified).min();
        if let (Some(oldest), None) = (modified, &batch.replay) {
            let mut ledger = self.ledger.lock();
            ledger.dated(&batch.members, oldest.unix_timestamp());
        }
    }

    async fn read(&self, batch: &FixedBatch) -> Result<Result<Manifest, String>, StorageError> {
        let folder = self.source_store.folder();
        let read = || manifest_of(&*self.source_store.store, &folder, batch.id);
        let retry = self.source_store.retry_proven("read manifest");
        let manifest = match retry.run(read).await? {
            Some(Ok(manifest)) => manifest,
            Some(Err(problem)) => return Ok(Err(format!("its manifest is damaged: {problem}"))),
            None => return Ok(Err("its manifest is missing".to_owned())),
        };
        let is_its = manifest.id(&self.place, batch.replay.as_deref()) == batch.id;
        Ok(match is_its {
            true => Ok(manifest),
            false => Err("its manifest was changed".to_owned()),
        })
    }

    async fn add(&self, open: &mut OpenBatches, offer: Offer) -> Step {
        if self.is_alone(&offer) {
            return self.send_on(offer).await;
        }
        for closed in open.add(offer, Instant::now()) {
            if self.fix(closed).await?.is_err() {
                return GONE;
            }
        }
        ON
    }

    // What was on its way before there were batches may have a Workflow of its own already.
    fn is_alone(&self, offer: &Offer) -> bool {
        let Subject::Blob { blob, .. } = &offer.subject else {
            return false;
        };
        match offer.origin {
            Origin::Replay { is_alone, .. } => is_alone,
            _ => self
                .alone_until
                .is_some_and(|until| blob.last_modified <= until),
        }
    }

    async fn close_due(&self, open: &mut OpenBatches) -> Step {
        match open.take_due(Instant::now()) {
            Some(closed) => self.fix(closed).await,
            None => ON,
        }
    }

    // The manifest, then the frame, then the event: whatever is cut off in between, the blobs are in one batch.
    async fn fix(&self, closed: Closed) -> Step {
        let manifest = Manifest::of(&self.place, &closed.blobs);
        let batch = FixedBatch {
            id: manifest.id(&self.place, closed.replay.as_deref()),
            group: closed.group,
            replay: closed.replay,
            closed_by: closed.closed_by,
            members: closed.members,
        };
        if self.is_recorded {
            self.write(&batch, manifest.bytes.clone()).await?;
            let (made_durable, is_durable) = oneshot::channel();
            let record = Record::Batch(batch.clone(), made_durable);
            if self.record(record).await?.is_err() || is_durable.await.is_err() {
                return GONE;
            }
        }
        self.tell(&batch, &manifest);
        self.send(&batch, &manifest).await
    }

    async fn write(&self, batch: &FixedBatch, bytes: Bytes) -> Result<(), StorageError> {
        let name = self.source_store.folder().manifest(batch.id);
        // Where it is there already it is the same: its name is made of what is in it.
        let put = || self.source_store.store.put_new(&name, bytes.clone());
        let retry = self.source_store.retry_proven("write manifest");
        retry.run(put).await.map(drop)
    }

    async fn send(&self, batch: &FixedBatch, manifest: &Manifest) -> Step {
        let at = ManifestPlace {
            container: self.container.clone(),
            name: self.source_store.folder().manifest(batch.id),
        };
        let offer = Offer {
            subject: Subject::Batch(Arc::new(offer_of(&self.place, batch, manifest, &at))),
            origin: match &batch.replay {
                Some(name) => Origin::Replay {
                    name: Arc::clone(name),
                    is_alone: false,
                },
                None => Origin::Found,
            },
        };
        self.send_on(offer).await
    }

    async fn send_on(&self, offer: Offer) -> Step {
        match self.out.send(offer).await {
            Ok(()) => ON,
            Err(_) => GONE,
        }
    }

    fn tell(&self, batch: &FixedBatch, manifest: &Manifest) {
        let id = EventId(batch.id.0).to_hex();
        let (group, blobs) = (batch.group.escape_debug(), manifest.blobs.len());
        let closed_by = batch.closed_by.as_str();
        match batch.closed_by {
            ClosedBy::OpenGroups => warn!(
                batch = id, %group, blobs, closed_by,
                "a batch was closed early: there are too many open groups, and this batch had waited longest"
            ),
            _ => info!(batch = id, %group, blobs, closed_by, "a batch is closed"),
        }
        self.stats.batches.closed(batch.closed_by, blobs as u64);
    }

    fn note(&self, open: &OpenBatches) {
        let stats = &self.stats.batches;
        stats.open.store(open.len() as u64, Relaxed);
        stats.waiting.store(open.blobs() as u64, Relaxed);
    }

    fn show(&self, open: &OpenBatches) {
        let now = OffsetDateTime::now_utc();
        let some = open.waiting(Instant::now()).take(BATCHES);
        let some = some.map(|batch| OpenBatch {
            group: shortened(&batch.group),
            blobs: batch.blobs,
            bytes: batch.bytes,
            closes: now + batch.closes_in,
        });
        self.stats.batches.set_some(some.collect());
    }
}
