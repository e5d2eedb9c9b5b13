//! A state container in memory, for sources that have none.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{
    ports::{
        error::StorageError,
        state::{Appended, Chunk, Put, StateStore},
    },
    shared::Shared,
};

/// A [`StateStore`] that lives as long as the process, with the same ownership between writers as the
/// real one: an append happens at the position that was asked for or not at all.
#[derive(Debug, Default)]
pub struct MemoryStore {
    blobs: Shared<BTreeMap<String, Vec<u8>>>,
    /// Parts of blobs by blob and name.
    parts: Shared<BTreeMap<(String, String), Bytes>>,
}

impl MemoryStore {}

#[async_trait]
impl StateStore for MemoryStore {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let blobs = self.blobs.lock();
        let from_prefix = blobs.range(prefix.to_owned()..);
        Ok(from_prefix
            .map(|(name, _)| name.clone())
            .take_while(|name| name.starts_with(prefix))
            .collect())
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        Ok(self.blobs.lock().get(name).map(|blob| Chunk {
            bytes: slice(blob, from, limit),
            total: blob.len() as u64,
        }))
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        self.blobs.lock().entry(name.to_owned()).or_default();
        Ok(())
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        match self.blobs.lock().get_mut(name) {
            Some(blob) if blob.len() as u64 == at => {
                blob.extend_from_slice(&bytes);
                Ok(Appended::Yes)
            }
            _ => Ok(Appended::PositionMoved),
        }
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        let mut blobs = self.blobs.lock();
        if blobs.contains_key(name) {
            return Ok(Put::Existed);
        }
        blobs.insert(name.to_owned(), bytes.to_vec());
        Ok(Put::Written)
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.blobs.lock().insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError> {
        let key = (name.to_owned(), part.to_owned());
        self.parts.lock().insert(key, bytes);
        Ok(())
    }

    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError> {
        let mut whole = Vec::new();
        {
            let mut uploaded = self.parts.lock();
            let keys = parts.iter().map(|part| (name.to_owned(), part.clone()));
            keys.filter_map(|key| uploaded.remove(&key))
                .for_each(|bytes| whole.extend_from_slice(&bytes));
            uploaded.retain(|(of, _), _| of != name);
        }
        self.put_new(name, whole.into()).await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.blobs.lock().remove(name);
        Ok(())
    }
}

fn slice(blob: &[u8], from: u64, limit: u64) -> Bytes {
    let from = usize::try_from(from).unwrap_or(usize::MAX).min(blob.len());
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let end = from.saturating_add(limit).min(blob.len());
    Bytes::copy_from_slice(&blob[from..end])
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use crate::journal::memory::*;

    fn bytes(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }

    #[tokio::test]
    async fn an_append_happens_at_its_position_or_not_at_all() {
        let store = MemoryStore::default();
        assert_eq!(
            store.append("a", 0, bytes("x")).await.unwrap(),
            Appended::PositionMoved
        );
        store.create_append("a").await.unwrap();
        assert_eq!(
            store.append("a", 0, bytes("one")).await.unwrap(),
            Appended::Yes
        );
        assert_eq!(
            store.append("a", 0, bytes("two")).await.unwrap(),
            Appended::PositionMoved
        );
        store.create_append("a").await.unwrap();
        let chunk = store.read("a", 0, 100).await.unwrap().unwrap();
        assert_eq!(chunk.bytes, bytes("one"));
    }

    #[tokio::test]
    async fn a_read_gives_a_part_and_the_whole_length() {
        let store = MemoryStore::default();
        store.put_new("a", bytes("0123456789")).await.unwrap();
        let part = store.read("a", 3, 4).await.unwrap().unwrap();
        assert_eq!((part.bytes, part.total), (bytes("3456"), 10));
        let past = store.read("a", 99, u64::MAX).await.unwrap().unwrap();
        assert_eq!((past.bytes, past.total), (bytes(""), 10));
        assert_eq!(store.read("b", 0, 1).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_put_leaves_what_is_there() {
        let store = MemoryStore::default();
        assert_eq!(store.put_new("a", bytes("1")).await.unwrap(), Put::Written);
        assert_eq!(store.put_new("a", bytes("2")).await.unwrap(), Put::Existed);
        assert_eq!(
            store.read("a", 0, 9).await.unwrap().unwrap().bytes,
            bytes("1")
        );
    }

    #[tokio::test]
    async fn a_list_is_in_name_order_and_a_delete_is_idempotent() {
        let store = MemoryStore::default();
        for name in ["s/2", "s/10", "t/1", "s/1", "r/1"] {
            store.put_new(name, Bytes::new()).await.unwrap();
        }
        store.delete("s/10").await.unwrap();
        store.delete("s/10").await.unwrap();
        assert_eq!(store.list("s/").await.unwrap(), ["s/1", "s/2"]);
        assert_eq!(store.list("").await.unwrap().len(), 4);
    }
}
