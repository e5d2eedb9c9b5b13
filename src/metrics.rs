//! What is counted of each source: the numbers behind `/metrics` and the status page.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering::Relaxed},
};

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

impl SourceStats {
    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Relaxed);
    }

    /// The last error.
    pub fn error(&self) -> Option<String> {
        self.last_error
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }

    /// Replaces the last error.
    pub fn set_error(&self, error: Option<String>) {
        *self
            .last_error
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = error;
    }
}
