//! One stream: the only place where source, ledger and client meet.

use std::{
    future::{Future, pending},
    pin::pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::future::BoxFuture;
use thiserror::Error;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::SourceConfig,
    confirm::{ConfirmError, Expected, index::Health},
    event::Place,
    ledger::{
        Ledger,
        facts::Facts,
        home::{Home, Rollover},
        keepsake::Keepsake,
        lock,
        missing::Forgetting,
        recorder::{Proof, Record, Recorder},
        store::StateStore,
    },
    loops::Loops,
    metrics::SourceStats,
    source::{
        BlobListing,
        identity::Identity,
        listing::{Discovered, SweepError, Sweeper},
        loops::LoopWatch,
        rules::Rules,
    },
    storage::{StorageError, StorageErrorKind},
};

pub mod access;
mod announcer;
mod courier;
mod fence;
mod letters;
mod loops;
pub mod outlet;
pub mod reading;
mod requests;
mod stalled;
mod start;
mod unconfirmed;

pub use outlet::Announcement;

use announcer::{Announcer, Sent};
use courier::Courier;
use fence::Fence;
use loops::LoopWriter;
use outlet::Outlet;
use requests::Requests;
use start::Started;
use unconfirmed::Unconfirmed;

/// New blob versions that wait between the sweep and the client. A full channel holds the sweep up.
const OFFERS: usize = 256;
/// Records that wait for the journal.
const RECORDS: usize = 64;

/// What a session works for and with.
pub struct Session {
    /// The source's name in the state container and in logs.
    pub source_id: String,
    /// The key under `spec.generic`.
    pub event_name: String,
    /// The URL of the account's blob service, without a trailing slash.
    pub endpoint: String,
    /// What to watch and how.
    pub config: SourceConfig,
    /// The container's listing.
    pub blobs: Arc<dyn BlobListing>,
    /// Where the ledger is kept.
    pub state: Arc<dyn StateStore>,
    /// Names this session among all that ever write the same journal: any number not used before.
    pub writer: u64,
    /// Whether the session records what is done or only looks on.
    pub mode: Mode,
    /// End after the first complete sweep, once all that it found is done.
    pub once: bool,
    /// When the ledger's journal is compacted.
    pub rollover: Rollover,
    /// When it forgets what is done and no listing shows any more.
    pub forgetting: Forgetting,
    /// Where the ledger goes when its state container is deleted.
    pub keepsake: Arc<Keepsake>,
    /// What shows that events came to something, when the configuration says so.
    pub confirm: Option<Arc<Expected>>,
    /// Where the session says how it is doing.
    pub stats: Arc<SourceStats>,
    /// When the client asked for it: what arrives from then on is new.
    pub began: Instant,
}

/// Whether a session records what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Takes the source over and records.
    Record,
    /// Reads the ledger, and neither writes it nor takes the source over.
    Observe,
}

/// Why a session ended other than by being told to.
#[derive(Debug, Error)]
pub enum SessionError {
    /// Another stream of the same source has taken over.
    #[error("another stream of source `{0}` has taken over")]
    TakenOver(String),
    /// The storage account refused, in a way that trying again does not mend.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The ledger was deleted from the state container.
    #[error(
        "the ledger of source `{source_id}` was deleted from the state container while it was in use (`{journal}` is \
         gone): it has been written anew from memory, so nothing is lost and nothing is announced twice, and the stream \
         may be asked for again at once; keep people and lifecycle rules away from the folder `{source_id}/`"
    )]
    LostLedger {
        /// The source's name in the state container.
        source_id: String,
        /// The blob that is gone.
        journal: String,
    },
    /// The ledger is not as it was written.
    #[error("{0}")]
    DamagedLedger(String),
    /// A newer version of this program has written the ledger.
    #[error("{0}")]
    NewerLedger(String),
    /// The cluster cannot be asked what came of events, until somebody does something about it.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// The source's ledger speaks of another container.
    #[error(
        "source `{source_id}` watches {container}, and its ledger speaks of {other}: \
         set another `id`, or delete the folder `{source_id}/` of the state container"
    )]
    ForeignLedger {
        /// The source's name in the state container.
        source_id: String,
        /// The container of the ledger.
        other: String,
        /// The container of the configuration.
        container: String,
    },
}

impl Session {
    /// Runs until `stop` is cancelled, the client is gone (the [`outlet::Events`] dropped), the one
    /// sweep of `once` is delivered, or an error that waiting does not mend. In every case what is
    /// done by then has been recorded when this returns.
    pub async fn run(self, out: Outlet, stop: CancellationToken) -> Result<(), SessionError> {
        let client = out.clone();
        let started = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            () = client.closed() => return Ok(()),
            started = self.start() => started?,
        };
        drop(client);
        self.work(started, out, stop).await
    }

    /// Sweeps, sends and records until one of them ends; the recorder ends last, when all that the
    /// others handed it is durable.
    async fn work(
        self,
        started: Started,
        out: Outlet,
        stop: CancellationToken,
    ) -> Result<(), SessionError> {
        let (offers, offered) = mpsc::channel(OFFERS);
        let (retries, retried) = mpsc::channel(OFFERS);
        let offered = Offers {
            retried,
            found: offered,
        };
        let (records, to_record) = mpsc::channel(RECORDS);
        let line = Line::new(&self, out.clone(), records);
        let sweeper = self.sweeper(&started, offers.clone(), line.records.clone());
        let requests = self.requests(&started, &line, offers, retries);
        let loops = self.loops(&line);
        let announcing = self.announcing(&started, &line, offered);
        let records = line.records.clone();
        let ledger = Arc::clone(&started.ledger);
        let recorder = Recorder {
            journal: started.journal,
            ledger: started.ledger,
            in_flight: Arc::clone(&line.in_flight),
            proof: line.fence.proof.clone(),
            enough: self.config.limits.in_flight.div_ceil(2),
            stats: Arc::clone(&self.stats),
            whole: Instant::now(),
            drafts: JoinSet::new(),
            since: None,
        };
        // The recorder ends when nobody is left who could hand it something.
        drop(line);
        let recording_failed = CancellationToken::new();
        let deliver = async {
            tokio::select! {
                biased;
                () = recording_failed.cancelled() => Ok(()),
                () = stop.cancelled() => Ok(()),
                () = out.closed() => Ok(()),
                ended = serve(requests) => ended,
                ended = tell(loops) => ended,
                ended = self.sweep_and_announce(sweeper, started.facts, records, announcing) => ended,
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
    async fn keep(&self, ledger: &Mutex<Ledger>) {
        let journals = self.state.list(&self.home().journals()).await;
        if journals.is_err_and(|error| error.kind == StorageErrorKind::NotFound) {
            self.keepsake.keep(lock(ledger).take());
        }
    }

    // A refusal ends the stream at once; the end of the sweeps waits for what is on its way.
    async fn sweep_and_announce(
        &self,
        sweeper: Sweeper,
        facts: Facts,
        records: mpsc::Sender<Record>,
        announcing: impl Future<Output = Result<(), SessionError>>,
    ) -> Result<(), SessionError> {
        let mut announcing = pin!(announcing);
        tokio::select! {
            biased;
            swept = self.sweep_again(sweeper, facts, records) => swept?,
            announced = &mut announcing => return announced,
        }
        announcing.await
    }

    async fn sweep_again(
        &self,
        mut sweeper: Sweeper,
        mut facts: Facts,
        records: mpsc::Sender<Record>,
    ) -> Result<(), SessionError> {
        let mut proven = false;
        loop {
            let next = Instant::now() + self.config.interval;
            match sweeper.sweep(&mut proven).await {
                Ok(()) => {}
                Err(SweepError::Closed) => return Ok(()),
                Err(SweepError::Storage(error)) => return Err(error.into()),
            }
            if facts.pending.is_some() {
                facts = facts.baseline_complete();
                sweeper.rules = Rules::new(&self.config, &facts);
                let record = Record::Facts(facts.clone());
                if records.send(record).await.is_err() {
                    return Ok(());
                }
            }
            if !facts.earlier_versions.is_empty() && sweeper.identity.settles_after().is_none() {
                facts = facts.versions_settled();
                let record = Record::Facts(facts.clone());
                if records.send(record).await.is_err() {
                    return Ok(());
                }
            }
            if self.once {
                return Ok(());
            }
            // So that a session that has nothing to send learns that it was overtaken as well.
            if records.send(Record::Check(None)).await.is_err() {
                return Ok(());
            }
            sleep_until(next).await;
        }
    }

    fn sweeper(
        &self,
        started: &Started,
        offers: mpsc::Sender<Discovered>,
        records: mpsc::Sender<Record>,
    ) -> Sweeper {
        Sweeper {
            listing: Arc::clone(&self.blobs),
            prefix: self.config.filter.listing_prefix().to_owned(),
            rules: Rules::new(&self.config, &started.facts),
            identity: Identity::new(&started.facts),
            ledger: Arc::clone(&started.ledger),
            offers,
            records,
            stats: Arc::clone(&self.stats),
            loops: LoopWatch::default(),
            seed: self.writer,
        }
    }

    // Only who records writes into the source's folder.
    fn loops(&self, line: &Line) -> Option<LoopWriter> {
        // Those of an earlier stream say nothing of this one.
        self.stats.set_loops(Loops::default());
        (self.mode == Mode::Record).then(|| LoopWriter {
            home: self.home(),
            found: self.stats.loops.subscribe(),
            fence: line.fence.clone(),
        })
    }

    // What is asked is taken up by live streams alone.
    fn requests(
        &self,
        started: &Started,
        line: &Line,
        offers: mpsc::Sender<Discovered>,
        retries: mpsc::Sender<Discovered>,
    ) -> Option<Requests> {
        (self.mode == Mode::Record && !self.once).then(|| Requests {
            home: self.home(),
            listing: Arc::clone(&self.blobs),
            filter: self.config.filter.clone(),
            key: started.facts.key,
            identity: Identity::new(&started.facts),
            ledger: Arc::clone(&started.ledger),
            letters: started.letters.clone(),
            fence: line.fence.clone(),
            offers,
            retries,
            records: line.records.clone(),
            interval: self.config.interval,
        })
    }

    // Boxed, because there are two ways: by what came of the events, or by time alone.
    fn announcing(
        &self,
        started: &Started,
        line: &Line,
        offered: Offers,
    ) -> BoxFuture<'static, Result<(), SessionError>> {
        let Some((confirm, letters)) = self.confirm.as_ref().zip(started.letters.as_ref()) else {
            let announcer = self.announcer(line);
            return Box::pin(async move {
                announcer.run(offered).await;
                Ok(())
            });
        };
        let (marker, writer) = stalled::marker(&self.home(), &line.fence);
        let courier = Courier {
            source: self.source_id.clone(),
            place: self.place(),
            out: line.out.clone(),
            records: line.records.clone(),
            in_flight: Arc::clone(&line.in_flight),
            limits: self.config.limits,
            confirm: Arc::clone(confirm),
            feed: confirm.news(),
            fence: line.fence.clone(),
            ledger: Arc::clone(&started.ledger),
            letters: Arc::clone(letters),
            marker,
            stats: Arc::clone(&self.stats),
            unconfirmed: Unconfirmed::new(
                self.config.redelivery,
                confirm.workflow_entries(),
                self.writer,
            ),
            health: Health::Live,
            next: None,
            extra: None,
            lent: 0,
            returned: courier::Returned::default(),
        };
        Box::pin(async move {
            let (delivered, ()) =
                tokio::try_join!(courier.run(offered), async { Ok(writer.run().await?) })?;
            Ok(delivered)
        })
    }

    fn announcer(&self, line: &Line) -> Announcer {
        let settle = match self.mode {
            Mode::Record => self.config.limits.settle,
            // Nothing is recorded, so there is nothing to wait for.
            Mode::Observe => Duration::ZERO,
        };
        Announcer {
            place: self.place(),
            out: line.out.clone(),
            records: line.records.clone(),
            fence: line.fence.clone(),
            in_flight: Arc::clone(&line.in_flight),
            most: self.config.limits.in_flight,
            settle,
            stats: Arc::clone(&self.stats),
            sent: Sent::default(),
        }
    }

    fn home(&self) -> Home {
        Home {
            store: Arc::clone(&self.state),
            source_id: self.source_id.clone(),
            writer: self.writer,
            rollover: self.rollover,
            stats: Arc::clone(&self.stats),
        }
    }

    fn place(&self) -> Place {
        Place {
            source_id: self.source_id.clone(),
            endpoint: self.endpoint.clone(),
            container: self.config.container.clone(),
        }
    }
}

/// What is to be sent.
struct Offers {
    /// Dead letters that people want to be sent again: they come first, however much a replay asks for.
    retried: mpsc::Receiver<Discovered>,
    /// What sweeps and replays came upon.
    found: mpsc::Receiver<Discovered>,
}

impl Offers {
    /// The next; `None` when there will be no more.
    async fn recv(&mut self) -> Option<Discovered> {
        tokio::select! {
            biased;
            Some(retried) = self.retried.recv() => Some(retried),
            found = self.found.recv() => found,
        }
    }
}

/// What all who send share.
struct Line {
    out: Outlet,
    records: mpsc::Sender<Record>,
    in_flight: Arc<Semaphore>,
    fence: Fence,
}

impl Line {
    fn new(session: &Session, out: Outlet, records: mpsc::Sender<Record>) -> Self {
        Self {
            out,
            in_flight: Arc::new(Semaphore::new(session.config.limits.in_flight)),
            fence: Fence {
                records: records.clone(),
                proof: Proof::default(),
            },
            records,
        }
    }
}

// A session that only looks on has nobody to tell.
async fn tell(loops: Option<LoopWriter>) -> Result<(), SessionError> {
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
