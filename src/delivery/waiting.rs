//! What the status page shows of an event that is not done.

use time::OffsetDateTime;

use crate::{
    ledger::offer::{Offer, Subject},
    metrics::events::{Waiting, shortened},
};

/// What is told of an event that was not sent yet.
pub(super) fn unsent(offer: &Offer) -> Waiting {
    let modified = match &offer.subject {
        Subject::Blob { blob, .. } => Some(blob.last_modified),
        Subject::Batch(_) => None,
    };
    Waiting {
        about: shortened(&offer.subject.to_string()),
        modified: modified.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
        first_sent: None,
        attempts: 0,
    }
}
