//! What batches are made with.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::rules::BatchRules;
use crate::{
    event::Place,
    journal::source_store::SourceStore,
    ledger::{Ledger, offer::Offer},
    metrics::SourceStats,
    ports::error::StorageError,
    recorder::Record,
    shared::Shared,
};

/// Gathers what the gate offers into batches.
pub struct Batcher {
    /// Which blobs are together, and for how long they are waited for. `None` where each blob is announced alone, and
    /// only what was fixed before is still sent as it was.
    pub rules: Option<BatchRules>,
    /// What was last modified by then, in seconds since 1970, may be on its way alone and stays alone.
    pub alone_until: Option<i64>,
    /// What ids and payloads are made of.
    pub place: Place,
    /// The source's folder, in which manifests are.
    pub source_store: SourceStore,
    /// The state container's name.
    pub container: String,
    /// Knows the batches that were fixed before.
    pub ledger: Arc<Shared<Ledger>>,
    /// Makes a batch durable.
    pub records: mpsc::Sender<Record>,
    /// Where batches go.
    pub out: mpsc::Sender<Offer>,
    /// Whether batches are fixed, or only looked at.
    pub is_recorded: bool,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
}

/// Nobody takes batches, or makes them durable, any more.
pub(super) struct Gone;

pub(super) type Step = Result<Result<(), Gone>, StorageError>;

pub(super) const ON: Step = Ok(Ok(()));
pub(super) const GONE: Step = Ok(Err(Gone));

impl Batcher {
    /// Hands something to whoever makes it durable.
    pub(super) async fn record(&self, record: Record) -> Step {
        match self.records.send(record).await {
            Ok(()) => ON,
            Err(_) => GONE,
        }
    }
}
