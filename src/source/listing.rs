//! The sweep over a container's listing: every blob, page by page, offered when it is new.

use std::{
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{sync::mpsc, task::yield_now, time::Instant};
use tracing::{debug, info, warn};

use super::{
    BlobListing,
    identity::Identity,
    loops::LoopWatch,
    rules::{Rules, Verdict},
    walk::Walk,
};
use crate::{
    blob::{Blob, BlobRef, ListPage, MAX_NAME, Unreadable},
    ledger::{
        Ledger, Standing,
        done_set::Swept,
        fingerprint::Fingerprint,
        lock,
        recorder::{Mark, Record},
    },
    metrics::SourceStats,
    retry::Retry,
    storage::{StorageError, StorageErrorKind},
};

/// A blob version that is to be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// What is announced.
    pub blob: Blob,
    /// By what the ledger knows it, or knows this replay of it.
    pub fingerprint: Fingerprint,
    /// Why it is announced.
    pub origin: Origin,
}

/// Why a blob version is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A sweep found it, and the ledger does not know it.
    Found,
    /// The replay of this name asks for it.
    Replay(Arc<str>),
    /// Its dead letter is retried; that of a replay, when there is a name.
    Retry(Option<Arc<str>>),
}

impl Discovered {
    /// By what the ledger will know that it is done.
    pub fn mark(&self) -> Mark {
        match self.origin {
            Origin::Found => Mark::Found(self.fingerprint),
            Origin::Replay(_) => Mark::Replayed(self.fingerprint),
            Origin::Retry(_) => Mark::Other,
        }
    }

    /// The replay of which the event is.
    pub fn replay(&self) -> Option<&str> {
        match &self.origin {
            Origin::Found => None,
            Origin::Replay(name) => Some(name),
            Origin::Retry(name) => name.as_deref(),
        }
    }
}

/// Sweeps one container again and again.
pub struct Sweeper {
    /// The container.
    pub listing: Arc<dyn BlobListing>,
    /// What all names of interest start with; goes to the service.
    pub prefix: String,
    /// What becomes of unknown blobs.
    pub rules: Rules,
    /// By what blobs are known.
    pub identity: Identity,
    /// Which blob versions are known.
    pub ledger: Arc<Mutex<Ledger>>,
    /// Where new blob versions go, each under way in the ledger already. A full channel holds the
    /// sweep up.
    pub offers: mpsc::Sender<Discovered>,
    /// Where blob versions go that are done without being sent, likewise.
    pub records: mpsc::Sender<Record>,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
    /// What was announced lately, to tell loops.
    pub loops: LoopWatch,
    /// Decides the jitter of retries.
    pub seed: u64,
}

/// Why a sweep did not come to its end.
#[derive(Debug)]
pub enum SweepError {
    /// Nobody takes what it finds any more.
    Closed,
    /// Sign-in, permission or container: nothing that waiting mends.
    Storage(StorageError),
}

impl Sweeper {
    /// One sweep over the whole listing, from the first page to the last. Transient faults are waited
    /// out and the sweep goes on where it was; only when the service no longer takes the continuation,
    /// or the listing does not get ahead, does it start over.
    ///
    /// `proven` says whether the service has ever answered as a blob service does: see
    /// [`StorageError::passes`].
    pub async fn sweep(&mut self, proven: &mut bool) -> Result<(), SweepError> {
        let started = Instant::now();
        let mut tally = Tally::default();
        let (listing, prefix) = (Arc::clone(&self.listing), self.prefix.clone());
        let mut walk = Walk::new(&*listing, &prefix);
        let (mut stale, mut hollow) = (self.retry(), self.retry());
        self.ledger().start_sweep();
        loop {
            let next = walk.patiently(self.retry().proven(*proven)).await;
            match next {
                Ok(Some(page)) => {
                    *proven = true;
                    hollow.tell(walk.trouble());
                    self.take(&page, &mut tally).await?;
                }
                Ok(None) => break,
                Err(error) if error.kind == StorageErrorKind::StaleContinuation => {
                    stale.wait(&error).await;
                    walk.start_over();
                    tally = Tally::default();
                    self.ledger().start_sweep();
                }
                Err(error) => return Err(SweepError::Storage(error)),
            }
        }
        stale.succeeded();
        hollow.succeeded();
        self.finish(started.elapsed(), tally, walk.is_suspect());
        Ok(())
    }

    fn retry(&self) -> Retry {
        Retry::new("list blobs", self.seed, &self.stats)
    }

    async fn take(&mut self, page: &ListPage, tally: &mut Tally) -> Result<(), SweepError> {
        let fingerprints = self.fingerprints(page, tally);
        let now = page.service_time.unix_timestamp();
        tally.began.get_or_insert(now);
        tally.ended = now;
        self.stats
            .blobs_listed
            .fetch_add(page.len() as u64, Relaxed);
        for some in fingerprints.chunks(self.rules.at_once()) {
            let (new, baseline) = self.judge(page, some, tally);
            if !baseline.is_empty() {
                let record = Record::Baseline(baseline);
                self.records.send(record).await.map_err(closed)?;
            }
            for discovered in new {
                self.offers.send(discovered).await.map_err(closed)?;
            }
            yield_now().await;
        }
        Ok(())
    }

    fn judge(
        &mut self,
        page: &ListPage,
        fingerprints: &[(usize, Fingerprint)],
        tally: &mut Tally,
    ) -> (Vec<Discovered>, Vec<Fingerprint>) {
        let now = page.service_time.unix_timestamp();
        let (mut new, mut baseline) = (Vec::new(), Vec::new());
        let mut ledger = lock(&self.ledger);
        for (blob, fingerprint) in unknown(&mut ledger, page, fingerprints) {
            // The same one again on this page is under way by now.
            if ledger.look(fingerprint) != Standing::New {
                continue;
            }
            match self.identity.look_earlier(&mut ledger, &blob) {
                Standing::New => {}
                Standing::UnderWay => {
                    tally.unsettled += 1;
                    continue;
                }
                // What is done stays done when `version` changes.
                Standing::Done => {
                    tally.carried += 1;
                    baseline.push(fingerprint);
                    ledger.begin(fingerprint);
                    continue;
                }
            }
            match self.rules.judge(&blob, now) {
                Verdict::Offer => {
                    let (announced, fingerprint, before) = self.identity.announced(&blob);
                    tally.unsettled += u64::from(before);
                    tally.new += 1;
                    self.loops
                        .announced(&self.identity, &blob, fingerprint, now);
                    new.push(Discovered {
                        blob: announced,
                        fingerprint,
                        origin: Origin::Found,
                    });
                    ledger.begin(fingerprint);
                    continue;
                }
                Verdict::Baseline => {
                    tally.baseline += 1;
                    baseline.push(fingerprint);
                }
                Verdict::HeldBack => {
                    tally.held_back += 1;
                    continue;
                }
                Verdict::Unusable => {
                    tally.unusable += 1;
                    continue;
                }
                Verdict::Unreadable(access) => {
                    tally.unreadable.add(access);
                    continue;
                }
                Verdict::Empty | Verdict::Unmatched => continue,
            }
            ledger.begin(fingerprint);
        }
        (new, baseline)
    }

    // Ahead of the ledger's lock, and of its look-ups: each of them waits for memory, and in a short
    // loop many wait at once.
    fn fingerprints(&self, page: &ListPage, tally: &mut Tally) -> Vec<(usize, Fingerprint)> {
        let blobs = page.blobs().enumerate();
        let fingerprints: Vec<_> = blobs
            .filter(|(_, blob)| !blob.is_directory)
            .map(|(at, blob)| (at, self.identity.of(&blob)))
            .collect();
        tally.blobs += fingerprints.len() as u64;
        fingerprints
    }

    fn finish(&mut self, took: Duration, tally: Tally, suspect: bool) {
        // Blobs that a copy overwrites are not gone.
        let waiting = tally.held_back + tally.unreadable.count();
        let appeared = (tally.new + tally.baseline + tally.carried + waiting) as usize;
        let swept = match suspect {
            true => Swept::default(),
            false => {
                let mut ledger = self.ledger();
                ledger.finish_sweep(&self.prefix, appeared, Instant::now())
            }
        };
        self.tell(&swept);
        let Swept {
            gone, forgotten, ..
        } = swept;
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let first = self.stats.sweeps.fetch_add(1, Relaxed) == 0;
        self.stats.last_sweep_millis.store(millis, Relaxed);
        self.stats.held_back.store(tally.held_back, Relaxed);
        let before = self.stats.unusable_names.swap(tally.unusable, Relaxed);
        let failed_before = self.stats.unreadable().copy_failed;
        self.stats.set_unreadable(tally.unreadable);
        let settles = self.identity.settles_after();
        // What is missing now may come back, and is known by the way of before alone.
        let after = self.ledger().remembers_for().as_secs();
        let settles = settles.map(|until| until.saturating_add_unsigned(after));
        let passed = settles.is_some_and(|until| tally.began.is_some_and(|now| now > until));
        // A sweep that shows less than the one before it may be wrong.
        let whole = !suspect && gone == 0 && swept.doubted.is_none();
        if passed && tally.unsettled == 0 && whole {
            self.identity.settle();
        }
        if let Some(loops) = self.loops.finish_sweep(tally.ended) {
            self.stats.set_loops(loops);
        }
        let Tally {
            blobs,
            new,
            baseline,
            carried,
            held_back,
            unusable,
            unreadable,
            ..
        } = tally;
        if unreadable.copy_failed > failed_before {
            warn!(
                blobs = unreadable.copy_failed,
                "blobs are not announced because the copy that was to make them failed or was aborted: copy them again, or delete them"
            );
        }
        if unusable > before {
            warn!(
                blobs = unusable,
                "blobs are not announced because their names are empty or longer than {MAX_NAME} characters, \
                 which Azure Storage does not allow: rename them"
            );
        }
        let unreadable = unreadable.count();
        if first || new + baseline + carried > 0 {
            info!(
                blobs,
                new,
                baseline,
                carried,
                held_back,
                unreadable,
                gone,
                forgotten,
                millis,
                "sweep complete"
            );
        } else {
            debug!(
                blobs,
                held_back, unreadable, gone, forgotten, millis, "sweep complete, nothing new"
            );
        }
    }

    // Told once when it begins, and shown while it lasts.
    fn tell(&self, swept: &Swept) {
        let missing = swept.missing as u64;
        self.stats.missing_blobs.store(missing, Relaxed);
        let doubt = swept.doubted.map(|_| {
            let Swept { gone, of, .. } = swept;
            format!(
                "the listing no longer shows {gone} of {of} blobs that are done: they stay known, in case it is wrong; \
                 if they were not deleted, see whether a proxy or a cache answers in the place of the storage account"
            )
        });
        let shown = self.stats.set_listing_doubt(doubt.clone());
        match (shown, doubt) {
            (false, Some(doubt)) => warn!("{doubt}"),
            (true, None) => info!("the listing is no longer in doubt"),
            _ => {}
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

fn unknown<'a>(
    ledger: &mut Ledger,
    page: &'a ListPage,
    fingerprints: &[(usize, Fingerprint)],
) -> Vec<(BlobRef<'a>, Fingerprint)> {
    fingerprints
        .iter()
        .filter(|(_, fingerprint)| ledger.look(*fingerprint) == Standing::New)
        .filter_map(|(at, fingerprint)| Some((page.get(*at)?, *fingerprint)))
        .collect()
}

#[derive(Debug, Default)]
struct Tally {
    blobs: u64,
    new: u64,
    baseline: u64,
    /// Done before `version` changed.
    carried: u64,
    held_back: u64,
    unusable: u64,
    unreadable: Unreadable,
    /// On their way as the version that was in use before.
    unsettled: u64,
    /// By the service's clock, at the first page and at the last.
    began: Option<i64>,
    ended: i64,
}

fn closed<T>(_: mpsc::error::SendError<T>) -> SweepError {
    SweepError::Closed
}

#[cfg(test)]
mod tests;
