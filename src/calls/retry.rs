//! How long to wait before a call to the storage account is made again.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use time::OffsetDateTime;
use tracing::{debug, info, warn};

use crate::{event::rfc3339, metrics::SourceStats, ports::error::StorageError};

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// How much of a `Retry-After` is obeyed at a time. Longer than any throttling lasts, and short
/// enough that a strange answer cannot put a source to sleep: see
/// `docs/adr/0016-a-listing-that-goes-nowhere.md`.
const MOST_OBEYED: Duration = Duration::from_secs(300);

/// Tries calls to one storage account until they succeed or fail for good.
///
/// Waits grow from half a second to half a minute, with jitter, and never end; a `Retry-After` that
/// is longer is obeyed, for five minutes at a time. Each failure is counted; the log gets a line when
/// the fault begins, when it changes, and when it is over. A connection that was closed before it answered is no fault
/// the first time: the call is made again at once.
#[derive(Debug)]
pub struct Retry {
    what: &'static str,
    stats: Arc<SourceStats>,
    seed: u64,
    waits: ExponentialBackoff,
    proven: bool,
    failures: u32,
    /// Whether the one try that needs no wait has been had.
    hurried: bool,
    last: Option<(String, bool)>,
    // Tells its error from those of others in the numbers of the source.
    number: u64,
}

impl Retry {
    /// For the operation that `what` names in logs. `seed` decides the jitter.
    pub fn new(what: &'static str, seed: u64, stats: &Arc<SourceStats>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        stats.may_retry(what);
        Self {
            what,
            stats: Arc::clone(stats),
            seed,
            waits: waits(seed),
            proven: false,
            failures: 0,
            hurried: false,
            last: None,
            number: NEXT.fetch_add(1, Relaxed),
        }
    }

    /// Whether the service has answered as it should before: see [`StorageError::passes`].
    pub fn proven(mut self, proven: bool) -> Self {
        self.proven = proven;
        self
    }

    /// Whether to try again after `error`.
    pub fn passes(&self, error: &StorageError) -> bool {
        error.passes(self.proven)
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
                Err(error) if self.passes(&error) => self.wait(&error).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Says that the fault is over, if there was one. The next one begins with a short wait.
    pub fn succeeded(&mut self) {
        self.hurried = false;
        if self.failures == 0 {
            return;
        }
        info!(
            operation = self.what,
            failures = self.failures,
            "storage answers again"
        );
        self.stats.set_error(self.number, None);
        self.failures = 0;
        self.last = None;
        self.waits = waits(self.seed);
    }

    /// Counts a failure and waits until the next try is due.
    pub async fn wait(&mut self, error: &StorageError) {
        if error.unanswered && !self.hurried {
            self.hurried = true;
            debug!(operation = self.what, %error, "trying again at once");
            return;
        }
        let own = self.waits.next().unwrap_or(LONGEST);
        let asked = error.retry_after.map(|asked| asked.min(MOST_OBEYED));
        let asked = asked.filter(|asked| *asked > own);
        self.note(error, asked);
        let wait = asked.unwrap_or(own);
        *self.stats.next_try.lock() = Some(OffsetDateTime::now_utc() + wait);
        tokio::time::sleep(wait).await;
    }

    /// Tells, once, of a fault that needs no wait, or that there is none any more.
    pub fn tell(&mut self, fault: Option<StorageError>) {
        match fault {
            Some(error) if self.failures == 0 => self.note(&error, None),
            Some(_) => {}
            None => self.succeeded(),
        }
    }

    fn note(&mut self, error: &StorageError, asked: Option<Duration>) {
        self.failures += 1;
        self.stats.retried(self.what);
        let until = asked.map_or_else(String::new, |wait| waits_until(error, wait));
        let what = self.what;
        let now = (error.message.clone(), asked.is_some());
        if self.last.as_ref() != Some(&now) {
            let error = format_args!("{error}{until}");
            warn!(operation = what, %error, "storage call failed; trying again until it succeeds");
            self.last = Some(now);
        }
        // Each time, because the moment is another one.
        self.stats
            .set_error(self.number, Some(format!("{what}: {error}{until}")));
    }
}

impl Drop for Retry {
    fn drop(&mut self) {
        if self.failures > 0 {
            self.stats.set_error(self.number, None);
        }
    }
}

fn waits(seed: u64) -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST)
        .with_jitter()
        .with_jitter_seed(seed)
        .without_max_times()
        .build()
}

// To the second, as services ask.
fn waits_until(error: &StorageError, wait: Duration) -> String {
    let until = OffsetDateTime::now_utc() + wait;
    let until = rfc3339(until.replace_nanosecond(0).unwrap_or(until));
    let all = error.retry_after.is_none_or(|asked| asked <= wait);
    let part = match all {
        true => String::new(),
        false => format!(" (at most {} s at a time)", wait.as_secs()),
    };
    format!("; this server waits until {until}{part}")
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::Instant;

    use crate::calls::retry::*;
    use crate::ports::error::StorageErrorKind::{Forbidden, Transient};

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
        (result, start.elapsed(), stats.retries())
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
    async fn a_wait_that_is_asked_for_is_told_and_obeyed_for_five_minutes_at_a_time() {
        for (asked, waited) in [(u64::MAX, 300), (1_000_000_000, 300), (301, 300), (90, 90)] {
            let stats = Arc::new(SourceStats::default());
            let mut retry = Retry::new("list", 7, &stats);
            let mut busy = StorageError::new(Transient, "503 ServerBusy");
            busy.retry_after = Some(Duration::from_secs(asked));
            let start = Instant::now();
            retry.wait(&busy).await;
            assert_eq!(start.elapsed().as_secs(), waited);
            let told = stats.error().unwrap_or_default();
            let words = format!(
                "list: 503 ServerBusy, and asks for a wait of {asked} s (`Retry-After`); this server waits until 20"
            );
            assert!(told.starts_with(&words), "{told}");
            assert_eq!(
                told.ends_with("Z (at most 300 s at a time)"),
                asked > 300,
                "{told}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_goes_wrong_elsewhere_is_told_until_it_is_mended_itself() {
        let stats = Arc::new(SourceStats::default());
        let [mut list, mut append] = ["list", "append"].map(|what| Retry::new(what, 7, &stats));
        list.wait(&StorageError::new(Transient, "busy")).await;
        append.wait(&StorageError::new(Transient, "busy")).await;
        assert_eq!(stats.error().as_deref(), Some("append: busy"));
        append.succeeded();
        assert_eq!(stats.error().as_deref(), Some("list: busy"));
        drop(list);
        assert_eq!(stats.error(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_closed_is_a_fault_the_second_time_only() {
        let closed = StorageError {
            unanswered: true,
            ..StorageError::new(Transient, "closed")
        };
        let stats = Arc::new(SourceStats::default());
        let mut retry = Retry::new("append", 7, &stats);
        let start = Instant::now();
        for _ in 0..3 {
            retry.wait(&closed).await;
            assert_eq!((stats.error(), start.elapsed()), (None, Duration::ZERO));
            retry.succeeded();
        }
        assert_eq!(stats.retries(), 0);
        retry.wait(&closed).await;
        retry.wait(&closed).await;
        assert_eq!(stats.error().as_deref(), Some("append: closed"));
        assert!(start.elapsed() >= SHORTEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_final() {
        let (result, took, _) = try_with(vec![StorageError::new(Forbidden, "no")]).await;
        assert_eq!(result.map_err(|e| e.kind), Err(Forbidden));
        assert_eq!(took, Duration::ZERO);
    }
}
