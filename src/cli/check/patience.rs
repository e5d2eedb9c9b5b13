//! How long a step may take.

use std::{future::Future, time::Duration};

use tokio::time::timeout;

use crate::ports::error::{StorageError, StorageErrorKind};

/// How long a step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What a call says that may take no longer than a step.
pub(super) async fn in_time<T>(
    call: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    timeout(PATIENCE, call).await.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", PATIENCE.as_secs());
        Err(StorageError::new(StorageErrorKind::Transient, message))
    })
}
