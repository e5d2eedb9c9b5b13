//! Ways to be wrong that the simulation must catch.

use std::sync::Arc;

use async_trait::async_trait;
use azure_blob_eventsource::{
    blob::{Continuation, ListPage},
    ports::{error::StorageError, listing::BlobListing},
};
use time::OffsetDateTime;

use crate::world::Mutant;

pub(crate) mod queue;

/// A listing as a wrong program would read it.
pub(crate) struct MutantListing {
    pub(crate) real: Arc<dyn BlobListing>,
    pub(crate) mutant: Mutant,
}

#[async_trait]
impl BlobListing for MutantListing {
    async fn list_from(
        &self,
        prefix: &str,
        from: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        // A range that ends too soon is noticed at the border of the next one; the last range has none.
        if self.mutant == Mutant::FirstPageOfRange && !from.is_empty() && after.is_some() {
            return Ok(ListPage::new(OffsetDateTime::UNIX_EPOCH));
        }
        let page = self.real.list_from(prefix, from, after).await;
        match (self.mutant, page) {
            (Mutant::ErrorIsTheEnd, Err(_)) if after.is_some() => {
                Ok(ListPage::new(OffsetDateTime::UNIX_EPOCH))
            }
            (Mutant::Watermark, Ok(page)) => Ok(only_the_last_minute(page)),
            (_, page) => page,
        }
    }
}

fn only_the_last_minute(page: ListPage) -> ListPage {
    let since = page.service_time.unix_timestamp() - 60;
    let mut young = ListPage::new(page.service_time);
    young.next = page.next.clone();
    page.blobs()
        .filter(|blob| blob.last_modified >= since)
        .for_each(|blob| young.push(blob));
    young
}
