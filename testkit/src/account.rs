//! A storage account in memory: containers, blobs, conditions, a clock and page-wise listings.
//!
//! The model does what the service's documentation says and the contract suites confirm against
//! Azurite. It is synchronous; latency and faults belong to its faces, [`crate::ports`] and
//! [`crate::http`].

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use azure_blob_eventsource::blob::{Access, ListPage};
use bytes::Bytes;
use time::{OffsetDateTime, macros::datetime};

mod blob;
mod listing;
mod refusal;
mod synthetic;
mod write;

pub use blob::{NewBlob, StoredBlob};
pub use listing::{Item, ListQuery, Listed};
pub use refusal::Refusal;
pub use synthetic::{Synthetic, SyntheticPage};

/// The most bytes that one append may bring.
pub const MAX_APPEND: usize = 4 * 1024 * 1024;

/// A fake storage account. Clones are handles to the same account.
#[derive(Debug, Clone)]
pub struct FakeAccount(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    containers: BTreeMap<String, Container>,
    /// Parts of block blobs by container, blob and name.
    parts: BTreeMap<[String; 3], Bytes>,
    clock: Clock,
    writes: u64,
    limits: Limits,
    /// Continuations of an earlier epoch are refused.
    epoch: u32,
}

/// What a test may set to meet the service's limits with small data.
#[derive(Debug, Clone, Copy)]
struct Limits {
    page_size: usize,
    append_blocks: usize,
    empty_pages: bool,
    start_from: StartFrom,
    order: Order,
}

/// How a service sorts names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By their bytes.
    #[default]
    Bytes,
    /// Folder by folder: `m/x` comes before `m-0/x`, as accounts with a hierarchical namespace may have it.
    Folders,
}

/// What a service makes of `startFrom`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StartFrom {
    /// It lists from there on.
    #[default]
    Known,
    /// It answers as if it were not there, as services before version 2026-02-06 do.
    Ignored,
    /// It refuses it with 400.
    Refused,
}

#[derive(Debug, Clone, Copy)]
enum Clock {
    Stands(OffsetDateTime),
    Runs {
        base: OffsetDateTime,
        since: tokio::time::Instant,
    },
}

#[derive(Debug)]
enum Container {
    Stored {
        blobs: BTreeMap<String, StoredBlob>,
        hierarchical: bool,
    },
    Synthetic(Synthetic),
}

impl Default for FakeAccount {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeAccount {
    /// An account without containers, whose clock stands at the start of 2026.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            containers: BTreeMap::new(),
            parts: BTreeMap::new(),
            clock: Clock::Stands(datetime!(2026-01-01 0:00 UTC)),
            writes: 0,
            limits: Limits {
                page_size: ListPage::MOST,
                append_blocks: 50_000,
                empty_pages: false,
                start_from: StartFrom::default(),
                order: Order::default(),
            },
            epoch: 0,
        })))
    }

    /// The service's time. It answers and stamps in whole seconds only.
    pub fn now(&self) -> OffsetDateTime {
        self.lock().now()
    }

    /// Stops the clock at `time`.
    pub fn set_clock(&self, time: OffsetDateTime) {
        self.lock().clock = Clock::Stands(time);
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        let mut state = self.lock();
        match &mut state.clock {
            Clock::Stands(time) => *time += by,
            Clock::Runs { base, .. } => *base += by,
        }
    }

    /// Lets the clock run from `base` on with tokio's time, which a test may have paused.
    pub fn follow_tokio_time(&self, base: OffsetDateTime) {
        let since = tokio::time::Instant::now();
        self.lock().clock = Clock::Runs { base, since };
    }

    /// How many blobs a page of a listing holds at most, in place of [`ListPage::MOST`].
    pub fn set_page_size(&self, blobs: usize) {
        assert!(blobs > 0, "a page holds at least one blob");
        self.lock().limits.page_size = blobs;
    }

    /// Puts an empty page that has a continuation before every page, as the service may.
    pub fn set_empty_pages(&self, on: bool) {
        self.lock().limits.empty_pages = on;
    }

    /// What becomes of `startFrom`.
    pub fn set_start_from(&self, is: StartFrom) {
        self.lock().limits.start_from = is;
    }

    /// How names are sorted.
    pub fn set_order(&self, is: Order) {
        self.lock().limits.order = is;
    }

    /// How many appends a blob takes (the service: 50,000).
    pub fn set_append_limit(&self, blocks: usize) {
        self.lock().limits.append_blocks = blocks;
    }

    /// From now on every continuation that was handed out is refused.
    pub fn expire_continuations(&self) {
        self.lock().epoch += 1;
    }

    /// Makes a container with a flat namespace.
    pub fn create_container(&self, name: &str) -> Result<(), Refusal> {
        self.add_container(
            name,
            Container::Stored {
                blobs: BTreeMap::new(),
                hierarchical: false,
            },
        )
    }

    /// Makes a container with a hierarchical namespace: a blob's parents are directories, and
    /// listings show them.
    pub fn create_hierarchical_container(&self, name: &str) -> Result<(), Refusal> {
        self.add_container(
            name,
            Container::Stored {
                blobs: BTreeMap::new(),
                hierarchical: true,
            },
        )
    }

    /// Makes a container of `blobs` made-up blobs that cost no memory and cannot be written.
    pub fn create_synthetic_container(&self, name: &str, blobs: u64) -> Result<(), Refusal> {
        self.add_container(name, Container::Synthetic(Synthetic::new(blobs)))
    }

    /// Lets a container of made-up blobs have `blobs` of them from now on.
    pub fn resize_synthetic_container(&self, name: &str, blobs: u64) -> Result<(), Refusal> {
        match self.lock().containers.get_mut(name) {
            Some(Container::Synthetic(made_up)) => {
                *made_up = Synthetic::new(blobs);
                Ok(())
            }
            Some(Container::Stored { .. }) => Err(Refusal::ReadOnly),
            None => Err(Refusal::ContainerNotFound),
        }
    }

    /// Whether there is such a container.
    pub fn container_exists(&self, name: &str) -> Result<(), Refusal> {
        match self.lock().containers.contains_key(name) {
            true => Ok(()),
            false => Err(Refusal::ContainerNotFound),
        }
    }

    /// Removes a container and all that it holds.
    pub fn delete_container(&self, name: &str) -> Result<(), Refusal> {
        let removed = self.lock().containers.remove(name);
        removed.map(drop).ok_or(Refusal::ContainerNotFound)
    }

    /// Writes a blob as a whole, in place of what was there, and returns its new ETag.
    pub fn put(&self, container: &str, name: &str, blob: NewBlob) -> Result<String, Refusal> {
        self.lock().put(container, name, blob, false)
    }

    /// Writes a blob as a whole unless there is one of that name.
    pub fn put_new(&self, container: &str, name: &str, blob: NewBlob) -> Result<String, Refusal> {
        self.lock().put(container, name, blob, true)
    }

    /// Sets one metadata entry, as Set Blob Metadata does: the content stays, and the ETag moves.
    pub fn set_metadata(
        &self,
        container: &str,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<String, Refusal> {
        self.lock().set_metadata(container, name, key, value)
    }

    /// A copy begins, as Copy Blob does: the blob is there, without its content. Returns its ETag.
    pub fn start_copy(&self, container: &str, name: &str) -> Result<String, Refusal> {
        let blob = NewBlob::new(Bytes::new())
            .in_blocks()
            .access(Access::Copying);
        self.lock().put(container, name, blob, false)
    }

    /// A copy comes to its end, with the content or, when there is none, as one that failed. Returns the
    /// blob's new ETag.
    pub fn finish_copy(
        &self,
        container: &str,
        name: &str,
        content: Option<&[u8]>,
    ) -> Result<String, Refusal> {
        self.lock().finish_copy(container, name, content)
    }

    /// Moves a blob into another tier, as Set Blob Tier does: ETag and times stay.
    pub fn set_access(&self, container: &str, name: &str, access: Access) -> Result<(), Refusal> {
        self.lock().set_access(container, name, access)
    }

    /// Uploads a part of a block blob, which shows in nothing before [`FakeAccount::put_parts`].
    pub fn put_part(
        &self,
        container: &str,
        name: &str,
        part: &str,
        bytes: Bytes,
    ) -> Result<(), Refusal> {
        self.lock().put_part(container, name, part, bytes)
    }

    /// Writes a block blob of its parts, unless there is one of that name. Returns its ETag.
    pub fn put_parts(
        &self,
        container: &str,
        name: &str,
        parts: &[String],
    ) -> Result<String, Refusal> {
        self.lock().put_parts(container, name, parts)
    }

    /// Appends to an append blob, if it is `at` bytes long where a position is given. Returns the
    /// position of the first new byte.
    pub fn append(
        &self,
        container: &str,
        name: &str,
        at: Option<u64>,
        bytes: &[u8],
    ) -> Result<u64, Refusal> {
        self.lock().append(container, name, at, bytes)
    }

    /// At most `limit` bytes of a blob from byte `from` on, with its whole length.
    pub fn read(
        &self,
        container: &str,
        name: &str,
        from: u64,
        limit: u64,
    ) -> Result<(Bytes, u64), Refusal> {
        let mut state = self.lock();
        let blob = state.stored(container)?.get(name);
        let blob = blob.ok_or(Refusal::BlobNotFound)?;
        Ok((blob.range(from, limit), blob.size()))
    }

    /// A copy of the blob as it is now.
    pub fn get(&self, container: &str, name: &str) -> Result<StoredBlob, Refusal> {
        let mut state = self.lock();
        let blobs = state.stored(container)?;
        blobs.get(name).cloned().ok_or(Refusal::BlobNotFound)
    }

    /// What a listing says of one blob now.
    pub fn item(&self, container: &str, name: &str) -> Result<Item, Refusal> {
        self.lock().item(container, name)
    }

    /// Deletes a blob.
    pub fn delete(&self, container: &str, name: &str) -> Result<(), Refusal> {
        let mut state = self.lock();
        let removed = state.stored(container)?.remove(name);
        removed.map(drop).ok_or(Refusal::BlobNotFound)
    }

    /// One page of a listing.
    pub fn list(&self, container: &str, query: &ListQuery<'_>) -> Result<Listed, Refusal> {
        self.lock().list(container, query)
    }

    /// One page of a container of made-up blobs as the range of their indexes, with its
    /// continuation; nothing for any other container.
    pub fn list_synthetic(
        &self,
        container: &str,
        query: &ListQuery<'_>,
    ) -> Option<Result<SyntheticPage, Refusal>> {
        let state = self.lock();
        match state.containers.get(container)? {
            Container::Synthetic(blobs) => Some(state.list_synthetic(*blobs, query)),
            Container::Stored { .. } => None,
        }
    }

    /// Every blob's name in a container that was written to, without pages: for assertions.
    pub fn names(&self, container: &str) -> Vec<String> {
        self.try_names(container)
            .expect("a container that is stored")
    }

    /// As [`Self::names`], for a container that may not exist.
    pub fn try_names(&self, container: &str) -> Result<Vec<String>, Refusal> {
        let mut state = self.lock();
        Ok(state.stored(container)?.keys().cloned().collect())
    }

    /// How many bytes the blobs of a container have that was written to: for measurements.
    pub fn stored_bytes(&self, container: &str) -> Result<u64, Refusal> {
        let mut state = self.lock();
        Ok(state
            .stored(container)?
            .values()
            .map(StoredBlob::size)
            .sum())
    }

    fn add_container(&self, name: &str, container: Container) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.containers.contains_key(name) {
            return Err(Refusal::ContainerAlreadyExists);
        }
        state.containers.insert(name.to_owned(), container);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no panic while the account is locked")
    }
}

impl State {
    fn now(&self) -> OffsetDateTime {
        let now = match self.clock {
            Clock::Stands(time) => time,
            Clock::Runs { base, since } => base + since.elapsed(),
        };
        now.replace_nanosecond(0).expect("zero is in range")
    }

    fn stored(&mut self, name: &str) -> Result<&mut BTreeMap<String, StoredBlob>, Refusal> {
        match self.containers.get_mut(name) {
            Some(Container::Stored { blobs, .. }) => Ok(blobs),
            Some(Container::Synthetic(_)) => Err(Refusal::ReadOnly),
            None => Err(Refusal::ContainerNotFound),
        }
    }
}
