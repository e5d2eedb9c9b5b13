//! Why a ledger cannot be read or written.

use thiserror::Error;

use crate::ports::error::StorageError;

/// Why a journal cannot be written or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Somebody else has opened the journal since.
    #[error("another session writes the journal now")]
    Fenced,
    /// The journal of this name was deleted, and no other session has gone on from it.
    #[error("the journal `{0}` was deleted")]
    Lost(String),
    /// What is in the state container is not a whole ledger. To go on with a part of it would lose
    /// events, or announce them twice.
    #[error(
        "the ledger of source `{source_id}` is damaged: {what}; nothing is announced until its folder `{source_id}/` \
         in the state container is restored, or deleted to start from the beginning: set `existing: {{since: TIME}}` before you \
         delete it, and blobs modified since TIME are announced, even those that were announced before (with \
         `existing: skip` none of the blobs that are there now is announced)"
    )]
    Damaged {
        /// The name of the source's folder.
        source_id: String,
        /// What is wrong, and in which blob.
        what: String,
    },
    /// A newer version of this program has written the ledger.
    #[error(
        "the ledger of source `{source_id}` was written by a newer version of this program ({what}); run that \
         version, or a newer one"
    )]
    Newer {
        /// The name of the source's folder.
        source_id: String,
        /// What this version does not know, and in which blob.
        what: String,
    },
    /// The state container refuses, in a way that trying again does not fix.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
