//! A chunk as it is read: bytes in, blocks of changes out.

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};

use self::plan::Plan;
pub use self::{
    block::{Block, Changes},
    error::ChunkError,
};
use super::avro::{
    LARGEST_BLOCK,
    bytes::Fault,
    frame,
    header::{self, Codec, Sync},
};

mod block;
mod error;
mod plan;

/// How many bytes are asked for to find the header.
const HEADER: u64 = 64 << 10;

/// How many bytes are asked for at a time to find blocks.
const BLOCKS: u64 = 4 << 20;

/// Reads one chunk from its beginning, or from a block of it on, while it grows.
///
/// ```
/// # use azure_blob_eventsource::feed::chunk::{ChunkError, ChunkReader};
/// # fn read(from: u64, most: u64) -> bytes::Bytes { bytes::Bytes::new() }
/// # fn all() -> Result<(), ChunkError> {
/// let mut reader = ChunkReader::new();
/// loop {
///     let bytes = read(reader.wanted().from, reader.wanted().most);
///     if bytes.is_empty() {
///         break; // That is all there is so far: ask again later.
///     }
///     reader.push(&bytes);
///     while let Some(block) = reader.block()? {
///         for change in block.changes() {
///             let _change = change?;
///         }
///     }
/// }
/// # Ok(()) }
/// # all().unwrap();
/// ```
///
/// It never holds more than one block that is not whole and what was pushed last.
#[derive(Debug)]
pub struct ChunkReader {
    file: Option<File>,
    /// The block to begin with.
    start: u64,
    /// Bytes that were not read yet.
    buffer: BytesMut,
    /// Where they begin in the chunk.
    at: u64,
}

/// What the header says.
#[derive(Debug)]
struct File {
    codec: Codec,
    sync: Sync,
    plan: Arc<Plan>,
}

/// Which bytes of a chunk are to be read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// From this byte on.
    pub from: u64,
    /// So many at most. Fewer will do, and none means that there are no more yet.
    pub most: u64,
}

impl Default for ChunkReader {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkReader {
    /// For a chunk from its beginning.
    pub fn new() -> Self {
        Self::at(0)
    }

    /// For a chunk from the block on that begins at byte `block`; from the first one on when that is within the header,
    /// which is read in any case.
    pub fn at(block: u64) -> Self {
        Self {
            file: None,
            start: block,
            buffer: BytesMut::new(),
            at: 0,
        }
    }

    /// What is to be pushed next.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            from: self.at + self.buffer.len() as u64,
            most: if self.file.is_some() { BLOCKS } else { HEADER },
        }
    }

    /// Whether all that was pushed has been read: there is no part of a block.
    pub fn is_whole(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Takes bytes of the chunk, which are those from [`Wanted::from`] on.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next block. `None`: it is not there as a whole, so more bytes are wanted.
    ///
    /// # Errors
    /// [`ChunkError`] when no more bytes would help; then again each time.
    pub fn block(&mut self) -> Result<Option<Block>, ChunkError> {
        let outcome = self.next();
        match outcome {
            Ok(block) => Ok(Some(block)),
            Err(Fault::Cut) => Ok(None),
            Err(Fault::Wrong(problem)) => Err(ChunkError {
                at: self.at,
                problem: problem.into_owned(),
            }),
        }
    }

    fn next(&mut self) -> Result<Block, Fault> {
        if self.file.is_none() {
            self.header()?;
        }
        let Some(file) = &self.file else {
            return Err(Fault::Cut);
        };
        let frame = frame::read(&self.buffer, &file.sync)?;
        let packed = &self.buffer[frame.start..frame.end];
        let unpacked = match file.codec {
            Codec::Null => None,
            Codec::Deflate => Some(inflate(packed)?),
        };
        let bytes = unpacked.as_ref().map_or(packed.len(), Bytes::len);
        // Each has a subject and a type: at least their lengths.
        if frame.records > bytes as u64 {
            return Err(Fault::wrong(
                "a block says that it has more events than bytes",
            ));
        }
        let whole = self.buffer.split_to(frame.length).freeze();
        let block = Block {
            at: self.at,
            events: frame.records,
            data: unpacked.unwrap_or_else(|| whole.slice(frame.start..frame.end)),
            plan: file.plan.clone(),
        };
        self.at += frame.length as u64;
        Ok(block)
    }

    fn header(&mut self) -> Result<(), Fault> {
        let header = header::read(&self.buffer)?;
        let length = header.length;
        self.file = Some(File {
            codec: header.codec,
            sync: header.sync,
            plan: Arc::new(Plan::read(header.schema)?),
        });
        // On to the block that is wanted, whether its bytes are here already or not.
        let target = self.start.max(length as u64);
        let here = usize::try_from(target).unwrap_or(usize::MAX);
        self.buffer.advance(here.min(self.buffer.len()));
        self.at = target;
        Ok(())
    }
}

fn inflate(packed: &[u8]) -> Result<Bytes, Fault> {
    let unpacked = miniz_oxide::inflate::decompress_to_vec_with_limit(packed, LARGEST_BLOCK);
    unpacked
        .map(Bytes::from)
        .map_err(|error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
                Fault::wrong("a block has more than 32 MiB when it is unpacked")
            }
            _ => Fault::wrong("a block cannot be unpacked as `deflate`"),
        })
}
