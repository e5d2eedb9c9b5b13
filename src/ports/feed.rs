//! The port to an account's change feed.

use async_trait::async_trait;
use bytes::Bytes;

use super::error::StorageError;
use crate::feed::{
    hour::Hour,
    segment::SegmentManifest,
    segments::Segments,
    shard::{ChunkFile, Shard},
};

/// The most bytes that one [`ChangeFeed::read`] answers with: 4 MiB.
pub const MOST_BYTES: u64 = 4 << 20;

/// The most segments that one [`ChangeFeed::segments`] answers with: more than a year of hours.
pub const MOST_SEGMENTS: usize = 10_000;

/// The most chunks that a shard may have: more is an error.
pub const MOST_CHUNKS: usize = 100_000;

/// The port to the change feed of one storage account: the container `$blobchangefeed`.
///
/// Facts: "Change feed in Azure Blob Storage" (Azure Storage documentation); "List Blobs" and "Get Blob", Azure Storage
/// REST API, version 2026-02-06.
///
/// # What an implementation promises
/// - It tries once. When to try again is the caller's decision.
/// - `Ok` means a whole answer: an incomplete one is an error, never fewer segments, chunks or bytes.
/// - A file that is not what the service writes is
///   [`StorageErrorKind::Protocol`](crate::ports::error::StorageErrorKind::Protocol), with a sentence that names the
///   file, what was found and what belongs there.
/// - What is final stays: a segment that is `Finalized`, and each byte of a chunk that was read once. Files only grow at
///   their ends. Only retention (a lifecycle rule, or the feed's own) removes old ones.
/// - Any file of the feed may be gone: then the answer is `None` or nothing, as each call says, and no error.
/// - It reads, and never writes.
#[async_trait]
pub trait ChangeFeed: Send + Sync {
    /// How far the feed may be read. `None`: the account has no feed, or has none yet: there is no container
    /// `$blobchangefeed`, or no `meta/segments.json` in it.
    async fn consumable(&self) -> Result<Option<Segments>, StorageError>;

    /// The segments that begin from `first` to `last`, both included: in order, each once, without the initial one of
    /// 1601. None is no error; an hour without changes may have no segment. A caller names no `last` that nobody may read
    /// yet ([`Segments::last_consumable`]).
    ///
    /// There are at most [`MOST_SEGMENTS`]. When there are so many, those after the last of them are still to be asked for.
    async fn segments(&self, first: Hour, last: Hour) -> Result<Vec<Hour>, StorageError>;

    /// What the segment's `meta.json` says now. `None`: there is no such segment.
    async fn segment(&self, segment: Hour) -> Result<Option<SegmentManifest>, StorageError>;

    /// The chunks that a shard has now, in the order of their numbers, with their sizes. None is no error: a shard may be
    /// empty.
    async fn chunks(&self, shard: Shard) -> Result<Vec<ChunkFile>, StorageError>;

    /// At most `most` bytes ([`MOST_BYTES`]; more are not asked for) of the chunk `number` of a shard, from byte `from`
    /// on. No bytes: there are none yet, or `from` is past the end. `None`: there is no such chunk (any more).
    async fn read(
        &self,
        shard: Shard,
        number: u32,
        from: u64,
        most: u64,
    ) -> Result<Option<Bytes>, StorageError>;
}
