//! What a session is made of.

use std::sync::Arc;

use tokio::time::Instant;

use crate::{
    config::SourceConfig,
    delivery::expected::Expected,
    event::Place,
    intake::sweep::SMALLEST_RANGE,
    journal::{
        number::unused_number,
        retained::RetainedLedger,
        source_store::{Rollover, SourceStore},
    },
    ledger::missing::Forgetting,
    metrics::SourceStats,
    ports::{
        connect::{Opened, OpenedFeed, OpenedQueue},
        listing::BlobListing,
        state::StateStore,
    },
    traces::Traces,
};

/// What a session works for and with.
pub struct Session {
    /// The source's name in the state container and in logs.
    pub source_id: String,
    /// The URL of the account's blob service, without a trailing slash.
    pub endpoint: String,
    /// What to watch and how.
    pub config: SourceConfig,
    /// The container's listing.
    pub blobs: Arc<dyn BlobListing>,
    /// The queue of notifications, when there is one.
    pub queue: Option<OpenedQueue>,
    /// The change feed of the account, when it is read.
    pub feed: Option<OpenedFeed>,
    /// Where the ledger is kept.
    pub state: Arc<dyn StateStore>,
    /// Names this session among all that ever write the same journal: any number not used before.
    pub writer: u64,
    /// Whether the session records what is done or only reads.
    pub mode: Mode,
    /// End after the first complete sweep, once all that it found is done.
    pub once: bool,
    /// The fewest blobs in one of the ranges of names that a sweep lists at once.
    pub smallest_range: u64,
    /// When the ledger's journal is compacted.
    pub rollover: Rollover,
    /// When it forgets what is done and no listing shows any more.
    pub forgetting: Forgetting,
    /// Where the ledger goes when its state container is deleted.
    pub retained: Arc<RetainedLedger>,
    /// What shows that events came to something, when the configuration says so.
    pub confirm: Option<Arc<Expected>>,
    /// Where the session says how it is doing.
    pub stats: Arc<SourceStats>,
    /// Where the session tells what became of each event.
    pub traces: Traces,
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

impl Session {
    /// A session over what was opened for `config`, by itself: nothing confirms it, it goes on until it is stopped,
    /// and nobody else sees its numbers. Without a state container its ledger is in `memory`.
    pub fn new(
        source_id: String,
        config: SourceConfig,
        opened: Opened,
        memory: impl FnOnce() -> Arc<dyn StateStore>,
        mode: Mode,
    ) -> Self {
        Self {
            source_id,
            endpoint: opened.endpoint,
            config,
            blobs: opened.blobs,
            queue: opened.queue,
            feed: opened.feed,
            state: opened.state.unwrap_or_else(memory),
            writer: unused_number(),
            mode,
            once: false,
            confirm: None,
            smallest_range: SMALLEST_RANGE,
            rollover: Rollover::default(),
            forgetting: Forgetting::default(),
            retained: Arc::default(),
            stats: Arc::default(),
            traces: Traces::default(),
            began: Instant::now(),
        }
    }

    /// Whether it takes what others tell of: one that only reads, or wants one sweep, does not.
    pub(super) fn takes(&self) -> bool {
        self.mode == Mode::Record && !self.once
    }

    pub(super) fn source_store(&self) -> SourceStore {
        SourceStore {
            store: Arc::clone(&self.state),
            source_id: self.source_id.clone(),
            writer: self.writer,
            rollover: self.rollover,
            stats: Arc::clone(&self.stats),
        }
    }

    pub(super) fn place(&self) -> Place {
        Place {
            source_id: self.source_id.clone(),
            endpoint: self.endpoint.clone(),
            container: self.config.container.clone(),
            sampling: self.traces.sampling(),
        }
    }
}
