//! A cluster whose Workflows are made and deleted by the test.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use azure_blob_eventsource::{
    confirm::{ConfirmError, Confirmation, Index, index::Object},
    event::EventId,
};
use serde_json::Value;

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

fn object(event: &Value, finished: bool) -> Object {
    Object {
        name: format!("ml-pipeline-{}-{}", event["slug"], event["shortid"]),
        id: id(event),
        finished,
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
        let object = object(event, false);
        let mut there = self.there.lock().unwrap();
        there.insert(object.name.clone(), object.clone());
        object
    }

    pub(crate) fn finish(&self, event: &Value) {
        let object = object(event, true);
        let mut there = self.there.lock().unwrap();
        there.insert(object.name.clone(), object.clone());
        self.index.applied(object);
    }

    pub(crate) fn delete(&self, event: &Value) {
        let object = object(event, true);
        self.there.lock().unwrap().remove(&object.name);
        self.index.deleted(&object);
    }
}
