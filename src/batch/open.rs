//! Open batches: which blobs wait for which others, and when a batch closes. Pure: it is told what comes and when.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use super::rules::{BatchRules, MOST_BLOBS, MOST_GROUPS};
use crate::{
    blob::Blob,
    ledger::{
        batches::ClosedBy,
        fingerprint::Fingerprint,
        offer::{Offer, Subject},
    },
};

/// The batches that still take blobs.
#[derive(Debug)]
pub struct OpenBatches {
    rules: BatchRules,
    open: HashMap<Key, OpenBatch>,
    /// When each closes by time.
    due: BTreeSet<(Instant, Key)>,
    /// Since when each waits.
    since: BTreeSet<(Instant, Key)>,
    blobs: usize,
    most_groups: usize,
    most_blobs: usize,
}

/// Blobs of one key are in one batch: a replay's are never among others.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Key {
    group: Arc<str>,
    replay: Option<Arc<str>>,
}

#[derive(Debug)]
struct OpenBatch {
    first: Instant,
    due: Instant,
    /// By name: of a blob that was overwritten meanwhile, the latest version.
    blobs: HashMap<String, Blob>,
    members: Vec<Fingerprint>,
    bytes: u64,
}

/// A batch that takes no more blobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// What the names of its blobs start with.
    pub group: Arc<str>,
    /// The replay that it is of.
    pub replay: Option<Arc<str>>,
    /// Its blobs, sorted by name. No two have one name.
    pub blobs: Vec<Blob>,
    /// By what the ledger knows them, and the versions that were overwritten while they waited.
    pub members: Vec<Fingerprint>,
    /// Which bound closed it.
    pub closed_by: ClosedBy,
}

/// A batch that still takes blobs, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What the names of its blobs start with.
    pub group: Arc<str>,
    /// The replay that it is of.
    pub replay: Option<Arc<str>>,
    /// How many blobs wait in it.
    pub blobs: usize,
    /// How many bytes they have.
    pub bytes: u64,
    /// How long the first has waited.
    pub waits: Duration,
    /// In how long it closes at the latest, if it has no more blobs.
    pub closes_in: Duration,
}

impl OpenBatches {
    /// None yet.
    pub fn new(rules: BatchRules) -> Self {
        Self::bounded(rules, MOST_GROUPS, MOST_BLOBS)
    }

    fn bounded(rules: BatchRules, most_groups: usize, most_blobs: usize) -> Self {
        Self {
            rules,
            open: HashMap::new(),
            due: BTreeSet::new(),
            since: BTreeSet::new(),
            blobs: 0,
            most_groups,
            most_blobs,
        }
    }

    /// A blob version comes: what closes by that, at most three batches.
    pub fn add(&mut self, offer: Offer, now: Instant) -> Vec<Closed> {
        let replay = offer.replay().map(Arc::from);
        let Subject::Blob { blob, fingerprint } = offer.subject else {
            return Vec::new();
        };
        let group = self.rules.by.group_of(&blob.name).into();
        let key = Key { group, replay };
        let mut closed = Vec::new();
        if self.is_too_much_with(&key, &blob) {
            closed.extend(self.close(&key, ClosedBy::MaxBytes));
        }
        if !self.open.contains_key(&key) && self.open.len() >= self.most_groups {
            closed.extend(self.close_oldest(ClosedBy::OpenGroups));
        }
        self.put(&key, blob, fingerprint, now);
        if let Some(bound) = self.is_full(&key) {
            closed.extend(self.close(&key, bound));
        } else if self.blobs > self.most_blobs {
            closed.extend(self.close_oldest(ClosedBy::OpenGroups));
        }
        closed
    }

    /// One that closes by time, if one does.
    pub fn take_due(&mut self, now: Instant) -> Option<Closed> {
        let (due, key) = self.due.first().filter(|(due, _)| *due <= now)?.clone();
        let first = self.open.get(&key)?.first;
        let by_wait = self.rules.max_wait.is_some_and(|wait| first + wait <= due);
        let bound = match by_wait {
            true => ClosedBy::MaxWait,
            false => ClosedBy::Quiet,
        };
        self.close(&key, bound)
    }

    /// When the next closes by time.
    pub fn next_due(&self) -> Option<Instant> {
        self.due.first().map(|(due, _)| *due)
    }

    /// One of those that are left when no more blobs come.
    pub fn take_any(&mut self) -> Option<Closed> {
        self.close_oldest(ClosedBy::End)
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How many blobs wait in them.
    pub fn blobs(&self) -> usize {
        self.blobs
    }

    /// Those that are open, the one first that has waited longest.
    pub fn waiting(&self, now: Instant) -> impl Iterator<Item = Waiting> + '_ {
        self.since.iter().filter_map(move |(since, key)| {
            let batch = self.open.get(key)?;
            Some(Waiting {
                group: Arc::clone(&key.group),
                replay: key.replay.clone(),
                blobs: batch.blobs.len(),
                bytes: batch.bytes,
                waits: now.saturating_duration_since(*since),
                closes_in: batch.due.saturating_duration_since(now),
            })
        })
    }

    // A blob that is larger than a whole batch has one of its own.
    fn is_too_much_with(&self, key: &Key, blob: &Blob) -> bool {
        let (Some(most), Some(batch)) = (self.rules.max_bytes, self.open.get(key)) else {
            return false;
        };
        let replaced = batch.blobs.get(&blob.name).map_or(0, |it| it.size);
        (batch.bytes - replaced).saturating_add(blob.size) > most
    }

    fn put(&mut self, key: &Key, blob: Blob, fingerprint: Fingerprint, now: Instant) {
        let batch = self.open.entry(key.clone()).or_insert_with(|| {
            self.since.insert((now, key.clone()));
            OpenBatch {
                first: now,
                due: now,
                blobs: HashMap::new(),
                members: Vec::new(),
                bytes: 0,
            }
        });
        self.due.remove(&(batch.due, key.clone()));
        let wait = self.rules.max_wait.map(|wait| batch.first + wait);
        let quiet = self.rules.quiet.map(|quiet| now + quiet);
        batch.due = wait.into_iter().chain(quiet).min().unwrap_or(now);
        self.due.insert((batch.due, key.clone()));
        batch.members.push(fingerprint);
        let replaced = batch.blobs.get(&blob.name);
        if replaced.is_some_and(|it| it.last_modified > blob.last_modified) {
            return;
        }
        let less = replaced.map_or(0, |it| it.size);
        self.blobs += usize::from(replaced.is_none());
        batch.bytes = (batch.bytes - less).saturating_add(blob.size);
        batch.blobs.insert(blob.name.clone(), blob);
    }

    // Versions that were overwritten take room in the journal as well.
    fn is_full(&self, key: &Key) -> Option<ClosedBy> {
        let batch = self.open.get(key)?;
        if batch.members.len() >= self.rules.max_blobs {
            return Some(ClosedBy::MaxBlobs);
        }
        let most = self.rules.max_bytes?;
        (batch.bytes >= most).then_some(ClosedBy::MaxBytes)
    }

    fn close_oldest(&mut self, closed_by: ClosedBy) -> Option<Closed> {
        let (_, key) = self.since.first()?.clone();
        self.close(&key, closed_by)
    }

    fn close(&mut self, key: &Key, closed_by: ClosedBy) -> Option<Closed> {
        let batch = self.open.remove(key)?;
        self.due.remove(&(batch.due, key.clone()));
        self.since.remove(&(batch.first, key.clone()));
        self.blobs -= batch.blobs.len();
        let mut blobs: Vec<_> = batch.blobs.into_values().collect();
        blobs.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Some(Closed {
            group: Arc::clone(&key.group),
            replay: key.replay.clone(),
            blobs,
            members: batch.members,
            closed_by,
        })
    }
}

#[cfg(test)]
mod tests;
