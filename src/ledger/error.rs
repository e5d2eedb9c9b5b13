//! Why a ledger cannot be read or written.

use thiserror::Error;

use crate::storage::StorageError;

/// Why a journal cannot be written or read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// Somebody else has opened the journal since.
    #[error("the journal belongs to another session now")]
    Fenced,
    /// What is in the state container is no ledger, or not a whole one.
    #[error("{0}")]
    Damaged(String),
    /// The state container refuses, in a way that trying again does not mend.
    #[error(transparent)]
    Storage(#[from] StorageError),
}
