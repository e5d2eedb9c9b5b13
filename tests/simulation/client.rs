//! A client, and the transport between: it takes events before the client has them.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::delivery::event_channel::{Announcement, EventReceiver};
use testkit::rng::Rng;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// A blob version: name and ETag.
pub(crate) type Version = (String, String);

/// How long at most a server takes to see that a client has vanished (keep-alive interval and
/// timeout), which is less than the settle time.
pub(crate) const DETECTION: Duration = Duration::from_secs(8);

/// What clients have received, in all sessions, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Deliveries(Arc<Mutex<Vec<Version>>>);

impl Deliveries {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(crate) fn from(&self, start: usize) -> Vec<Version> {
        self.0.lock().unwrap()[start..].to_vec()
    }
}

/// How a client behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// When it vanishes without a word, if ever.
    pub(crate) vanishes: Option<Instant>,
    /// The longest pause between two reads.
    pub(crate) pause: Duration,
}

/// Takes events until the session ends or, some time after the client vanished, the server notices.
/// Returns the versions that this client received.
pub(crate) async fn receive(
    mut events: EventReceiver,
    manner: Manner,
    lost: CancellationToken,
    mut rng: Rng,
    deliveries: Deliveries,
) -> Vec<Version> {
    let mut received = Vec::new();
    let noticed = manner
        .vanishes
        .map(|at| at + rng.duration(Duration::ZERO..DETECTION));
    loop {
        let event = tokio::select! {
            biased;
            () = lost.cancelled() => break,
            () = sleep_until(noticed.unwrap_or_else(Instant::now)), if noticed.is_some() => break,
            event = events.recv() => event,
        };
        let Some(event) = event else { break };
        if manner.vanishes.is_some_and(|at| at <= Instant::now()) {
            continue;
        }
        let version = version(&event);
        deliveries.0.lock().unwrap().push(version.clone());
        received.push(version);
        if rng.chance(200) {
            sleep(rng.duration(Duration::ZERO..manner.pause)).await;
        }
    }
    received
}

fn version(event: &Announcement) -> Version {
    let json: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    (text(&json["blobname"]), text(&json["data"]["eTag"]))
}
