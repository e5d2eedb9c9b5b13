//! What a ledger held, for as long as its state container is away.

use crate::{ledger::Contents, shared::Shared};

/// Holds the ledger of a session whose state container was deleted, until a session of the same source
/// finds the container again, without a ledger.
///
/// It takes as much memory as the ledger did.
#[derive(Debug, Default)]
pub struct RetainedLedger(Shared<Option<Contents>>);

impl RetainedLedger {
    /// Keeps these contents in place of others; those of a ledger that was never begun are nothing.
    pub fn keep(&self, contents: Contents) {
        if contents.facts.is_some() {
            *self.0.lock() = Some(contents);
        }
    }

    /// What is kept, if it speaks of the container with this URL. Nothing is kept any more.
    pub fn take(&self, container: &str) -> Option<Contents> {
        let kept = self.0.lock().take();
        kept.filter(|kept| {
            kept.facts
                .as_ref()
                .is_some_and(|f| f.container == container)
        })
    }

    /// Whether there is anything.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_none()
    }
}
