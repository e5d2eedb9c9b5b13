//! A look at a ledger that reads only its beginning.

use super::source_store::SourceStore;
use crate::{
    ledger::{
        chain::Chain,
        facts::Facts,
        frame::{Entry, Frame, FrameReader},
    },
    ports::error::StorageError,
};

/// How much is read: the facts come first in a snapshot, and second in a journal that has none.
const BEGINNING: u64 = 512 * 1024;

/// The URL of the container of which a ledger speaks; `None` when there is no ledger yet, or when its
/// beginning does not say: then whoever opens it finds out. Transient faults are waited out.
pub async fn container_of(source_store: &SourceStore) -> Result<Option<String>, StorageError> {
    let facts = facts_of(source_store).await?;
    Ok(facts.map(|facts| facts.container))
}

/// The facts that a ledger begins with. What they say of filters may have changed since.
///
/// # Errors
/// As [`container_of`].
pub async fn facts_of(source_store: &SourceStore) -> Result<Option<Facts>, StorageError> {
    let name = match source_store.newest_journal().await? {
        None => return Ok(None),
        Some(1) => source_store.journal(1),
        Some(generation) => source_store.snapshot(generation),
    };
    let read = || source_store.store.read(&name, 0, BEGINNING);
    let beginning = source_store.retry("read ledger").run(read).await?;
    Ok(beginning.and_then(|chunk| first_facts(&name, &chunk.bytes)))
}

fn first_facts(name: &str, bytes: &[u8]) -> Option<Facts> {
    let mut frames = FrameReader::new(Chain::of(name));
    frames.push(bytes);
    while let Ok(Some(Frame { entry, .. })) = frames.read() {
        if let Entry::Facts(facts) = entry {
            return Some(facts);
        }
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;

    use crate::journal::peek::*;
    use crate::{
        filter::FilterSpec,
        journal::{memory::MemoryStore, source_store::Rollover, writer::Journal},
        ledger::fingerprint::{Fingerprint, FingerprintKey},
    };

    const CONTAINER: &str = "https://account.example/datasets";

    fn source_store() -> SourceStore {
        SourceStore {
            store: Arc::new(MemoryStore::default()),
            source_id: "datasets".to_owned(),
            writer: 1,
            rollover: Rollover::default(),
            stats: Arc::default(),
        }
    }

    fn facts() -> Entry {
        let key = FingerprintKey(1, 2);
        let facts = Facts::new(CONTAINER.to_owned(), key, FilterSpec::default(), "", 0);
        Entry::Facts(facts)
    }

    #[tokio::test]
    async fn a_ledger_tells_its_container_from_its_first_entry_on() {
        let source_store = source_store();
        assert_eq!(container_of(&source_store).await.unwrap(), None);
        let (mut journal, mut contents) = Journal::open(&source_store).await.unwrap();
        assert_eq!(container_of(&source_store).await.unwrap(), None);
        let done = Entry::Done((0..100_000).map(Fingerprint::from_bits).collect());
        for entry in [facts(), done] {
            journal.append(std::slice::from_ref(&entry)).await.unwrap();
            contents.apply(entry);
        }
        let container = Some(CONTAINER.to_owned());
        assert_eq!(container_of(&source_store).await.unwrap(), container);
        let snapshot = journal.snapshot(&contents);
        journal.compact(snapshot).await.unwrap();
        assert_eq!(container_of(&source_store).await.unwrap(), container);
        // Whoever looks takes nothing over.
        journal.verify().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_no_ledger_is_left_to_whoever_opens_it() {
        let source_store = source_store();
        let name = source_store.journal(1);
        source_store.store.create_append(&name).await.unwrap();
        let nonsense = Bytes::from_static(b"nonsense and more of it");
        source_store.store.append(&name, 0, nonsense).await.unwrap();
        assert_eq!(container_of(&source_store).await.unwrap(), None);
    }
}
