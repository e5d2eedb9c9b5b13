//! The sweep over a container's listing: every blob, page by page, offered when it is new.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::time::Instant;
use tracing::{debug, info, warn};

use crate::{
    blob::MAX_NAME,
    calls::{retry::Retry, walk::Walk},
    gate::{Closed, Gate, SweepResult, tally::Tally},
    ledger::done_set::Swept,
    metrics::SourceStats,
    ports::{
        error::{StorageError, StorageErrorKind},
        listing::BlobListing,
    },
};

/// Sweeps one container again and again.
pub struct Sweeper {
    /// The container.
    pub listing: Arc<dyn BlobListing>,
    /// What all names of interest start with; goes to the service.
    pub prefix: String,
    /// Where what is found goes.
    pub gate: Arc<Gate>,
    /// Whether notifications tell of the same blobs, so that what a sweep finds late was missed by them.
    pub with_queue: bool,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
    /// Decides the jitter of retries.
    pub seed: u64,
}

/// Why a sweep did not come to its end.
#[derive(Debug)]
pub enum SweepError {
    /// Nobody takes what it finds any more.
    Closed,
    /// Sign-in, permission or container: nothing that waiting fixes.
    Storage(StorageError),
}

impl From<Closed> for SweepError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl Sweeper {
    /// One sweep over the whole listing, from the first page to the last. Transient faults are waited
    /// out and the sweep goes on where it was; only when the service no longer takes the continuation,
    /// or the listing does not get ahead, does it start over.
    ///
    /// `proven` says whether the service has ever answered as a blob service does: see
    /// [`StorageError::passes`].
    pub async fn sweep(&self, proven: &mut bool) -> Result<(), SweepError> {
        let started = Instant::now();
        let mut tally = Tally::default();
        let mut walk = Walk::new(&*self.listing, &self.prefix);
        let (mut stale, mut hollow) = (self.retry(), self.retry());
        self.gate.start_sweep();
        self.stats.sweep.began(OffsetDateTime::now_utc());
        loop {
            let next = walk.patiently(self.retry().proven(*proven)).await;
            match next {
                Ok(Some(page)) => {
                    *proven = true;
                    hollow.tell(walk.trouble());
                    let blobs = page.len() as u64;
                    self.stats.blobs_listed.fetch_add(blobs, Relaxed);
                    let last = page.len().checked_sub(1).and_then(|last| page.get(last));
                    let last = last.as_ref().map(|blob| blob.name);
                    self.stats.sweep.lists(blobs, last);
                    self.gate.page(&page, &mut tally).await?;
                    let backlog = self.gate.under_way() as u64;
                    self.stats.backlog.store(backlog, Relaxed);
                }
                Ok(None) => break,
                Err(error) if error.kind == StorageErrorKind::StaleContinuation => {
                    stale.wait(&error).await;
                    walk.start_over();
                    tally = Tally::default();
                    self.gate.start_sweep();
                    self.stats.sweep.began(OffsetDateTime::now_utc());
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

    fn finish(&self, took: Duration, tally: Tally, suspect: bool) {
        let SweepResult { swept, loops } = self.gate.finish_sweep(&self.prefix, &tally, suspect);
        self.tell(&swept);
        let Swept {
            gone, forgotten, ..
        } = swept;
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let first = self.stats.sweeps.fetch_add(1, Relaxed) == 0;
        self.stats.turns.swept.note(true);
        self.stats.sweep.rests(None);
        // What came before the stream began, nobody has missed.
        if self.with_queue && !first && tally.late > 0 {
            self.stats.queue.missed.fetch_add(tally.late, Relaxed);
            warn!(
                blobs = tally.late,
                "a sweep found blobs for which no notification came within a minute: look at the Event Grid subscription if this happens again"
            );
        }
        self.stats.last_sweep_millis.store(millis, Relaxed);
        self.stats.held_back.store(tally.held_back, Relaxed);
        let before = self.stats.unusable_names.swap(tally.unusable, Relaxed);
        let failed_before = self.stats.unreadable().copy_failed;
        self.stats.set_unreadable(tally.unreadable);
        if let Some(loops) = loops {
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
                "blobs are not announced because their copy failed or was aborted: copy them again, or delete them"
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
                "the listing no longer shows {gone} of {of} blobs that are done: they stay in the \
                 ledger, in case the listing is wrong; if they were not deleted, check whether a proxy \
                 or a cache answers instead of the storage account"
            )
        });
        let shown = self.stats.set_listing_doubt(doubt.clone());
        match (shown, doubt) {
            (false, Some(doubt)) => warn!("{doubt}"),
            (true, None) => info!("the listing is trusted again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
