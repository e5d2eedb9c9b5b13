//! What is under way in the ledger and was not handed on yet.

use std::{collections::VecDeque, mem};

use tokio::sync::mpsc;

use crate::{
    ledger::{
        Ledger,
        fingerprint::Fingerprint,
        offer::{Offer, Subject},
    },
    recorder::{
        Record,
        receipts::{Outcome, Receipts},
    },
    shared::Shared,
};

/// Nobody takes what is offered any more: the session is at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed;

/// Where blob versions go that are under way, and who is told when they go back.
#[derive(Clone, Copy)]
pub(super) struct Ways<'a> {
    pub(super) offers: &'a mpsc::Sender<Offer>,
    pub(super) records: &'a mpsc::Sender<Record>,
    pub(super) ledger: &'a Shared<Ledger>,
    pub(super) receipts: &'a Receipts,
}

/// Blob versions that nobody else will offer, because the ledger has them under way. They are handed on, or put back when
/// this is dropped before: whoever waits for room may be cancelled, and what it began must be found again.
#[must_use = "what is dropped is put back"]
pub struct Begun<'a> {
    ways: Ways<'a>,
    offers: VecDeque<Offer>,
    baseline: Vec<Fingerprint>,
}

impl<'a> Begun<'a> {
    /// Of what was begun under the lock of the ledger: what is to be announced, and what becomes part of the baseline.
    pub(super) fn new(ways: Ways<'a>, offers: Vec<Offer>, baseline: Vec<Fingerprint>) -> Self {
        Self {
            ways,
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
            let room = self.ways.records.reserve().await.map_err(|_| Closed)?;
            room.send(Record::Baseline(mem::take(&mut self.baseline)));
        }
        while !self.offers.is_empty() {
            let room = self.ways.offers.reserve().await.map_err(|_| Closed)?;
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
            self.ways.ledger.lock().put_back(fingerprint);
            self.ways.receipts.redeem(fingerprint, Outcome::PutBack);
        }
    }
}
