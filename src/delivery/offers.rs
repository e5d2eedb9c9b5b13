//! The queue of what is to be sent.

use tokio::sync::mpsc;

use crate::ledger::offer::Offer;

/// What is to be sent.
pub(crate) struct Offers {
    /// Dead letters that people want to be sent again: they come first, however much a replay asks for.
    pub(crate) retried: mpsc::Receiver<Offer>,
    /// What sweeps and replays came upon.
    pub(crate) found: mpsc::Receiver<Offer>,
}

impl Offers {
    /// The next; `None` when there will be no more.
    pub(crate) async fn recv(&mut self) -> Option<Offer> {
        tokio::select! {
            biased;
            Some(retried) = self.retried.recv() => Some(retried),
            found = self.found.recv() => found,
        }
    }
}
