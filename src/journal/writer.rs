//! The ledger's durable form: a snapshot and a journal a generation, and the right to write them.
//!
//! ```text
//! <source id>/snapshot-0000000007   what was done when generation 7 began (generation 1 has none)
//! <source id>/journal-0000000007    what became done since, frame by frame
//! <source id>/begun-0000000007      says that the journal is not empty, and that the facts are known
//! ```
//! Only an append decides who writes: each carries the position at which the writer believes the
//! journal to end. Who opens a journal appends [`Entry::Opened`]; from then on every earlier writer
//! believes in a wrong position, is refused, reads the tail back, and knows that it was taken over.

use std::{future::Future, sync::Arc};

use bytes::{Bytes, BytesMut};
use tracing::{debug, info};

use super::{
    draft::{self, Draft},
    error::JournalError,
    recover::{Recovered, check_snapshot, recover},
    source_store::SourceStore,
};
use crate::{
    ledger::{
        Contents, Ledger,
        chain::Chain,
        frame::{Entry, Frame},
    },
    ports::{
        error::{StorageError, StorageErrorKind},
        state::{Appended, Put},
    },
    shared::Shared,
};

/// For people who look into the folder.
const BEGUN: &str =
    "The journal of this generation has been written to. If it is empty or gone, it was damaged.\n";

/// A journal that this session has opened.
pub struct Journal {
    source_store: SourceStore,
    generation: u64,
    position: u64,
    /// Of all bytes up to `position`.
    chain: Chain,
    frames: u64,
    snapshot_bytes: u64,
    /// Whether the ledger has the source's facts.
    has_facts: bool,
    /// Whether a blob says that the generation was begun.
    begun: bool,
}

impl Journal {
    /// Opens the newest generation, finishing a roll-over that a crash interrupted, and takes it over
    /// from whoever wrote it. Transient faults are waited out.
    ///
    /// # Errors
    /// [`JournalError::Damaged`], [`JournalError::Newer`] or [`JournalError::Storage`]; never
    /// [`JournalError::Fenced`] or [`JournalError::Lost`].
    pub async fn open(source_store: &SourceStore) -> Result<(Self, Contents), JournalError> {
        loop {
            let recovered = recover(source_store).await?;
            match Self::take_over(source_store, recovered).await {
                Ok(opened) => return Ok(opened),
                Err(JournalError::Fenced | JournalError::Lost(_)) => {
                    debug!("the journal moved while it was opened");
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn take_over(
        source_store: &SourceStore,
        recovered: Recovered,
    ) -> Result<(Self, Contents), JournalError> {
        let mut journal = Self {
            source_store: source_store.clone(),
            generation: recovered.generation,
            position: recovered.length,
            chain: recovered.chain,
            frames: recovered.frames,
            snapshot_bytes: recovered.snapshot_bytes,
            has_facts: recovered.contents.facts.is_some(),
            begun: recovered.begun,
        };
        if recovered.sealed {
            let snapshot = journal.snapshot(&recovered.contents);
            journal.begin_next(snapshot).await?;
        } else if journal.is_long() {
            let snapshot = journal.snapshot(&recovered.contents);
            journal.roll_over(snapshot).await?;
        } else {
            journal.create(journal.generation).await?;
            journal.claim().await?;
        }
        journal.remove_older().await;
        Ok((journal, recovered.contents))
    }

    /// Makes entries durable: when this returns `Ok`, they are, and in this order.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when another session has opened the journal, [`JournalError::Lost`] when
    /// the journal was deleted.
    pub async fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        let mut bytes = BytesMut::new();
        for entry in entries {
            self.frame(entry.clone()).encode(&mut bytes);
        }
        draft::link(self.chain, self.source_store.writer, &mut bytes);
        self.append_bytes(bytes.freeze()).await?;
        self.frames += entries.len() as u64;
        self.has_facts |= entries.iter().any(|e| matches!(e, Entry::Facts(_)));
        self.say_begun().await
    }

    // A journal is made empty, so an empty one alone does not tell whether it was emptied.
    async fn say_begun(&mut self) -> Result<(), JournalError> {
        if self.has_facts && !self.begun {
            let name = self.source_store.begun(self.generation);
            let put = || self.source_store.store.put_new(&name, BEGUN.into());
            self.source_store
                .retry_proven("write ledger")
                .run(put)
                .await?;
            self.begun = true;
        }
        Ok(())
    }

    /// Makes sure that nobody has opened the journal since: the read that an append would spare.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn verify(&self) -> Result<(), JournalError> {
        let name = self.source_store.journal(self.generation);
        // The last byte and not what follows it, which would be an error and another call.
        let last = self.position.saturating_sub(1);
        let read = || self.source_store.store.read(&name, last, 1);
        let end = self
            .source_store
            .retry_proven("read journal")
            .run(read)
            .await?;
        match end {
            Some(chunk) if chunk.total == self.position => Ok(()),
            Some(_) => Err(JournalError::Fenced),
            None => Err(self.why_gone().await),
        }
    }

    // A session that went on to another generation has removed this one; otherwise nobody of ours did.
    async fn why_gone(&self) -> JournalError {
        match self.source_store.newest_journal().await {
            Ok(newest) if newest >= Some(self.generation) => JournalError::Fenced,
            Ok(_) => JournalError::Lost(self.source_store.journal(self.generation)),
            Err(error) => error.into(),
        }
    }

    /// Whether the blobs are there that the journal needs beside it, to be opened again.
    ///
    /// # Errors
    /// A refusal of the state container.
    pub async fn has_others(&self) -> Result<bool, StorageError> {
        let found = self
            .source_store
            .generations(&self.source_store.names().await?);
        let needs_snapshot = self.generation > 1;
        let snapshot = !needs_snapshot || found.snapshot >= Some(self.generation);
        Ok(snapshot && (!self.begun || found.begun >= Some(self.generation)))
    }

    /// Writes a ledger again that was [lost](JournalError::Lost), as the generation after. The snapshot must
    /// hold all that was appended and is still wanted.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn restore(&mut self, snapshot: Bytes) -> Result<(), JournalError> {
        self.begin_next(snapshot).await?;
        self.remove_older().await;
        Ok(())
    }

    /// Whether the journal has grown so long that it should be compacted.
    pub fn is_long(&self) -> bool {
        let limit = self.source_store.rollover;
        self.frames >= limit.frames || self.position > limit.bytes.max(2 * self.snapshot_bytes)
    }

    /// Whether it has grown so long that it should not grow on before it is compacted.
    pub fn is_too_long(&self) -> bool {
        self.frames >= 2 * self.source_store.rollover.frames
    }

    /// The bytes of a snapshot of `contents`, for [`Journal::compact`] and [`Journal::restore`]: when nothing
    /// is to be appended meanwhile.
    pub fn snapshot(&self, contents: &Contents) -> Bytes {
        let name = self.source_store.snapshot(self.generation + 1);
        draft::whole(contents, &name, self.source_store.writer)
    }

    /// Replaces snapshot and journal by `snapshot` and an empty journal. The snapshot must hold all
    /// that was appended and is still wanted.
    ///
    /// # Errors
    /// As [`Journal::append`]. Wherever it stops, the next session finishes it.
    pub async fn compact(&mut self, snapshot: Bytes) -> Result<(), JournalError> {
        self.roll_over(snapshot).await?;
        self.remove_older().await;
        self.tell_compacted();
        Ok(())
    }

    /// Begins what [`Journal::compact_to`] ends, while appends go on.
    pub fn draft(
        &self,
        ledger: Arc<Shared<Ledger>>,
    ) -> impl Future<Output = Result<Draft, StorageError>> + Send + use<> {
        Draft::of(self.source_store.clone(), self.generation + 1, ledger)
    }

    /// As [`Journal::compact`], with a snapshot that was begun before: `since` is all that was appended since
    /// then, and `count` how many fingerprints there are in both.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn compact_to(
        &mut self,
        draft: Draft,
        since: Vec<Entry>,
        count: u64,
    ) -> Result<(), JournalError> {
        self.append(&[Entry::Sealed]).await?;
        let (put, bytes) = draft.finish(since, count).await?;
        self.go_on(put, bytes).await?;
        self.remove_older().await;
        self.tell_compacted();
        Ok(())
    }

    fn tell_compacted(&self) {
        info!(
            source = self.source_store.source_id,
            generation = self.generation,
            "ledger compacted"
        );
    }

    // The seal shuts out whoever else writes this generation; from there on any session, this one
    // or one after a crash, goes the same way to the next.
    async fn roll_over(&mut self, snapshot: Bytes) -> Result<(), JournalError> {
        self.append(&[Entry::Sealed]).await?;
        self.begin_next(snapshot).await
    }

    async fn begin_next(&mut self, snapshot: Bytes) -> Result<(), JournalError> {
        let name = self.source_store.snapshot(self.generation + 1);
        let bytes = snapshot.len() as u64;
        let put = draft::write_whole(&self.source_store, &name, snapshot).await?;
        self.go_on(put, bytes).await
    }

    // The next generation, whose snapshot is there.
    async fn go_on(&mut self, put: Put, bytes: u64) -> Result<(), JournalError> {
        let next = self.generation + 1;
        self.snapshot_bytes = bytes;
        if put == Put::Existed {
            debug!(next, "the snapshot was there already");
            // Before anything else hangs on it: this generation still has all that is in it.
            check_snapshot(&self.source_store, next).await?;
        }
        self.create(next).await?;
        self.chain = Chain::of(&self.source_store.journal(next));
        self.generation = next;
        self.position = 0;
        self.frames = 0;
        self.begun = false;
        self.claim().await
    }

    async fn create(&self, generation: u64) -> Result<(), JournalError> {
        let name = self.source_store.journal(generation);
        let create = || self.source_store.store.create_append(&name);
        Ok(self
            .source_store
            .retry_proven("create journal")
            .run(create)
            .await?)
    }

    // Whoever slept while others rolled over can have made an old generation again and be alone in
    // it; the newest generation alone counts.
    async fn claim(&mut self) -> Result<(), JournalError> {
        self.append(&[Entry::Opened]).await?;
        if self.source_store.newest_journal().await? > Some(self.generation) {
            return Err(JournalError::Fenced);
        }
        Ok(())
    }

    async fn append_bytes(&mut self, bytes: Bytes) -> Result<(), JournalError> {
        let name = self.source_store.journal(self.generation);
        let mut retry = self.source_store.retry_proven("append to journal");
        loop {
            let answer = self
                .source_store
                .store
                .append(&name, self.position, bytes.clone())
                .await;
            let trouble = match answer {
                Ok(Appended::Yes) => break,
                Ok(Appended::PositionMoved) => None,
                Err(error) if error.passes(true) => Some(error),
                Err(error) => return Err(error.into()),
            };
            match self.read_back(&name, &bytes).await? {
                Tail::Ours => break,
                Tail::Unchanged => {
                    let error = trouble.unwrap_or_else(unsteady_position);
                    retry.wait(&error).await;
                }
                Tail::Foreign => return Err(JournalError::Fenced),
                Tail::Gone => return Err(self.why_gone().await),
            }
        }
        retry.succeeded();
        self.position += bytes.len() as u64;
        self.chain.add(&bytes);
        Ok(())
    }

    // An append whose answer was lost, or that was refused, may have been made by an earlier try of
    // ours: the bytes at our position tell.
    async fn read_back(&self, name: &str, ours: &Bytes) -> Result<Tail, JournalError> {
        let read = || {
            self.source_store
                .store
                .read(name, self.position, ours.len() as u64)
        };
        let tail = self
            .source_store
            .retry_proven("read journal back")
            .run(read)
            .await?;
        Ok(match tail {
            Some(chunk) if chunk.bytes == *ours => Tail::Ours,
            Some(chunk) if chunk.total == self.position => Tail::Unchanged,
            Some(_) => Tail::Foreign,
            None => Tail::Gone,
        })
    }

    // Leftovers cost a few bytes and are removed at the next chance, so no failure matters here.
    async fn remove_older(&self) {
        let Ok(names) = self.source_store.names().await else {
            return;
        };
        let older = names.iter().filter(|name| {
            let generation = self.source_store.generation(name);
            generation.is_some_and(|generation| generation < self.generation)
        });
        for name in older {
            if let Err(error) = self.source_store.store.delete(name).await {
                debug!(name, %error, "an old generation could not be removed yet");
            }
        }
    }

    fn frame(&self, entry: Entry) -> Frame {
        Frame {
            writer: self.source_store.writer,
            entry,
        }
    }
}

enum Tail {
    Ours,
    Unchanged,
    Foreign,
    Gone,
}

// The service refused our position and yet shows it: asking again will make it one or the other.
fn unsteady_position() -> StorageError {
    StorageError::new(
        StorageErrorKind::Transient,
        "the journal is as long as it should be and the append was refused",
    )
}
