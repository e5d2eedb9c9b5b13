//! What can be wrong with a chunk.

use thiserror::Error;

/// Why a chunk cannot be read on. It has what stands before, and nobody can tell what follows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a chunk of the change feed cannot be read from byte {at} on: {problem}")]
pub struct ChunkError {
    /// The beginning of the header or block that is wrong.
    pub at: u64,
    /// What is wrong.
    pub problem: String,
}
