//! The people of a world: what they do to blobs, and what of that Event Grid hears.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_blob_eventsource::blob::Access;
use testkit::{
    account::{FakeAccount, NewBlob},
    change_feed::FeedService,
    event_grid::EventGrid,
    queue::FakeQueue,
    rng::Rng,
};
use tokio::time::sleep;

use super::CONTAINER;

/// So often one message is taken from whoever holds it.
const SNATCHES: u32 = 3;

/// Those who write, overwrite and delete a few blobs.
#[derive(Clone)]
pub(super) struct People {
    pub(super) account: FakeAccount,
    /// Who tells of it, if somebody does.
    pub(super) grid: Option<EventGrid>,
    /// Who writes the change feed, if there is one.
    pub(super) feed: Option<FeedService>,
}

impl People {
    /// They write while pages are listed.
    pub(super) fn between_pages(
        self,
        mut rng: Rng,
        raging: Arc<AtomicBool>,
    ) -> impl FnMut(&FakeAccount, u64) + Send {
        move |_, _| {
            while raging.load(SeqCst) && rng.chance(250) {
                self.write(&mut rng);
            }
        }
    }

    /// They write for as long as the storm rages, and messages are taken from those who hold them.
    pub(super) async fn live(
        self,
        mut rng: Rng,
        raging: Arc<AtomicBool>,
        queue: Option<FakeQueue>,
        snatches: Arc<AtomicU64>,
    ) {
        let mut snatched: HashMap<String, u32> = HashMap::new();
        while raging.load(SeqCst) {
            sleep(rng.duration(Duration::ZERO..Duration::from_secs(20))).await;
            if rng.chance(700) {
                self.write(&mut rng);
            }
            if let Some(feed) = &self.feed {
                feed.work();
            }
            let Some(queue) = &queue else { continue };
            let held = queue.held();
            if !held.is_empty() && rng.chance(250) {
                let id = rng.pick(&held);
                let times = snatched.entry(id.clone()).or_default();
                if *times < SNATCHES {
                    *times += 1;
                    snatches.fetch_add(1, SeqCst);
                    queue.snatch(id);
                }
            }
        }
    }

    /// Somebody writes, overwrites or deletes one of a few blobs.
    pub(super) fn write(&self, rng: &mut Rng) {
        let ending = *rng.pick(&["csv", "csv", "csv", "tmp", "parquet"]);
        let folder = *rng.pick(&["raw", "raw/2026", "in", ""]);
        let name = format!("{folder}/{}.{ending}", rng.below(12));
        // Of a blob that is not there, or not being copied, these refuse.
        match rng.below(10) {
            0 => {
                let deleted = self.account.delete(CONTAINER, &name).is_ok();
                if let Some(grid) = self.grid.as_ref().filter(|_| deleted) {
                    grid.deleted(&name);
                }
                if let Some(feed) = self.feed.as_ref().filter(|_| deleted) {
                    feed.deleted(&name);
                }
            }
            1 => self.stamp(&name),
            // A copy is told of when it starts: not always by Event Grid.
            2 => {
                let etag = self.account.start_copy(CONTAINER, &name).unwrap();
                if rng.chance(700) {
                    self.notify(&name, &etag, "CopyBlob");
                }
                self.feed(&name, &etag, "CopyBlob");
            }
            3 | 4 => self.finish_copy(&name, rng),
            _ => {
                let content = format!("{}", rng.next_u64());
                let blob = NewBlob::new(content);
                let etag = self.account.put(CONTAINER, &name, blob).unwrap();
                self.tell(&name, &etag, "PutBlob");
            }
        }
    }

    /// No copy is under way any more.
    pub(super) fn finish_copies(&self, rng: &mut Rng) {
        for name in self.account.names(CONTAINER) {
            self.finish_copy(&name, rng);
        }
    }

    fn finish_copy(&self, name: &str, rng: &mut Rng) {
        let content = format!("{}", rng.next_u64());
        let content = rng.chance(800).then_some(content.as_bytes());
        let told = rng.chance(500);
        let Some(before) = self.copying(name) else {
            return;
        };
        let after = self.account.finish_copy(CONTAINER, name, content).unwrap();
        self.goes_on(name, &before, &after);
        if told && content.is_some() {
            self.tell(name, &after, "CopyBlob");
        }
    }

    // Nobody tells of metadata. But a copy that was told of is still waited for.
    fn stamp(&self, name: &str) {
        let before = self.copying(name);
        let after = self
            .account
            .set_metadata(CONTAINER, name, "processed", "true");
        if let (Some(feed), Ok(after)) = (&self.feed, &after) {
            feed.stamped(name, after);
        }
        if let (Some(before), Ok(after)) = (before, after) {
            self.goes_on(name, &before, &after);
        }
    }

    // The ETag of a blob that is being copied.
    fn copying(&self, name: &str) -> Option<String> {
        let blob = self.account.get(CONTAINER, name).ok();
        let blob = blob.filter(|blob| blob.access == Access::Copying);
        blob.map(|blob| blob.etag)
    }

    fn goes_on(&self, name: &str, before: &str, after: &str) {
        if let Some(grid) = &self.grid {
            grid.goes_on(name, before, after);
        }
        if let Some(feed) = &self.feed {
            feed.goes_on(name, before, after);
        }
    }

    fn tell(&self, name: &str, etag: &str, api: &str) {
        self.notify(name, etag, api);
        self.feed(name, etag, api);
    }

    fn feed(&self, name: &str, etag: &str, api: &str) {
        if let Some(feed) = &self.feed {
            feed.created(name, etag, api);
        }
    }

    fn notify(&self, name: &str, etag: &str, api: &str) {
        if let Some(grid) = &self.grid {
            grid.created(name, etag, api);
        }
    }
}
