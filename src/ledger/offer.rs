//! What is on its way: what was begun in the ledger and is to be announced.

use std::{
    fmt::{self, Display, Formatter},
    sync::Arc,
};

use super::{batches::BatchId, fingerprint::Fingerprint};
use crate::blob::Blob;

/// By what the ledger will know an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedgerMark {
    /// That of a blob version that a sweep found.
    Found(Fingerprint),
    /// That of a replay.
    Replayed(Fingerprint),
    /// That of a batch, of which the ledger knows the members.
    Batch(BatchId),
    /// By nothing: it is done for the ledger already.
    Other,
}

/// What is to be announced with one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What is announced.
    pub subject: Subject,
    /// Why it is announced.
    pub origin: Origin,
}

/// What an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One blob version.
    Blob {
        /// What is announced.
        blob: Blob,
        /// By what the ledger knows it, or knows this replay of it.
        fingerprint: Fingerprint,
    },
    /// A batch that is fixed.
    Batch(Arc<BatchOffer>),
}

/// The blob's name, or the batch in words.
impl Display for Subject {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob { blob, .. } => f.write_str(&blob.name),
            Self::Batch(batch) if batch.group.is_empty() => {
                write!(f, "batch of {} blobs", batch.count)
            }
            Self::Batch(batch) => write!(f, "batch of {} blobs in {}", batch.count, batch.group),
        }
    }
}

/// A batch that is to be announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchOffer {
    /// What it and its event are called.
    pub id: BatchId,
    /// What the names of its blobs start with.
    pub group: Arc<str>,
    /// How many blobs it has.
    pub count: usize,
    /// Its event, which is the same each time that it is sent.
    pub payload: Vec<u8>,
}

/// Why something is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A sweep found it, and the ledger does not know it.
    Found,
    /// A replay asks for it.
    Replay {
        /// The replay's name.
        name: Arc<str>,
        /// Whether it goes into no batch: it may be on its way alone already.
        is_alone: bool,
    },
    /// Its dead letter is retried; that of a replay, when there is a name.
    Retry(Option<Arc<str>>),
}

impl Offer {
    /// By what the ledger will know that it is done.
    pub fn mark(&self) -> LedgerMark {
        match (&self.origin, &self.subject) {
            (Origin::Retry(_), _) => LedgerMark::Other,
            (_, Subject::Batch(batch)) => LedgerMark::Batch(batch.id),
            (Origin::Found, Subject::Blob { fingerprint, .. }) => LedgerMark::Found(*fingerprint),
            (Origin::Replay { .. }, Subject::Blob { fingerprint, .. }) => {
                LedgerMark::Replayed(*fingerprint)
            }
        }
    }

    /// The replay of which the event is.
    pub fn replay(&self) -> Option<&str> {
        match &self.origin {
            Origin::Found => None,
            Origin::Replay { name, .. } => Some(name),
            Origin::Retry(name) => name.as_deref(),
        }
    }
}
