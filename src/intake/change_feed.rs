//! Finding blobs by the change feed: a log of all changes in the account, which the service writes some minutes to an
//! hour late.
//!
//! Three tasks work side by side: one [reads](reading) the feed, one [looks at](handling) the blobs that it tells of, one
//! [lists](joining) the container where the feed cannot tell all: before a source begins, and after a gap. A fourth keeps
//! the [cursor] in the ledger, which moves only to the first change that is not settled.
//!
//! [cursor]: crate::feed::cursor::Cursor

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, Semaphore, mpsc, watch},
    time::{Instant, sleep},
};

use self::{clock::Clock, progress::Progress};
use super::{
    Intake,
    stop::{Stop, ended},
    sweep::Sweeper,
};
use crate::{
    calls::retry::Retry,
    feed::{cursor::Cursor, position::Position},
    gate::{Closed, Gate},
    ledger::facts::Facts,
    metrics::SourceStats,
    ports::{
        error::StorageError, feed::ChangeFeed, listing::BlobListing, properties::BlobProperties,
    },
    recorder::Record,
    shared::Shared,
};

mod clock;
mod handling;
mod health;
mod joining;
mod listed;
mod progress;
mod reading;

/// How often the cursor is written when it has moved. A restart reads again what happened since.
const KEEP: Duration = Duration::from_secs(10);
/// Between the task that reads and the one that looks at blobs.
const READ_AHEAD: usize = 256;
/// So many changes wait for what will be soon: a blob that is too young, a copy that is not complete.
const WAITING: usize = 10_000;

/// Reads the change feed of an account.
pub struct ChangeFeedIntake {
    /// The feed.
    pub feed: Arc<dyn ChangeFeed>,
    /// The blobs that it tells of.
    pub properties: Arc<dyn BlobProperties>,
    /// The container; asked for the service's time.
    pub listing: Arc<dyn BlobListing>,
    /// Where what is found goes.
    pub gate: Arc<Gate>,
    /// The container whose blobs are announced.
    pub container: String,
    /// What the ledger says of its source. Nobody else changes it when there is a `sweeper`.
    pub facts: Facts,
    /// Where reading begins.
    pub cursor: Cursor,
    /// What lists the container where the feed cannot tell all; `None` when it is listed again and again anyway.
    pub sweeper: Option<Sweeper>,
    /// From one listing to the next, while blobs are waited for that the feed does not tell of.
    pub interval: Duration,
    /// At most so many changes are worked on at once.
    pub most: usize,
    /// Whether notifications tell of the same blobs, so that what the feed finds first was missed by them.
    pub with_queue: bool,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
    /// Decides the jitter of retries.
    pub seed: u64,
}

/// What the tasks share.
struct Work {
    feed: Arc<dyn ChangeFeed>,
    properties: Arc<dyn BlobProperties>,
    gate: Arc<Gate>,
    container: String,
    most: usize,
    with_queue: bool,
    stats: Arc<SourceStats>,
    seed: u64,
    clock: Clock,
    facts: Shared<Facts>,
    progress: Shared<Progress>,
    /// From when on the feed has no gap, while the container has to be listed for what came before.
    join: watch::Sender<Option<OffsetDateTime>>,
    /// Has a permit for each change that may still wait.
    places: Semaphore,
    /// Told of each that begins to wait.
    begun: Notify,
    /// Blobs that the feed found first, since the last round.
    missed: AtomicU64,
    /// Whether the container is listed again and again besides.
    is_listed: bool,
}

/// A blob that was written.
#[derive(Debug)]
struct Written {
    at: Position,
    name: Box<str>,
    etag: Box<str>,
    time: Option<OffsetDateTime>,
}

#[async_trait]
impl Intake for ChangeFeedIntake {
    async fn run(self: Box<Self>) -> Result<(), StorageError> {
        let clock = Clock::of(&*self.listing, self.retry()).await?;
        let (sweeper, interval) = (self.sweeper, self.interval);
        let work = Work {
            feed: self.feed,
            properties: self.properties,
            gate: self.gate,
            container: self.container,
            most: self.most,
            with_queue: self.with_queue,
            stats: self.stats,
            seed: self.seed,
            clock,
            facts: Shared::new(self.facts),
            progress: Shared::new(Progress::new(self.cursor)),
            join: watch::Sender::new(None),
            places: Semaphore::new(WAITING),
            begun: Notify::new(),
            missed: AtomicU64::new(0),
            is_listed: sweeper.is_none(),
        };
        let (written, read) = mpsc::channel(READ_AHEAD);
        let stopped = tokio::select! {
            biased;
            stopped = work.handle_all(read) => stopped,
            stopped = work.read_all(written) => stopped,
            stopped = work.join_all(sweeper, interval) => stopped,
            Err(Closed) = work.keep() => Ok(()),
        };
        ended(stopped)
    }
}

impl ChangeFeedIntake {
    fn retry(&self) -> Retry {
        Retry::new("list blobs", self.seed, &self.stats)
    }
}

impl Work {
    /// For calls that succeed in the end, or are refused.
    fn retry(&self, what: &'static str) -> Retry {
        Retry::new(what, self.seed, &self.stats).proven(true)
    }

    /// The feed cannot tell of all that was modified before `whole_from`: the container is listed, from then on.
    async fn gap(&self, whole_from: OffsetDateTime) -> Result<(), Stop> {
        self.cannot_tell_all().await?;
        let is_enough = |since: Option<OffsetDateTime>| since.is_some_and(|it| it >= whole_from);
        if !self.is_listed && !is_enough(*self.join.borrow()) {
            self.join.send_replace(Some(self.clock.now()));
        }
        Ok(())
    }

    /// The feed may not tell of all that happens from its end on. A later session has to know.
    async fn cannot_tell_all(&self) -> Result<(), Closed> {
        if is_joined(&self.facts.lock()) {
            let until = self.progress.lock().cursor().settled_until();
            let facts = self.facts.lock().clone();
            let facts = facts.feed_gap(until.unix_timestamp());
            self.gate.settle(&facts);
            *self.facts.lock() = facts.clone();
            self.gate.record(Record::Facts(facts)).await?;
        }
        Ok(())
    }

    // Writes the cursor, makes sure that the source is still ours when nothing is sent, and lets the ledger forget what
    // the feed has passed.
    async fn keep(&self) -> Result<(), Closed> {
        let mut kept = self.progress.lock().cursor().clone();
        loop {
            sleep(KEEP).await;
            let cursor = self.progress.lock().cursor().clone();
            self.stats.feed.has_passed(cursor.passed());
            let until = cursor.settled_until();
            let has_moved = until != kept.settled_until();
            let record = match cursor == kept {
                true => Record::Check(None),
                false => Record::Feed(cursor.clone()),
            };
            kept = cursor;
            self.gate.record(record).await?;
            if has_moved {
                self.settle(until).await?;
            }
            self.forget(until);
        }
    }

    async fn settle(&self, until: OffsetDateTime) -> Result<(), Closed> {
        let facts = self.facts.lock().clone();
        let settled = facts.clone().feed_passed(Some(until.unix_timestamp()));
        self.gate.settle(&settled);
        // Nobody tells any more of what was there before the source, or before its filter: not even a queue.
        let long_before = (until - self.gate.remembers_for()).unix_timestamp();
        let mut pending = facts.pending.iter();
        let is_over = pending.any(|it| it.since < long_before);
        if is_joined(&facts) && is_over {
            self.gate.baseline_complete();
            let facts = settled.baseline_complete();
            *self.facts.lock() = facts.clone();
            self.gate.record(Record::Facts(facts)).await?;
        }
        Ok(())
    }

    // As long as a listing may show what is done, it is remembered.
    fn forget(&self, until: OffsetDateTime) {
        let age = (self.clock.now() - until).max(time::Duration::ZERO);
        let from = Instant::now().checked_sub(age.unsigned_abs());
        let is_joined = is_joined(&self.facts.lock());
        if let Some(from) = from.filter(|_| is_joined || self.is_listed) {
            self.gate.keep_from(from);
        }
        if !self.is_listed {
            self.gate.expire();
        }
    }

    fn tell_missed(&self) {
        let missed = self.missed.swap(0, Relaxed);
        if missed > 0 {
            self.stats.queue.missed.fetch_add(missed, Relaxed);
            tracing::warn!(
                blobs = missed,
                "the change feed reported blobs for which no notification came within a minute: if this happens again, check the Event Grid subscription"
            );
        }
    }
}

// Whether the feed tells all.
fn is_joined(facts: &Facts) -> bool {
    facts.feed.as_ref().is_some_and(|it| it.joined)
}
