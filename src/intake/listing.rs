//! Finding blobs by listing: sweeps over the whole container, one an interval.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep_until};

use super::{
    Intake,
    sweep::{SweepError, Sweeper},
};
use crate::{
    gate::{Closed, Gate},
    ledger::facts::Facts,
    ports::error::StorageError,
    recorder::Record,
};

/// Lists a container again and again.
pub struct Listing {
    /// What sweeps it.
    pub sweeper: Sweeper,
    /// What the ledger says of its source.
    pub facts: Facts,
    /// From the start of one sweep to the start of the next.
    pub interval: Duration,
    /// Whether one complete sweep is all.
    pub once: bool,
}

#[async_trait]
impl Intake for Listing {
    async fn run(mut self: Box<Self>) -> Result<(), StorageError> {
        let gate = Arc::clone(&self.sweeper.reader.gate);
        let mut proven = false;
        loop {
            let next = Instant::now() + self.interval;
            match self.sweeper.sweep(&mut proven).await {
                Ok(_) => {}
                Err(SweepError::Closed) => return Ok(()),
                Err(SweepError::Storage(error)) => return Err(error),
            }
            let told = self.tell(&gate).await;
            if told.is_err() || self.once {
                return Ok(());
            }
            let wait = next.saturating_duration_since(Instant::now());
            let next_sweep = OffsetDateTime::now_utc() + wait;
            self.sweeper.reader.stats.sweep.rests(Some(next_sweep));
            sleep_until(next).await;
        }
    }
}

impl Listing {
    // What a complete sweep settles for good is recorded.
    async fn tell(&mut self, gate: &Gate) -> Result<(), Closed> {
        let facts = settle_facts(self.facts.clone(), gate);
        if facts != self.facts {
            self.facts = facts.clone();
            gate.record(Record::Facts(facts)).await?;
        }
        // So that a session that has nothing to send learns that it was overtaken as well.
        match self.once {
            true => Ok(()),
            false => gate.record(Record::Check(None)).await,
        }
    }
}

/// The facts once the container was listed from its first name to its last.
pub(super) fn settle_facts(mut facts: Facts, gate: &Gate) -> Facts {
    if facts.pending.is_some() {
        gate.baseline_complete();
        facts = facts.baseline_complete();
    }
    if !facts.earlier_versions.is_empty() && gate.is_settled() {
        facts = facts.versions_settled();
    }
    facts
}
