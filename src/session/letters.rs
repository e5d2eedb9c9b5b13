//! The dead letters of a source, as its live session keeps them.

use std::{
    collections::BTreeSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use crate::{
    dead_letter::DeadLetter, event::EventId, folder::Folder, ledger::home::Home,
    storage::StorageError,
};

/// The dead letters in a source's folder.
///
/// A letter is written before its event is recorded as done, so that a crash in between leaves a
/// letter and never nothing; the event is then not sent again, because there is its letter.
pub(super) struct Letters {
    home: Home,
    folder: Folder,
    there: Mutex<BTreeSet<EventId>>,
    retried: Mutex<BTreeSet<EventId>>,
}

impl Letters {
    /// Learns which letters there are. Transient faults are waited out.
    pub(super) async fn open(home: &Home) -> Result<Self, StorageError> {
        let letters = Self {
            home: home.clone(),
            folder: Folder::of(&home.source_id),
            there: Mutex::default(),
            retried: Mutex::default(),
        };
        letters.refresh().await?;
        Ok(letters)
    }

    /// Learns again which letters there are: people drop them, and one whose writer was overtaken
    /// may come late.
    pub(super) async fn refresh(&self) -> Result<(), StorageError> {
        let prefix = self.folder.dead_letters();
        let list = || self.home.store.list(&prefix);
        let names = self
            .home
            .retry_proven("list dead letters")
            .run(list)
            .await?;
        let ids = names
            .iter()
            .filter_map(|name| self.folder.dead_letter_id(name));
        *lock(&self.there) = ids.collect();
        Ok(())
    }

    /// Whether the event has a letter.
    pub(super) fn hold(&self, id: EventId) -> bool {
        lock(&self.there).contains(&id)
    }

    /// The events that have letters.
    pub(super) fn ids(&self) -> Vec<EventId> {
        lock(&self.there).iter().copied().collect()
    }

    /// Writes a letter, in place of an earlier one of the same event; a retry of it is over.
    pub(super) async fn write(&self, letter: &DeadLetter) -> Result<(), StorageError> {
        let id = letter.id();
        let (name, bytes) = (self.folder.dead_letter(id), Bytes::from(letter.to_json()));
        let put = || self.home.store.put(&name, bytes.clone());
        self.home.retry_proven("write dead letter").run(put).await?;
        lock(&self.there).insert(id);
        self.end_retry(id).await
    }

    /// The event's letter: `None` when there is none any more, an error in words when it is not as
    /// it was written.
    pub(super) async fn read(
        &self,
        id: EventId,
    ) -> Result<Option<Result<DeadLetter, String>>, StorageError> {
        let name = self.folder.dead_letter(id);
        let read = || self.home.store.read(&name, 0, DeadLetter::LONGEST);
        let chunk = self.home.retry_proven("read dead letter").run(read).await?;
        Ok(chunk.map(|chunk| DeadLetter::from_json(id, &chunk.bytes)))
    }

    /// Something came of the event after all: its letter goes, and a request to retry it.
    pub(super) async fn resolve(&self, id: EventId) -> Result<(), StorageError> {
        self.delete(&self.folder.dead_letter(id)).await?;
        lock(&self.there).remove(&id);
        self.end_retry(id).await
    }

    /// Whether the event is not being retried already; from now on it is.
    pub(super) fn begin_retry(&self, id: EventId) -> bool {
        lock(&self.retried).insert(id)
    }

    /// The offer of a retry was taken back.
    pub(super) fn put_back(&self, id: EventId) {
        lock(&self.retried).remove(&id);
    }

    /// Removes the request to retry an event.
    pub(super) async fn end_retry(&self, id: EventId) -> Result<(), StorageError> {
        self.delete(&self.folder.retry(id)).await?;
        self.put_back(id);
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        let delete = || self.home.store.delete(name);
        self.home.retry_proven("delete").run(delete).await
    }
}

// No holder leaves a set half changed, so a poisoned lock is as good as a whole one.
fn lock(set: &Mutex<BTreeSet<EventId>>) -> MutexGuard<'_, BTreeSet<EventId>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}
