//! What is on its way: a blob version that was begun in the ledger and is to be announced.

use std::sync::Arc;

use super::fingerprint::Fingerprint;
use crate::blob::Blob;

/// By what the ledger will know an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerMark {
    /// That of a blob version that a sweep found.
    Found(Fingerprint),
    /// That of a replay.
    Replayed(Fingerprint),
    /// By nothing: it is done for the ledger already.
    Other,
}

/// A blob version that is to be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What is announced.
    pub blob: Blob,
    /// By what the ledger knows it, or knows this replay of it.
    pub fingerprint: Fingerprint,
    /// Why it is announced.
    pub origin: Origin,
}

/// Why a blob version is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A sweep found it, and the ledger does not know it.
    Found,
    /// The replay of this name asks for it.
    Replay(Arc<str>),
    /// Its dead letter is retried; that of a replay, when there is a name.
    Retry(Option<Arc<str>>),
}

impl Offer {
    /// By what the ledger will know that it is done.
    pub fn mark(&self) -> LedgerMark {
        match self.origin {
            Origin::Found => LedgerMark::Found(self.fingerprint),
            Origin::Replay(_) => LedgerMark::Replayed(self.fingerprint),
            Origin::Retry(_) => LedgerMark::Other,
        }
    }

    /// The replay of which the event is.
    pub fn replay(&self) -> Option<&str> {
        match &self.origin {
            Origin::Found => None,
            Origin::Replay(name) => Some(name),
            Origin::Retry(name) => name.as_deref(),
        }
    }
}
