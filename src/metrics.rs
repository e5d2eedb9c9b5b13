//! What is counted of each source: the numbers behind `/metrics` and the status page.

use std::{
    collections::BTreeMap,
    mem,
    sync::{
        Weak,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::watch;

use crate::{
    blob::Unreadable,
    confirm::unfinished::Workflows,
    ledger::{
        Ledger,
        offer::{Offer, Origin, Subject},
    },
    shared::Shared,
    state::loops::Loops,
};

pub mod batches;
pub mod change_feed;
pub mod events;
pub mod outcomes;
pub mod queue;
pub mod rate;
pub mod spread;
pub mod sweep;
pub mod turn;

use batches::BatchStats;
use change_feed::FeedStats;
use events::{LastEvents, Letters, Waiting};
use queue::QueueStats;
use rate::Rate;
use spread::Lateness;
use sweep::SweepProgress;
use turn::Turn;

/// Why a source that has something to send waits: a limit of its configuration is reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// The limit's key.
    pub limit: &'static str,
    /// What it allows.
    pub most: usize,
    /// One sentence: who takes its places.
    pub reason: String,
}

impl Pause {
    /// `limits.inFlight` is reached.
    pub fn in_flight(most: usize) -> Self {
        Self {
            limit: "limits.inFlight",
            most,
            reason: format!(
                "`limits.inFlight` allows {most}: this many events are sent and not yet done"
            ),
        }
    }

    /// `limits.activeWorkflows` is reached, and `reason` says who takes its places.
    pub fn active_workflows(most: usize, reason: String) -> Self {
        Self {
            limit: "limits.activeWorkflows",
            most,
            reason,
        }
    }
}

/// The live numbers of one source. The session writes them, the admin port reads them.
///
/// Nothing here is per blob, so a container of a million blobs costs as much as an empty one.
#[derive(Debug, Default)]
pub struct SourceStats {
    /// Sessions that came to work: their storage was reached, and their ledger was read.
    pub sessions: AtomicU64,
    /// Complete sweeps.
    pub sweeps: AtomicU64,
    /// Blobs that listings showed, over all sweeps.
    pub blobs_listed: AtomicU64,
    /// Events delivered to a client, with repeats.
    pub events_sent: AtomicU64,
    /// Events that became done.
    pub events_done: AtomicU64,
    /// Blobs taken as done without being sent because they were there before the source.
    pub baseline_blobs: AtomicU64,
    /// Events sent again because they were not confirmed in time.
    pub events_redelivered: AtomicU64,
    /// Events that became dead letters.
    pub dead_letters: AtomicU64,
    /// Unfinished objects of events, now.
    pub active_workflows: AtomicU64,
    /// The smoothed time from sending an event to its confirmation, in milliseconds.
    pub confirm_millis: AtomicU64,
    /// Whether the source is stalled: no event is confirmed, and only probes are sent: 1 or 0.
    pub stalled: AtomicU64,
    /// Why nothing can be sent or confirmed now; `None` when all is well.
    pub delivery_error: Shared<Option<String>>,
    /// Which limit makes it wait; `None` when none does.
    pub pause: Shared<Option<Pause>>,
    /// The unfinished Workflows of the namespace that confirms; none without `confirm`.
    pub workflows: Shared<Workflows>,
    /// Events sent and not yet done, now.
    pub in_flight: AtomicU64,
    /// Blob versions that the ledger holds as done, now.
    pub ledger_blobs: AtomicU64,
    /// Done blob versions that listings no longer show and the ledger still remembers, now.
    pub missing_blobs: AtomicU64,
    /// Why the last complete sweep is not believed; `None` when it is.
    pub listing_doubt: Shared<Option<String>>,
    /// How long the last complete sweep took, in milliseconds.
    pub last_sweep_millis: AtomicU64,
    /// Blobs of the last complete sweep that are held back because of `minAge`.
    pub held_back: AtomicU64,
    /// Blobs of the last complete sweep that are never announced, because Azure Storage does not allow such names.
    pub unusable_names: AtomicU64,
    /// Blobs of the last complete sweep that are held back because they cannot be read yet.
    pub unreadable: Shared<Unreadable>,
    /// Blobs that are announced again and again while their content stays the same.
    pub loops: watch::Sender<Loops>,
    /// The outcome of notifications.
    pub queue: QueueStats,
    /// The outcome of changes.
    pub feed: FeedStats,
    /// Whether the latest stream does not list the container again and again.
    pub never_sweeps: AtomicBool,
    /// What was gathered into batches.
    pub batches: BatchStats,
    /// Blobs that were found and are not done, now: on their way, in a batch, or waiting to be sent.
    pub backlog: AtomicU64,
    /// Events that became done, minute by minute.
    pub done_rate: Rate,
    /// How far the sweep is.
    pub sweep: SweepProgress,
    /// The last events.
    pub last_events: LastEvents,
    /// The event that has waited longest; `None` when none waits.
    pub oldest: Shared<Option<Waiting>>,
    /// The dead letters that there are.
    pub letters: Shared<Letters>,
    /// When it last began or ceased to stall, to fail, to wait for a limit, and to have swept.
    pub turns: Turns,
    /// Calls to the storage account that failed and were tried again, by operation.
    pub storage_retries: Shared<BTreeMap<&'static str, u64>>,
    /// How late blobs were first handed to a client, since they were written.
    pub detection: Lateness,
    /// How late events were confirmed, since this stream first sent them.
    pub confirmation: Lateness,
    /// Where the live stream keeps what is under way.
    pub ledger: Shared<Weak<Shared<Ledger>>>,
    /// What goes wrong with the storage account now, by who tries again; the latest is the last.
    pub storage_errors: Shared<Vec<(u64, String)>>,
    /// When the call that failed last is made again.
    pub next_try: Shared<Option<OffsetDateTime>>,
}

/// When what a source does last changed, by what decides it.
#[derive(Debug, Default)]
pub struct Turns {
    /// Whether nothing is confirmed.
    pub stalled: Turn,
    /// Whether anything goes wrong.
    pub failing: Turn,
    /// Whether a limit makes it wait.
    pub paused: Turn,
    /// Whether a sweep of this process was complete.
    pub swept: Turn,
}

/// The live numbers of one port.
#[derive(Debug, Default)]
pub struct PortStats {
    /// Connections, now.
    pub connections: AtomicU64,
    /// Connections that were closed because others needed their places.
    pub closed_for_others: AtomicU64,
    /// Connections that were closed because they sent no request, or did not finish one.
    pub closed_late: AtomicU64,
    /// Requests that were refused: without the right token, or one too many of their kind.
    pub refused: AtomicU64,
    /// Connections that the operating system failed to accept.
    pub accept_errors: AtomicU64,
}

impl SourceStats {
    /// What is wrong: with delivery before all else, or the latest error of storage that lasts.
    pub fn error(&self) -> Option<String> {
        let delivery = self.delivery_error.lock().clone();
        let storage = || Some(self.storage_errors.lock().last()?.1.clone());
        delivery.or_else(storage).or_else(|| self.feed.trouble())
    }

    /// Replaces the error of storage that `who` meets. What goes wrong elsewhere meanwhile stays.
    pub fn set_error(&self, who: u64, error: Option<String>) {
        let mut errors = self.storage_errors.lock();
        errors.retain(|(of, _)| *of != who);
        errors.extend(error.map(|error| (who, error)));
        drop(errors);
        self.note_failing();
    }

    /// Forgets the errors of storage: a new stream begins.
    pub fn clear_errors(&self) {
        self.storage_errors.lock().clear();
        self.note_failing();
    }

    /// Replaces what is wrong with the change feed, and says whether that is news.
    pub fn set_feed_trouble(&self, trouble: Option<String>) -> bool {
        let is_news = self.feed.set_trouble(trouble);
        if is_news {
            self.note_failing();
        }
        is_news
    }

    /// Replaces what is wrong with delivery.
    pub fn set_delivery_error(&self, error: Option<String>) {
        let is_wrong = error.is_some();
        let was_wrong = mem::replace(&mut *self.delivery_error.lock(), error).is_some();
        if is_wrong != was_wrong {
            self.note_failing();
        }
    }

    fn note_failing(&self) {
        let delivers = self.delivery_error.lock().is_none();
        let stored = self.storage_errors.lock().is_empty();
        let fails = !delivers || !stored || self.feed.trouble().is_some();
        self.turns.failing.note(fails);
    }

    /// Says whether nothing is confirmed, so that the source only probes.
    pub fn set_stalled(&self, stalled: bool) {
        self.stalled.store(stalled.into(), Relaxed);
        self.turns.stalled.note(stalled);
    }

    /// Why the last complete sweep is not believed.
    pub fn listing_doubt(&self) -> Option<String> {
        self.listing_doubt.lock().clone()
    }

    /// Replaces that, and says whether there was such a reason before.
    pub fn set_listing_doubt(&self, doubt: Option<String>) -> bool {
        mem::replace(&mut *self.listing_doubt.lock(), doubt).is_some()
    }

    /// Which limit makes the source wait.
    pub fn pause(&self) -> Option<Pause> {
        self.pause.lock().clone()
    }

    /// Replaces that.
    pub fn set_pause(&self, pause: Option<Pause>) {
        self.turns.paused.note(pause.is_some());
        *self.pause.lock() = pause;
    }

    /// The unfinished Workflows of the namespace that confirms.
    pub fn workflows(&self) -> Workflows {
        self.workflows.lock().clone()
    }

    /// Replaces them.
    pub fn set_workflows(&self, workflows: Workflows) {
        *self.workflows.lock() = workflows;
    }

    /// How many blobs of the last complete sweep cannot be read yet.
    pub fn unreadable(&self) -> Unreadable {
        *self.unreadable.lock()
    }

    /// Replaces that.
    pub fn set_unreadable(&self, unreadable: Unreadable) {
        *self.unreadable.lock() = unreadable;
    }

    /// Blobs that are announced again and again.
    pub fn loops(&self) -> Loops {
        self.loops.borrow().clone()
    }

    /// Replaces them.
    pub fn set_loops(&self, loops: Loops) {
        self.loops.send_replace(loops);
    }

    /// How many Workflows Argo's controller does not take up, now.
    pub fn without_phase(&self) -> u64 {
        self.workflows.lock().survey.without_phase.count as u64
    }

    /// An event is handed to a client for the first time by this stream. What was asked for again, or goes in a batch,
    /// says nothing of how late blobs are found.
    pub fn first_sent(&self, offer: &Offer) {
        self.events_sent.fetch_add(1, Relaxed);
        if let (Subject::Blob { blob, .. }, Origin::Found) = (&offer.subject, &offer.origin) {
            let late = OffsetDateTime::now_utc().unix_timestamp() - blob.last_modified;
            self.detection
                .note(Duration::from_secs(late.try_into().unwrap_or(0)));
        }
    }

    /// The age of the oldest blob that was found, is to be announced and is not done: zero when there is none.
    pub fn oldest_blob_age(&self) -> Duration {
        let Some(ledger) = self.ledger.lock().upgrade() else {
            return Duration::ZERO;
        };
        let oldest = ledger.lock().oldest_under_way();
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let age = oldest.map_or(0, |at| now.saturating_sub(at));
        Duration::from_secs(age.try_into().unwrap_or(0))
    }

    /// Calls for `operation` are made: it is told with 0 until one of them is tried again.
    pub fn may_retry(&self, operation: &'static str) {
        self.storage_retries.lock().entry(operation).or_default();
    }

    /// A call to the storage account failed and is tried again.
    pub fn retried(&self, operation: &'static str) {
        *self.storage_retries.lock().entry(operation).or_default() += 1;
    }

    /// How often calls to the storage account failed and were tried again.
    pub fn retries(&self) -> u64 {
        self.storage_retries.lock().values().sum()
    }

    /// Nobody streams the source any more: what only a live session knows is not known now.
    pub fn stream_ended(&self) {
        self.in_flight.store(0, Relaxed);
        self.set_stalled(false);
        self.set_delivery_error(None);
        self.set_pause(None);
        self.set_listing_doubt(None);
        self.set_workflows(Workflows::default());
        self.batches.open.store(0, Relaxed);
        self.batches.waiting.store(0, Relaxed);
        self.batches.set_some(Vec::new());
        self.backlog.store(0, Relaxed);
        *self.ledger.lock() = Weak::new();
        self.sweep.rests(None);
        *self.oldest.lock() = None;
        *self.letters.lock() = Letters::default();
    }
}
