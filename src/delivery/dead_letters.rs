//! The dead letters of a source, as its live session keeps them.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use bytes::Bytes;

use crate::{
    event::EventId,
    journal::source_store::SourceStore,
    metrics::events::{LETTERS, Letter, Letters, shortened},
    ports::error::StorageError,
    shared::Shared,
    state::{dead_letter::DeadLetter, folder::Folder},
};

/// The dead letters in a source's folder.
///
/// A letter is written before its event is recorded as done, so that a crash in between leaves a
/// letter and never nothing; the event is then not sent again, because there is its letter.
pub(crate) struct DeadLetterBox {
    source_store: SourceStore,
    folder: Folder,
    there: Shared<BTreeSet<EventId>>,
    retried: Shared<BTreeSet<EventId>>,
    /// What people are told of some of those that are there.
    told: Shared<BTreeMap<EventId, Letter>>,
}

impl DeadLetterBox {
    /// Learns which letters there are. Transient faults are waited out.
    pub(crate) async fn open(source_store: &SourceStore) -> Result<Self, StorageError> {
        let letters = Self {
            source_store: source_store.clone(),
            folder: source_store.folder(),
            there: Shared::default(),
            retried: Shared::default(),
            told: Shared::default(),
        };
        letters.look().await?;
        Ok(letters)
    }

    /// Learns again which letters there are: people drop them, and one whose writer was overtaken
    /// may come late. Reads some of those that it does not know, for the status page.
    pub(crate) async fn refresh(&self) -> Result<(), StorageError> {
        self.look().await?;
        for id in self.untold() {
            if let Some(read) = self.read(id).await? {
                let letter = read.map_or_else(|problem| unread(id, &problem), |it| told(&it));
                self.told.lock().insert(id, letter);
            }
        }
        self.show();
        Ok(())
    }

    // Those to be read, so that as many are told one by one as may be.
    fn untold(&self) -> Vec<EventId> {
        let there = self.there.lock();
        let mut told = self.told.lock();
        told.retain(|id, _| there.contains(id));
        let room = LETTERS.saturating_sub(told.len());
        let unknown = there.iter().filter(|id| !told.contains_key(id));
        unknown.take(room).copied().collect()
    }

    // The latest first: those are what somebody looks for.
    fn show(&self) {
        let mut some: Vec<_> = self.told.lock().values().cloned().collect();
        some.sort_by_key(|letter| Reverse(letter.last_sent));
        some.truncate(LETTERS);
        let count = self.there.lock().len();
        *self.source_store.stats.letters.lock() = Letters { count, some };
    }

    async fn look(&self) -> Result<(), StorageError> {
        let prefix = self.folder.dead_letters();
        let list = || self.source_store.store.list(&prefix);
        let names = self
            .source_store
            .retry_proven("list dead letters")
            .run(list)
            .await?;
        let ids = names
            .iter()
            .filter_map(|name| self.folder.dead_letter_id(name));
        *self.there.lock() = ids.collect();
        Ok(())
    }

    /// Whether the event has a letter.
    pub(crate) fn hold(&self, id: EventId) -> bool {
        self.there.lock().contains(&id)
    }

    /// The events that have letters.
    pub(crate) fn ids(&self) -> Vec<EventId> {
        self.there.lock().iter().copied().collect()
    }

    /// Writes a letter, in place of an earlier one of the same event; a retry of it is over.
    pub(crate) async fn write(&self, letter: &DeadLetter) -> Result<(), StorageError> {
        let id = letter.id();
        let (name, bytes) = (self.folder.dead_letter(id), Bytes::from(letter.to_json()));
        let put = || self.source_store.store.put(&name, bytes.clone());
        self.source_store
            .retry_proven("write dead letter")
            .run(put)
            .await?;
        self.there.lock().insert(id);
        self.tell(id, told(letter));
        self.end_retry(id).await
    }

    /// The event's letter: `None` when there is none any more, an error in words when it is not as
    /// it was written.
    pub(crate) async fn read(
        &self,
        id: EventId,
    ) -> Result<Option<Result<DeadLetter, String>>, StorageError> {
        let name = self.folder.dead_letter(id);
        let read = || self.source_store.store.read(&name, 0, DeadLetter::LONGEST);
        let chunk = self
            .source_store
            .retry_proven("read dead letter")
            .run(read)
            .await?;
        Ok(chunk.map(|chunk| DeadLetter::from_json(id, &chunk.bytes)))
    }

    /// The event was confirmed after all: its letter goes, and a request to retry it.
    pub(crate) async fn resolve(&self, id: EventId) -> Result<(), StorageError> {
        self.delete(&self.folder.dead_letter(id)).await?;
        self.there.lock().remove(&id);
        self.told.lock().remove(&id);
        self.show();
        self.end_retry(id).await
    }

    /// Whether the event is not being retried already; from now on it is.
    pub(crate) fn begin_retry(&self, id: EventId) -> bool {
        self.retried.lock().insert(id)
    }

    /// The offer of a retry was taken back.
    pub(crate) fn put_back(&self, id: EventId) {
        self.retried.lock().remove(&id);
    }

    /// Removes the request to retry an event.
    pub(crate) async fn end_retry(&self, id: EventId) -> Result<(), StorageError> {
        self.delete(&self.folder.retry(id)).await?;
        self.put_back(id);
        Ok(())
    }

    fn tell(&self, id: EventId, letter: Letter) {
        let mut told = self.told.lock();
        if told.len() >= LETTERS {
            let oldest = told.iter().min_by_key(|(_, letter)| letter.last_sent);
            let oldest = oldest.map(|(id, _)| *id);
            oldest.map(|oldest| told.remove(&oldest));
        }
        told.insert(id, letter);
        drop(told);
        self.show();
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        let delete = || self.source_store.store.delete(name);
        self.source_store.retry_proven("delete").run(delete).await
    }
}

fn told(letter: &DeadLetter) -> Letter {
    Letter {
        id: letter.id().to_hex(),
        about: shortened(&letter.about.to_string()),
        last_sent: Some(letter.last_sent),
        attempts: letter.attempts,
        reason: shortened(&letter.last_reason),
    }
}

fn unread(id: EventId, problem: &str) -> Letter {
    Letter {
        id: id.to_hex(),
        about: "unknown: the letter cannot be read".to_owned(),
        last_sent: None,
        attempts: 0,
        reason: shortened(problem),
    }
}
