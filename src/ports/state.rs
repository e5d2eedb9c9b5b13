//! The port to the state container: small append blobs and block blobs.

use async_trait::async_trait;
use bytes::Bytes;

use super::error::StorageError;

/// The port to where a ledger is kept. Names are relative to the store (`datasets-raw/journal-1`).
///
/// # What an implementation promises
/// - An append is whole or not at all, and happens only at exactly the position that was asked for:
///   that is the fence between two writers.
/// - After an error the operation may have happened, or may yet happen. The caller reads back.
/// - A read sees every append and every put that was answered before the read began.
/// - It tries once. When to try again is the caller's decision.
#[async_trait]
pub trait StateStore: Send + Sync {
    /// The names that start with `prefix`, in name order, all pages of them.
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError>;

    /// At most `limit` bytes of the blob from byte `from` on, with its whole length at that moment.
    /// `None` when there is no such blob; no bytes when `from` is at or past the end.
    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError>;

    /// Makes an empty append blob; one that is there already is left as it is.
    async fn create_append(&self, name: &str) -> Result<(), StorageError>;

    /// Appends `bytes` (at most 4 MiB) if the blob is exactly `at` bytes long.
    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError>;

    /// Writes a block blob as a whole; one that is there already is left as it is.
    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError>;

    /// Writes a block blob as a whole, in place of what was there.
    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError>;

    /// Uploads a part of a block blob. It shows in nothing before [`StateStore::put_parts`], and may be gone
    /// once a blob of that name is written. All parts of a blob have names of the same length.
    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError>;

    /// Writes a block blob of these parts, in this order; one that is there already is left as it is.
    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError>;

    /// Deletes the blob; that there is none is no error.
    async fn delete(&self, name: &str) -> Result<(), StorageError>;
}

/// A part of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The bytes from the position that was asked for.
    pub bytes: Bytes,
    /// The length of the whole blob.
    pub total: u64,
}

/// What happened to an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The bytes are at the position that was asked for.
    Yes,
    /// The blob has another length, or is gone (412, 404): somebody else wrote, or an earlier try of
    /// this very append did, whose answer was lost.
    PositionMoved,
}

/// What happened to a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The blob holds these bytes now.
    Written,
    /// A blob of that name was there and is as it was (409, 412).
    Existed,
}
