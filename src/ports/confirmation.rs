//! The port to the cluster: the outcome of events.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    confirm::{error::ConfirmError, index::Index, target::Confirm, unfinished::Workflows},
    event::EventId,
};

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
///   [`Live`](crate::confirm::index::WatchHealth::Live), however often the connection breaks.
/// - While the cluster cannot be asked, the index says so and why.
#[async_trait]
pub trait Confirmation: Send + Sync {
    /// What was seen so far.
    fn index(&self) -> &Index;

    /// What was seen of the Workflows of this namespace that have an event's id, whichever labels they
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
