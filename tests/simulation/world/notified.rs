//! The queue of a world that has one, and what it owes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::{
    config::QueueSource, metrics::queue::Counted, ports::connect::OpenedQueue,
};
use testkit::{
    account::FakeAccount,
    event_grid::{EventGrid, Version},
    faults::FaultSource,
    notified::NotifiedQueues,
    rng::Rng,
};
use tokio::time::sleep;

use super::{CONTAINER, Mutant, PATIENT, Ways, World};
use crate::mutants::queue::{MutantQueue, Received};

/// Crashes, faults and snatches of a storm do not bring a message so often.
const MAX_DELIVERIES: u32 = 15;
/// How long a queue may take to get empty in calm weather.
const LONG: Duration = Duration::from_secs(6 * 3600);
/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// A queue, who tells and what was received.
pub(super) struct Notified {
    /// Whether no sweep finds anything.
    pub(super) alone: bool,
    pub(super) queues: NotifiedQueues,
    pub(super) grid: EventGrid,
    pub(super) received: Received,
}

impl Notified {
    /// The queue of a world in which blobs are found these ways, if it has one.
    pub(super) fn new(
        ways: Ways,
        account: &FakeAccount,
        rng: &mut Rng,
        faults: &FaultSource,
    ) -> Option<Self> {
        let (alone, loses) = match ways {
            Ways::Listing | Ways::Feed | Ways::FeedAndListing => return None,
            Ways::Both | Ways::FeedAndQueue => (false, 150),
            Ways::Queue => (true, 0),
        };
        let queues = NotifiedQueues::new(account, CONTAINER, faults);
        let queue = queues.queue.clone();
        Some(Self {
            alone,
            grid: EventGrid::new(account.clone(), CONTAINER, queue, rng.fork(), loses),
            queues,
            received: Received::default(),
        })
    }

    /// What a session is given.
    pub(super) fn opened(&self, mutant: Mutant) -> OpenedQueue {
        let queue = MutantQueue {
            real: Arc::new(self.queues.port.clone()),
            mutant,
            received: self.received.clone(),
            under_way: Mutex::default(),
        };
        OpenedQueue {
            queue: Arc::new(queue),
            ..self.queues.opened()
        }
    }

    /// What its configuration says.
    pub(super) fn source() -> QueueSource {
        NotifiedQueues::source(MAX_DELIVERIES)
    }

    /// How many effects are still to come.
    pub(super) fn late(&self) -> usize {
        self.queues.late()
    }
}

impl World {
    /// All that Event Grid tells is taken: what is there soon first, what comes after hours later.
    pub(super) async fn take_all_messages(&mut self) -> Result<(), String> {
        if self.notified.is_none() {
            return Ok(());
        }
        self.people.finish_copies(&mut self.rng);
        self.drain().await?;
        while self
            .notified
            .as_ref()
            .is_some_and(|it| it.grid.pending() > 0)
        {
            sleep(Duration::from_secs(600)).await;
        }
        self.drain().await?;
        let notified = self.notified.as_ref();
        notified.map_or(Ok(()), |it| it.grid.poison_is_right(&it.queues.poison))
    }

    async fn drain(&mut self) -> Result<(), String> {
        let running = self.start(PATIENT, u64::MAX, false);
        self.until_empty().await?;
        self.stop(running).await.map(drop)
    }

    /// Waits until every message is done with.
    pub(super) async fn until_empty(&self) -> Result<(), String> {
        let Some(notified) = &self.notified else {
            return Ok(());
        };
        let looks = LONG.as_secs() / LOOK.as_secs();
        for _ in 0..looks {
            if notified.queues.queue.depth() == 0 {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        let left = notified.queues.queue.texts();
        Err(format!("messages are never done with: {left:?}"))
    }

    /// Whether somebody can have known of this version: a sweep, or who was told of it.
    pub(super) fn can_be_known(&self, version: &Version) -> bool {
        if let Some(fed) = self.fed.as_ref().filter(|_| !self.config.listing) {
            return fed.service.told(version);
        }
        match self.notified.as_ref().filter(|it| it.alone) {
            Some(notified) => notified.grid.told(version),
            None => true,
        }
    }

    /// Whether blobs are found by what others tell and not by sweeps.
    pub(super) fn is_told(&self) -> bool {
        !self.config.listing
    }

    /// Adds what befell the queue to the tally.
    pub(super) fn tally_queue(&mut self) {
        let Some(notified) = &self.notified else {
            return;
        };
        let counted = |what| {
            let all = self.stats.iter().map(|stats| stats.queue.outcomes.of(what));
            all.sum::<u64>()
        };
        let counts = notified.grid.counts();
        self.tally.messages = counts.messages;
        self.tally.repeats = counts.repeats;
        self.tally.lost = counts.lost;
        self.tally.redeliveries = notified.received.again();
        self.tally.lost_leases = counted(Counted::LostLease);
        self.tally.poison = notified.queues.poison.depth() as u64;
    }
}
