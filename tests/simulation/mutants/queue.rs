//! A queue as a wrong program would use it, and what was received from it.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::StorageError,
    notifications::{Deleted, Hidden, Lease, Message, NotificationQueue, Peeked},
};

use testkit::event_grid::{Version, versions_in};

use crate::world::{CONTAINER, Mutant};

/// So long a message is hidden while it is worked on. What is given back is hidden for less.
const LEASE: Duration = Duration::from_secs(300);

/// All that sessions received, in order: each message's id and how often it had come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Received(Arc<Mutex<Vec<(String, u32)>>>);

/// A queue as one session uses it.
pub(crate) struct MutantQueue {
    pub(crate) real: Arc<dyn NotificationQueue>,
    pub(crate) mutant: Mutant,
    pub(crate) received: Received,
    pub(crate) under_way: Mutex<UnderWay>,
}

/// What a session has begun and not seen to its end, by what its messages say.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    versions: HashSet<Version>,
    of: HashMap<String, Vec<Version>>,
}

impl Received {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// How many came that had come before.
    pub(crate) fn again(&self) -> u64 {
        let all = self.0.lock().unwrap();
        let again = all.iter().filter(|(_, delivered)| *delivered > 1);
        again.count() as u64
    }

    /// Of those that came for the first time since there were so many, one that came again.
    pub(crate) fn twice(&self, since: usize) -> Option<String> {
        let all = self.0.lock().unwrap();
        let since = &all[since..];
        let is_new = |id: &String| since.iter().any(|it| it.0 == *id && it.1 == 1);
        let mut again = since.iter().filter(|(_, delivered)| *delivered > 1);
        again.find(|(id, _)| is_new(id)).map(|(id, _)| id.clone())
    }
}

impl UnderWay {
    // Whether all that the message tells of is under way by another one, or by an earlier coming of it.
    fn begin(&mut self, message: &Message) -> bool {
        let versions = versions_in(&message.text, CONTAINER);
        let known = !versions.is_empty() && versions.iter().all(|it| self.versions.contains(it));
        if !known {
            self.versions.extend(versions.iter().cloned());
            self.of.insert(message.lease.id.clone(), versions);
        }
        known
    }

    fn end(&mut self, id: &str) {
        for version in self.of.remove(id).into_iter().flatten() {
            self.versions.remove(&version);
        }
    }
}

#[async_trait]
impl NotificationQueue for MutantQueue {
    async fn receive(&self, most: u8, hide: Duration) -> Result<Vec<Message>, StorageError> {
        let mut kept = Vec::new();
        for message in self.real.receive(most, hide).await? {
            let came = (message.lease.id.clone(), message.delivered);
            self.received.0.lock().unwrap().push(came);
            let known = self.under_way.lock().unwrap().begin(&message);
            match known && self.mutant == Mutant::AckUnderWay {
                true => _ = self.real.delete(&message.lease).await,
                false => kept.push(message),
            }
        }
        Ok(kept)
    }

    async fn hide(&self, lease: &Lease, hide: Duration) -> Result<Hidden, StorageError> {
        if self.mutant == Mutant::NoRenewal && hide >= LEASE {
            return Ok(Hidden::Yes(lease.clone()));
        }
        if hide < LEASE {
            self.under_way.lock().unwrap().end(&lease.id);
        }
        self.real.hide(lease, hide).await
    }

    async fn delete(&self, lease: &Lease) -> Result<Deleted, StorageError> {
        self.under_way.lock().unwrap().end(&lease.id);
        self.real.delete(lease).await
    }

    async fn put(&self, text: &str) -> Result<(), StorageError> {
        self.real.put(text).await
    }

    async fn peek(&self, most: u8) -> Result<Vec<Peeked>, StorageError> {
        self.real.peek(most).await
    }

    async fn depth(&self) -> Result<u64, StorageError> {
        self.real.depth().await
    }
}
