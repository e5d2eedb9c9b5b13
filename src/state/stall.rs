//! The word that nothing is confirmed: a blob in the source's folder for as long as it is so, for
//! those who ask from outside of the process that streams.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// Where to look when nothing is confirmed, and what fixes the usual causes: an EventBus that lost its
/// storage, which neither EventSource nor Sensor notices, and a Sensor without its Role or for other events. Its commands name the
/// namespace, when it is known.
pub fn cure(namespace: Option<&str>) -> String {
    let namespace = namespace.unwrap_or("NAMESPACE");
    format!(
        "look at EventBus and Sensor. If the bus lost its storage, run `kubectl rollout restart \
         deployment -n {namespace} -l eventsource-name` and `kubectl rollout restart deployment -n \
         {namespace} -l sensor-name`. The Sensor's log (`kubectl logs -n {namespace} -l sensor-name`) says if it may not \
         create Workflows: then check its Role. It also says if the Sensor asks for a field that the event does not have: \
         events of batches need sensors/ml-batch"
    )
}

/// A source of which nothing is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stalled {
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When something was last confirmed by the stream that says so, if ever.
    #[serde(with = "time::serde::rfc3339::option")]
    pub last_confirmed: Option<OffsetDateTime>,
    /// How many events wait.
    pub waiting: u64,
    /// What is wrong, and the cure.
    pub reason: String,
}

impl Stalled {
    /// The blob, indented for people.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of texts, numbers and moments of our time always has a JSON form.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// What the blob says; `None` when it is not ours.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}
