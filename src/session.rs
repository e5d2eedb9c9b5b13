//! One stream: the only place where source, ledger and client meet.

use std::{
    collections::VecDeque,
    future::{Future, pending},
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::future::{BoxFuture, try_join_all};
use time::OffsetDateTime;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span, warn};

use self::requests::Requests;
use crate::{
    batch::{Batcher, open::Closed},
    confirm::index::WatchHealth,
    delivery::{
        confirmed::{ConfirmedDelivery, Returned},
        event_channel::EventSender,
        loop_file::LoopFileWriter,
        offers::Offers,
        ownership::Ownership,
        settled::{SentEvents, SettledDelivery},
        stall_file,
        unconfirmed::Unconfirmed,
    },
    feed::cursor::Cursor,
    gate::{Gate, Policy},
    intake::{
        Intake,
        change_feed::ChangeFeedIntake,
        listing::Listing,
        queue::Queue,
        sweep::{Sweeper, plan::Sample, range::RangeReader},
    },
    ledger::{Ledger, offer::Offer},
    ports::{
        connect::{OpenedFeed, OpenedQueue},
        error::StorageErrorKind,
    },
    recorder::{OwnershipProof, Record, Recorder, receipts::Receipts},
    shared::Shared,
    state::loops::Loops,
};

mod definition;
pub mod error;
pub mod preflight;
mod requests;
mod start;

pub use definition::{Mode, Session};
pub use error::SessionError;

use start::Started;

/// New blob versions that wait between the sweep and the client. A full channel holds the sweep up.
const OFFERS: usize = 256;
/// Batches that wait between what fixes them and the client.
const BATCHES: usize = 4;
/// So many blobs that others tell of are worked on beyond what may be in flight: the one that a stalled source sends to
/// learn whether others get through, and the next one, for which that one makes way.
const PROBES: usize = 2;
/// Records that wait for the journal.
const RECORDS: usize = 64;

impl Session {
    /// Runs until `stop` is cancelled, the client is gone (the
    /// [`EventReceiver`](crate::delivery::event_channel::EventReceiver) dropped), the one sweep of `once` is
    /// delivered, or an error that waiting does not fix. In every case what is done by then has been recorded
    /// when this returns. Each line that it logs has the source's name.
    pub async fn run(self, out: EventSender, stop: CancellationToken) -> Result<(), SessionError> {
        let of_source = info_span!("stream", source = self.source_id);
        let run = async {
            let client = out.clone();
            let started = tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(()),
                () = client.closed() => return Ok(()),
                started = self.start() => started?,
            };
            drop(client);
            self.work(started, out, stop.clone()).await
        };
        run.instrument(of_source).await
    }

    /// Sweeps, sends and records until one of them ends; the recorder ends last, when all that the
    /// others handed it is durable.
    async fn work(
        self,
        started: Started,
        out: EventSender,
        stop: CancellationToken,
    ) -> Result<(), SessionError> {
        let (offers, found) = mpsc::channel(OFFERS);
        let (retries, retried) = mpsc::channel(OFFERS);
        let (records, to_record) = mpsc::channel(RECORDS);
        let sending = Sending::new(&self, out.clone(), records);
        let (replays, replayed) = mpsc::channel(BATCHES);
        let (batching, found) = self.batching(&started, &sending, (found, replayed));
        let offered = Offers { retried, found };
        let gate = self.gate(&started, &sending, offers);
        let intakes = self.intakes(&started, &gate);
        let requests = self.requests(&started, &sending, gate, (retries, replays));
        let loops = self.loops(&sending);
        let announcing = self.announcing(&started, &sending, offered);
        let ledger = Arc::clone(&started.ledger);
        let recorder = Recorder {
            journal: started.journal,
            ledger: started.ledger,
            receipts: Arc::clone(&sending.receipts),
            in_flight: Arc::clone(&sending.in_flight),
            proof: sending.ownership.proof.clone(),
            enough: self.config.limits.in_flight.div_ceil(2),
            stats: Arc::clone(&self.stats),
            whole: Instant::now(),
            drafts: JoinSet::new(),
            since: None,
        };
        // The recorder ends when nobody is left who could hand it something.
        drop(sending);
        let recording_failed = CancellationToken::new();
        let deliver = async {
            tokio::select! {
                biased;
                () = recording_failed.cancelled() => Ok(()),
                () = stop.cancelled() => Ok(()),
                () = out.closed() => Ok(()),
                ended = serve(requests) => ended,
                ended = tell(loops) => ended,
                ended = batching => ended,
                ended = self.find_and_announce(intakes, announcing) => ended,
            }
        };
        let record = async {
            let recorded = recorder.run(to_record).await;
            recording_failed.cancel();
            recorded
        };
        let (delivered, recorded) = tokio::join!(deliver, record);
        let ended = recorded.map_err(|error| self.explain(error)).and(delivered);
        if self.mode == Mode::Record && ended.as_ref().is_err_and(is_not_found) {
            self.keep(&ledger).await;
        }
        ended
    }

    // Something is not there any more. If it is the state container, this process alone knows the ledger.
    async fn keep(&self, ledger: &Shared<Ledger>) {
        let journals = self.state.list(&self.source_store().journals()).await;
        if journals.is_err_and(|error| error.kind == StorageErrorKind::NotFound) {
            self.retained.keep(ledger.lock().take());
        }
    }

    // A refusal ends the stream at once; the end of what is found waits for what is on its way.
    async fn find_and_announce(
        &self,
        intakes: Vec<Box<dyn Intake>>,
        announcing: impl Future<Output = Result<(), SessionError>>,
    ) -> Result<(), SessionError> {
        let mut announcing = pin!(announcing);
        tokio::select! {
            biased;
            found = try_join_all(intakes.into_iter().map(Intake::run)) => { found?; }
            announced = &mut announcing => return announced,
        }
        announcing.await
    }

    fn gate(&self, started: &Started, sending: &Sending, offers: mpsc::Sender<Offer>) -> Arc<Gate> {
        let passed = started.ledger.lock().contents().feed_settled_until();
        let settled = started.facts.clone().feed_passed(passed);
        let policy = Policy::new(self.config.rules(), &settled);
        let ledger = Arc::clone(&started.ledger);
        *self.stats.ledger.lock() = Arc::downgrade(&ledger);
        let receipts = Arc::clone(&sending.receipts);
        let records = sending.records.clone();
        Arc::new(Gate::new(policy, (ledger, receipts), offers, records))
    }

    // Who only reads, or wants one sweep, takes nothing from a queue or a feed.
    fn intakes(&self, started: &Started, gate: &Arc<Gate>) -> Vec<Box<dyn Intake>> {
        let takes = self.takes();
        let queue = self.queue.as_ref().filter(|_| takes);
        let feed = self.feed.as_ref().filter(|_| takes);
        let listed = self.config.listing || queue.is_none() && feed.is_none();
        let alone = !listed && feed.is_none();
        self.stats.never_sweeps.store(!listed, Relaxed);
        self.stats.queue.is_used.store(queue.is_some(), Relaxed);
        self.stats.queue.is_alone.store(alone, Relaxed);
        self.stats.feed.begin(feed.is_some());
        let sweeper = || self.sweeper(gate, queue.is_some());
        let mut intakes: Vec<Box<dyn Intake>> = Vec::new();
        if listed {
            intakes.push(Box::new(Listing {
                sweeper: sweeper(),
                facts: started.facts.clone(),
                interval: self.config.interval,
                once: self.once,
            }));
        }
        if let Some(queue) = queue {
            intakes.push(Box::new(self.notifications(queue, gate, alone)));
        }
        if let Some(feed) = feed {
            let sweeper = (!listed).then(sweeper);
            intakes.push(Box::new(self.changes(feed, gate, started, sweeper)));
        }
        intakes
    }

    fn sweeper(&self, gate: &Arc<Gate>, with_queue: bool) -> Sweeper {
        Sweeper {
            reader: RangeReader {
                listing: Arc::clone(&self.blobs),
                prefix: self.config.filter.listing_prefix().to_owned(),
                gate: Arc::clone(gate),
                stats: Arc::clone(&self.stats),
                seed: self.writer,
            },
            parallelism: self.config.parallelism,
            smallest_range: self.smallest_range,
            last: Sample::default(),
            with_queue,
        }
    }

    fn changes(
        &self,
        opened: &OpenedFeed,
        gate: &Arc<Gate>,
        started: &Started,
        sweeper: Option<Sweeper>,
    ) -> ChangeFeedIntake {
        let cursor = started.ledger.lock().contents().feed.clone();
        ChangeFeedIntake {
            feed: Arc::clone(&opened.feed),
            properties: Arc::clone(&opened.properties),
            listing: Arc::clone(&self.blobs),
            gate: Arc::clone(gate),
            container: self.config.container.clone(),
            facts: started.facts.clone(),
            cursor: cursor.unwrap_or_else(|| Cursor::since(OffsetDateTime::UNIX_EPOCH)),
            sweeper,
            interval: self.config.interval,
            most: self.in_hand(),
            with_queue: self.queue.is_some(),
            stats: Arc::clone(&self.stats),
            seed: self.writer,
        }
    }

    // How much of what others tell of is worked on at once: it is done with once its batch is fixed, and until then it
    // waits for others.
    fn in_hand(&self) -> usize {
        let probes = if self.confirm.is_some() { PROBES } else { 0 };
        let events = self.config.limits.in_flight + probes;
        match &self.config.batch {
            Some(rules) => events.max(2 * rules.max_blobs),
            None => events,
        }
    }

    fn notifications(&self, opened: &OpenedQueue, gate: &Arc<Gate>, alone: bool) -> Queue {
        if alone {
            warn!(
                "blobs are found by notifications only, and Event Grid does not promise to deliver \
                 each of them: add `source.changeFeed` or `source.listing` to find blobs whose notification is lost"
            );
        }
        let most_deliveries = self.config.queue.as_ref().map(|it| it.max_deliveries);
        Queue {
            queue: Arc::clone(&opened.queue),
            poison: Arc::clone(&opened.poison),
            properties: Arc::clone(&opened.properties),
            gate: Arc::clone(gate),
            alone,
            container: self.config.container.clone(),
            account_path: opened.account_path.clone(),
            most: self.in_hand(),
            max_deliveries: most_deliveries.unwrap_or(u32::MAX),
            stats: Arc::clone(&self.stats),
            seed: self.writer,
        }
    }

    // What gathers blobs into batches, where the configuration wants that, and the offers that it makes.
    fn batching(
        &self,
        started: &Started,
        sending: &Sending,
        (found, replayed): (mpsc::Receiver<Offer>, mpsc::Receiver<Closed>),
    ) -> (
        BoxFuture<'static, Result<(), SessionError>>,
        mpsc::Receiver<Offer>,
    ) {
        let is_used = self.config.batch.is_some();
        self.stats.batches.is_used.store(is_used, Relaxed);
        // Without `batch`, those of an earlier configuration that are not done are sent as they were fixed.
        let is_needed = is_used || started.ledger.lock().contents().batches.are_known();
        let Some(container) = self.config.state.as_ref().filter(|_| is_needed) else {
            return (Box::pin(pending()), found);
        };
        let (out, batches) = mpsc::channel(BATCHES);
        let batcher = Batcher {
            rules: self.config.batch.clone(),
            alone_until: started.facts.batches.and_then(|it| it.alone_until),
            place: self.place(),
            source_store: self.source_store(),
            container: container.clone(),
            ledger: Arc::clone(&started.ledger),
            records: sending.records.clone(),
            out,
            is_recorded: self.mode == Mode::Record,
            stats: Arc::clone(&self.stats),
        };
        let batching = async move {
            batcher.run(found, replayed).await?;
            pending().await
        };
        (Box::pin(batching), batches)
    }

    // Only who records writes into the source's folder.
    fn loops(&self, sending: &Sending) -> Option<LoopFileWriter> {
        // Those of an earlier stream say nothing of this one.
        self.stats.set_loops(Loops::default());
        (self.mode == Mode::Record).then(|| LoopFileWriter {
            source_store: self.source_store(),
            found: self.stats.loops.subscribe(),
            ownership: sending.ownership.clone(),
        })
    }

    // What is asked is taken up by live streams alone.
    fn requests(
        &self,
        started: &Started,
        sending: &Sending,
        gate: Arc<Gate>,
        (retries, batches): (mpsc::Sender<Offer>, mpsc::Sender<Closed>),
    ) -> Option<Requests> {
        self.takes().then(|| Requests {
            source_store: self.source_store(),
            listing: Arc::clone(&self.blobs),
            filter: self.config.filter.clone(),
            key: started.facts.key,
            gate,
            letters: started.letters.clone(),
            ownership: sending.ownership.clone(),
            retries,
            batches: self.config.batch.as_ref().map(|_| batches),
            alone_until: started.facts.batches.and_then(|it| it.alone_until),
            interval: self.config.interval,
        })
    }

    // Boxed, because there are two ways: by the outcome of the events, or by time alone.
    fn announcing(
        &self,
        started: &Started,
        sending: &Sending,
        offered: Offers,
    ) -> BoxFuture<'static, Result<(), SessionError>> {
        let Some((confirm, letters)) = self.confirm.as_ref().zip(started.letters.as_ref()) else {
            let announcer = self.announcer(sending);
            return Box::pin(async move {
                announcer.run(offered).await;
                Ok(())
            });
        };
        let store = self.source_store();
        let (marker, writer) = stall_file::marker(&store, &sending.ownership, confirm.namespace());
        let courier = ConfirmedDelivery {
            place: self.place(),
            out: sending.out.clone(),
            records: sending.records.clone(),
            in_flight: Arc::clone(&sending.in_flight),
            limits: self.config.limits,
            confirm: Arc::clone(confirm),
            feed: confirm.news(),
            ownership: sending.ownership.clone(),
            ledger: Arc::clone(&started.ledger),
            receipts: Arc::clone(&sending.receipts),
            letters: Arc::clone(letters),
            marker,
            stats: Arc::clone(&self.stats),
            traces: self.traces.clone(),
            unconfirmed: Unconfirmed::new(
                self.config.redelivery,
                confirm.workflow_entries(),
                self.writer,
            ),
            health: WatchHealth::Live,
            next: None,
            extra: None,
            lent: 0,
            returned: Returned::default(),
            again: VecDeque::new(),
        };
        Box::pin(async move {
            let (delivered, ()) = tokio::try_join!(courier.run(offered), writer.run())?;
            Ok(delivered)
        })
    }

    fn announcer(&self, sending: &Sending) -> SettledDelivery {
        let settle = match self.mode {
            Mode::Record => self.config.limits.settle,
            // Nothing is recorded, so there is nothing to wait for.
            Mode::Observe => Duration::ZERO,
        };
        SettledDelivery {
            place: self.place(),
            out: sending.out.clone(),
            records: sending.records.clone(),
            ownership: sending.ownership.clone(),
            in_flight: Arc::clone(&sending.in_flight),
            most: self.config.limits.in_flight,
            settle,
            stats: Arc::clone(&self.stats),
            traces: self.traces.clone(),
            sent: SentEvents::default(),
        }
    }
}

/// What all who send share.
struct Sending {
    out: EventSender,
    receipts: Arc<Receipts>,
    records: mpsc::Sender<Record>,
    in_flight: Arc<Semaphore>,
    ownership: Ownership,
}

impl Sending {
    fn new(session: &Session, out: EventSender, records: mpsc::Sender<Record>) -> Self {
        Self {
            out,
            receipts: Arc::default(),
            in_flight: Arc::new(Semaphore::new(session.config.limits.in_flight)),
            ownership: Ownership {
                records: records.clone(),
                proof: OwnershipProof::default(),
            },
            records,
        }
    }
}

// A session that only reads has nobody to tell.
async fn tell(loops: Option<LoopFileWriter>) -> Result<(), SessionError> {
    if let Some(loops) = loops {
        loops.run().await?;
    }
    pending().await
}

fn is_not_found(error: &SessionError) -> bool {
    matches!(error, SessionError::Storage(error) if error.kind == StorageErrorKind::NotFound)
}

// A session that takes up no requests waits for the others.
async fn serve(requests: Option<Requests>) -> Result<(), SessionError> {
    if let Some(requests) = requests {
        requests.run().await?;
    }
    pending().await
}
