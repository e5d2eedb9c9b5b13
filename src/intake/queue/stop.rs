//! Why no more messages are taken.

use crate::{gate::Closed, ports::error::StorageError};

/// Why no more messages are taken.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody takes what they tell of any more.
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
