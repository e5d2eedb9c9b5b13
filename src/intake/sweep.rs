//! The sweep over a container's listing: every blob, page by page, offered when it is new. A large container is listed
//! in several ranges of names at once.

use std::{collections::BTreeMap, panic, sync::atomic::Ordering::Relaxed, time::Duration};

use time::OffsetDateTime;
use tokio::{task::JoinSet, time::Instant};
use tracing::{Instrument, debug, info, warn};

use self::{
    plan::{Range, Sample},
    range::{RangeError, RangeReader, RangeSwept},
};
use crate::{
    blob::MAX_NAME,
    gate::{Closed, SweepResult, tally::Tally},
    ledger::done_set::Swept,
    ports::error::StorageError,
};

pub mod plan;
pub mod range;

/// The fewest blobs in a range, by default: two pages of List Blobs. A smaller one costs as many calls as it saves.
pub const SMALLEST_RANGE: u64 = 10_000;

/// Sweeps one container again and again.
pub struct Sweeper {
    /// What lists its ranges.
    pub reader: RangeReader,
    /// How many ranges are listed side by side, at most.
    pub parallelism: usize,
    /// The fewest blobs in one of several ranges.
    pub smallest_range: u64,
    /// What the last sweep listed; by default nothing.
    pub last: Sample,
    /// Whether notifications tell of the same blobs, so that what a sweep finds late was missed by them.
    pub with_queue: bool,
}

/// What a complete sweep says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepSummary {
    /// How many blobs it showed.
    pub blobs: u64,
    /// Whether it may not have shown all.
    pub is_doubted: bool,
    /// When the service sent the last page, in seconds since 1970.
    pub ended: i64,
    /// When the oldest blob was last modified that is too young, in seconds since 1970.
    pub oldest_held: Option<i64>,
    /// When the oldest blob was last modified whose copy is under way, in seconds since 1970.
    pub oldest_copy: Option<i64>,
}

impl SweepSummary {
    /// Whether this sweep and the next are believed, together.
    pub fn agrees_with(&self, next: &Self) -> bool {
        let is_empty = |it: &Self| it.blobs == 0;
        !self.is_doubted && !next.is_doubted && is_empty(self) == is_empty(next)
    }
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
    /// One sweep over the whole listing. It is complete when all its ranges are.
    ///
    /// `proven` says whether the service has ever answered as a blob service does: see
    /// [`StorageError::passes`].
    pub async fn sweep(&mut self, proven: &mut bool) -> Result<SweepSummary, SweepError> {
        let started = Instant::now();
        let ranges = self.last.ranges(self.parallelism, self.smallest_range);
        let swept = match ranges.len() {
            0 | 1 => None,
            _ => self.in_ranges(ranges).await?,
        };
        let swept = match swept {
            Some(swept) => swept,
            None => self.in_one(proven).await?,
        };
        let end = self.finish(started.elapsed(), &swept);
        self.last = swept.sample;
        Ok(end)
    }

    async fn in_one(&self, proven: &mut bool) -> Result<RangeSwept, SweepError> {
        self.begin(1);
        let swept = self.reader.sweep(Range::default(), proven).await;
        swept.map_err(|error| match error {
            RangeError::Closed => SweepError::Closed,
            RangeError::Storage(error) | RangeError::Unusable(error) => SweepError::Storage(error),
        })
    }

    /// `None` when all has to be listed as one: from now on if the service does not list ranges.
    async fn in_ranges(&mut self, ranges: Vec<Range>) -> Result<Option<RangeSwept>, SweepError> {
        self.begin(ranges.len());
        let mut tasks = JoinSet::new();
        for (number, range) in ranges.into_iter().enumerate() {
            let reader = self.reader.clone();
            // Ranges are of a listing that was complete before, so the service is known.
            let sweep = async move { (number, reader.sweep(range, &mut true).await) };
            tasks.spawn(sweep.in_current_span());
        }
        let mut done = BTreeMap::new();
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok((number, Ok(swept))) => {
                    done.insert(number, swept);
                }
                Ok((_, Err(RangeError::Closed))) => return Err(SweepError::Closed),
                Ok((0, Err(RangeError::Storage(error)))) => return Err(SweepError::Storage(error)),
                Ok((_, Err(RangeError::Storage(error) | RangeError::Unusable(error)))) => {
                    info!(%error, "the service does not list ranges of names: the container is listed as one from now on");
                    self.parallelism = 1;
                    return Ok(None);
                }
                Err(ended) => match ended.try_into_panic() {
                    Ok(panicked) => panic::resume_unwind(panicked),
                    // The process shuts down.
                    Err(_) => return Err(SweepError::Closed),
                },
            }
        }
        let borders: Vec<_> = done.values().map(|it| &it.border).collect();
        if !borders.windows(2).all(|two| two[0].meets(two[1])) {
            info!(
                "names came or went between two ranges, or are in an order that cannot be cut: the container is listed as one this time"
            );
            return Ok(None);
        }
        Ok(Some(RangeSwept::join(done.into_values())))
    }

    fn begin(&self, ranges: usize) {
        self.reader.gate.start_sweep();
        self.reader
            .stats
            .sweep
            .began(OffsetDateTime::now_utc(), ranges);
    }

    fn finish(&self, took: Duration, range: &RangeSwept) -> SweepSummary {
        let RangeReader {
            gate,
            prefix,
            stats,
            ..
        } = &self.reader;
        let RangeSwept { tally, suspect, .. } = range;
        let SweepResult { swept, loops } = gate.finish_sweep(prefix, tally, *suspect);
        self.tell(&swept);
        let Swept {
            gone, forgotten, ..
        } = swept;
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let first = stats.sweeps.fetch_add(1, Relaxed) == 0;
        stats.turns.swept.note(true);
        stats.sweep.rests(None);
        // What came before the stream began, nobody has missed.
        if self.with_queue && !first && tally.late > 0 {
            stats.queue.missed.fetch_add(tally.late, Relaxed);
            warn!(
                blobs = tally.late,
                "a sweep found blobs for which no notification came within a minute: if this happens again, check the Event Grid subscription"
            );
        }
        stats.last_sweep_millis.store(millis, Relaxed);
        stats.held_back.store(tally.held_back, Relaxed);
        let before = stats.unusable_names.swap(tally.unusable, Relaxed);
        let failed_before = stats.unreadable().copy_failed;
        stats.set_unreadable(tally.unreadable);
        if let Some(loops) = loops {
            stats.set_loops(loops);
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
        } = *tally;
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
        SweepSummary {
            blobs,
            is_doubted: *suspect || swept.doubted.is_some(),
            ended: tally.ended,
            oldest_held: tally.oldest_held,
            oldest_copy: tally.oldest_copy,
        }
    }

    // Told once when it begins, and shown while it lasts.
    fn tell(&self, swept: &Swept) {
        let stats = &self.reader.stats;
        let missing = swept.missing as u64;
        stats.missing_blobs.store(missing, Relaxed);
        let doubt = swept.doubted.map(|_| {
            let Swept { gone, of, .. } = swept;
            format!(
                "the listing no longer shows {gone} of {of} blobs that are done: they stay in the \
                 ledger, in case the listing is wrong; if they were not deleted, check whether a proxy \
                 or a cache answers instead of the storage account"
            )
        });
        let shown = stats.set_listing_doubt(doubt.clone());
        match (shown, doubt) {
            (false, Some(doubt)) => warn!("{doubt}"),
            (true, None) => info!("the listing is trusted again"),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
