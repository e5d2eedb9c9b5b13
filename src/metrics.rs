//! What is counted of each source: the numbers behind `/metrics` and the status page.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering::Relaxed},
};

mod ports;
pub mod render;

/// The live numbers of one source. The session writes them, the admin port reads them.
///
/// Nothing here is per blob, so a container of a million blobs costs as much as an empty one.
#[derive(Debug, Default)]
pub struct SourceStats {
    /// Complete sweeps.
    pub sweeps: AtomicU64,
    /// Blobs that listings showed, over all sweeps.
    pub blobs_listed: AtomicU64,
    /// Events handed to a client, repeats included.
    pub events_sent: AtomicU64,
    /// Events that became done.
    pub events_done: AtomicU64,
    /// Blobs taken as done without being sent because they were there before the source.
    pub baseline_blobs: AtomicU64,
    /// Events sent again because nothing had come of them.
    pub events_redelivered: AtomicU64,
    /// Events that were given up.
    pub dead_letters: AtomicU64,
    /// Unfinished objects that came of events, now.
    pub active_workflows: AtomicU64,
    /// The smoothed time from sending an event to its confirmation, in milliseconds.
    pub confirm_millis: AtomicU64,
    /// Whether nothing is confirmed, so that the source only probes: 1 or 0.
    pub stalled: AtomicU64,
    /// Why nothing can be sent or confirmed now; `None` when all is well.
    pub delivery_error: Mutex<Option<String>>,
    /// Events sent and not yet done, now.
    pub in_flight: AtomicU64,
    /// Blob versions that the ledger holds as done, now.
    pub ledger_blobs: AtomicU64,
    /// How long the last complete sweep took, in milliseconds.
    pub last_sweep_millis: AtomicU64,
    /// Blobs of the last complete sweep that are held back because of `minAge`.
    pub held_back: AtomicU64,
    /// Calls to the storage account that failed and were tried again.
    pub storage_retries: AtomicU64,
    /// What the source is doing now, and the last thing that went wrong; `None` when all is well.
    pub last_error: Mutex<Option<String>>,
}

/// The live numbers of one port.
#[derive(Debug, Default)]
pub struct PortStats {
    /// Connections, now.
    pub connections: AtomicU64,
    /// Connections that were closed because others needed their places.
    pub closed_for_others: AtomicU64,
    /// Connections that were closed because they asked for nothing, or did not end what they asked.
    pub closed_late: AtomicU64,
    /// Requests that were refused: without the right token, or one too many of their kind.
    pub refused: AtomicU64,
    /// Connections that the system did not hand out.
    pub accept_errors: AtomicU64,
}

// No holder leaves an error half written, so a poisoned lock is as good as a whole one.
fn lock(error: &Mutex<Option<String>>) -> MutexGuard<'_, Option<String>> {
    error.lock().unwrap_or_else(PoisonError::into_inner)
}

impl SourceStats {
    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Relaxed);
    }

    /// What is wrong: with delivery before all else, or the last error of storage.
    pub fn error(&self) -> Option<String> {
        let delivery = lock(&self.delivery_error).clone();
        delivery.or_else(|| lock(&self.last_error).clone())
    }

    /// Replaces the last error of storage.
    pub fn set_error(&self, error: Option<String>) {
        *lock(&self.last_error) = error;
    }

    /// Replaces what is wrong with delivery.
    pub fn set_delivery_error(&self, error: Option<String>) {
        *lock(&self.delivery_error) = error;
    }
}
