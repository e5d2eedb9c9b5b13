//! The configuration of an event source: YAML in, a validated [`SourceConfig`] out.
//!
//! Text becomes a tree, the tree is read key by key, and every mistake is kept for the answer:
//! whoever has to edit an EventSource to try again wants all of them at once.
//!
//! ```
//! use azure_blob_eventsource::config::SourceConfig;
//!
//! let config = SourceConfig::parse(b"account: mlpipelinestore\ncontainer: datasets\n")?;
//! assert_eq!(config.container, "datasets");
//!
//! let error = SourceConfig::parse(b"account: mlpipelinestore\nconatiner: datasets\n").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "unknown key `conatiner`; did you mean `container`?\n\
//!      container: is missing; give the name of the container to watch"
//! );
//! # Ok::<(), azure_blob_eventsource::config::ConfigError>(())
//! ```

mod canonical;
mod confirm;
mod delivery;
mod document;
#[cfg(test)]
mod hostile;
mod mistake;
mod names;
#[cfg(test)]
mod properties;
mod raw;
mod reader;
mod span;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use time::OffsetDateTime;
use url::Url;

pub(crate) use self::mistake::nearest;
pub use self::mistake::{ConfigError, Mistake};
use crate::{blob::Version, filter::Filter};

/// What an event source watches and how: the validated text under `spec.generic.<event>.config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceConfig {
    /// Where the storage account is.
    pub location: Location,
    /// The container whose blobs are announced.
    pub container: String,
    /// Which names are announced: `prefix` and `pattern`.
    pub filter: Filter,
    /// A file in the server's credentials directory; without one, the server's own identity signs in.
    pub credential: Option<String>,
    /// From the start of one sweep to the start of the next (`source.listing.interval`).
    pub interval: Duration,
    /// What becomes of blobs that were there before the source first started.
    pub existing: Existing,
    /// How long a blob must have been left alone before it is announced.
    pub min_age: Duration,
    /// Whether blobs of no bytes are passed over.
    pub skip_empty: bool,
    /// What makes a blob a new version of itself.
    pub version: Version,
    /// The container that keeps the ledger (`state.container`); without one it is in memory.
    pub state: Option<String>,
    /// What shows that an event came to something: an object for each entry. Without any, an event is
    /// done once its stream stayed healthy for [`Limits::settle`].
    pub confirm: Vec<Confirm>,
    /// When an unconfirmed event is sent again, and when it is given up.
    pub redelivery: Redelivery,
    /// Bounds on what is under way.
    pub limits: Limits,
    /// The source's name in the state container, when the derived one does not serve.
    pub id: Option<String>,
}

impl SourceConfig {
    /// Reads a configuration of at most 64 KiB.
    ///
    /// # Errors
    /// All that is wrong with it: text that is no YAML mapping, unknown keys, values of the wrong
    /// type or out of bounds. No message shows what looks like a secret.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        document::read(&raw::read(text)?)
    }

    /// The effective configuration as YAML, defaults included. [`parse`](Self::parse) reads it to
    /// an equal one.
    pub fn to_yaml(&self) -> String {
        canonical::write(self)
    }
}

/// Where a storage account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// By name, in the public cloud or wherever the connection string says.
    Account(String),
    /// By the URL of its blob service, without a trailing slash (but the one that a [`Url`] of a
    /// bare host always prints), and without query, fragment or user.
    Endpoint(Url),
}

/// What becomes of blobs that were there before the source first started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They are taken as done.
    Skip,
    /// They are announced.
    Emit,
    /// Those modified at or after this moment are announced, the others are taken as done.
    Since(OffsetDateTime),
}

/// Bounds on what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At most so many events are sent and not yet done.
    pub in_flight: usize,
    /// At most so many unfinished Workflows, those that are about to come of unconfirmed events
    /// included. `None` unless Workflows confirm.
    pub active_workflows: Option<usize>,
    /// How long a stream must have stayed healthy after an event was sent for the event to be done.
    pub settle: Duration,
}

/// What shows that an event came to something: an object in the cluster that bears the event's id in
/// the label [`EVENT_ID_LABEL`](crate::confirm::EVENT_ID_LABEL).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Confirm {
    /// What kind of object.
    pub kind: ObjectKind,
    /// Where it is made; the server's own namespace without one.
    pub namespace: Option<String>,
    /// The labels that it must have, so that the objects of several Sensors can be told apart.
    pub selector: BTreeMap<String, String>,
}

impl Confirm {
    /// Any Workflow in the server's own namespace.
    pub fn workflows() -> Self {
        Self {
            kind: ObjectKind::workflow(),
            namespace: None,
            selector: BTreeMap::new(),
        }
    }

    /// The selector as the Kubernetes API takes it; empty without labels.
    pub fn labels(&self) -> String {
        let terms = self.selector.iter();
        let terms: Vec<_> = terms
            .map(|(label, value)| format!("{label}={value}"))
            .collect();
        terms.join(",")
    }

    /// The object in words: `Workflow`, `Job (pipeline=audit)`.
    pub fn what(&self) -> String {
        match self.labels().as_str() {
            "" => self.kind.kind.clone(),
            labels => format!("{} ({labels})", self.kind.kind),
        }
    }
}

/// A kind of Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The version in it, such as `v1`.
    pub version: String,
    /// The kind's name, such as `Job`.
    pub kind: String,
}

impl ObjectKind {
    /// Argo's Workflow.
    pub fn workflow() -> Self {
        Self {
            group: "argoproj.io".to_owned(),
            version: "v1alpha1".to_owned(),
            kind: "Workflow".to_owned(),
        }
    }

    /// Whether this is Argo's Workflow, which says in a label that it has finished.
    pub fn is_workflow(&self) -> bool {
        self.group == "argoproj.io" && self.kind == "Workflow"
    }
}

/// When an unconfirmed event is sent again, and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redelivery {
    /// The shortest time without a confirmation after which an event is sent again.
    pub deadline: Duration,
    /// After so many attempts that failed while others succeeded an event is a dead letter.
    pub max_attempts: u32,
    /// An event that is alone and unconfirmed for so long is a dead letter.
    pub give_up_after: Duration,
}

impl Default for Redelivery {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            max_attempts: 10,
            give_up_after: Duration::from_secs(24 * 3600),
        }
    }
}
