//! A snapshot that is written while its ledger goes on.
//!
//! Its parts are uploaded one after the other and show in nothing; the blob is made of them in one call at
//! the end, together with what was recorded meanwhile. So neither appends nor the fence wait for the upload,
//! and the snapshot appears as it always did: whole, after the journal before it was sealed.

use std::{
    mem,
    sync::{Arc, Mutex},
};

use bytes::{Bytes, BytesMut};
use tokio::task::yield_now;

use super::{
    Ledger,
    chain::Chain,
    fingerprint::Fingerprint,
    frame::{Entry, Frame, MAX_DONE},
    home::Home,
    journal::link,
    lock,
    prints::TABLES,
    store::Put,
};
use crate::storage::StorageError;

/// About how large a part is, in bytes.
const PART: usize = 4 << 20;

/// A snapshot that is not whole yet.
pub struct Draft {
    home: Home,
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
        home: Home,
        generation: u64,
        ledger: Arc<Mutex<Ledger>>,
    ) -> Result<Self, StorageError> {
        let name = home.snapshot(generation);
        let mut draft = Self {
            chain: Chain::of(&name),
            home,
            name,
            length: 0,
            pending: BytesMut::new(),
            parts: Vec::new(),
        };
        let (facts, replayed) = {
            let ledger = lock(&ledger);
            let contents = ledger.contents();
            (contents.facts.clone(), contents.replayed.clone())
        };
        if let Some(facts) = facts {
            draft.add(Entry::Facts(facts)).await?;
        }
        let replayed: Vec<_> = replayed.into_iter().collect();
        for piece in replayed.chunks(MAX_DONE) {
            draft.add(Entry::Replayed(piece.to_vec())).await?;
        }
        for table in 0..TABLES {
            let done: Vec<Fingerprint> = lock(&ledger).contents().done.of_table(table).collect();
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
        link(self.chain, self.home.writer, &mut self.pending);
        self.upload().await?;
        let put = || self.home.store.put_parts(&self.name, &self.parts);
        let put = self.home.retry_proven("write snapshot").run(put).await?;
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
        let writer = self.home.writer;
        Frame { writer, entry }.encode(&mut self.pending);
    }

    async fn upload(&mut self) -> Result<(), StorageError> {
        let bytes = mem::take(&mut self.pending).freeze();
        self.chain.add(&bytes);
        self.length += bytes.len() as u64;
        let part = put_part(&self.home, &self.name, self.parts.len(), bytes).await?;
        self.parts.push(part);
        Ok(())
    }
}

/// Writes a snapshot that is whole already, part by part as well: where an earlier session left parts of
/// the same blob, a service may take the blob for one that is there (Azurite 3.35 does), but for parts.
///
/// # Errors
/// As [`Draft::of`].
pub(super) async fn write_whole(
    home: &Home,
    name: &str,
    mut snapshot: Bytes,
) -> Result<Put, StorageError> {
    let mut parts = Vec::new();
    while !snapshot.is_empty() {
        let piece = snapshot.split_to(snapshot.len().min(PART));
        parts.push(put_part(home, name, parts.len(), piece).await?);
    }
    let put = || home.store.put_parts(name, &parts);
    home.retry_proven("write snapshot").run(put).await
}

// Says the part's name. No other writer's part has it: nobody else has this number.
async fn put_part(
    home: &Home,
    name: &str,
    number: usize,
    bytes: Bytes,
) -> Result<String, StorageError> {
    let part = format!("{:016x}-{number:07}", home.writer);
    let put = || home.store.put_part(name, &part, bytes.clone());
    home.retry_proven("write snapshot").run(put).await?;
    Ok(part)
}
