//! Azure's change feed, read: what its names and files mean. No call is made here.
//!
//! The feed is a log of all changes to the blobs of an account, which the service keeps as blobs in the container
//! [`CONTAINER`]. Time is cut into [segments](segment), usually of an hour. A segment has
//! [shards](shard), which are folders; no blob is in two of them. A shard has [chunks](chunk), Avro files that grow
//! while they are read. A chunk has blocks, and a block has [changes](change). A [`position`] names one change.
//!
//! Facts: "Change feed in Azure Blob Storage" (Azure Storage documentation), and what Microsoft's readers of
//! the feed and their recorded answers of the service show.

pub mod avro;
pub mod change;
pub mod chunk;
pub mod cursor;
pub mod hour;
pub mod manifest;
pub mod position;
pub mod segment;
pub mod segments;
pub mod shard;

/// The container that the service keeps the feed in.
pub const CONTAINER: &str = "$blobchangefeed";
