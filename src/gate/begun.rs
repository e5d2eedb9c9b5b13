//! What is under way in the ledger and was not handed on yet.

use std::{collections::VecDeque, mem};

use super::{Closed, Gate};
use crate::{
    ledger::{
        fingerprint::Fingerprint,
        offer::{Offer, Subject},
    },
    recorder::{Record, receipts::Outcome},
};

/// Blob versions that nobody else will offer, because the ledger has them under way. They are handed on, or put back when
/// this is dropped before: whoever waits for room may be cancelled, and what it began must be found again.
#[must_use = "what is dropped is put back"]
pub struct Begun<'a> {
    gate: &'a Gate,
    offers: VecDeque<Offer>,
    baseline: Vec<Fingerprint>,
}

impl<'a> Begun<'a> {
    /// Of what `gate` has begun under the lock of its ledger: what is to be announced, and what becomes part of the baseline.
    pub(super) fn new(gate: &'a Gate, offers: Vec<Offer>, baseline: Vec<Fingerprint>) -> Self {
        Self {
            gate,
            offers: offers.into(),
            baseline,
        }
    }

    /// How many events are to be sent.
    pub fn offers(&self) -> usize {
        self.offers.len()
    }

    /// Hands all of it on: the baseline to whoever makes it durable, the others to whoever sends them.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn hand_on(mut self) -> Result<(), Closed> {
        if !self.baseline.is_empty() {
            let room = self.gate.records.reserve().await.map_err(|_| Closed)?;
            room.send(Record::Baseline(mem::take(&mut self.baseline)));
        }
        while !self.offers.is_empty() {
            let room = self.gate.offers.reserve().await.map_err(|_| Closed)?;
            if let Some(offer) = self.offers.pop_front() {
                room.send(offer);
            }
        }
        Ok(())
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        let offered = self.offers.iter().filter_map(|it| match &it.subject {
            Subject::Blob { fingerprint, .. } => Some(*fingerprint),
            // Batches are begun by whoever gathers them.
            Subject::Batch(_) => None,
        });
        for fingerprint in offered.chain(self.baseline.iter().copied()) {
            self.gate.ledger.lock().put_back(fingerprint);
            self.gate.receipts.redeem(fingerprint, Outcome::PutBack);
        }
    }
}
