//! Why a session ended.

use thiserror::Error;

use crate::{confirm::error::ConfirmError, ports::error::StorageError};

/// Why a session ended other than by being told to.
#[derive(Debug, Error)]
pub enum SessionError {
    /// Another stream of the same source has taken over.
    #[error("another stream of source `{0}` has taken over")]
    TakenOver(String),
    /// The storage account refused, in a way that trying again does not fix.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The ledger was deleted from the state container.
    #[error(
        "the ledger of source `{source_id}` was deleted from the state container while it was in use (`{journal}` is \
         gone): it has been written again from memory, so nothing is lost and nothing is announced twice, and the \
         client may ask for the stream again at once; do not change or delete blobs in the folder \
         `{source_id}/`, by hand or by a lifecycle rule"
    )]
    LostLedger {
        /// The source's name in the state container.
        source_id: String,
        /// The blob that is gone.
        journal: String,
    },
    /// The ledger is not as it was written.
    #[error("{0}")]
    DamagedLedger(String),
    /// A newer version of this program has written the ledger.
    #[error("{0}")]
    NewerLedger(String),
    /// The cluster cannot be asked the outcome of events, until somebody does something about it.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// The source's ledger speaks of another container.
    #[error(
        "source `{source_id}` watches {container}, and its ledger is about {other}: set another `id`, or delete the folder `{source_id}/` of the state container"
    )]
    ForeignLedger {
        /// The source's name in the state container.
        source_id: String,
        /// The container of the ledger.
        other: String,
        /// The container of the configuration.
        container: String,
    },
}
