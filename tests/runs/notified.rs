//! The queue of a world in which somebody tells of blobs, beside the sweeps.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azure_blob_eventsource::{
    blob::Access,
    config::QueueSource,
    ports::connect::{OpenedQueue, QueuePlace},
};
use testkit::{
    account::FakeAccount,
    event_grid::EventGrid,
    faults::FaultSource,
    ports::{FakeNotifications, FakeProperties, LateEffects},
    queue::FakeQueue,
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
    queue: FakeQueue,
    poison: FakeQueue,
    grid: EventGrid,
    port: FakeNotifications,
    poison_port: FakeNotifications,
    properties: FakeProperties,
}

impl Notified {
    pub(crate) fn new(account: &FakeAccount, rng: &mut Rng, faults: &FaultSource) -> Self {
        let (queue, poison) = (FakeQueue::new(), FakeQueue::new());
        Self {
            account: account.clone(),
            grid: EventGrid::new(account.clone(), CONTAINER, queue.clone(), rng.fork(), LOSES),
            port: FakeNotifications::new(queue.clone(), faults.clone()),
            poison_port: FakeNotifications::new(poison.clone(), faults.clone()),
            properties: FakeProperties::new(account.clone(), CONTAINER, faults.clone()),
            queue,
            poison,
        }
    }

    /// What a session is given.
    pub(crate) fn opened(&self) -> OpenedQueue {
        OpenedQueue {
            queue: Arc::new(self.port.clone()),
            poison: Arc::new(self.poison_port.clone()),
            properties: Arc::new(self.properties.clone()),
            account_path: String::new(),
        }
    }

    /// What its configuration says.
    pub(crate) fn source() -> QueueSource {
        QueueSource {
            place: QueuePlace {
                name: "blob-events".into(),
                location: None,
                credential: None,
            },
            max_deliveries: MAX_DELIVERIES,
        }
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
        let ports = [&self.port, &self.poison_port].map(FakeNotifications::late_effects);
        ports.iter().map(LateEffects::pending).sum()
    }

    /// Waits until Event Grid has delivered what it ever will.
    pub(crate) async fn until_all_came(&self) {
        while self.grid.pending() > 0 {
            sleep(Duration::from_secs(600)).await;
        }
    }

    /// What is still wrong, once nothing more is on its way to the queue.
    pub(crate) fn problem(&self) -> Option<String> {
        match (self.grid.pending(), self.queue.depth()) {
            (0, 0) => self.grid.poison_is_right(&self.poison).err(),
            (0, _) => Some(format!("messages are left: {:?}", self.queue.texts())),
            (pending, _) => Some(format!("{pending} messages are still to come")),
        }
    }

    /// How many messages there were, and how many were set aside.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.grid.counts().messages, self.poison.depth() as u64)
    }
}
