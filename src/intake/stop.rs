//! Why an intake takes no more of what others tell.

use crate::{gate::Closed, ports::error::StorageError};

/// Why no more is taken.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody takes what is found any more.
    Closed,
    /// Nothing that waiting fixes.
    Storage(StorageError),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<StorageError> for Stop {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// How an intake ended that stopped for this.
pub(super) fn ended(stop: Result<(), Stop>) -> Result<(), StorageError> {
    match stop {
        Err(Stop::Storage(error)) => Err(error),
        Err(Stop::Closed) | Ok(()) => Ok(()),
    }
}
