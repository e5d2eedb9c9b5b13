//! A queue of notifications and its poison queue, as a session is given them.

use std::sync::Arc;

use azure_blob_eventsource::{
    config::QueueSource,
    ports::connect::{OpenedQueue, QueuePlace},
};

use crate::{
    account::FakeAccount,
    faults::FaultSource,
    ports::{FakeNotifications, FakeProperties, LateEffects},
    queue::FakeQueue,
};

/// Both queues, and the ports to them and to the blobs that they tell of.
#[derive(Clone)]
pub struct NotifiedQueues {
    /// The queue.
    pub queue: FakeQueue,
    /// Where messages go that cannot be used.
    pub poison: FakeQueue,
    /// The port to the queue.
    pub port: FakeNotifications,
    poison_port: FakeNotifications,
    properties: FakeProperties,
}

impl NotifiedQueues {
    /// Empty ones, beside a container of `account`.
    pub fn new(account: &FakeAccount, container: &str, faults: &FaultSource) -> Self {
        let (queue, poison) = (FakeQueue::new(), FakeQueue::new());
        Self {
            port: FakeNotifications::new(queue.clone(), faults.clone()),
            poison_port: FakeNotifications::new(poison.clone(), faults.clone()),
            properties: FakeProperties::new(account.clone(), container, faults.clone()),
            queue,
            poison,
        }
    }

    /// What a session is given.
    pub fn opened(&self) -> OpenedQueue {
        OpenedQueue {
            queue: Arc::new(self.port.clone()),
            poison: Arc::new(self.poison_port.clone()),
            properties: Arc::new(self.properties.clone()),
            account_path: String::new(),
        }
    }

    /// What its configuration says.
    pub fn source(max_deliveries: u32) -> QueueSource {
        QueueSource {
            place: QueuePlace {
                name: "blob-events".into(),
                location: None,
                credential: None,
            },
            max_deliveries,
        }
    }

    /// How many effects are still to come although their callers have had an error.
    pub fn late(&self) -> usize {
        let ports = [&self.port, &self.poison_port].map(FakeNotifications::late_effects);
        ports.iter().map(LateEffects::pending).sum()
    }
}
