//! Traces: what became of each event, told to a collector of OpenTelemetry.
//!
//! One event is one trace, from the moment at which its blob was modified until its Workflow is there. Where nobody
//! asks for traces, nothing here costs anything.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use tokio::sync::mpsc;

use crate::event::{EventId, trace_context::Sampling};

pub mod export;
pub mod journey;
pub mod otlp;

use journey::Journey;

/// Where deliveries tell what became of events. It never waits for the collector.
#[derive(Debug, Clone, Default)]
pub struct Traces(Option<Kept>);

#[derive(Debug, Clone)]
struct Kept {
    sampling: Sampling,
    out: mpsc::Sender<Journey>,
    lost: Arc<AtomicU64>,
}

impl Traces {
    /// Of which events traces are kept; `None` when traces are off.
    pub fn sampling(&self) -> Option<Sampling> {
        self.0.as_ref().map(|kept| kept.sampling)
    }

    /// An event has come to its end. Beyond what the collector takes, its trace is dropped.
    pub fn ended(&self, id: EventId, journey: impl FnOnce() -> Journey) {
        let Some(kept) = self.0.as_ref().filter(|kept| kept.sampling.keeps(id.0)) else {
            return;
        };
        if kept.out.try_send(journey()).is_err() {
            kept.lost.fetch_add(1, Relaxed);
        }
    }
}
