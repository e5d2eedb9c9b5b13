//! A change feed as a program would read it whose cursor is what it has read: what simulations must catch.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use azure_blob_eventsource::{
    feed::{
        hour::Hour,
        segment::SegmentManifest,
        segments::Segments,
        shard::{ChunkFile, Shard},
    },
    ports::{error::StorageError, feed::ChangeFeed},
};
use bytes::Bytes;

/// Up to which byte each chunk was read, by any session.
pub type ReadSoFar = HashMap<(Shard, u32), u64>;

/// To a session it looks as if nothing happened in what the sessions before have read.
pub struct WrongFeed {
    real: Arc<dyn ChangeFeed>,
    container: String,
    read: Arc<Mutex<ReadSoFar>>,
    passed: ReadSoFar,
}

impl WrongFeed {
    /// The feed of the account of `container`, of which other sessions have read so much. Its blocks are not packed.
    pub fn new(real: Arc<dyn ChangeFeed>, container: &str, read: Arc<Mutex<ReadSoFar>>) -> Self {
        let passed = read.lock().unwrap().clone();
        Self {
            real,
            container: container.to_owned(),
            read,
            passed,
        }
    }

    // As if they were of another container, whose name is as long.
    fn hide(&self, bytes: &mut [u8]) {
        let wanted = format!("/containers/{}/", self.container);
        while let Some(at) = bytes
            .windows(wanted.len())
            .position(|it| it == wanted.as_bytes())
        {
            bytes[at + wanted.len() - 2] = b'_';
        }
    }
}

#[async_trait]
impl ChangeFeed for WrongFeed {
    async fn consumable(&self) -> Result<Option<Segments>, StorageError> {
        self.real.consumable().await
    }

    async fn segments(&self, first: Hour, last: Hour) -> Result<Vec<Hour>, StorageError> {
        self.real.segments(first, last).await
    }

    async fn segment(&self, segment: Hour) -> Result<Option<SegmentManifest>, StorageError> {
        self.real.segment(segment).await
    }

    async fn chunks(&self, shard: Shard) -> Result<Vec<ChunkFile>, StorageError> {
        self.real.chunks(shard).await
    }

    async fn read(
        &self,
        shard: Shard,
        number: u32,
        from: u64,
        most: u64,
    ) -> Result<Option<Bytes>, StorageError> {
        let Some(bytes) = self.real.read(shard, number, from, most).await? else {
            return Ok(None);
        };
        let end = from + bytes.len() as u64;
        let mut read = self.read.lock().unwrap();
        let known = read.entry((shard, number)).or_default();
        *known = end.max(*known);
        let passed = self.passed.get(&(shard, number)).copied();
        let passed = passed.unwrap_or(0).saturating_sub(from) as usize;
        let mut bytes = bytes.to_vec();
        let passed = passed.min(bytes.len());
        self.hide(&mut bytes[..passed]);
        Ok(Some(bytes.into()))
    }
}
