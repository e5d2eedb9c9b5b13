//! The one writer of a ledger: makes what is done durable, several at a time.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::{JoinError, JoinSet},
    time::{Instant, timeout_at},
};
use tracing::{Instrument, warn};

use crate::{
    feed::cursor::Cursor,
    journal::{draft::Draft, error::JournalError, writer::Journal},
    ledger::{
        Ledger,
        batches::{BatchId, FixedBatch},
        facts::Facts,
        fingerprint::Fingerprint,
        frame::{Entry, MAX_DONE},
        offer::LedgerMark,
    },
    metrics::SourceStats,
    ports::error::{StorageError, StorageErrorKind},
    shared::Shared,
};

pub mod receipts;

use receipts::{Outcome, Receipts};

/// For how long records are gathered before one append makes them durable.
const GROUP_WINDOW: Duration = Duration::from_millis(200);

/// How often it is seen to that no blob of the ledger is missing. Lifecycle rules run once a day.
const AUDIT: Duration = Duration::from_secs(60 * 60);

/// Something to be made durable, or made sure of.
#[derive(Debug)]
pub enum Record {
    /// Events that are done.
    Done(Done),
    /// Blob versions that are done without being sent: they were there before the source.
    Baseline(Vec<Fingerprint>),
    /// A batch is fixed: whoever waits is told once that is durable.
    Batch(FixedBatch, oneshot::Sender<()>),
    /// These batches need not be known any more.
    BatchesGone(Vec<BatchId>),
    /// What the ledger knows beside its set.
    Facts(Facts),
    /// No replay is under way any more.
    ReplaysOver,
    /// How far the change feed has been worked off.
    Feed(Cursor),
    /// Nothing: whoever waits is told once it is sure that this session still owns the source.
    Check(Option<oneshot::Sender<()>>),
}

/// Events that are done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Those that a sweep found.
    pub found: Vec<Fingerprint>,
    /// Those that a replay asked for, by the fingerprints of the replay.
    pub replayed: Vec<Fingerprint>,
    /// Batches.
    pub batches: Vec<BatchId>,
    /// How many others, of which the ledger knows nothing.
    pub others: usize,
    /// How many of all of them were in flight.
    pub in_flight: usize,
}

impl Done {
    /// Adds an event.
    pub fn add(&mut self, mark: LedgerMark) {
        match mark {
            LedgerMark::Found(fingerprint) => self.found.push(fingerprint),
            LedgerMark::Replayed(fingerprint) => self.replayed.push(fingerprint),
            LedgerMark::Batch(id) => self.batches.push(id),
            LedgerMark::Other => self.others += 1,
        }
    }

    fn events(&self) -> usize {
        self.found.len() + self.replayed.len() + self.batches.len() + self.others
    }
}

/// When this session was last known to own its source: the ownership between what was overtaken and
/// what it would still send.
#[derive(Debug, Clone, Default)]
pub struct OwnershipProof(Arc<Shared<Option<LastProof>>>);

/// When it was known, and how long the answer took.
#[derive(Debug, Clone, Copy)]
struct LastProof {
    at: Instant,
    took: Duration,
}

impl OwnershipProof {
    /// How long ago it was known; `None` before the first time.
    pub fn age(&self) -> Option<Duration> {
        self.0.lock().map(|known| known.at.elapsed())
    }

    /// How long the last answer took, from the question on.
    pub fn took(&self) -> Duration {
        self.0.lock().map_or(Duration::ZERO, |known| known.took)
    }

    fn renew(&self, asked: Instant) {
        *self.0.lock() = Some(LastProof {
            at: asked,
            took: asked.elapsed(),
        });
    }
}

/// Writes records to the journal in the order in which they come, and tells the ledger.
pub struct Recorder {
    /// Where they are made durable; `None` when the session only reads.
    pub journal: Option<Journal>,
    /// What is told once they are.
    pub ledger: Arc<Shared<Ledger>>,
    /// Redeemed once the outcome is durable.
    pub receipts: Arc<Receipts>,
    /// Gets a permit back for each event that was in flight.
    pub in_flight: Arc<Semaphore>,
    /// Is renewed whenever the journal shows that it is still this session's.
    pub proof: OwnershipProof,
    /// So many events are not kept waiting for more: the client's flow hangs on their permits.
    pub enough: usize,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
    /// When it was last seen that no blob of the ledger is missing.
    pub whole: Instant,
    /// The snapshot that is being written, if one is.
    pub drafts: JoinSet<Result<Draft, StorageError>>,
    /// What was appended since it was begun.
    pub since: Option<Vec<Entry>>,
}

impl Recorder {
    /// Works until all senders are gone and everything that they sent is durable.
    ///
    /// # Errors
    /// As [`Journal::append`]: then nobody knows whether the last records are durable. But a ledger that was
    /// [lost](JournalError::Lost) has been written again, and holds all of them.
    pub async fn run(mut self, mut records: mpsc::Receiver<Record>) -> Result<(), JournalError> {
        loop {
            let first = tokio::select! {
                biased;
                Some(drafted) = self.drafts.join_next() => {
                    self.finish_compaction(drafted).await?;
                    continue;
                }
                first = records.recv(), if !self.must_wait() => first,
            };
            let Some(first) = first else {
                return Ok(());
            };
            let mut group = Group::default();
            group.add(first);
            if group.is_idle() {
                continue;
            }
            self.gather(&mut group, &mut records).await;
            self.write(group).await?;
        }
    }

    // An append blob takes so many blocks and no more. A draft that does not come to its end is rare.
    fn must_wait(&self) -> bool {
        self.since.is_some() && self.journal.as_ref().is_some_and(Journal::is_too_long)
    }

    async fn gather(&self, group: &mut Group, records: &mut mpsc::Receiver<Record>) {
        let end = Instant::now() + GROUP_WINDOW;
        while group.is_patient()
            && group.in_flight < self.enough
            && group.events + group.baseline < MAX_DONE as u64
        {
            match timeout_at(end, records.recv()).await {
                Ok(Some(record)) => group.add(record),
                Ok(None) | Err(_) => return,
            }
        }
    }

    async fn write(&mut self, group: Group) -> Result<(), JournalError> {
        // Asked before the journal is, so that the proof is never younger than the question.
        let asked = Instant::now();
        let written = match &mut self.journal {
            Some(journal) if group.entries.is_empty() => journal.verify().await,
            Some(journal) => journal.append(&group.entries).await,
            None => Ok(()),
        };
        if let Err(error) = written {
            return Err(self.rescue(error, group.entries).await);
        }
        self.proof.renew(asked);
        if let Some(since) = &mut self.since {
            since.extend(group.entries.iter().cloned());
        }
        self.tell(group);
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        let mut compact = journal.is_long();
        if self.whole.elapsed() >= AUDIT {
            self.whole = Instant::now();
            if !journal.has_others().await? {
                warn!(
                    "a blob of the ledger was deleted from the state container; the ledger is written \
                     again from memory. Do not change or delete blobs in the state container, by hand \
                     or by a lifecycle rule"
                );
                compact = true;
            }
        }
        if compact && self.since.is_none() {
            self.ledger.lock().hold(true);
            self.since = Some(Vec::new());
            let draft = journal.draft(Arc::clone(&self.ledger));
            self.drafts.spawn(draft.in_current_span());
        }
        Ok(())
    }

    async fn finish_compaction(
        &mut self,
        drafted: Result<Result<Draft, StorageError>, JoinError>,
    ) -> Result<(), JournalError> {
        let count = {
            let mut ledger = self.ledger.lock();
            ledger.hold(false);
            ledger.contents().done.len() as u64
        };
        let since = self.since.take().unwrap_or_default();
        // One that panicked is started from the beginning with the next record.
        let (Ok(draft), Some(journal)) = (drafted, &mut self.journal) else {
            return Ok(());
        };
        let asked = Instant::now();
        match journal.compact_to(draft?, since, count).await {
            Ok(()) => {
                self.proof.renew(asked);
                Ok(())
            }
            Err(error) => Err(self.rescue(error, Vec::new()).await),
        }
    }

    // What was appended is in memory as well, so a ledger that was deleted can be written again.
    async fn rescue(&mut self, error: JournalError, entries: Vec<Entry>) -> JournalError {
        if !is_of_deletion(&error) {
            return error;
        }
        let snapshot = {
            let mut ledger = self.ledger.lock();
            entries.into_iter().for_each(|e| ledger.recorded(e));
            let journal = self.journal.as_ref();
            journal.map(|journal| journal.snapshot(ledger.contents()))
        };
        match (error, snapshot, &mut self.journal) {
            (JournalError::Lost(name), Some(snapshot), Some(journal)) => {
                let restored = journal.restore(snapshot).await;
                restored.err().unwrap_or(JournalError::Lost(name))
            }
            (error, ..) => error,
        }
    }

    fn tell(&self, mut group: Group) {
        // Nobody waits any more when the stream is at its end.
        group.waiting.drain(..).for_each(|who| _ = who.send(()));
        let mut ledger = self.ledger.lock();
        for entry in group.entries {
            if !self.receipts.is_empty() {
                let durable = |f: &Fingerprint| self.receipts.redeem(*f, Outcome::Durable);
                settled_by(&entry, &ledger).iter().for_each(durable);
            }
            ledger.recorded(entry);
        }
        let blobs = ledger.contents().done.len() as u64;
        self.stats.ledger_blobs.store(blobs, Relaxed);
        let backlog = ledger.under_way() as u64;
        self.stats.backlog.store(backlog, Relaxed);
        self.stats.events_done.fetch_add(group.events, Relaxed);
        self.stats.done_rate.add(group.events);
        self.stats.baseline_blobs.fetch_add(group.baseline, Relaxed);
        self.in_flight.add_permits(group.in_flight);
    }
}

// What will be sent until it is done, whatever crashes, or is done.
fn settled_by<'a>(entry: &'a Entry, ledger: &'a Ledger) -> &'a [Fingerprint] {
    match entry {
        Entry::Done(done) => done,
        Entry::Batch(batch) => &batch.members,
        Entry::BatchDone(id, _) => {
            let batch = ledger.contents().batches.open.get(id);
            batch.map_or(&[], |it| &it.members)
        }
        _ => &[],
    }
}

// Blobs that are gone are no error of the storage account, a container is.
fn is_of_deletion(error: &JournalError) -> bool {
    match error {
        JournalError::Lost(_) => true,
        JournalError::Storage(error) => error.kind == StorageErrorKind::NotFound,
        _ => false,
    }
}

/// What goes into one append: a few entries, in order, of about [`MAX_DONE`] fingerprints in all.
#[derive(Default)]
struct Group {
    entries: Vec<Entry>,
    waiting: Vec<oneshot::Sender<()>>,
    /// Whether it is to be made sure that the source is still this session's.
    check: bool,
    events: u64,
    in_flight: usize,
    baseline: u64,
}

impl Group {
    fn add(&mut self, record: Record) {
        match record {
            Record::Done(done) => {
                self.events += done.events() as u64;
                self.in_flight += done.in_flight;
                self.add_done(done.found);
                self.add_replayed(done.replayed);
                let now = OffsetDateTime::now_utc().unix_timestamp();
                let over = done.batches.into_iter();
                self.entries
                    .extend(over.map(|id| Entry::BatchDone(id, now)));
            }
            Record::Batch(batch, who) => {
                self.entries.push(Entry::Batch(batch));
                self.waiting.push(who);
            }
            Record::BatchesGone(ids) => self.entries.push(Entry::BatchesGone(ids)),
            Record::Baseline(done) => {
                self.baseline += done.len() as u64;
                self.add_done(done);
            }
            Record::Facts(facts) => self.entries.push(Entry::Facts(facts)),
            Record::ReplaysOver => self.entries.push(Entry::ReplaysOver),
            Record::Feed(cursor) => self.entries.push(Entry::Feed(Some(cursor))),
            Record::Check(None) => self.check = true,
            // Who does not wait any more needs no answer.
            Record::Check(Some(who)) if who.is_closed() => {}
            Record::Check(Some(who)) => self.waiting.push(who),
        }
    }

    // Whether there is nothing to write and nobody to answer.
    fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.waiting.is_empty() && !self.check && self.events == 0
    }

    // Somebody who waits is not kept waiting for more.
    fn is_patient(&self) -> bool {
        self.waiting.is_empty()
    }

    fn add_done(&mut self, done: Vec<Fingerprint>) {
        match self.entries.last_mut() {
            Some(Entry::Done(known)) => known.extend(done),
            _ if done.is_empty() => {}
            _ => self.entries.push(Entry::Done(done)),
        }
    }

    fn add_replayed(&mut self, done: Vec<Fingerprint>) {
        match self.entries.last_mut() {
            Some(Entry::Replayed(known)) => known.extend(done),
            _ if done.is_empty() => {}
            _ => self.entries.push(Entry::Replayed(done)),
        }
    }
}
