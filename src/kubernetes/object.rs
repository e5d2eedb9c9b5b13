//! From an object's metadata to what the index knows of it.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{DynamicObject, PartialObjectMeta};

use crate::{
    confirm::{
        COMPLETED_LABEL, EVENT_ID_LABEL, PHASE_LABEL,
        object_set::{Object, State},
        target::ObjectKind,
        unfinished::Unfinished,
    },
    event::EventId,
};

/// What the API server tells of an object.
pub(crate) type Meta = PartialObjectMeta<DynamicObject>;

/// An object of this kind as the index knows it; `None` when its label is no event's id.
pub(crate) fn object(meta: &Meta, kind: &ObjectKind) -> Option<Object> {
    let labels = meta.metadata.labels.as_ref()?;
    let id = EventId::from_hex(labels.get(EVENT_ID_LABEL)?)?;
    Some(Object {
        name: meta.metadata.name.clone()?,
        id,
        state: match kind.is_workflow() {
            true => state(&meta.metadata, labels),
            false => State::Untold,
        },
    })
}

fn state(meta: &ObjectMeta, labels: &BTreeMap<String, String>) -> State {
    if labels.get(COMPLETED_LABEL).is_some_and(|it| it == "true") {
        return State::Finished;
    }
    let seconds = |time: &Time| time.0.as_second();
    let phase = labels.get(PHASE_LABEL).filter(|phase| !phase.is_empty());
    State::Unfinished(Unfinished {
        // The API server gives every object this moment. One without it would have no age.
        created: meta.creation_timestamp.as_ref().map_or(i64::MAX, seconds),
        phase: phase.cloned(),
        deleted: meta.deletion_timestamp.as_ref().map(seconds),
    })
}
