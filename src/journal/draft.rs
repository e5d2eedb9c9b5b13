//! A snapshot that is written while its ledger goes on.
//!
//! Its parts are uploaded one after the other and show in nothing; the blob is made of them in one call at
//! the end, together with what was recorded meanwhile. So neither appends nor the ownership wait for the upload,
//! and the snapshot appears as it always did: whole, after the journal before it was sealed.

use std::{mem, sync::Arc};

use bytes::{Bytes, BytesMut};
use tokio::task::yield_now;

use super::source_store::SourceStore;
use crate::{
    ledger::{
        Contents, Ledger,
        chain::Chain,
        fingerprint::Fingerprint,
        fingerprint_set::TABLES,
        frame::{Entry, Frame, MAX_DONE},
    },
    ports::{error::StorageError, state::Put},
    shared::Shared,
};

/// About how large a part is, in bytes.
const PART: usize = 4 << 20;

/// A snapshot that is not whole yet.
pub struct Draft {
    source_store: SourceStore,
    name: String,
    chain: Chain,
    length: u64,
    pending: BytesMut,
    parts: Vec<String>,
}

impl Draft {
    /// Uploads what `ledger` holds, a sixteenth at a time, so that its lock and the thread are never held for
    /// more than some milliseconds. Until the draft is finished the ledger must forget nothing, and what is
    /// recorded in it from the moment of the call on must be added at the end.
    ///
    /// # Errors
    /// A refusal of the state container. Transient faults are waited out.
    pub async fn of(
        source_store: SourceStore,
        generation: u64,
        ledger: Arc<Shared<Ledger>>,
    ) -> Result<Self, StorageError> {
        let name = source_store.snapshot(generation);
        let mut draft = Self {
            chain: Chain::of(&name),
            source_store,
            name,
            length: 0,
            pending: BytesMut::new(),
            parts: Vec::new(),
        };
        let (small, replayed) = {
            let ledger = ledger.lock();
            let contents = ledger.contents();
            let small: Vec<_> = entries_of(contents).collect();
            (small, contents.replayed.clone())
        };
        for entry in small {
            draft.add(entry).await?;
        }
        let replayed: Vec<_> = replayed.into_iter().collect();
        for piece in replayed.chunks(MAX_DONE) {
            draft.add(Entry::Replayed(piece.to_vec())).await?;
        }
        for table in 0..TABLES {
            let done: Vec<Fingerprint> = ledger.lock().contents().done.of_table(table).collect();
            for piece in done.chunks(MAX_DONE) {
                draft.add(Entry::Done(piece.to_vec())).await?;
                yield_now().await;
            }
        }
        // What is left for the end is what is recorded meanwhile.
        if !draft.pending.is_empty() {
            draft.upload().await?;
        }
        Ok(draft)
    }

    /// Adds what was recorded since, and makes the blob, of `count` fingerprints in all. Says how many bytes
    /// it has, if it is ours.
    ///
    /// # Errors
    /// As [`Draft::of`].
    pub async fn finish(
        mut self,
        since: Vec<Entry>,
        count: u64,
    ) -> Result<(Put, u64), StorageError> {
        for entry in since {
            self.add(entry).await?;
        }
        self.encode(Entry::End(count));
        link(self.chain, self.source_store.writer, &mut self.pending);
        self.upload().await?;
        let put = || self.source_store.store.put_parts(&self.name, &self.parts);
        let put = self
            .source_store
            .retry_proven("write snapshot")
            .run(put)
            .await?;
        Ok((put, self.length))
    }

    async fn add(&mut self, entry: Entry) -> Result<(), StorageError> {
        self.encode(entry);
        match self.pending.len() >= PART {
            true => self.upload().await,
            false => Ok(()),
        }
    }

    fn encode(&mut self, entry: Entry) {
        let writer = self.source_store.writer;
        Frame { writer, entry }.encode(&mut self.pending);
    }

    async fn upload(&mut self) -> Result<(), StorageError> {
        let bytes = mem::take(&mut self.pending).freeze();
        self.chain.add(&bytes);
        self.length += bytes.len() as u64;
        let part = put_part(&self.source_store, &self.name, self.parts.len(), bytes).await?;
        self.parts.push(part);
        Ok(())
    }
}

// All but what is done: facts first, because nothing can be understood without them.
fn entries_of(contents: &Contents) -> impl Iterator<Item = Entry> + '_ {
    let facts = contents.facts.iter().cloned().map(Entry::Facts);
    let batches = &contents.batches;
    let kept = batches
        .kept
        .iter()
        .map(|(id, at)| Entry::BatchDone(*id, *at));
    let open = batches.open.values().cloned().map(Entry::Batch);
    let feed = contents.feed.iter().cloned().map(Some).map(Entry::Feed);
    facts.chain(kept).chain(open).chain(feed)
}

/// Adds the frame that `bytes` end with, when `chain` is that of all before them.
pub(crate) fn link(mut chain: Chain, writer: u64, bytes: &mut BytesMut) {
    chain.add(bytes);
    let entry = Entry::Link(chain.digest());
    Frame { writer, entry }.encode(bytes);
}

/// The snapshot of all that `contents` hold, in memory.
pub(crate) fn whole(contents: &Contents, name: &str, writer: u64) -> Bytes {
    let mut bytes = BytesMut::with_capacity(8 * contents.done.len() + 4096);
    let mut add = |entry| Frame { writer, entry }.encode(&mut bytes);
    entries_of(contents).for_each(&mut add);
    let mut done = contents.done.iter().peekable();
    while done.peek().is_some() {
        add(Entry::Done(done.by_ref().take(MAX_DONE).collect()));
    }
    let replayed: Vec<_> = contents.replayed.iter().copied().collect();
    for piece in replayed.chunks(MAX_DONE) {
        add(Entry::Replayed(piece.to_vec()));
    }
    add(Entry::End(contents.done.len() as u64));
    link(Chain::of(name), writer, &mut bytes);
    bytes.freeze()
}

/// Writes a snapshot that is whole already, part by part as well: where an earlier session left parts of
/// the same blob, a service may take the blob for one that is there (Azurite 3.35 does), but for parts.
///
/// # Errors
/// As [`Draft::of`].
pub(crate) async fn write_whole(
    source_store: &SourceStore,
    name: &str,
    mut snapshot: Bytes,
) -> Result<Put, StorageError> {
    let mut parts = Vec::new();
    while !snapshot.is_empty() {
        let piece = snapshot.split_to(snapshot.len().min(PART));
        parts.push(put_part(source_store, name, parts.len(), piece).await?);
    }
    let put = || source_store.store.put_parts(name, &parts);
    source_store.retry_proven("write snapshot").run(put).await
}

// Says the part's name. No other writer's part has it: nobody else has this number.
async fn put_part(
    source_store: &SourceStore,
    name: &str,
    number: usize,
    bytes: Bytes,
) -> Result<String, StorageError> {
    let part = format!("{:016x}-{number:07}", source_store.writer);
    let put = || source_store.store.put_part(name, &part, bytes.clone());
    source_store.retry_proven("write snapshot").run(put).await?;
    Ok(part)
}
