//! Event Grid: it tells of what people do, at least once, in no order, late, and sometimes never.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_blob_eventsource::{notification::parse, ports::notifications::LONGEST_TEXT};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tokio::time::sleep;

use crate::{account::FakeAccount, queue::FakeQueue, rng::Rng};

/// A blob version: its name and its ETag.
pub type Version = (String, String);

/// One subscription that delivers into a queue. Clones are handles to the same one.
#[derive(Clone)]
pub struct EventGrid {
    account: FakeAccount,
    container: String,
    queue: FakeQueue,
    state: Arc<Mutex<State>>,
    pending: Arc<AtomicUsize>,
}

struct State {
    rng: Rng,
    /// Of a thousand events so many are never delivered.
    loses: u32,
    told: BTreeSet<Version>,
    garbage: BTreeSet<String>,
    counts: Counts,
}

/// What happened to events.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    /// What was put into the queue, or will be.
    pub messages: u64,
    /// Events that never come.
    pub lost: u64,
    /// Events that come again.
    pub repeats: u64,
}

impl EventGrid {
    /// Of what happens in a container of `account`; `loses` of a thousand events come never.
    pub fn new(
        account: FakeAccount,
        container: &str,
        queue: FakeQueue,
        rng: Rng,
        loses: u32,
    ) -> Self {
        let state = State {
            rng,
            loses,
            told: BTreeSet::new(),
            garbage: BTreeSet::new(),
            counts: Counts::default(),
        };
        Self {
            account,
            container: container.to_owned(),
            queue,
            state: Arc::new(Mutex::new(state)),
            pending: Arc::default(),
        }
    }

    /// A blob was written, or its copy began or was finished.
    pub fn created(&self, name: &str, etag: &str, api: &str) {
        let mut state = self.lock();
        let loses = state.loses;
        if state.rng.chance(loses) {
            state.counts.lost += 1;
            return;
        }
        state.told.insert((name.to_owned(), etag.to_owned()));
        let event = self.event("BlobCreated", &self.container, name, etag, api);
        self.deliver(&mut state, &event);
        while state.rng.chance(200) {
            state.counts.repeats += 1;
            self.deliver(&mut state, &event);
        }
        if state.rng.chance(150) {
            self.make_noise(&mut state, name, etag);
        }
    }

    /// A blob was written, and for once it tells at once.
    pub fn created_now(&self, name: &str, etag: &str) {
        let event = self.event("BlobCreated", &self.container, name, etag, "PutBlob");
        self.queue.put(&event.to_string()).unwrap();
    }

    /// A blob was deleted.
    pub fn deleted(&self, name: &str) {
        let event = self.event("BlobDeleted", &self.container, name, "0x0", "DeleteBlob");
        self.deliver(&mut self.lock(), &event);
    }

    /// The copy of which it told as `before` is `after` now: whoever heard of it waits for its end.
    pub fn goes_on(&self, name: &str, before: &str, after: &str) {
        let mut state = self.lock();
        if state.told.contains(&(name.to_owned(), before.to_owned())) {
            state.told.insert((name.to_owned(), after.to_owned()));
        }
    }

    /// Whether it told of this version of a blob, or may still do so.
    pub fn told(&self, version: &Version) -> bool {
        self.lock().told.contains(version)
    }

    // The texts that came and that nobody can read.
    fn garbage(&self) -> BTreeSet<String> {
        self.lock().garbage.clone()
    }

    /// What nobody can read is in the poison queue, and nothing else is.
    ///
    /// # Errors
    /// What is not so, in words.
    pub fn poison_is_right(&self, poison: &FakeQueue) -> Result<(), String> {
        let poison = poison.texts();
        let set_aside: BTreeSet<_> = poison.iter().filter_map(|it| original(it)).collect();
        let garbage = self.garbage();
        if let Some(good) = set_aside.difference(&garbage).next() {
            let whole = poison.iter().find(|it| original(it).as_ref() == Some(good));
            return Err(format!("a good message is in the poison queue: {whole:?}"));
        }
        match garbage.difference(&set_aside).next() {
            Some(missing) => Err(format!("{missing} is not in the poison queue")),
            None => Ok(()),
        }
    }

    /// How many messages are still to come.
    pub fn pending(&self) -> usize {
        self.pending.load(SeqCst)
    }

    /// What happened to events so far.
    pub fn counts(&self) -> Counts {
        self.lock().counts
    }

    // What a queue gets beside what matters.
    fn make_noise(&self, state: &mut State, name: &str, etag: &str) {
        match state.rng.below(4) {
            0 => {
                let event = self.event("BlobCreated", "another", name, etag, "PutBlob");
                self.deliver(state, &event);
            }
            1 => {
                let event = self.event(
                    "BlobTierChanged",
                    &self.container,
                    name,
                    etag,
                    "SetBlobTier",
                );
                self.deliver(state, &event);
            }
            _ => {
                let number = state.rng.next_u64();
                let text = match state.rng.below(4) {
                    // With the reason beside it, it does not fit into one message any more.
                    3 => "?".repeat(LONGEST_TEXT - 20) + &format!("{number:020}"),
                    0 => format!("{{\"number\": {number}"),
                    1 => json!({ "number": number }).to_string(),
                    _ => format!("%{number}%"),
                };
                state.garbage.insert(text.clone());
                self.send(state, text);
            }
        }
    }

    fn deliver(&self, state: &mut State, event: &Value) {
        let event = &match state.rng.chance(400) {
            true => in_its_own_schema(event),
            false => event.clone(),
        };
        let text = match state.rng.below(4) {
            0 => json!([event]).to_string(),
            1 => json!([
                self.event("BlobDeleted", &self.container, "x", "0x0", "DeleteBlob"),
                event
            ])
            .to_string(),
            _ => event.to_string(),
        };
        let text = match state.rng.chance(500) {
            true => STANDARD.encode(text),
            false => text,
        };
        self.send(state, text);
    }

    // Most come at once, some a little later, some after hours.
    fn send(&self, state: &mut State, text: String) {
        let longest = match state.rng.below(20) {
            0 => 3 * 3600,
            1..5 => 60,
            _ => 3,
        };
        let delay = state
            .rng
            .duration(Duration::ZERO..Duration::from_secs(longest));
        state.counts.messages += 1;
        self.pending.fetch_add(1, SeqCst);
        let (queue, pending) = (self.queue.clone(), Arc::clone(&self.pending));
        tokio::spawn(async move {
            sleep(delay).await;
            queue.put(&text).unwrap();
            pending.fetch_sub(1, SeqCst);
        });
    }

    fn event(&self, kind: &str, container: &str, name: &str, etag: &str, api: &str) -> Value {
        let time = self.account.now().format(&Rfc3339).unwrap();
        json!({
            "specversion": "1.0",
            "type": format!("Microsoft.Storage.{kind}"),
            "source": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/account",
            "id": format!("{kind}-{name}-{etag}"),
            "time": time,
            "subject": format!("/blobServices/default/containers/{container}/blobs/{name}"),
            "data": {"api": api, "eTag": etag},
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

/// The same event in Event Grid's own schema, which subscriptions have unless they ask for CloudEvents.
fn in_its_own_schema(event: &Value) -> Value {
    json!({
        "topic": event["source"],
        "subject": event["subject"],
        "eventType": event["type"],
        "id": event["id"],
        "eventTime": event["time"],
        "data": event["data"],
        "dataVersion": "",
        "metadataVersion": "1",
    })
}

// The text of a message in a poison queue, before it was set aside. One that was too long stands alone, and what is
// said about it is another message.
fn original(poison: &str) -> Option<String> {
    let Ok(whole) = serde_json::from_str::<Value>(poison) else {
        return Some(poison.to_owned());
    };
    whole["text"].as_str().map(str::to_owned)
}

/// The blob versions of a container that a message says are new.
pub fn versions_in(text: &str, container: &str) -> Vec<Version> {
    let events = parse(text, "").unwrap_or_default().into_iter();
    let created = events.filter(|it| it.kind.announces() && it.container == container);
    created.filter_map(|it| Some((it.name, it.etag?))).collect()
}
