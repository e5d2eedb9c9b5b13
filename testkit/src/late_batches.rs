//! A state container as a program would use it that sends a batch before the frame that fixes it is durable.

use std::sync::Arc;

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::StorageError,
    state::{Appended, Chunk, Put, StateStore},
};
use bytes::Bytes;
use tokio::sync::Mutex;

/// The kind of a frame that fixes a batch.
const BATCH: u8 = 9;
/// The bytes before a frame's kind: its length and its checksum.
const HEAD: usize = 8;

/// Says of an append with a batch that it is made, and makes it before the next call. A crash in between loses it.
pub struct LateBatches {
    real: Arc<dyn StateStore>,
    held: Mutex<Option<Held>>,
}

struct Held {
    name: String,
    at: u64,
    bytes: Bytes,
}

impl LateBatches {
    /// Nothing is held back yet.
    pub fn new(real: Arc<dyn StateStore>) -> Self {
        Self {
            real,
            held: Mutex::default(),
        }
    }

    async fn catch_up(&self) -> Result<Appended, StorageError> {
        match self.held.lock().await.take() {
            Some(Held { name, at, bytes }) => self.real.append(&name, at, bytes).await,
            None => Ok(Appended::Yes),
        }
    }
}

fn has_batch(mut frames: &[u8]) -> bool {
    while let Some((length, _)) = frames.split_first_chunk() {
        if frames.get(HEAD) == Some(&BATCH) {
            return true;
        }
        let next = HEAD + u32::from_le_bytes(*length) as usize;
        frames = frames.get(next..).unwrap_or_default();
    }
    false
}

#[async_trait]
impl StateStore for LateBatches {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        self.real.list(prefix).await
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        self.catch_up().await?;
        self.real.read(name, from, limit).await
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        self.real.create_append(name).await
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        match self.catch_up().await? {
            Appended::Yes if has_batch(&bytes) => {
                let name = name.to_owned();
                *self.held.lock().await = Some(Held { name, at, bytes });
                Ok(Appended::Yes)
            }
            Appended::Yes => self.real.append(name, at, bytes).await,
            refused => Ok(refused),
        }
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        self.real.put_new(name, bytes).await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.real.put(name, bytes).await
    }

    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.real.put_part(name, part, bytes).await
    }

    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError> {
        self.real.put_parts(name, parts).await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.real.delete(name).await
    }
}
