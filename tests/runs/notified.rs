//! The queue of a world in which somebody tells of blobs, beside sweeps or the change feed.

use std::{collections::BTreeSet, time::Duration};

use azure_blob_eventsource::{blob::Access, config::QueueSource, ports::connect::OpenedQueue};
use testkit::{
    account::FakeAccount, event_grid::EventGrid, faults::FaultSource, notified::NotifiedQueues,
    rng::Rng,
};
use tokio::time::sleep;

use crate::world::CONTAINER;

/// Of a thousand events so many are never delivered.
const LOSES: u32 = 150;
/// Crashes and faults of a storm do not bring a message so often.
const MAX_DELIVERIES: u32 = 25;

/// A queue, and who tells.
#[derive(Clone)]
pub(crate) struct Notified {
    account: FakeAccount,
    queues: NotifiedQueues,
    grid: EventGrid,
}

impl Notified {
    pub(crate) fn new(account: &FakeAccount, rng: &mut Rng, faults: &FaultSource) -> Self {
        let queues = NotifiedQueues::new(account, CONTAINER, faults);
        let queue = queues.queue.clone();
        Self {
            account: account.clone(),
            grid: EventGrid::new(account.clone(), CONTAINER, queue, rng.fork(), LOSES),
            queues,
        }
    }

    /// What a session is given.
    pub(crate) fn opened(&self) -> OpenedQueue {
        self.queues.opened()
    }

    /// What its configuration says.
    pub(crate) fn source() -> QueueSource {
        NotifiedQueues::source(MAX_DELIVERIES)
    }

    /// Tells of each version that it comes upon, for as long as the world lasts.
    pub(crate) async fn tell(self, mut rng: Rng) {
        let mut told = BTreeSet::new();
        loop {
            for name in self.account.names(CONTAINER) {
                let Ok(blob) = self.account.get(CONTAINER, &name) else {
                    continue;
                };
                let api = match blob.access {
                    Access::Copying | Access::CopyFailed => "CopyBlob",
                    _ => "PutBlob",
                };
                if told.insert((name.clone(), blob.etag.clone())) {
                    self.grid.created(&name, &blob.etag, api);
                }
            }
            sleep(rng.duration(Duration::from_millis(100)..Duration::from_secs(5))).await;
        }
    }

    /// How many effects are still to come although their callers have had an error.
    pub(crate) fn late(&self) -> usize {
        self.queues.late()
    }

    /// Waits until Event Grid has delivered what it ever will.
    pub(crate) async fn until_all_came(&self) {
        while self.grid.pending() > 0 {
            sleep(Duration::from_secs(600)).await;
        }
    }

    /// What is still wrong, once nothing more is on its way to the queue.
    pub(crate) fn problem(&self) -> Option<String> {
        match (self.grid.pending(), self.queues.queue.depth()) {
            (0, 0) => self.grid.poison_is_right(&self.queues.poison).err(),
            (0, _) => Some(format!(
                "messages are left: {:?}",
                self.queues.queue.texts()
            )),
            (pending, _) => Some(format!("{pending} messages are still to come")),
        }
    }

    /// Of how many versions nobody was told.
    pub(crate) fn lost(&self) -> u64 {
        self.grid.counts().lost
    }

    /// How many messages there were, and how many were set aside.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (
            self.grid.counts().messages,
            self.queues.poison.depth() as u64,
        )
    }
}
