//! [`ChangeFeed`] over the model.

use std::sync::Arc;

use async_trait::async_trait;
use azure_blob_eventsource::{
    feed::{
        CONTAINER,
        hour::{Hour, SEGMENTS},
        manifest::ManifestError,
        segment::SegmentManifest,
        segments::{self, Segments},
        shard::{ChunkFile, Shard},
    },
    ports::{
        connect::OpenedFeed,
        error::{StorageError, StorageErrorKind},
        feed::{ChangeFeed, MOST_BYTES, MOST_SEGMENTS},
    },
};
use bytes::Bytes;

use super::{FakeProperties, Wire, storage_error};
use crate::{
    account::{FakeAccount, Refusal},
    faults::{FaultSource, Op},
};

/// The feed of an account, straight from the model. [`FeedWriter`](crate::change_feed::FeedWriter) writes it.
#[derive(Clone)]
pub struct FakeChangeFeed {
    account: FakeAccount,
    wire: Wire,
}

impl FakeChangeFeed {
    /// The feed of `account`, with what `faults` does to it.
    pub fn new(account: FakeAccount, faults: FaultSource) -> Self {
        Self {
            account,
            wire: Wire::new(faults),
        }
    }

    /// What a session is given, with the blobs of `container`.
    pub fn opened(&self, container: &str) -> OpenedFeed {
        let faults = self.wire.faults.clone();
        OpenedFeed {
            feed: Arc::new(self.clone()),
            properties: Arc::new(FakeProperties::new(self.account.clone(), container, faults)),
        }
    }

    /// `None` when there is no such blob, or no feed.
    fn part(&self, name: &str, from: u64, most: u64) -> Result<Option<Bytes>, StorageError> {
        match self.account.read(CONTAINER, name, from, most) {
            Ok((bytes, _)) => Ok(Some(bytes)),
            Err(Refusal::BlobNotFound | Refusal::ContainerNotFound) => Ok(None),
            Err(refusal) => Err(storage_error(refusal, false)),
        }
    }

    fn names(&self) -> Result<Vec<String>, StorageError> {
        match self.account.try_names(CONTAINER) {
            Err(Refusal::ContainerNotFound) => Ok(Vec::new()),
            names => names.map_err(|refusal| storage_error(refusal, false)),
        }
    }

    fn segments(&self, first: Hour, last: Hour) -> Result<Vec<Hour>, StorageError> {
        let names = self.names()?;
        let hours = names.iter().filter(|it| it.starts_with(SEGMENTS));
        let hours = hours.filter_map(|name| Hour::from_name(name));
        let hours = hours.filter(|hour| (first..=last).contains(hour) && *hour != Hour::INITIAL);
        Ok(hours.take(MOST_SEGMENTS).collect())
    }

    fn chunks(&self, shard: Shard) -> Result<Vec<ChunkFile>, StorageError> {
        let mut chunks = Vec::new();
        for name in self.names()? {
            if let Some(number) = shard.number_of(&name) {
                let blob = self.account.get(CONTAINER, &name);
                let size = blob
                    .map_err(|refusal| storage_error(refusal, false))?
                    .size();
                chunks.push(ChunkFile { number, size });
            }
        }
        chunks.sort_unstable();
        Ok(chunks)
    }
}

#[async_trait]
impl ChangeFeed for FakeChangeFeed {
    async fn consumable(&self) -> Result<Option<Segments>, StorageError> {
        let this = self.clone();
        let effect = move || {
            let bytes = this.part(segments::NAME, 0, MOST_BYTES)?;
            bytes
                .map(|it| Segments::parse(&it).map_err(wrong))
                .transpose()
        };
        self.wire.call(Op::Feed, effect).await
    }

    async fn segments(&self, first: Hour, last: Hour) -> Result<Vec<Hour>, StorageError> {
        let this = self.clone();
        self.wire
            .call(Op::Feed, move || this.segments(first, last))
            .await
    }

    async fn segment(&self, segment: Hour) -> Result<Option<SegmentManifest>, StorageError> {
        let this = self.clone();
        let effect = move || {
            let bytes = this.part(&segment.name(), 0, MOST_BYTES)?;
            bytes
                .map(|it| SegmentManifest::parse(segment, &it).map_err(wrong))
                .transpose()
        };
        self.wire.call(Op::Feed, effect).await
    }

    async fn chunks(&self, shard: Shard) -> Result<Vec<ChunkFile>, StorageError> {
        let this = self.clone();
        self.wire.call(Op::Feed, move || this.chunks(shard)).await
    }

    async fn read(
        &self,
        shard: Shard,
        number: u32,
        from: u64,
        most: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        let this = self.clone();
        let effect = move || this.part(&shard.chunk(number), from, most.min(MOST_BYTES));
        self.wire.call(Op::Feed, effect).await
    }
}

fn wrong(error: ManifestError) -> StorageError {
    StorageError::new(StorageErrorKind::Protocol, error.to_string())
}
