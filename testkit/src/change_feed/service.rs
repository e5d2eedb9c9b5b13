//! The service that writes a feed: late, in bursts, into more than one shard, and readable only after a while.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use azure_blob_eventsource::feed::hour::Hour;
use time::OffsetDateTime;

use super::{FeedEvent, FeedWriter, LATER, PUBLISHED, Packing};
use crate::{account::FakeAccount, event_grid::Version, rng::Rng};

/// The feed of one account, as far as one container matters. Clones are handles to the same one.
#[derive(Clone)]
pub struct FeedService {
    account: FakeAccount,
    container: String,
    state: Arc<Mutex<State>>,
}

struct State {
    rng: Rng,
    writer: FeedWriter,
    /// What happened and is not written yet, in order.
    pending: Vec<FeedEvent>,
    /// Segments that are not final.
    open: BTreeSet<Hour>,
    told: BTreeSet<Version>,
    written: u64,
}

impl FeedService {
    /// Switches the feed of `account` on; of what happens in `container` it is told.
    pub fn enable(account: &FakeAccount, container: &str, mut rng: Rng) -> Self {
        let mut writer = FeedWriter::enable(account);
        let versions: Vec<u32> = PUBLISHED.into_iter().chain([LATER]).collect();
        writer.set_schema(*rng.pick(&versions));
        writer.set_chunk_bytes(2_000 + rng.below(6_000));
        if rng.chance(200) {
            writer.set_packing(Packing::Deflate);
        }
        // It has been on for a while.
        let before = Hour::of(account.now() - Duration::from_secs(2 * 3600));
        writer.begin(before);
        writer.finalize(before);
        writer.set_consumable(Hour::of(account.now()).start() - time::Duration::HOUR);
        Self {
            account: account.clone(),
            container: container.to_owned(),
            state: Arc::new(Mutex::new(State {
                rng,
                writer,
                pending: Vec::new(),
                open: BTreeSet::new(),
                told: BTreeSet::new(),
                written: 0,
            })),
        }
    }

    /// The same service, told of what happens in another container of the account.
    pub fn of_container(&self, container: &str) -> Self {
        Self {
            container: container.to_owned(),
            ..self.clone()
        }
    }

    /// Blocks are not packed, so that their bytes can be read as they are.
    pub fn unpacked(self) -> Self {
        self.lock().writer.set_packing(Packing::Null);
        self
    }

    /// A blob was written, or its copy began or was finished.
    pub fn created(&self, name: &str, etag: &str, api: &str) {
        let mut state = self.lock();
        state.told.insert((name.to_owned(), etag.to_owned()));
        let event = self.event("BlobCreated", api, name, etag);
        state.pending.push(event);
        // The feed is the account's.
        if state.rng.chance(200) {
            let now = self.account.now();
            let other = FeedEvent::created("another", name, etag, now);
            state.pending.extend([other, FeedEvent::control(now)]);
        }
    }

    /// A blob was deleted.
    pub fn deleted(&self, name: &str) {
        let event = self.event("BlobDeleted", "DeleteBlob", name, "0x0");
        self.lock().pending.push(event);
    }

    /// The metadata of a blob was set.
    pub fn stamped(&self, name: &str, etag: &str) {
        let event = self.event("BlobPropertiesUpdated", "SetBlobMetadata", name, etag);
        self.lock().pending.push(event);
    }

    /// The copy of which it told as `before` is `after` now.
    pub fn goes_on(&self, name: &str, before: &str, after: &str) {
        let mut state = self.lock();
        if state.told.contains(&(name.to_owned(), before.to_owned())) {
            state.told.insert((name.to_owned(), after.to_owned()));
        }
    }

    /// Who looks at this version of a blob when it is told of cannot read it, and nobody tells when that is over.
    pub fn passed_over(&self, name: &str, etag: &str) {
        let mut state = self.lock();
        state.told.remove(&(name.to_owned(), etag.to_owned()));
    }

    /// Whether it told of this version of a blob, or will.
    pub fn told(&self, version: &Version) -> bool {
        self.lock().told.contains(version)
    }

    /// How many events it has written.
    pub fn written(&self) -> u64 {
        self.lock().written
    }

    /// Some time passes: some of what happened is written, segments become final, and more may be read.
    pub fn work(&self) {
        let mut state = self.lock();
        let pending = state.pending.len() as u64;
        let count = state.rng.below(pending + 1) as usize;
        state.write(count);
        state.finish(self.account.now() - Duration::from_secs(300));
        let (now, ahead) = (Hour::of(self.account.now()), state.rng.chance(500));
        let behind = now.start() - time::Duration::HOUR;
        state
            .writer
            .set_consumable(if ahead { now.start() } else { behind });
        let shards = 1 + state.rng.below(4) as u32;
        state.writer.set_shards(shards);
    }

    /// All that happened is written and may be read.
    pub fn catch_up(&self) {
        let mut state = self.lock();
        let all = state.pending.len();
        state.write(all);
        state.finish(self.account.now());
        let now = Hour::of(self.account.now());
        state.writer.set_consumable(now.start());
    }

    /// An hour in which nothing happened is over.
    pub fn pass_hour(&self) {
        let mut state = self.lock();
        let now = self.account.now();
        state.pending.push(FeedEvent::control(now));
        drop(state);
        self.catch_up();
    }

    fn event(&self, kind: &str, api: &str, name: &str, etag: &str) -> FeedEvent {
        FeedEvent::new(kind, api, (&self.container, name), etag, self.account.now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }
}

impl State {
    fn write(&mut self, count: usize) {
        let events: Vec<_> = self.pending.drain(..count).collect();
        self.open
            .extend(events.iter().map(|it| Hour::of(it.time())));
        self.written += events.len() as u64;
        for some in events.chunks(1 + self.rng.below(8) as usize) {
            self.writer.write(some);
        }
    }

    // Segments that ended before `until`, and of which nothing is to be written, are final.
    fn finish(&mut self, until: OffsetDateTime) {
        let first = self.pending.first().map(FeedEvent::time).map(Hour::of);
        let now = Hour::of(until);
        let over = self.open.iter().copied();
        let over: Vec<_> = over
            .filter(|it| *it < now && first.is_none_or(|first| *it < first))
            .collect();
        for hour in over {
            self.open.remove(&hour);
            self.writer.finalize(hour);
        }
    }
}
