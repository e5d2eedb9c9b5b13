//! The service's time.

use time::OffsetDateTime;
use tokio::time::Instant;

use crate::{
    calls::retry::Retry,
    ports::{error::StorageError, listing::BlobListing},
};

/// The service's own clock, as far as one answer of it and this machine's passing of time tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    service: OffsetDateTime,
    at: Instant,
}

impl Clock {
    /// Asks for a page of the container.
    pub(super) async fn of(listing: &dyn BlobListing, retry: Retry) -> Result<Self, StorageError> {
        let page = retry.run(|| listing.list("", None)).await?;
        Ok(Self {
            service: page.service_time,
            at: Instant::now(),
        })
    }

    /// The service's time now.
    pub(super) fn now(&self) -> OffsetDateTime {
        self.service + self.at.elapsed()
    }

    /// The service's time at the beginning.
    pub(super) fn began(&self) -> OffsetDateTime {
        self.service
    }
}
