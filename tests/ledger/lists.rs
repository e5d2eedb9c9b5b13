//! What is asked for when a ledger is opened.

use std::sync::Mutex;

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::StorageError,
    state::{Chunk, Put},
};

use super::*;

/// A state container that notes which names were asked for.
#[derive(Default)]
struct Noted {
    real: MemoryStore,
    asked: Mutex<BTreeSet<String>>,
    /// All that is there from the next read on.
    afterwards: Mutex<Option<Vec<(String, Bytes)>>>,
}

impl Noted {
    async fn replace(&self, all: Vec<(String, Bytes)>) {
        for name in self.real.list("").await.unwrap() {
            self.real.delete(&name).await.unwrap();
        }
        for (name, bytes) in all {
            self.real.put(&name, bytes).await.unwrap();
        }
    }
}

#[async_trait]
impl StateStore for Noted {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let names = self.real.list(prefix).await?;
        self.asked.lock().unwrap().extend(names.clone());
        Ok(names)
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        let afterwards = self.afterwards.lock().unwrap().take();
        if let Some(afterwards) = afterwards {
            self.replace(afterwards).await;
        }
        self.real.read(name, from, limit).await
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        self.real.create_append(name).await
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        self.real.append(name, at, bytes).await
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        self.real.put_new(name, bytes).await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.real.put(name, bytes).await
    }

    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError> {
        self.real.put_part(name, part, bytes).await
    }

    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError> {
        self.real.put_parts(name, parts).await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        self.real.delete(name).await
    }
}

#[tokio::test]
async fn opening_and_compacting_do_not_list_dead_letters_and_requests() {
    let store = Arc::new(Noted::default());
    for name in ["dead/1.json", "dead/2.json", "requests/retry-1.json"] {
        let name = format!("datasets/{name}");
        store.put(&name, Bytes::from("{}")).await.unwrap();
    }
    let source_store = SourceStore {
        store: store.clone(),
        ..source_store(1, &Arc::default())
    };
    let (mut journal, contents) = begin(&source_store).await;
    let snapshot = journal.snapshot(&contents);
    journal.compact(snapshot).await.unwrap();
    Journal::open(&source_store).await.unwrap();
    let asked = store.asked.lock().unwrap().clone();
    assert!(asked.len() > 3, "{asked:?}");
    let others: Vec<_> = asked
        .iter()
        .filter(|n| source_store.generation(n).is_none())
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

// All blobs of a store.
async fn all(store: &MemoryStore) -> Vec<(String, Bytes)> {
    let mut all = Vec::new();
    for name in store.list("").await.unwrap() {
        let chunk = store.read(&name, 0, u64::MAX).await.unwrap().unwrap();
        all.push((name, chunk.bytes));
    }
    all
}

#[tokio::test]
async fn a_journal_that_is_replaced_and_made_once_more_while_it_is_read_is_not_damaged() {
    let store = Arc::new(Noted::default());
    let over = SourceStore {
        store: store.clone(),
        ..source_store(1, &Arc::default())
    };
    let (mut journal, mut contents) = begin(&over).await;
    let entry = Entry::Done(prints(0..3));
    journal.append(std::slice::from_ref(&entry)).await.unwrap();
    contents.apply(entry);
    let before = all(&store.real).await;
    let snapshot = journal.snapshot(&contents);
    journal.compact(snapshot).await.unwrap();
    // What a writer leaves that was late to make the first journal, when it is removed already.
    let first = over.journal(1);
    store.create_append(&first).await.unwrap();
    let rolled_over = all(&store.real).await;
    store.replace(before).await;
    *store.afterwards.lock().unwrap() = Some(rolled_over);
    let found = recover(&over).await.unwrap();
    assert_eq!(found.generation, 2);
    assert_eq!(done(&found.contents), BTreeSet::from_iter(prints(0..3)));
}
