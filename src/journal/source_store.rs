//! Where a ledger lives: its names in the state container, and who works on it.

use std::sync::Arc;

use crate::{
    calls::retry::Retry,
    metrics::SourceStats,
    ports::{error::StorageError, state::StateStore},
};

// What the names of a ledger's blobs start with, within the folder.
const JOURNAL: &str = "journal-";
const SNAPSHOT: &str = "snapshot-";
const BEGUN: &str = "begun-";

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
    /// The name of a generation's journal.
    pub fn journal(&self, generation: u64) -> String {
        format!("{}{generation:010}", self.journals())
    }

    /// The name of a generation's snapshot.
    pub fn snapshot(&self, generation: u64) -> String {
        format!("{}/{SNAPSHOT}{generation:010}", self.source_id)
    }

    /// The name of the blob that says that a generation was begun: its journal has held frames, and
    /// the source's facts are in it or in its snapshot.
    pub fn begun(&self, generation: u64) -> String {
        format!("{}/{BEGUN}{generation:010}", self.source_id)
    }

    /// The generation that a name tells, when it is that of a blob of the ledger.
    pub fn generation(&self, name: &str) -> Option<u64> {
        [JOURNAL, SNAPSHOT, BEGUN]
            .iter()
            .find_map(|kind| self.generation_of(kind, name))
    }

    /// Which generations there are.
    pub fn generations(&self, names: &[String]) -> Generations {
        let newest = |kind| {
            let generations = names.iter().filter_map(|n| self.generation_of(kind, n));
            generations.max()
        };
        let journal = newest(JOURNAL);
        let older = journal.map(|newest| self.journal(newest.saturating_sub(1)));
        Generations {
            journal,
            snapshot: newest(SNAPSHOT),
            begun: newest(BEGUN),
            has_older: older.is_some_and(|older| names.contains(&older)),
        }
    }

    /// What the names of all journals start with.
    pub fn journals(&self) -> String {
        format!("{}/{JOURNAL}", self.source_id)
    }

    /// The names of the ledger's blobs. Dead letters and requests, of which there may be very many, are
    /// not asked for. Transient faults are waited out.
    pub async fn names(&self) -> Result<Vec<String>, StorageError> {
        // The journals last, so that none is missed that the others speak of.
        let mut names = Vec::new();
        for kind in [SNAPSHOT, BEGUN, JOURNAL] {
            names.extend(self.names_of(kind).await?);
        }
        Ok(names)
    }

    /// The newest generation that has a journal.
    pub async fn newest_journal(&self) -> Result<Option<u64>, StorageError> {
        let names = self.names_of(JOURNAL).await?;
        Ok(self.generations(&names).journal)
    }

    async fn names_of(&self, kind: &str) -> Result<Vec<String>, StorageError> {
        let prefix = format!("{}/{kind}", self.source_id);
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

    fn generation_of(&self, kind: &str, name: &str) -> Option<u64> {
        name.strip_prefix(&self.source_id)?
            .strip_prefix('/')?
            .strip_prefix(kind)?
            .parse()
            .ok()
    }
}
