//! The one writer of a ledger: makes what is done durable, several at a time.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, timeout_at},
};

use super::{
    Ledger,
    error::JournalError,
    facts::Facts,
    fingerprint::Fingerprint,
    frame::{Entry, MAX_DONE},
    journal::Journal,
};
use crate::metrics::SourceStats;

/// For how long records are gathered before one append makes them durable.
const GROUP_WINDOW: Duration = Duration::from_millis(200);

/// Something to be made durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// Events that a client has received.
    Settled(Vec<Fingerprint>),
    /// Blob versions that are done without being sent.
    Baseline(Vec<Fingerprint>),
    /// What the ledger knows beside its set.
    Facts(Facts),
}

/// Writes records to the journal in the order in which they come, and tells the ledger.
pub struct Recorder {
    /// Where they are made durable; `None` when the session only looks on.
    pub journal: Option<Journal>,
    /// What is told once they are.
    pub ledger: Arc<Mutex<Ledger>>,
    /// Gets a permit back for each settled event.
    pub in_flight: Arc<Semaphore>,
    /// So many settled events are not kept waiting for more: the client's flow hangs on their permits.
    pub enough: usize,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
}

impl Recorder {
    /// Works until all senders are gone and everything that they sent is durable.
    ///
    /// # Errors
    /// As [`Journal::append`]: then nobody knows whether the last records are durable.
    pub async fn run(mut self, mut records: mpsc::Receiver<Record>) -> Result<(), JournalError> {
        while let Some(first) = records.recv().await {
            let mut group = Group::default();
            group.add(first);
            self.gather(&mut group, &mut records).await;
            self.write(group).await?;
        }
        Ok(())
    }

    async fn gather(&self, group: &mut Group, records: &mut mpsc::Receiver<Record>) {
        let end = Instant::now() + GROUP_WINDOW;
        while group.settled < self.enough as u64 && group.settled + group.baseline < MAX_DONE as u64
        {
            match timeout_at(end, records.recv()).await {
                Ok(Some(record)) => group.add(record),
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn write(&mut self, group: Group) -> Result<(), JournalError> {
        if let Some(journal) = &mut self.journal {
            journal.append(&group.entries).await?;
        }
        self.tell(group);
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        if journal.is_long() {
            let snapshot = journal.snapshot(lock(&self.ledger).contents());
            journal.compact(snapshot).await?;
        }
        Ok(())
    }

    fn tell(&self, group: Group) {
        let mut ledger = lock(&self.ledger);
        group.entries.into_iter().for_each(|e| ledger.recorded(e));
        let blobs = ledger.contents().done.len() as u64;
        self.stats.ledger_blobs.store(blobs, Relaxed);
        self.stats.events_done.fetch_add(group.settled, Relaxed);
        self.stats.baseline_blobs.fetch_add(group.baseline, Relaxed);
        self.in_flight.add_permits(group.settled as usize);
    }
}

/// What goes into one append: a few entries, in order, of about [`MAX_DONE`] fingerprints in all.
#[derive(Default)]
struct Group {
    entries: Vec<Entry>,
    settled: u64,
    baseline: u64,
}

impl Group {
    fn add(&mut self, record: Record) {
        match record {
            Record::Settled(done) => {
                self.settled += done.len() as u64;
                self.add_done(done);
            }
            Record::Baseline(done) => {
                self.baseline += done.len() as u64;
                self.add_done(done);
            }
            Record::Facts(facts) => self.entries.push(Entry::Facts(facts)),
        }
    }

    fn add_done(&mut self, done: Vec<Fingerprint>) {
        match self.entries.last_mut() {
            Some(Entry::Done(known)) => known.extend(done),
            _ => self.entries.push(Entry::Done(done)),
        }
    }
}

fn lock(ledger: &Mutex<Ledger>) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}
