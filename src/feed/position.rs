//! The place of one change in the feed.

use super::hour::Hour;

/// Where one change stands.
///
/// The order is total. Within one shard it is the order in which changes happened to each blob, and all of a segment
/// stands before all of the next. Between two shards of a segment it means nothing: no blob is in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The segment.
    pub segment: Hour,
    /// The [number](super::shard::Shard::number) of the shard.
    pub shard: u32,
    /// The [number](super::shard::ChunkFile::number) of the chunk.
    pub chunk: u32,
    /// The byte of the chunk at which the block begins: [`Block::at`](super::chunk::Block::at).
    pub block: u64,
    /// Which change of the block, from 0 on.
    pub event: u64,
}
