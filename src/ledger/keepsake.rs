//! What a ledger held, for as long as its state container is away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Contents;

/// Holds the ledger of a session whose state container was deleted, until a session of the same source
/// finds the container again, without a ledger.
///
/// It takes as much memory as the ledger did.
#[derive(Debug, Default)]
pub struct Keepsake(Mutex<Option<Contents>>);

impl Keepsake {
    /// Keeps these contents in place of others; those of a ledger that was never begun are nothing.
    pub fn keep(&self, contents: Contents) {
        if contents.facts.is_some() {
            *self.lock() = Some(contents);
        }
    }

    /// What is kept, if it speaks of the container with this URL. Nothing is kept any more.
    pub fn take(&self, container: &str) -> Option<Contents> {
        let kept = self.lock().take();
        kept.filter(|kept| {
            kept.facts
                .as_ref()
                .is_some_and(|f| f.container == container)
        })
    }

    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        self.lock().is_none()
    }

    // Whole at any time, so a poisoned lock is as good as a whole one.
    fn lock(&self) -> MutexGuard<'_, Option<Contents>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
