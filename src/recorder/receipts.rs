//! Who waits for what happens to a blob version.

use std::collections::HashMap;

use tokio::sync::oneshot;

use crate::{ledger::fingerprint::Fingerprint, shared::Shared};

/// What happened to a blob version that was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The ledger holds that it is done: delivered, given up as a dead letter, or part of the baseline.
    Durable,
    /// It was taken back and is not under way any more: it has to be offered again.
    PutBack,
}

/// Tells [`Outcome`] once it is known. It fails when the session ends before that: then nobody knows.
pub type Receipt = oneshot::Receiver<Outcome>;

/// The receipts that were given out and not redeemed. There are as many as messages are in hand.
#[derive(Debug, Default)]
pub struct Receipts(Shared<HashMap<Fingerprint, Vec<oneshot::Sender<Outcome>>>>);

impl Receipts {
    /// A receipt for a blob version that is under way. Any number may wait for the same one. It has to be asked
    /// for under the lock of the ledger that says so, or the outcome may come before it.
    pub fn of(&self, fingerprint: Fingerprint) -> Receipt {
        let (sender, receipt) = oneshot::channel();
        self.0.lock().entry(fingerprint).or_default().push(sender);
        receipt
    }

    /// Tells all who wait for this blob version.
    pub fn redeem(&self, fingerprint: Fingerprint, outcome: Outcome) {
        let waiting = self.0.lock().remove(&fingerprint);
        for sender in waiting.into_iter().flatten() {
            // Who does not wait any more needs no answer.
            let _ = sender.send(outcome);
        }
    }

    /// Whether anybody waits at all.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_who_wait_are_told_and_those_who_wait_for_another_are_not() {
        let receipts = Receipts::default();
        let [one, other] = [8, 16].map(Fingerprint::from_bits);
        let mut waiting = [receipts.of(one), receipts.of(one)];
        let mut elsewhere = receipts.of(other);
        receipts.redeem(one, Outcome::Durable);
        for receipt in &mut waiting {
            assert_eq!(receipt.try_recv(), Ok(Outcome::Durable));
        }
        assert!(elsewhere.try_recv().is_err());
        assert!(!receipts.is_empty());
        drop(receipts);
        assert_eq!(
            elsewhere.try_recv(),
            Err(oneshot::error::TryRecvError::Closed)
        );
    }
}
