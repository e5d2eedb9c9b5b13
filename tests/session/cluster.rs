//! A cluster whose Workflows are made and deleted by the test.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use async_trait::async_trait;
use azure_blob_eventsource::{
    confirm::{
        error::ConfirmError,
        index::Index,
        object_set::{Object, State},
        unfinished::Unfinished,
    },
    event::EventId,
    ports::confirmation::Confirmation,
};
use serde_json::Value;
use time::OffsetDateTime;

#[derive(Default)]
pub(crate) struct Cluster {
    pub(crate) index: Index,
    there: Mutex<BTreeMap<String, Object>>,
}

#[async_trait]
impl Confirmation for Cluster {
    fn index(&self) -> &Index {
        &self.index
    }

    fn namespace(&self) -> &str {
        "ml-pipelines"
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        let there = self
            .there
            .lock()
            .unwrap()
            .values()
            .any(|object| object.id == id);
        if there {
            self.index.found(id);
        }
        Ok(there)
    }
}

pub(crate) fn id(event: &Value) -> EventId {
    EventId::from_hex(event["id"].as_str().unwrap()).unwrap()
}

pub(crate) fn name(event: &Value) -> String {
    let text = |key: &str| event[key].as_str().unwrap().to_owned();
    format!("ml-pipeline-{}-{}", text("slug"), text("shortid"))
}

fn object(event: &Value, state: State) -> Object {
    Object {
        name: name(event),
        id: id(event),
        state,
    }
}

/// A Workflow that was made so long ago.
pub(crate) fn made(ago: Duration, phase: Option<&str>) -> Unfinished {
    let made = OffsetDateTime::now_utc() - ago;
    Unfinished {
        created: made.unix_timestamp(),
        phase: phase.map(str::to_owned),
        deleted: None,
    }
}

impl Cluster {
    /// The event's Workflow is there, and the watch says so.
    pub(crate) fn run(&self, event: &Value) {
        let object = self.run_unseen(event);
        self.index.applied(object);
    }

    /// The event's Workflow is there, and the watch has missed it.
    pub(crate) fn run_unseen(&self, event: &Value) -> Object {
        self.put(
            event,
            State::Unfinished(made(Duration::ZERO, Some("Running"))),
        )
    }

    /// The event's Workflow is there as this says, and so does the watch.
    pub(crate) fn run_as(&self, event: &Value, unfinished: Unfinished) {
        let object = self.put(event, State::Unfinished(unfinished));
        self.index.applied(object);
    }

    fn put(&self, event: &Value, state: State) -> Object {
        let object = object(event, state);
        let mut there = self.there.lock().unwrap();
        there.insert(object.name.clone(), object.clone());
        object
    }

    pub(crate) fn finish(&self, event: &Value) {
        let object = self.put(event, State::Finished);
        self.index.applied(object);
    }

    pub(crate) fn delete(&self, event: &Value) {
        let object = object(event, State::Finished);
        self.there.lock().unwrap().remove(&object.name);
        self.index.deleted(&object);
    }
}
