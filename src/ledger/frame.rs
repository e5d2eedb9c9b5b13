//! The ledger's on-disk format: frames, in a journal one after the other, in a snapshot between
//! a first and a last one.
//!
//! ```text
//! length u32 | CRC-32C u32 | kind u8 | writer u64 | body          all little-endian
//! ```
//! `length` counts what follows the checksum; the checksum covers the length and all that follows
//! it, so that neither a run of zeros nor a frame with another's length can pass. The last frame of
//! each append is a [`Entry::Link`]: it covers all that is before it, so that no frame can be
//! missing, repeated or moved.

use bytes::{BufMut, BytesMut};
use thiserror::Error;

use super::{
    batches::{BatchId, FixedBatch},
    chain::Chain,
    facts::Facts,
    fingerprint::Fingerprint,
};
use crate::feed::cursor::Cursor;

/// The most fingerprints in a frame: 512 KiB, well below the 4 MiB that one append takes.
pub const MAX_DONE: usize = 65_536;

const HEAD: usize = 8;
const MIN_LENGTH: usize = 9;
const MAX_LENGTH: usize = 4 << 20;

/// A frame: who wrote it, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The session that wrote it. Makes two writers' frames differ even when they say the same.
    pub writer: u64,
    /// What it says.
    pub entry: Entry,
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// From here on the journal is this writer's.
    Opened,
    /// What the ledger knows beside its set; replaces what was known before.
    Facts(Facts),
    /// These blob versions are done.
    Done(Vec<Fingerprint>),
    /// The journal ends here; the next generation holds what comes after.
    Sealed,
    /// These blob versions are done for a replay that is under way.
    Replayed(Vec<Fingerprint>),
    /// No replay is under way any more: what was done for them need not be known.
    ReplaysOver,
    /// These blob versions are one batch, for ever.
    Batch(FixedBatch),
    /// A batch is done, and with it all that is in it: when, in seconds since 1970.
    BatchDone(BatchId, i64),
    /// These batches need not be known any more, whether they are done (their manifests are gone) or not (they can
    /// never be sent: their blobs are new again).
    BatchesGone(Vec<BatchId>),
    /// How far the change feed has been worked off; `None` when it is not read any more.
    Feed(Option<Cursor>),
    /// The end of a snapshot, with the number of its fingerprints.
    End(u64),
    /// The end of an append, and of a snapshot: the [`Chain`]'s digest of all bytes before this frame.
    Link(u64),
}

/// Bytes that are no frame.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadFrame {
    /// The length cannot be one.
    #[error("a frame of impossible length {0}")]
    Length(u32),
    /// The checksum is another's.
    #[error("a frame whose checksum does not match")]
    Checksum,
    /// The checksum is right and the content is not: written by a newer version, or by no version.
    #[error("a frame of unknown content (kind {0})")]
    Content(u8),
    /// The frame is sound, and what is before it is not what was there when it was written.
    #[error("changed frames before it")]
    Chain,
}

impl Frame {
    /// Appends the frame's bytes to `out`.
    pub fn encode(&self, out: &mut BytesMut) {
        let start = out.len();
        out.put_bytes(0, HEAD);
        out.put_u8(self.entry.kind());
        out.put_u64_le(self.writer);
        match &self.entry {
            Entry::Opened | Entry::Sealed | Entry::ReplaysOver => {}
            Entry::Facts(facts) => out.put_slice(&facts.to_json()),
            Entry::Done(done) | Entry::Replayed(done) => {
                done.iter().for_each(|f| out.put_u64_le(f.to_bits()));
            }
            Entry::End(number) | Entry::Link(number) => out.put_u64_le(*number),
            Entry::Batch(batch) => batch.encode(out),
            Entry::BatchDone(id, at) => {
                out.put_u128_le(id.0);
                out.put_i64_le(*at);
            }
            Entry::BatchesGone(ids) => ids.iter().for_each(|id| out.put_u128_le(id.0)),
            Entry::Feed(Some(cursor)) => out.put_slice(&cursor.to_json()),
            Entry::Feed(None) => {}
        }
        let length = ((out.len() - start - HEAD) as u32).to_le_bytes();
        let checksum = checksum(length, &out[start + HEAD..]).to_le_bytes();
        out[start..start + 4].copy_from_slice(&length);
        out[start + 4..start + HEAD].copy_from_slice(&checksum);
    }

    fn decode(kind: u8, writer: u64, body: &[u8]) -> Result<Self, BadFrame> {
        let unknown = BadFrame::Content(kind);
        let entry = match (kind, body.len()) {
            (1, 0) => Entry::Opened,
            (2, _) => Entry::Facts(Facts::from_json(body).ok_or(unknown)?),
            (3, length) if length % 8 == 0 => Entry::Done(fingerprints(body)),
            (4, 0) => Entry::Sealed,
            (5, 8) => Entry::End(read_u64(body)),
            (6, length) if length % 8 == 0 => Entry::Replayed(fingerprints(body)),
            (7, 0) => Entry::ReplaysOver,
            (8, 8) => Entry::Link(read_u64(body)),
            (9, _) => Entry::Batch(FixedBatch::decode(body).ok_or(unknown)?),
            (10, 24) => Entry::BatchDone(read_id(body), read_u64(&body[16..]) as i64),
            (11, length) if length % 16 == 0 => {
                Entry::BatchesGone(body.chunks_exact(16).map(read_id).collect())
            }
            (12, 0) => Entry::Feed(None),
            (12, _) => Entry::Feed(Some(Cursor::from_json(body).ok_or(unknown)?)),
            _ => return Err(unknown),
        };
        Ok(Self { writer, entry })
    }
}

impl Entry {
    fn kind(&self) -> u8 {
        match self {
            Self::Opened => 1,
            Self::Facts(_) => 2,
            Self::Done(_) => 3,
            Self::Sealed => 4,
            Self::End(_) => 5,
            Self::Replayed(_) => 6,
            Self::ReplaysOver => 7,
            Self::Link(_) => 8,
            Self::Batch(_) => 9,
            Self::BatchDone(..) => 10,
            Self::BatchesGone(_) => 11,
            Self::Feed(_) => 12,
        }
    }
}

/// Takes frames out of bytes that arrive in pieces.
#[derive(Debug, Default)]
pub struct FrameReader {
    pending: BytesMut,
    consumed: u64,
    chain: Chain,
}

impl FrameReader {
    /// A reader of the blob whose chain begins as `chain`.
    pub fn new(chain: Chain) -> Self {
        Self {
            chain,
            ..Self::default()
        }
    }

    /// The chain up to the end of the last frame that was handed out.
    pub fn chain(&self) -> Chain {
        self.chain
    }

    /// Adds the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        self.pending.extend_from_slice(piece);
    }

    /// How many bytes the frames took that were handed out so far.
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The next frame, or `None` when more bytes are needed. After an error the reader stays where
    /// it is: nothing behind a bad frame is ever believed.
    pub fn read(&mut self) -> Result<Option<Frame>, BadFrame> {
        if self.pending.len() < HEAD {
            return Ok(None);
        }
        let length = read_u32(&self.pending);
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&(length as usize)) {
            return Err(BadFrame::Length(length));
        }
        let whole = HEAD + length as usize;
        if self.pending.len() < whole {
            return Ok(None);
        }
        let content = &self.pending[HEAD..whole];
        if checksum(length.to_le_bytes(), content) != read_u32(&self.pending[4..]) {
            return Err(BadFrame::Checksum);
        }
        let frame = Frame::decode(content[0], read_u64(&content[1..]), &content[MIN_LENGTH..])?;
        if matches!(frame.entry, Entry::Link(digest) if digest != self.chain.digest()) {
            return Err(BadFrame::Chain);
        }
        self.chain.add(&self.pending[..whole]);
        let _ = self.pending.split_to(whole);
        self.consumed += whole as u64;
        Ok(Some(frame))
    }
}

fn checksum(length: [u8; 4], content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&length), content)
}

fn fingerprints(body: &[u8]) -> Vec<Fingerprint> {
    body.chunks_exact(8)
        .map(|bits| Fingerprint::from_bits(read_u64(bits)))
        .collect()
}

fn read_id(bytes: &[u8]) -> BatchId {
    let mut sixteen = [0; 16];
    sixteen.copy_from_slice(&bytes[..16]);
    BatchId(u128::from_le_bytes(sixteen))
}

fn read_u32(bytes: &[u8]) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[..4]);
    u32::from_le_bytes(four)
}

fn read_u64(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[..8]);
    u64::from_le_bytes(eight)
}
