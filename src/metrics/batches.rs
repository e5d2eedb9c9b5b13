//! What is counted of batches.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use super::{
    events::OpenBatch,
    outcomes::{Outcome, Outcomes},
    spread::Sizes,
};
use crate::{ledger::batches::ClosedBy, shared::Shared};

/// The live numbers of a source's batches.
#[derive(Debug, Default)]
pub struct BatchStats {
    /// Whether the latest stream gathers blobs into batches.
    pub is_used: AtomicBool,
    /// Batches that still take blobs, now.
    pub open: AtomicU64,
    /// Blobs that wait in them, now.
    pub waiting: AtomicU64,
    /// Blobs that were put into batches.
    pub blobs: AtomicU64,
    /// How many blobs each of those had that were closed.
    pub sizes: Sizes,
    /// How many were closed by each bound.
    pub outcomes: Outcomes<ClosedBy>,
    some: Shared<Vec<OpenBatch>>,
}

impl BatchStats {
    /// A batch of so many blobs was closed.
    pub fn closed(&self, by: ClosedBy, blobs: u64) {
        self.blobs.fetch_add(blobs, Relaxed);
        self.sizes.note(blobs);
        self.outcomes.count(by);
    }

    /// Some of those that are open, the one first that has waited longest.
    pub fn some(&self) -> Vec<OpenBatch> {
        self.some.lock().clone()
    }

    /// Replaces them.
    pub fn set_some(&self, some: Vec<OpenBatch>) {
        *self.some.lock() = some;
    }

    /// How many were closed.
    pub fn count(&self) -> u64 {
        self.outcomes.total()
    }
}

impl Outcome for ClosedBy {
    const ALL: &'static [Self] = &Self::ALL;

    fn as_str(self) -> &'static str {
        self.as_str()
    }
}
