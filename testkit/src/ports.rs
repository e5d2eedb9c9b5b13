//! The account behind the library's ports, for simulations on paused time.
//!
//! Every call awaits at least once before its effect and at least once after. A caller that is
//! dropped at an await has therefore crashed either before anything happened or between what
//! happened and its answer, which are all the crashes there are.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use azure_blob_eventsource::{
    blob::BlobRef,
    ports::error::{StorageError, StorageErrorKind},
};
use tokio::{task::yield_now, time::sleep};

use crate::{
    account::{Item, Refusal},
    faults::{Fault, FaultSource, Op},
};

mod feed;
mod listing;
mod notifications;
mod properties;
mod state;

pub use feed::FakeChangeFeed;
pub use listing::{FakeListing, LostWay};
pub use notifications::FakeNotifications;
pub use properties::FakeProperties;
pub use state::FakeState;

/// The way from a caller to its effect and back, with all that goes wrong on it.
#[derive(Clone)]
struct Wire {
    faults: FaultSource,
    late: LateEffects,
}

/// How many effects are still to come whose callers have had their error.
#[derive(Debug, Clone, Default)]
pub struct LateEffects(Arc<AtomicUsize>);

impl LateEffects {
    /// The number now. A storm is over when it is zero.
    pub fn pending(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Wire {
    fn new(faults: FaultSource) -> Self {
        Self {
            faults,
            late: LateEffects::default(),
        }
    }

    /// Carries one call. `effect` runs once, twice, later, or never.
    async fn call<T>(
        &self,
        op: Op,
        effect: impl Fn() -> Result<T, StorageError> + Send + Sync + 'static,
    ) -> Result<T, StorageError> {
        let fault = self.faults.next(op);
        yield_now().await;
        match fault {
            Fault::None => {
                let answer = effect();
                yield_now().await;
                answer
            }
            Fault::Slow(time) => {
                sleep(time / 2).await;
                let answer = effect();
                sleep(time - time / 2).await;
                answer
            }
            Fault::ErrorBefore(error) => {
                yield_now().await;
                Err(error)
            }
            Fault::ErrorAfter(error) => {
                let _ = effect();
                yield_now().await;
                Err(error)
            }
            Fault::Twice => {
                let _ = effect();
                yield_now().await;
                let answer = effect();
                yield_now().await;
                answer
            }
            Fault::Again(after) => {
                let answer = effect();
                self.schedule(after, effect);
                yield_now().await;
                answer
            }
            Fault::Late(error, after) => {
                self.schedule(after, effect);
                yield_now().await;
                Err(error)
            }
        }
    }

    /// The request is on its way and no longer its caller's: it arrives even if the caller dies.
    fn schedule<T>(
        &self,
        after: std::time::Duration,
        effect: impl Fn() -> Result<T, StorageError> + Send + Sync + 'static,
    ) {
        let late = self.late.0.clone();
        late.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(async move {
            sleep(after).await;
            let _ = effect();
            late.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// What the model says of a blob, in the product's words.
fn listed(item: &Item) -> BlobRef<'_> {
    BlobRef {
        name: &item.name,
        etag: &item.etag,
        last_modified: item.last_modified.unix_timestamp(),
        size: item.size,
        content_type: &item.content_type,
        blob_type: item.blob_type,
        content_md5: &item.content_md5,
        access: item.access,
        is_directory: item.is_directory(),
    }
}

/// A refusal as the adapter would name it to its caller.
fn storage_error(refusal: Refusal, continued: bool) -> StorageError {
    let (status, code, _) = refusal.parts();
    let kind = match refusal {
        Refusal::ContainerNotFound | Refusal::BlobNotFound => StorageErrorKind::NotFound,
        Refusal::AuthenticationFailed => StorageErrorKind::Unauthenticated,
        Refusal::ReadOnly => StorageErrorKind::Forbidden,
        Refusal::InvalidMarker if continued => StorageErrorKind::StaleContinuation,
        _ => StorageErrorKind::Rejected,
    };
    StorageError::new(kind, format!("simulated: {status} {code}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use azure_blob_eventsource::ports::state::{Appended, StateStore};
    use bytes::Bytes;
    use futures::{FutureExt, poll};

    use super::*;
    use crate::{
        account::{FakeAccount, NewBlob},
        faults::{Script, Storm, transient},
        rng::Rng,
    };

    fn account() -> FakeAccount {
        let account = FakeAccount::new();
        account.create_container("state").unwrap();
        account.put("state", "journal", NewBlob::append()).unwrap();
        account
    }

    fn size(account: &FakeAccount) -> u64 {
        account.get("state", "journal").unwrap().size()
    }

    #[tokio::test]
    async fn a_call_can_be_dropped_on_both_sides_of_its_effect() {
        let mut sizes = Vec::new();
        for polls in 0..3 {
            let account = account();
            let state = FakeState::new(account.clone(), "state", FaultSource::none());
            let mut append = state.append("journal", 0, Bytes::from("x")).boxed();
            for _ in 0..polls {
                assert!(poll!(&mut append).is_pending());
            }
            drop(append);
            sizes.push(size(&account));
        }
        assert_eq!(sizes, [0, 0, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_append_lands_after_its_error_if_its_position_still_fits() {
        let account = account();
        let late = || Fault::Late(transient("timeout"), Duration::from_secs(9));
        let script = Script::new()
            .then(Op::Append, late())
            .then(Op::Append, late());
        let state = FakeState::new(account.clone(), "state", FaultSource::new(script));
        for content in ["first", "second"] {
            let answer = state.append("journal", 0, Bytes::from(content)).await;
            assert!(answer.unwrap_err().is_transient());
        }
        assert_eq!((size(&account), state.late_effects().pending()), (0, 2));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(state.late_effects().pending(), 0);
        assert_eq!(account.get("state", "journal").unwrap().content(), b"first");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_leaves_its_effect() {
        let account = account();
        let script = Script::new().then(Op::Append, Fault::ErrorAfter(transient("reset")));
        let state = FakeState::new(account.clone(), "state", FaultSource::new(script));
        assert!(state.append("journal", 0, Bytes::from("x")).await.is_err());
        let again = state.append("journal", 0, Bytes::from("x")).await.unwrap();
        assert_eq!((again, size(&account)), (Appended::PositionMoved, 1));
    }

    /// What happened in a storm of this seed, as text.
    async fn storm(seed: u64) -> String {
        let account = account();
        let faults = FaultSource::new(Storm::new(Rng::new(seed), 300));
        let state = FakeState::new(account.clone(), "state", faults);
        let mut story = String::new();
        for _ in 0..100 {
            let answer = state.append("journal", size(&account), Bytes::from("x"));
            story += &format!("{:?} {}\n", answer.await, size(&account));
        }
        story
    }

    #[tokio::test(start_paused = true)]
    async fn a_seed_is_a_run() {
        assert_eq!(storm(1).await, storm(1).await);
        assert_ne!(storm(1).await, storm(2).await);
    }
}
