//! One stream: the only place where source, ledger and client meet.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::{
    config::SourceConfig,
    confirm::{ConfirmError, Confirmation},
    event::Place,
    ledger::{
        facts::Facts,
        home::Rollover,
        recorder::{Record, Recorder},
        store::StateStore,
    },
    metrics::SourceStats,
    source::{
        BlobListing,
        listing::{Discovered, SweepError, Sweeper},
        rules::Rules,
    },
    storage::StorageError,
};

mod announcer;
pub mod outlet;
mod start;

pub use outlet::Announcement;

use announcer::{Announcer, Sent};
use outlet::Outlet;
use start::Started;

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
    /// What shows that events came to something, when the configuration says so.
    pub confirm: Option<Arc<dyn Confirmation>>,
    /// Where the session says how it is doing.
    pub stats: Arc<SourceStats>,
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
    /// The state container holds something that is no ledger of ours.
    #[error("{0}")]
    DamagedLedger(String),
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
        let (records, to_record) = mpsc::channel(RECORDS);
        let in_flight = Arc::new(Semaphore::new(self.config.limits.in_flight));
        let announcer = self.announcer(out.clone(), records.clone(), Arc::clone(&in_flight));
        let sweeper = self.sweeper(&started, offers, records.clone());
        let recorder = Recorder {
            journal: started.journal,
            ledger: Arc::clone(&started.ledger),
            in_flight,
            enough: self.config.limits.in_flight.div_ceil(2),
            stats: Arc::clone(&self.stats),
        };
        let recording_failed = CancellationToken::new();
        let deliver = async {
            tokio::select! {
                biased;
                () = recording_failed.cancelled() => Ok(()),
                () = stop.cancelled() => Ok(()),
                () = out.closed() => Ok(()),
                ended = self.sweep_and_announce(sweeper, started.facts, records, announcer.run(offered)) => ended,
            }
        };
        let record = async {
            let recorded = recorder.run(to_record).await;
            recording_failed.cancel();
            recorded
        };
        let (delivered, recorded) = tokio::join!(deliver, record);
        recorded.map_err(|error| self.explain(error))?;
        delivered
    }

    // A refusal ends the stream at once; the end of the sweeps waits for what is on its way.
    async fn sweep_and_announce(
        &self,
        sweeper: Sweeper,
        facts: Facts,
        records: mpsc::Sender<Record>,
        announcing: impl Future<Output = ()>,
    ) -> Result<(), SessionError> {
        let mut announcing = pin!(announcing);
        tokio::select! {
            biased;
            swept = self.sweep_again(sweeper, facts, records) => swept?,
            () = &mut announcing => return Ok(()),
        }
        announcing.await;
        Ok(())
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
            if self.once {
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
            key: started.facts.key,
            ledger: Arc::clone(&started.ledger),
            offers,
            records,
            stats: Arc::clone(&self.stats),
            seed: self.writer,
        }
    }

    fn announcer(
        &self,
        out: Outlet,
        records: mpsc::Sender<Record>,
        in_flight: Arc<Semaphore>,
    ) -> Announcer {
        let settle = match self.mode {
            Mode::Record => self.config.limits.settle,
            // Nothing is recorded, so there is nothing to wait for.
            Mode::Observe => Duration::ZERO,
        };
        Announcer {
            place: self.place(),
            out,
            records,
            in_flight,
            settle,
            stats: Arc::clone(&self.stats),
            sent: Sent::default(),
        }
    }

    fn place(&self) -> Place {
        Place {
            endpoint: self.endpoint.clone(),
            container: self.config.container.clone(),
        }
    }
}
