//! What has come of events: the objects in the cluster that bear an event's id.
//!
//! [`index`] and [`unfinished`] are pure and know what was seen; [`watch`] feeds them from the cluster,
//! [`expected`] puts together all that has to come of an event, and [`words`] tells people.

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use self::unfinished::Workflows;
use crate::{config::Confirm, event::EventId};

pub mod expected;
pub mod index;
pub mod unfinished;
pub mod watch;
pub mod words;

pub use expected::Expected;
pub use index::Index;

/// The label that holds an event's id, as 32 lower-case hexadecimal digits.
pub const EVENT_ID_LABEL: &str = "azure-blob-eventsource/event-id";

/// The label with which Argo says that a Workflow has finished.
pub const COMPLETED_LABEL: &str = "workflows.argoproj.io/completed";

/// The label with which Argo says how far a Workflow is. Without it, Argo's controller has not taken
/// the Workflow up.
pub const PHASE_LABEL: &str = "workflows.argoproj.io/phase";

/// Opens watches: the port that keeps the server apart from Kubernetes.
#[async_trait]
pub trait Confirmations: Send + Sync + 'static {
    /// The watch that `confirm` asks for, shared with all who ask for the same. It
    /// begins, or goes on, in the background and ends when nobody holds it any more.
    ///
    /// # Errors
    /// [`ConfirmError::NoCluster`] only; all else is said by the watch's index.
    async fn open(&self, confirm: &Confirm) -> Result<Arc<dyn Confirmation>, ConfirmError>;
}

/// A watch over the objects of one kind in one namespace that bear an event's id.
///
/// # What an implementation promises
/// - An object that exists appears in the index, within seconds while the index is
///   [`Live`](index::Health::Live), however often the connection breaks.
/// - While the cluster cannot be asked, the index says so and why.
#[async_trait]
pub trait Confirmation: Send + Sync {
    /// What was seen so far.
    fn index(&self) -> &Index;

    /// What was seen of the Workflows of this namespace that came of any event, whichever labels they
    /// have: the limit on unfinished ones counts all of them.
    fn all(&self) -> &Index {
        self.index()
    }

    /// Where the objects are.
    fn namespace(&self) -> &str;

    /// The unfinished Workflows at `now`, in seconds since 1970.
    fn workflows(&self, now: i64) -> Workflows {
        Workflows {
            namespace: self.namespace().to_owned(),
            survey: self.all().survey(now),
        }
    }

    /// Asks the cluster itself whether an object bears this id, and tells the index if so: the
    /// answer does not depend on a watch that may have missed something.
    async fn look(&self, id: EventId) -> Result<bool, ConfirmError>;
}

/// Why the cluster cannot be asked what came of events.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfirmError {
    /// There is neither a cluster around this process nor a kubeconfig.
    #[error("{0}")]
    NoCluster(String),
    /// The server may not list or watch these objects. The sentence ends with the commands that
    /// grant it.
    #[error("{0}")]
    Forbidden(String),
    /// The cluster has no such kind.
    #[error("{0}")]
    UnknownKind(String),
    /// The API server does not answer, or not as it should. It may later.
    #[error("{0}")]
    Unreachable(String),
}

impl ConfirmError {
    /// Whether it may pass without anybody's doing.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}
