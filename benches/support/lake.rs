//! An account of a billion blobs that nobody has in memory: what it is asked for is worked out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use azure_blob_eventsource::{
    blob::{BlobRef, Continuation, ListPage},
    notification::tell,
    ports::{
        error::StorageError,
        listing::BlobListing,
        notifications::{Deleted, Hidden, Lease, Message, NotificationQueue, Peeked},
        properties::{BlobProperties, Properties},
    },
};
use time::OffsetDateTime;
use tokio::time::Instant;

pub(crate) const CONTAINER: &str = "datasets";
pub(crate) const EXISTING: u64 = 1_000_000_000;
pub(crate) const CHANGES_A_MINUTE: u64 = 1_000;

/// Change number `n` overwrites blob number `n * STEP`, another one each time.
const STEP: u64 = 387_420_489;
/// Of so many notifications one never comes.
const LOSES: u64 = 200;
/// How late the others come.
const LATE: Duration = Duration::from_secs(2);

/// The account. Clones are handles to the same one.
#[derive(Clone)]
pub(crate) struct Lake {
    start: OffsetDateTime,
    at: Instant,
    changes: u64,
    back: u64,
    calls: Arc<Mutex<BTreeMap<&'static str, u64>>>,
}

impl Lake {
    pub(crate) fn new(start: OffsetDateTime, changes: u64) -> Self {
        Self {
            start,
            at: Instant::now(),
            changes,
            back: inverse(STEP, EXISTING),
            calls: Arc::default(),
        }
    }

    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    pub(crate) fn lost(&self) -> u64 {
        self.changes.div_ceil(LOSES)
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.start + self.at.elapsed()
    }

    pub(crate) fn end(&self) -> OffsetDateTime {
        self.time(self.changes)
    }

    /// When a change happens.
    pub(crate) fn time(&self, change: u64) -> OffsetDateTime {
        self.start + Duration::from_millis(60_000 * (change + 1) / CHANGES_A_MINUTE)
    }

    /// How many changes have happened.
    pub(crate) fn happened(&self) -> u64 {
        let millis = self.at.elapsed().as_millis() as u64;
        (millis * CHANGES_A_MINUTE / 60_000).min(self.changes)
    }

    pub(crate) fn name(&self, change: u64) -> String {
        format!("lake/{:010}.parquet", change * STEP % EXISTING)
    }

    pub(crate) fn etag(&self, change: u64) -> String {
        format!("0x8DF{change:012X}")
    }

    /// Which change overwrote the blob of this name.
    pub(crate) fn change_of(&self, name: &str) -> u64 {
        let number: u64 = name[5..15].parse().unwrap();
        (u128::from(number) * u128::from(self.back) % u128::from(EXISTING)) as u64
    }

    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        let calls = self.calls.lock().unwrap();
        calls
            .iter()
            .map(|(what, count)| ((*what).to_owned(), *count))
            .collect()
    }

    fn count(&self, what: &'static str) {
        *self.calls.lock().unwrap().entry(what).or_default() += 1;
    }
}

// By Euclid.
fn inverse(of: u64, modulus: u64) -> u64 {
    let (mut a, mut b) = (i128::from(of), i128::from(modulus));
    let (mut x, mut y) = (1_i128, 0_i128);
    while a > 1 {
        let quotient = a / b;
        (a, b) = (b, a % b);
        (x, y) = (y, x - quotient * y);
    }
    x.rem_euclid(i128::from(modulus)) as u64
}

#[async_trait]
impl BlobProperties for Lake {
    async fn properties(&self, name: &str) -> Result<Option<Properties>, StorageError> {
        self.count("Get Blob Properties");
        let change = self.change_of(name);
        let etag = match change < self.happened() {
            true => self.etag(change),
            false => "0x8DE000000000000".to_owned(),
        };
        let blob = BlobRef {
            name,
            etag: &etag,
            last_modified: self.time(change).unix_timestamp(),
            size: 1_048_576,
            content_type: "application/octet-stream",
            ..BlobRef::default()
        };
        Ok(Some(Properties::new(blob, self.now())))
    }
}

/// Its listing, which is asked only for the service's time.
pub(crate) struct NoListing(pub(crate) Lake);

#[async_trait]
impl BlobListing for NoListing {
    async fn list_from(
        &self,
        _: &str,
        _: &str,
        _: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        self.0.count("List Blobs, for the service's time");
        Ok(ListPage::new(self.0.now()))
    }
}

/// The queue of its notifications: messages are made up when they are taken.
pub(crate) struct LakeQueue {
    lake: Lake,
    /// The next change to tell of.
    next: Mutex<u64>,
}

impl LakeQueue {
    pub(crate) fn of(lake: &Lake) -> Self {
        Self {
            lake: lake.clone(),
            next: Mutex::default(),
        }
    }

    pub(crate) fn empty(lake: &Lake) -> Self {
        Self {
            lake: lake.clone(),
            next: Mutex::new(u64::MAX),
        }
    }

    fn visible(&self) -> u64 {
        let millis = self.lake.at.elapsed().saturating_sub(LATE).as_millis() as u64;
        (millis * CHANGES_A_MINUTE / 60_000).min(self.lake.changes)
    }
}

#[async_trait]
impl NotificationQueue for LakeQueue {
    async fn receive(&self, most: u8, _: Duration) -> Result<Vec<Message>, StorageError> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        self.lake.count("Get Messages");
        let (visible, mut messages) = (self.visible(), Vec::new());
        let mut next = self.next.lock().unwrap();
        while *next < visible && messages.len() < usize::from(most) {
            let change = *next;
            *next += 1;
            if change.is_multiple_of(LOSES) {
                continue;
            }
            let (name, etag) = (self.lake.name(change), self.lake.etag(change));
            messages.push(Message {
                lease: Lease {
                    id: change.to_string(),
                    pop_receipt: String::new(),
                },
                text: tell(CONTAINER, &name, &etag, self.lake.time(change)),
                delivered: 1,
                inserted: self.lake.time(change),
                service_time: self.lake.now(),
            });
        }
        Ok(messages)
    }

    async fn hide(&self, lease: &Lease, _: Duration) -> Result<Hidden, StorageError> {
        self.lake.count("Update Message");
        Ok(Hidden::Yes(lease.clone()))
    }

    async fn delete(&self, _: &Lease) -> Result<Deleted, StorageError> {
        self.lake.count("Delete Message");
        Ok(Deleted::Yes)
    }

    async fn put(&self, _: &str) -> Result<(), StorageError> {
        panic!("nothing is set aside")
    }

    async fn peek(&self, _: u8) -> Result<Vec<Peeked>, StorageError> {
        self.lake.count("Peek Messages");
        Ok(Vec::new())
    }

    async fn depth(&self) -> Result<u64, StorageError> {
        self.lake.count("Get Queue Metadata");
        Ok(self.visible().saturating_sub(*self.next.lock().unwrap()))
    }
}
