//! What a world owes while nothing interrupts a session: all blobs, where a range has many pages and the client is slow.
//! A session that is restarted lists everything again, and hides what an earlier sweep lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use testkit::{account::NewBlob, event_grid::Version};
use tokio::time::{Instant, sleep};

use super::{CONTAINER, PATIENT, SETTLE, World};
use crate::client::Manner;

/// Folders that a service may sort by their bytes, or folder by folder. The later ones are new when a sweep has listed ranges.
const FOLDERS: [&str; 5] = ["a/", "m-0/", "z/", "m/", "m/n/"];
/// More than a server takes in at once, and on large pages.
const MANY: u64 = 400;
const LARGE_PAGE: usize = 100;
/// The longest pause of a client.
const PAUSE: Duration = Duration::from_secs(15);

impl World {
    /// People write many blobs during a session without faults, which delivers all of them in the end.
    pub(super) async fn without_restart(&mut self) -> Result<(), String> {
        // In some worlds only: it has several times as many blobs as the storm.
        if !self.config.listing || !self.rng.chance(300) {
            return Ok(());
        }
        let is_large = self.rng.chance(200);
        self.account.set_page_size(match is_large {
            true => LARGE_PAGE,
            false => 2 + self.rng.below(5) as usize,
        });
        let manner = Manner {
            pause: *self.rng.pick(&[Duration::ZERO, PAUSE]),
            ..PATIENT
        };
        let mut written: BTreeMap<String, String> = BTreeMap::new();
        let running = self.start(manner, u64::MAX, false);
        for round in 0..2 + self.rng.below(3) {
            sleep(self.rng.duration(Duration::ZERO..2 * self.config.interval)).await;
            let blobs = match is_large && round == 0 {
                true => MANY,
                false => self.rng.below(25),
            };
            let folders = &FOLDERS[..FOLDERS.len().min(2 * (round as usize + 1))];
            for _ in 0..blobs {
                let (name, etag) = self.write_crowd(folders);
                written.insert(name, etag);
            }
        }
        let end = Instant::now() + self.longest_for(written.len());
        let written: BTreeSet<Version> = written.into_iter().collect();
        loop {
            let delivered: BTreeSet<_> = self.deliveries.from(0).into_iter().collect();
            let Some(missing) = written.difference(&delivered).next() else {
                break;
            };
            if Instant::now() > end {
                return Err(format!("{missing:?} did not come without a restart"));
            }
            sleep(self.config.interval).await;
        }
        self.stop(running).await.map(drop)
    }

    fn write_crowd(&mut self, folders: &[&str]) -> Version {
        let folder = *self.rng.pick(folders);
        let name = format!("raw/{folder}crowd-{}.csv", self.rng.below(MANY));
        let content = format!("{}", self.rng.next_u64());
        let etag = self.account.put(CONTAINER, &name, NewBlob::new(content));
        let version = (name, etag.unwrap());
        self.tell_now(&version);
        version
    }

    // Each event may wait until the one before it is settled, and for the client; an empty page is asked for again slowly.
    fn longest_for(&self, blobs: usize) -> Duration {
        let each = u32::try_from(blobs).unwrap_or(u32::MAX) * (SETTLE + PAUSE);
        each + self.soon() + 4 * self.config.interval + Duration::from_secs(1_200)
    }
}
