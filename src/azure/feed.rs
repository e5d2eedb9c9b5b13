//! The change feed of an account.
//!
//! Facts: "Change feed in Azure Blob Storage" (Azure Storage documentation); "List Blobs" and "Get Blob", Azure Storage
//! REST API, version 2026-02-06. The feed is read as any container is, with the permission to read and list
//! blobs (`Storage Blob Data Reader`).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use super::{
    blobs::Listing,
    pipeline::{Service, within},
    state::{Container, to_start_over},
};
use crate::{
    calls::walk::Walk,
    feed::{
        CONTAINER,
        hour::Hour,
        manifest::{self, ManifestError},
        segment::SegmentManifest,
        segments::{self, Segments},
        shard::{ChunkFile, Shard},
    },
    ports::{
        error::{
            StorageError,
            StorageErrorKind::{NotFound, Protocol},
        },
        feed::{ChangeFeed, MOST_BYTES, MOST_CHUNKS, MOST_SEGMENTS},
        state::StateStore,
    },
};

/// How long a list of segments or chunks may take: it is one page nearly always.
const LISTING: Duration = Duration::from_secs(300);

/// The container of an account's feed.
pub(super) struct Feed {
    service: Arc<Service>,
    files: Container,
}

impl Feed {
    /// That of the account whose blob service this is.
    pub(super) fn new(service: Arc<Service>) -> Self {
        let files = Container::new(service.clone(), CONTAINER);
        Self { service, files }
    }

    /// What `take` makes of the names that start with `prefix`, in order, until it says that it has enough.
    async fn list(
        &self,
        prefix: &str,
        mut take: impl FnMut(&str, u64) -> Result<Enough, StorageError> + Send,
    ) -> Result<(), StorageError> {
        let operation = format!("listing container `{CONTAINER}`");
        let call = self.service.call(&operation, false);
        let listing = Listing::new(self.service.clone(), CONTAINER);
        let mut walk = Walk::new(&listing, prefix);
        let pages = async {
            while let Some(page) = walk.next().await.map_err(to_start_over)? {
                for blob in page.blobs() {
                    if let Enough::Yes = take(blob.name, blob.size)? {
                        return Ok(());
                    }
                }
            }
            Ok(())
        };
        none_of_no_feed(within(call, LISTING, pages).await)
    }

    /// A whole file. One that is too long is passed on for its reader to refuse.
    async fn manifest(&self, name: &str) -> Result<Option<Bytes>, StorageError> {
        self.part(name, 0, manifest::LARGEST as u64 + 1).await
    }

    async fn part(&self, name: &str, from: u64, most: u64) -> Result<Option<Bytes>, StorageError> {
        let chunk = none_of_no_feed(self.files.read(name, from, most).await)?;
        Ok(chunk.map(|chunk| chunk.bytes))
    }
}

/// Whether more names are wanted.
enum Enough {
    Yes,
    No,
}

#[async_trait]
impl ChangeFeed for Feed {
    async fn consumable(&self) -> Result<Option<Segments>, StorageError> {
        let bytes = self.manifest(segments::NAME).await?;
        bytes
            .map(|it| Segments::parse(&it).map_err(wrong))
            .transpose()
    }

    async fn segments(&self, first: Hour, last: Hour) -> Result<Vec<Hour>, StorageError> {
        let mut hours = Vec::new();
        if first > last {
            return Ok(hours);
        }
        let take = |name: &str, _| {
            // Whatever else lies there is no segment.
            let hour = Hour::from_name(name).filter(|it| *it >= first && *it != Hour::INITIAL);
            if hour.is_some_and(|it| it > last) || hours.len() == MOST_SEGMENTS {
                return Ok(Enough::Yes);
            }
            hours.extend(hour);
            Ok(Enough::No)
        };
        self.list(&first.prefix_to(last), take).await?;
        Ok(hours)
    }

    async fn segment(&self, segment: Hour) -> Result<Option<SegmentManifest>, StorageError> {
        let bytes = self.manifest(&segment.name()).await?;
        bytes
            .map(|it| SegmentManifest::parse(segment, &it).map_err(wrong))
            .transpose()
    }

    async fn chunks(&self, shard: Shard) -> Result<Vec<ChunkFile>, StorageError> {
        let mut chunks = Vec::new();
        let take = |name: &str, size| {
            if let Some(number) = shard.number_of(name) {
                chunks.push(ChunkFile { number, size });
            }
            match chunks.len() <= MOST_CHUNKS {
                true => Ok(Enough::No),
                false => Err(StorageError::new(
                    Protocol,
                    format!("`{shard}` of the change feed has more than {MOST_CHUNKS} chunks"),
                )),
            }
        };
        self.list(&shard.to_string(), take).await?;
        // In the order of names until there are more than five digits.
        chunks.sort_unstable();
        Ok(chunks)
    }

    async fn read(
        &self,
        shard: Shard,
        number: u32,
        from: u64,
        most: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        self.part(&shard.chunk(number), from, most.min(MOST_BYTES))
            .await
    }
}

// An account without a feed has no such container.
fn none_of_no_feed<T: Default>(outcome: Result<T, StorageError>) -> Result<T, StorageError> {
    match outcome {
        Err(error) if error.kind == NotFound => Ok(T::default()),
        outcome => outcome,
    }
}

fn wrong(error: ManifestError) -> StorageError {
    StorageError::new(Protocol, error.to_string())
}
