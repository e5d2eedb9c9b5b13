//! The people of a world: what they do to blobs, and what of that Event Grid hears.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use testkit::{
    account::{FakeAccount, NewBlob},
    hands::Hands,
    queue::FakeQueue,
    rng::Rng,
};
use tokio::time::sleep;

use super::CONTAINER;

/// So often one message is taken from whoever holds it.
const SNATCHES: u32 = 3;

/// Those who write, overwrite and delete a few blobs.
#[derive(Clone)]
pub(super) struct People(pub(super) Hands);

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
            if let Some(feed) = &self.0.feed {
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
        let folder = *rng.pick(&["raw", "raw/2026", "raw-2025", "in", ""]);
        let name = format!("{folder}/{}.{ending}", rng.below(12));
        // Of a blob that is not there, or not being copied, these refuse.
        match rng.below(10) {
            0 => self.0.delete(&name),
            1 => self.0.stamp(&name, false),
            // A copy is told of when it starts: not always by Event Grid.
            2 => self.0.start_copy(&name, rng.chance(700)),
            3 | 4 => self.finish_copy(&name, rng),
            _ => {
                let content = format!("{}", rng.next_u64());
                self.0.put(&name, NewBlob::new(content));
            }
        }
    }

    /// No copy is under way any more.
    pub(super) fn finish_copies(&self, rng: &mut Rng) {
        for name in self.0.account.names(CONTAINER) {
            self.finish_copy(&name, rng);
        }
    }

    fn finish_copy(&self, name: &str, rng: &mut Rng) {
        let content = format!("{}", rng.next_u64());
        let content = rng.chance(800).then_some(content.as_bytes());
        self.0.finish_copy(name, content, rng.chance(500));
    }
}
