//! The outcome of events: the objects in the cluster that bear an event's id.
//!
//! [`object_set`] and [`unfinished`] are pure and know what was seen, [`index`] tells sessions of it, [`target`]
//! says what is expected, and [`words`] tells people.

pub mod error;
pub mod index;
pub mod object_set;
pub mod target;
pub mod unfinished;
pub mod words;

/// The label that holds an event's id, as 32 lower-case hexadecimal digits.
pub const EVENT_ID_LABEL: &str = "azure-blob-eventsource/event-id";

/// The label with which Argo says that a Workflow has finished.
pub const COMPLETED_LABEL: &str = "workflows.argoproj.io/completed";

/// The label with which Argo says how far a Workflow is. Without it, Argo's controller has not taken
/// the Workflow up.
pub const PHASE_LABEL: &str = "workflows.argoproj.io/phase";
