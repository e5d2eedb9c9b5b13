//! Batches that are fixed: which blob versions are in which, for ever.

use std::{collections::BTreeMap, sync::Arc};

use bytes::{Buf, BufMut, BytesMut};

use super::fingerprint::Fingerprint;

/// The identity of a batch, which is that of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub u128);

/// Which bound closed a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClosedBy {
    /// It had as many blobs as a batch may have.
    MaxBlobs,
    /// One more blob would have made it too large.
    MaxBytes,
    /// Its first blob had waited for long enough.
    MaxWait,
    /// No blob of its group came for long enough.
    Quiet,
    /// There were too many open batches, and it had waited longest.
    OpenGroups,
    /// No more blobs come: its stream was to end after one sweep.
    End,
    /// A replay asked for just these.
    Replay,
}

impl ClosedBy {
    /// All of them, by the numbers that stand for them in the journal.
    pub const ALL: [Self; 7] = [
        Self::MaxBlobs,
        Self::MaxBytes,
        Self::MaxWait,
        Self::Quiet,
        Self::OpenGroups,
        Self::End,
        Self::Replay,
    ];

    /// Its name in events and in `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxBlobs => "maxBlobs",
            Self::MaxBytes => "maxBytes",
            Self::MaxWait => "maxWait",
            Self::Quiet => "quiet",
            Self::OpenGroups => "openGroups",
            Self::End => "end",
            Self::Replay => "replay",
        }
    }

    /// Its place among [`ALL`](Self::ALL).
    pub fn place(self) -> usize {
        let place = Self::ALL.iter().position(|it| *it == self);
        place.unwrap_or_default()
    }
}

/// A batch that is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedBatch {
    /// What it and its event are called.
    pub id: BatchId,
    /// What the names of its blobs start with.
    pub group: Arc<str>,
    /// The replay that it is of.
    pub replay: Option<Arc<str>>,
    /// Which bound closed it.
    pub closed_by: ClosedBy,
    /// Its blob versions, and those that were overwritten while they waited in it.
    pub members: Vec<Fingerprint>,
}

/// The batches that a ledger knows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batches {
    /// Those that are not done. Their members are in no other.
    pub open: BTreeMap<BatchId, FixedBatch>,
    /// Those that are done and whose manifests are kept: when that was, in seconds since 1970.
    pub kept: BTreeMap<BatchId, i64>,
}

impl Batches {
    /// Whether there is any that is not done, or whose manifest is kept.
    pub fn are_known(&self) -> bool {
        !self.open.is_empty() || !self.kept.is_empty()
    }

    /// Nothing is known of these any more.
    pub(super) fn forget(&mut self, ids: &[BatchId]) {
        for id in ids {
            self.open.remove(id);
            self.kept.remove(id);
        }
    }
}

impl FixedBatch {
    /// The body of its frame.
    ///
    /// ```text
    /// id u128 | closed by u8 | group's length u32 | group | 0 or 1 u8 | replay's length u32 | replay | fingerprints
    /// ```
    pub(super) fn encode(&self, out: &mut BytesMut) {
        out.put_u128_le(self.id.0);
        out.put_u8(self.closed_by.place() as u8);
        put_text(out, &self.group);
        out.put_u8(self.replay.is_some().into());
        put_text(out, self.replay.as_deref().unwrap_or_default());
        self.members
            .iter()
            .for_each(|member| out.put_u64_le(member.to_bits()));
    }

    /// The batch of a frame's body.
    pub(super) fn decode(mut body: &[u8]) -> Option<Self> {
        let id = BatchId(body.try_get_u128_le().ok()?);
        let closed_by = *ClosedBy::ALL.get(usize::from(body.try_get_u8().ok()?))?;
        let group = text(&mut body)?;
        let is_replay = match body.try_get_u8().ok()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let replay = text(&mut body)?;
        if !body.len().is_multiple_of(8) {
            return None;
        }
        let members = body.chunks_exact(8).map(|mut bits| bits.get_u64_le());
        Some(Self {
            id,
            group,
            replay: is_replay.then_some(replay),
            closed_by,
            members: members.map(Fingerprint::from_bits).collect(),
        })
    }
}

fn put_text(out: &mut BytesMut, text: &str) {
    out.put_u32_le(text.len() as u32);
    out.put_slice(text.as_bytes());
}

fn text(body: &mut &[u8]) -> Option<Arc<str>> {
    let length = body.try_get_u32_le().ok()? as usize;
    let (text, rest) = body.split_at_checked(length)?;
    *body = rest;
    std::str::from_utf8(text).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn batches()(
            id in any::<u128>(),
            group in any::<String>(),
            replay in prop::option::of("[a-z0-9]{0,16}"),
            closed_by in prop::sample::select(&ClosedBy::ALL[..]),
            members in prop::collection::vec(any::<u64>(), 0..20),
        ) -> FixedBatch {
            FixedBatch {
                id: BatchId(id),
                group: group.into(),
                replay: replay.map(Arc::from),
                closed_by,
                members: members.into_iter().map(Fingerprint::from_bits).collect(),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(batch in batches(), cut in any::<prop::sample::Index>()) {
            let mut bytes = BytesMut::new();
            batch.encode(&mut bytes);
            let read = FixedBatch::decode(&bytes);
            prop_assert_eq!(read.as_ref(), Some(&batch));
            // What is cut off is never taken for all of it.
            let cut = FixedBatch::decode(&bytes[..cut.index(bytes.len())]);
            prop_assert!(cut.is_none_or(|it| it.members.len() < batch.members.len()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = FixedBatch::decode(&bytes);
        }
    }

    #[test]
    fn each_bound_has_a_number_and_a_name_of_its_own() {
        for (number, bound) in ClosedBy::ALL.into_iter().enumerate() {
            assert_eq!(bound.place(), number);
            let same = ClosedBy::ALL
                .iter()
                .filter(|it| it.as_str() == bound.as_str());
            assert_eq!(same.count(), 1);
        }
    }
}
