//! A client, and the transport between: it takes events before the client has them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::delivery::event_channel::EventReceiver;
use testkit::{
    event_grid::{Version, versions_in},
    queue::FakeQueue,
    rng::Rng,
};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::trace;

use crate::{batches::Reader, world::CONTAINER};

/// How long at most a server takes to see that a client has vanished (keep-alive interval and
/// timeout), which is less than the settle time.
pub(crate) const DETECTION: Duration = Duration::from_secs(8);

/// What clients have received, in all sessions, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deliveries(Arc<Mutex<Log>>);

#[derive(Debug, Default)]
struct Log {
    versions: Vec<Version>,
    ids: HashMap<Version, String>,
    with_two_ids: Option<Version>,
}

impl Deliveries {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().versions.len()
    }

    /// A version that was announced with two ids, if there is one.
    pub(crate) fn with_two_ids(&self) -> Option<Version> {
        self.0.lock().unwrap().with_two_ids.clone()
    }

    fn push(&self, version: &Version, id: &str) {
        trace!(?version, id, "delivered");
        let mut log = self.0.lock().unwrap();
        log.versions.push(version.clone());
        let known = log.ids.entry(version.clone());
        if known.or_insert_with(|| id.to_owned()) != id {
            log.with_two_ids = Some(version.clone());
        }
    }

    pub(crate) fn from(&self, start: usize) -> Vec<Version> {
        self.0.lock().unwrap().versions[start..].to_vec()
    }
}

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// When it vanishes without a word, if ever.
    pub(crate) vanishes: Option<Instant>,
    /// The longest pause between two reads.
    pub(crate) pause: Duration,
    /// For how long it reads nothing at first.
    pub(crate) deaf: Duration,
}

/// A client of one session.
pub(crate) struct Client {
    pub(crate) manner: Manner,
    /// What waits in the server is lost from then on.
    pub(crate) lost: CancellationToken,
    pub(crate) rng: Rng,
    pub(crate) deliveries: Deliveries,
    pub(crate) reader: Reader,
    /// A queue whose messages a wrong program deletes when their events are sent.
    pub(crate) acknowledges: Option<FakeQueue>,
}

impl Client {
    /// Takes events until the session ends or, some time after the client vanished, the server notices.
    /// Returns the versions that this client received.
    pub(crate) async fn receive(mut self, mut events: EventReceiver) -> Vec<Version> {
        let (manner, lost) = (self.manner, self.lost.clone());
        let mut received = Vec::new();
        let noticed = manner
            .vanishes
            .map(|at| at + self.rng.duration(Duration::ZERO..DETECTION));
        if !manner.deaf.is_zero() {
            sleep(manner.deaf).await;
        }
        loop {
            let event = tokio::select! {
                biased;
                () = lost.cancelled() => break,
                () = sleep_until(noticed.unwrap_or_else(Instant::now)), if noticed.is_some() => break,
                event = events.recv() => event,
            };
            let Some(event) = event else { break };
            let (versions, id) = self.reader.versions(&event.payload);
            if let Some(queue) = &self.acknowledges {
                let is_of_event = |it: &Version| versions.contains(it);
                queue.remove(|text| versions_in(text, CONTAINER).iter().any(is_of_event));
            }
            if manner.vanishes.is_some_and(|at| at <= Instant::now()) {
                continue;
            }
            for version in versions {
                self.deliveries.push(&version, &id);
                received.push(version);
            }
            if self.rng.chance(200) {
                sleep(self.rng.duration(Duration::ZERO..manner.pause)).await;
            }
        }
        received
    }
}
