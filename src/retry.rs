//! How long to wait before a call to the storage account is made again.

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tracing::{info, warn};

use crate::{metrics::SourceStats, storage::StorageError};

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Tries calls to one storage account until they succeed or fail for good.
///
/// Waits grow from half a second to half a minute, with jitter, and never end; a `Retry-After` that
/// is longer is obeyed. Each failure is counted; the log gets a line when the fault begins, when it
/// changes, and when it is over.
#[derive(Debug)]
pub struct Retry {
    what: &'static str,
    stats: Arc<SourceStats>,
    waits: ExponentialBackoff,
    proven: bool,
    failures: u32,
    last: Option<String>,
}

impl Retry {
    /// For the operation that `what` names in logs. `seed` decides the jitter.
    pub fn new(what: &'static str, seed: u64, stats: &Arc<SourceStats>) -> Self {
        Self {
            what,
            stats: Arc::clone(stats),
            waits: ExponentialBuilder::default()
                .with_min_delay(SHORTEST)
                .with_max_delay(LONGEST)
                .with_jitter()
                .with_jitter_seed(seed)
                .without_max_times()
                .build(),
            proven: false,
            failures: 0,
            last: None,
        }
    }

    /// Whether the service has answered as it should before: see [`StorageError::passes`].
    pub fn proven(mut self, proven: bool) -> Self {
        self.proven = proven;
        self
    }

    /// Makes the call until it succeeds or its error does not pass.
    pub async fn run<T, F>(mut self, mut call: impl FnMut() -> F) -> Result<T, StorageError>
    where
        F: Future<Output = Result<T, StorageError>>,
    {
        loop {
            match call().await {
                Ok(value) => {
                    self.succeeded();
                    return Ok(value);
                }
                Err(error) if error.passes(self.proven) => self.wait(&error).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Says that the fault is over, if there was one.
    pub fn succeeded(&self) {
        if self.failures > 0 {
            info!(
                operation = self.what,
                failures = self.failures,
                "storage answers again"
            );
            self.stats.set_error(None);
        }
    }

    /// Counts a failure and waits until the next try is due.
    pub async fn wait(&mut self, error: &StorageError) {
        self.failures += 1;
        self.stats.storage_retries.fetch_add(1, Relaxed);
        if self.last.as_deref() != Some(&error.message) {
            warn!(operation = self.what, %error, "storage call failed; trying again until it succeeds");
            self.stats
                .set_error(Some(format!("{}: {error}", self.what)));
            self.last = Some(error.message.clone());
        }
        let wait = self.waits.next().unwrap_or(LONGEST);
        tokio::time::sleep(wait.max(error.retry_after.unwrap_or_default())).await;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use super::*;
    use crate::storage::StorageErrorKind::{Forbidden, Transient};

    async fn try_with(errors: Vec<StorageError>) -> (Result<(), StorageError>, Duration, u64) {
        let stats = Arc::new(SourceStats::default());
        let (start, tries) = (Instant::now(), Cell::new(0));
        let result = Retry::new("list", 7, &stats)
            .run(|| {
                let at = tries.replace(tries.get() + 1);
                let error = errors.get(at).cloned();
                async move { error.map_or(Ok(()), Err) }
            })
            .await;
        (result, start.elapsed(), stats.storage_retries.load(Relaxed))
    }

    #[tokio::test(start_paused = true)]
    async fn transient_faults_are_waited_out_with_growing_waits() {
        let (result, took, retries) =
            try_with(vec![StorageError::new(Transient, "busy"); 12]).await;
        assert!(result.is_ok());
        assert_eq!(retries, 12);
        assert!(took > LONGEST * 5 && took < LONGEST * 24, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_obeyed() {
        let mut busy = StorageError::new(Transient, "busy");
        busy.retry_after = Some(Duration::from_secs(77));
        let (_, took, _) = try_with(vec![busy]).await;
        assert!(took >= Duration::from_secs(77));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_final() {
        let (result, took, _) = try_with(vec![StorageError::new(Forbidden, "no")]).await;
        assert_eq!(result.map_err(|e| e.kind), Err(Forbidden));
        assert_eq!(took, Duration::ZERO);
    }
}
