//! Where a ledger lives: its names in the state container, and who works on it.

use std::sync::Arc;

use crate::{
    calls::retry::Retry,
    metrics::SourceStats,
    ports::{error::StorageError, state::StateStore},
    state::folder::{Folder, LedgerBlob},
};

/// A source's folder in the state container, as one session sees it.
#[derive(Clone)]
pub struct SourceStore {
    /// The state container.
    pub store: Arc<dyn StateStore>,
    /// The name of the folder.
    pub source_id: String,
    /// The session: any number that no other session uses.
    pub writer: u64,
    /// When the journal is replaced by a snapshot and a new one.
    pub rollover: Rollover,
    /// Where failed calls are counted.
    pub stats: Arc<SourceStats>,
}

/// Which generations of a ledger there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Generations {
    /// The newest that has a journal.
    pub journal: Option<u64>,
    /// The newest that has a snapshot.
    pub snapshot: Option<u64>,
    /// The newest that is known to have been begun.
    pub begun: Option<u64>,
    /// Whether the journal before the newest is still there.
    pub has_older: bool,
}

/// How long a journal may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rollover {
    /// Frames in it. An append is at least one frame, and an append blob takes 50,000 of them
    /// ("Append Block", Azure Storage REST API).
    pub frames: u64,
    /// Bytes in it, unless twice the snapshot's are more.
    pub bytes: u64,
}

impl Default for Rollover {
    fn default() -> Self {
        Self {
            frames: 20_000,
            bytes: 4 << 20,
        }
    }
}

impl SourceStore {
    /// The names in the folder.
    pub fn folder(&self) -> Folder {
        Folder::of(&self.source_id)
    }

    /// The name of a generation's journal.
    pub fn journal(&self, generation: u64) -> String {
        self.folder().ledger_blob(LedgerBlob::Journal, generation)
    }

    /// The name of a generation's snapshot.
    pub fn snapshot(&self, generation: u64) -> String {
        self.folder().ledger_blob(LedgerBlob::Snapshot, generation)
    }

    /// The name of the blob that says that a generation was begun.
    pub fn begun(&self, generation: u64) -> String {
        self.folder().ledger_blob(LedgerBlob::Begun, generation)
    }

    /// The generation that a name tells, when it is that of a blob of the ledger.
    pub fn generation(&self, name: &str) -> Option<u64> {
        let folder = self.folder();
        let all = LedgerBlob::ALL.into_iter();
        all.filter_map(|of| folder.generation(of, name)).next()
    }

    /// Which generations there are.
    pub fn generations(&self, names: &[String]) -> Generations {
        let folder = self.folder();
        let newest = |of| {
            let generations = names.iter().filter_map(|name| folder.generation(of, name));
            generations.max()
        };
        let journal = newest(LedgerBlob::Journal);
        let older = journal.map(|newest| self.journal(newest.saturating_sub(1)));
        Generations {
            journal,
            snapshot: newest(LedgerBlob::Snapshot),
            begun: newest(LedgerBlob::Begun),
            has_older: older.is_some_and(|older| names.contains(&older)),
        }
    }

    /// What the names of all journals start with.
    pub fn journals(&self) -> String {
        self.folder().ledger_blobs(LedgerBlob::Journal)
    }

    /// The names of the ledger's blobs. Dead letters and requests, of which there may be very many, are
    /// not asked for. Transient faults are waited out.
    pub async fn names(&self) -> Result<Vec<String>, StorageError> {
        let mut names = Vec::new();
        for of in LedgerBlob::ALL {
            names.extend(self.names_of(of).await?);
        }
        Ok(names)
    }

    /// The newest generation that has a journal.
    pub async fn newest_journal(&self) -> Result<Option<u64>, StorageError> {
        let names = self.names_of(LedgerBlob::Journal).await?;
        Ok(self.generations(&names).journal)
    }

    async fn names_of(&self, of: LedgerBlob) -> Result<Vec<String>, StorageError> {
        let prefix = self.folder().ledger_blobs(of);
        self.retry("list state container")
            .run(|| self.store.list(&prefix))
            .await
    }

    /// For a call to a state container that has been read from before.
    pub fn retry_proven(&self, what: &'static str) -> Retry {
        self.retry(what).proven(true)
    }

    /// For a call to the state container.
    pub fn retry(&self, what: &'static str) -> Retry {
        Retry::new(what, self.writer, &self.stats)
    }
}
