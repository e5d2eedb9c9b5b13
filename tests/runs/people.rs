//! The people of a world: what they do to blobs.

use std::time::Duration;

use azure_blob_eventsource::blob::Access;
use testkit::{account::NewBlob, hands::Hands, rng::Rng};
use tokio::time::sleep;

use crate::world::{CONTAINER, POISONED};

/// They write, overwrite and delete.
pub(crate) struct People {
    pub(crate) hands: Hands,
    pub(crate) rng: Rng,
    /// Whether they write metadata.
    pub(crate) stamps: bool,
    /// Whether a blob that gets metadata stays the same version.
    pub(crate) same: bool,
    /// What they began to copy, or put into the Archive tier.
    pub(crate) unreadable: Vec<String>,
}

impl People {
    /// They write so many datasets that are refused, others as long as the storm rages, and then complete what was begun.
    pub(crate) async fn write(mut self, poisoned: u64, raging: impl Fn() -> bool + Send) {
        for number in 0..poisoned {
            let name = format!("{POISONED}/{number}.csv");
            self.hands.put(&name, NewBlob::new("x"));
        }
        while raging() {
            for _ in 0..1 + self.rng.below(4) {
                self.write_one();
            }
            if self.rng.chance(500) {
                self.complete_one();
            }
            let pause = self
                .rng
                .duration(Duration::from_secs(1)..Duration::from_secs(30));
            sleep(pause).await;
        }
        while !self.unreadable.is_empty() {
            self.complete_one();
        }
    }

    // What is not there, or not in such a state, is refused.
    fn write_one(&mut self) {
        let number = self.rng.below(10);
        let name = format!("raw/{}/{number}.csv", number % 3);
        let content = format!("{}", self.rng.next_u64());
        let blob = NewBlob::new(content);
        match self.rng.below(20) {
            0..3 => self.hands.delete(&name),
            3..5 if self.stamps => self.hands.stamp(&name, self.same),
            5 => {
                self.hands.start_copy(&name, false);
                self.unreadable.push(name);
            }
            6 => {
                self.hands.put_archived(&name, blob);
                self.unreadable.push(name);
            }
            _ => _ = self.hands.put(&name, blob),
        }
    }

    fn complete_one(&mut self) {
        let Some(name) = self.unreadable.pop() else {
            return;
        };
        let account = &self.hands.account;
        match account.get(CONTAINER, &name).map(|blob| blob.access) {
            Ok(Access::Copying) => {
                let content = format!("{}", self.rng.next_u64());
                let content = self.rng.chance(800).then_some(content.as_bytes());
                let told = self.rng.chance(500);
                self.hands.finish_copy(&name, content, told);
            }
            Ok(Access::Archived) => {
                let set = account.set_access(CONTAINER, &name, Access::Readable);
                set.unwrap();
            }
            // Somebody else wrote it, or deleted it.
            _ => {}
        }
    }
}
