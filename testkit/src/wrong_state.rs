//! A state container as a program would see it that does not heed its fence: what simulations must
//! catch.

use std::sync::Arc;

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::StorageError,
    state::{Appended, Chunk, Put, StateStore},
};
use bytes::Bytes;
use tokio::sync::Mutex;

/// A way to be wrong about the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// A refused append is taken for one that was made.
    Lost412,
    /// Appends are made wherever the journal ends.
    NoFence,
    /// Whether the source is still this session's is never asked.
    NoCheck,
    /// What batches a session before has fixed is not believed.
    NoManifest,
    /// A batch is sent before the frame that fixes it is durable: its append is reported as made, and is made before the
    /// next call. A crash in between loses it.
    BatchLate,
}

/// A state container that a wrong program would believe in.
pub struct WrongState {
    real: Arc<dyn StateStore>,
    wrong: Option<Wrong>,
    late: Mutex<Option<Late>>,
}

/// An append that is still to be made.
struct Late {
    name: String,
    at: u64,
    bytes: Bytes,
}

/// The kind of a frame that fixes a batch.
const BATCH: u8 = 9;
/// The bytes before a frame's kind: its length and its checksum.
const HEAD: usize = 8;

impl WrongState {
    /// The state container, and in which way it is misread, if in any.
    pub fn new(real: Arc<dyn StateStore>, wrong: Option<Wrong>) -> Self {
        Self {
            real,
            wrong,
            late: Mutex::default(),
        }
    }

    async fn catch_up(&self) -> Result<Appended, StorageError> {
        match self.late.lock().await.take() {
            Some(Late { name, at, bytes }) => self.real.append(&name, at, bytes).await,
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
impl StateStore for WrongState {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        self.real.list(prefix).await
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        if self.wrong == Some(Wrong::NoManifest) && name.contains("/batches/") {
            return Ok(None);
        }
        self.catch_up().await?;
        let chunk = self.real.read(name, from, limit).await?;
        Ok(chunk.map(|chunk| match self.wrong {
            // Whoever does not heed a refusal does not look for one either: the journal always
            // seems to end where it should.
            Some(Wrong::Lost412 | Wrong::NoFence | Wrong::NoCheck) if limit == 1 => Chunk {
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
        match self.wrong {
            Some(Wrong::Lost412) => {
                self.real.append(name, at, bytes).await?;
                Ok(Appended::Yes)
            }
            Some(Wrong::NoFence) => {
                let end = self.real.read(name, at, 0).await?;
                let end = end.map_or(at, |chunk| chunk.total);
                self.real.append(name, end, bytes).await?;
                Ok(Appended::Yes)
            }
            Some(Wrong::BatchLate) => match self.catch_up().await? {
                Appended::Yes if has_batch(&bytes) => {
                    let name = name.to_owned();
                    *self.late.lock().await = Some(Late { name, at, bytes });
                    Ok(Appended::Yes)
                }
                Appended::Yes => self.real.append(name, at, bytes).await,
                refused => Ok(refused),
            },
            Some(Wrong::NoCheck | Wrong::NoManifest) | None => {
                self.real.append(name, at, bytes).await
            }
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
