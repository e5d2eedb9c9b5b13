//! Why the cluster cannot be asked.

use thiserror::Error;

/// Why the cluster cannot be asked the outcome of events.
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
