//! The ways in: what finds blobs, an implementation of [`Intake`] for each. Whatever one finds goes through
//! the [gate](crate::gate).

use async_trait::async_trait;

use crate::ports::error::StorageError;

pub mod change_feed;
pub mod listing;
pub mod queue;
mod stop;
pub mod sweep;
mod told;

/// A way of finding blobs.
#[async_trait]
pub trait Intake: Send {
    /// Finds blobs until nobody takes them any more, or until all is found that was to be found.
    ///
    /// # Errors
    /// What waiting does not fix: sign-in, permission, or something that is not there.
    async fn run(self: Box<Self>) -> Result<(), StorageError>;
}
