//! A fake of what stands between a stream and its Workflows: Argo's client, the
//! EventBus, the Sensor, and the cluster, on tokio's time and from one seed.
//!
//! They lose, repeat and reorder as the real ones do (DESIGN 2): the client publishes with five tries
//! and then drops; the bus may be away, forget everything, or hand a message out again for as long as it
//! keeps messages; a Sensor's consumer that starts late gets nothing of before; a Sensor crashes between
//! making a Workflow and acknowledging its event. Time is scaled: a bus keeps messages for ten minutes
//! in place of a day, and a Workflow outlives that as it does in the shipped manifests.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use azure_blob_eventsource::{
    confirm::{
        object_set::{Object, State as Progress},
        unfinished::Unfinished,
    },
    delivery::event_channel::{Announcement, EventReceiver},
    event::EventId,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::rng::Rng;

mod watch;

pub use watch::{FakeWatch, Lies};

/// How long the bus keeps a message.
pub const MAX_AGE: Duration = Duration::from_secs(600);
/// How long a Sensor takes for a trigger: about four a second (as measured on a real cluster).
const TRIGGER: Duration = Duration::from_millis(250);
/// How often and at what distance Argo's client tries to publish.
const TRIES: (u32, Duration) = (5, Duration::from_secs(1));

/// What a Sensor needs of an event.
#[derive(Debug, Clone)]
struct Message {
    id: EventId,
    name: String,
    blob: String,
    etag: String,
    published: Instant,
}

/// Everything from Argo's client to the cluster.
#[derive(Debug, Clone, Default)]
pub struct Argo(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    work: Notify,
}

#[derive(Debug, Default)]
struct State {
    bus: Vec<Message>,
    bus_away: bool,
    consumer: Option<Instant>,
    forbidden: bool,
    /// What the names of the datasets start with that the cluster refuses.
    refused: Option<String>,
    /// Names are made up again for each delivery: a mutant.
    fresh_names: bool,
    workflows: BTreeMap<String, Object>,
    log: Vec<Change>,
    runs: BTreeMap<EventId, u32>,
    /// The name and the ETag that each event is about.
    versions: BTreeMap<EventId, (String, String)>,
    most_unfinished: usize,
    in_hand: usize,
    received: Vec<Received>,
    story: Story,
}

/// An event as a client received it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// From which session.
    pub session: u64,
    /// Its id.
    pub id: EventId,
}

/// Something that a watch would tell.
#[derive(Debug, Clone)]
struct Change {
    object: Object,
    deleted: bool,
}

/// What happened, to know that something did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Story {
    /// Events that the client dropped.
    pub dropped: u64,
    /// Messages that a bus forgot, or a late consumer never got.
    pub lost: u64,
    /// Messages that were handed out again.
    pub repeated: u64,
    /// Triggers that met a Workflow that was there.
    pub patched: u64,
    /// Workflows that were made.
    pub made: u64,
}

impl Argo {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().expect("nobody panics with it")
    }

    /// What happened so far.
    pub fn story(&self) -> Story {
        self.state().story.clone()
    }

    /// What clients received, in the order in which each session sent it.
    pub fn received(&self) -> Vec<Received> {
        self.state().received.clone()
    }

    /// How many Workflows an event ever had.
    pub fn runs(&self, id: EventId) -> u32 {
        self.state().runs.get(&id).copied().unwrap_or_default()
    }

    /// The events of which more than one Workflow came.
    pub fn doubles(&self) -> Vec<EventId> {
        let state = self.state();
        let doubles = state.runs.iter().filter(|(_, runs)| **runs > 1);
        doubles.map(|(id, _)| *id).collect()
    }

    /// The most Workflows that were unfinished at once since this was last asked.
    pub fn most_unfinished(&self) -> usize {
        std::mem::take(&mut self.state().most_unfinished)
    }

    /// Refuses the Workflows of datasets whose names start so, or none.
    pub fn refuse(&self, prefix: Option<&str>) {
        self.state().refused = prefix.map(str::to_owned);
    }

    /// Whether it refuses any.
    pub fn refuses(&self) -> bool {
        self.state().refused.is_some()
    }

    /// Makes the mutant that names each Workflow by its delivery.
    pub fn name_afresh(&self) {
        self.state().fresh_names = true;
    }

    /// The bus is away: what is published is refused.
    pub fn set_bus_away(&self, away: bool) {
        self.state().bus_away = away;
    }

    /// A bus without persistence is replaced: all it held is gone.
    pub fn forget(&self) {
        let mut state = self.state();
        state.story.lost += state.bus.len() as u64;
        state.bus.clear();
    }

    /// The Sensor goes.
    pub fn stop_sensor(&self) {
        self.state().consumer = None;
    }

    /// The Sensor comes: with a consumer that is new (and gets only what is published from now on) or
    /// with the one that it had.
    pub fn start_sensor(&self, new: bool) {
        let mut state = self.state();
        state.consumer = Some(Instant::now());
        if new {
            state.story.lost += state.bus.len() as u64;
            state.bus.clear();
        }
        drop(state);
        self.0.work.notify_one();
    }

    /// The Sensor may not make Workflows, or may again.
    pub fn set_forbidden(&self, forbidden: bool) {
        self.state().forbidden = forbidden;
    }

    /// Whether nothing is on its way any more.
    pub fn is_quiet(&self) -> bool {
        let state = self.state();
        state.bus.is_empty() && state.in_hand == 0
    }

    /// Whether a copy of the event may still come out of somewhere.
    fn may_come(state: &State, id: EventId) -> bool {
        state.in_hand > 0 || state.bus.iter().any(|message| message.id == id)
    }

    /// People, or their time to live, delete Workflows that `may` go: never one whose event may still
    /// come out of the bus, which is what the product asks of its users.
    pub fn delete(&self, may: &BTreeSet<EventId>, rng: &mut Rng, per_mille: u32) {
        let mut state = self.state();
        let going: Vec<_> = state
            .workflows
            .values()
            .filter(|object| may.contains(&object.id) && !Self::may_come(&state, object.id))
            .filter(|_| rng.chance(per_mille))
            .cloned()
            .collect();
        for object in going {
            state.workflows.remove(&object.name);
            state.log.push(Change {
                object,
                deleted: true,
            });
        }
    }

    /// Runs the Sensor, and what finishes Workflows, until it is dropped.
    pub async fn work(self, mut rng: Rng, raging: impl Fn() -> bool + Send) {
        loop {
            let next = self.next(&mut rng);
            let Some(message) = next else {
                self.0.work.notified().await;
                continue;
            };
            sleep(TRIGGER).await;
            self.trigger(message, &mut rng, raging());
        }
    }

    // A message that is taken out is in the Sensor's hand until it is acknowledged.
    fn next(&self, rng: &mut Rng) -> Option<Message> {
        let mut state = self.state();
        state.consumer?;
        let now = Instant::now();
        state
            .bus
            .retain(|message| now < message.published + MAX_AGE);
        if state.bus.is_empty() {
            return None;
        }
        let at = if rng.chance(100) {
            rng.below(state.bus.len() as u64) as usize
        } else {
            0
        };
        state.in_hand += 1;
        Some(state.bus.remove(at))
    }

    fn trigger(&self, message: Message, rng: &mut Rng, raging: bool) {
        let mut state = self.state();
        state.in_hand -= 1;
        if state.consumer.is_none() {
            // It went before it had done anything.
            state.bus.insert(0, message);
            return;
        }
        let refused = state.refused.as_deref();
        if state.forbidden || refused.is_some_and(|prefix| message.blob.starts_with(prefix)) {
            // Its retries are over, and the event is acknowledged anyway.
            return;
        }
        state.make(&message);
        drop(state);
        // It crashed before it acknowledged, or the acknowledgement was lost.
        if raging && rng.chance(80) {
            let after = rng.duration(Duration::ZERO..MAX_AGE / 4);
            self.repeat(message, after);
        }
    }

    fn repeat(&self, message: Message, after: Duration) {
        let mut state = self.state();
        state.in_hand += 1;
        state.story.repeated += 1;
        drop(state);
        let argo = self.clone();
        tokio::spawn(async move {
            sleep(after).await;
            let mut state = argo.state();
            state.in_hand -= 1;
            state.bus.push(message);
            drop(state);
            argo.0.work.notify_one();
        });
    }

    /// Finishes Workflows, some at a time, until it is dropped.
    pub async fn finish(self, mut rng: Rng) {
        loop {
            sleep(rng.duration(Duration::from_secs(1)..Duration::from_secs(20))).await;
            let mut state = self.state();
            let unfinished: Vec<_> = state
                .workflows
                .values()
                .filter(|o| o.state != Progress::Finished)
                .cloned()
                .collect();
            for mut object in unfinished.into_iter().filter(|_| rng.chance(500)) {
                object.state = Progress::Finished;
                state.workflows.insert(object.name.clone(), object.clone());
                state.log.push(Change {
                    object,
                    deleted: false,
                });
            }
        }
    }

    /// Argo's client: takes events until the stream ends, or nobody needs it any more.
    pub async fn receive(
        self,
        mut events: EventReceiver,
        session: u64,
        lost: CancellationToken,
        vanishes: Option<Instant>,
    ) {
        loop {
            let event = tokio::select! {
                biased;
                () = lost.cancelled() => return,
                event = events.recv() => event,
            };
            let Some(event) = event else { return };
            let message = message(&event);
            let id = message.id;
            self.state().received.push(Received { session, id });
            if vanishes.is_none_or(|at| Instant::now() < at) {
                self.publish(message).await;
            }
        }
    }

    async fn publish(&self, message: Message) {
        for _ in 0..TRIES.0 {
            if self.try_to_publish(&message) {
                return;
            }
            sleep(TRIES.1).await;
        }
        self.state().story.dropped += 1;
    }

    fn try_to_publish(&self, message: &Message) -> bool {
        let mut state = self.state();
        if state.bus_away {
            return false;
        }
        state.bus.push(Message {
            published: Instant::now(),
            ..message.clone()
        });
        drop(state);
        self.0.work.notify_one();
        true
    }
}

impl State {
    // `operation: patch`: what is there is not made again.
    fn make(&mut self, message: &Message) {
        let name = match self.fresh_names {
            true => format!("{}-{}", message.name, self.log.len()),
            false => message.name.clone(),
        };
        if self.workflows.contains_key(&name) {
            self.story.patched += 1;
            return;
        }
        self.story.made += 1;
        let object = Object {
            name: name.clone(),
            id: message.id,
            // Argo's controller takes it up at once.
            state: Progress::Unfinished(Unfinished {
                created: 0,
                phase: Some("Running".to_owned()),
                deleted: None,
            }),
        };
        *self.runs.entry(message.id).or_default() += 1;
        let version = (message.blob.clone(), message.etag.clone());
        self.versions.insert(message.id, version);
        self.workflows.insert(name, object.clone());
        self.log.push(Change {
            object,
            deleted: false,
        });
        let unfinished = self
            .workflows
            .values()
            .filter(|o| o.state != Progress::Finished)
            .count();
        self.most_unfinished = self.most_unfinished.max(unfinished);
    }
}

/// The event's id.
pub fn event_id(event: &Announcement) -> EventId {
    message(event).id
}

fn message(event: &Announcement) -> Message {
    let json: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
    let text = |key: &str| json[key].as_str().expect("a text").to_owned();
    Message {
        id: EventId::from_hex(&text("id")).expect("an id"),
        name: format!("ml-pipeline-{}-{}", text("slug"), text("shortid")),
        // A batch is known by its group and its id.
        blob: json["blobname"]
            .as_str()
            .unwrap_or(json["dirname"].as_str().expect("a text"))
            .to_owned(),
        etag: json["data"]["eTag"]
            .as_str()
            .unwrap_or(&text("id"))
            .to_owned(),
        published: Instant::now(),
    }
}
