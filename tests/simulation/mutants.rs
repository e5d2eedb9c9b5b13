//! Ways to be wrong that the simulation must catch.

use std::sync::Arc;

use async_trait::async_trait;
use azure_blob_eventsource::{
    blob::{Continuation, ListPage},
    ledger::store::{Appended, Chunk, Put, StateStore},
    source::BlobListing,
    storage::StorageError,
};
use bytes::Bytes;
use time::OffsetDateTime;

use crate::world::Mutant;

/// A state container that a wrong program would believe in.
pub(crate) struct MutantState {
    pub(crate) real: Arc<dyn StateStore>,
    pub(crate) mutant: Mutant,
}

#[async_trait]
impl StateStore for MutantState {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        self.real.list(prefix).await
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        let chunk = self.real.read(name, from, limit).await?;
        Ok(chunk.map(|chunk| match self.mutant {
            // Whoever does not heed a refusal does not look for one either: the journal always
            // seems to end where it should.
            Mutant::Lost412 | Mutant::NoFence if limit == 1 => Chunk {
                total: from + 1,
                ..chunk
            },
            _ => chunk,
        }))
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        self.real.create_append(name).await
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        match self.mutant {
            Mutant::Lost412 => {
                self.real.append(name, at, bytes).await?;
                Ok(Appended::Yes)
            }
            Mutant::NoFence => {
                let end = self.real.read(name, at, 0).await?;
                let end = end.map_or(at, |chunk| chunk.total);
                self.real.append(name, end, bytes).await?;
                Ok(Appended::Yes)
            }
            _ => self.real.append(name, at, bytes).await,
        }
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        self.real.put_new(name, bytes).await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.real.put(name, bytes).await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.real.delete(name).await
    }
}

/// A listing as a wrong program would read it.
pub(crate) struct MutantListing {
    pub(crate) real: Arc<dyn BlobListing>,
    pub(crate) mutant: Mutant,
}

#[async_trait]
impl BlobListing for MutantListing {
    async fn list(
        &self,
        prefix: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        let page = self.real.list(prefix, after).await;
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
