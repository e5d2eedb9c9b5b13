//! Whether this session still owns its source, asked before anything is sent.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::recorder::{OwnershipProof, Record};

/// So long one answer serves: short enough that an overtaken session sends next to nothing more,
/// long enough that a busy one asks next to nothing, because its own records are proof as well.
const SERVES: Duration = Duration::from_millis(200);
/// Where answers come slowly, one serves for so many times as long as it took, from the question on: a
/// busy session then waits for answers for less than half of its time, whatever they take.
const SLOW_SERVES: u32 = 3;
/// But no longer than this.
const LONGEST: Duration = Duration::from_secs(3);

/// The ownership between a session and the one that has overtaken it.
#[derive(Debug, Clone)]
pub(crate) struct Ownership {
    /// To who knows: the recorder, which ends the session when it is overtaken.
    pub(crate) records: mpsc::Sender<Record>,
    /// When it was last known.
    pub(crate) proof: OwnershipProof,
}

impl Ownership {
    /// Waits until it is known that the source is this session's; `None` when it is not, or the
    /// session is at its end.
    pub(crate) async fn pass(&self) -> Option<()> {
        match self.proof.age() {
            Some(age) if age < self.serves() => Some(()),
            _ => self.ask().await,
        }
    }

    fn serves(&self) -> Duration {
        let slow = self.proof.took() * SLOW_SERVES;
        slow.clamp(SERVES, LONGEST)
    }

    /// As [`Ownership::pass`], and no earlier answer serves.
    pub(crate) async fn ask(&self) -> Option<()> {
        let (told, answer) = oneshot::channel();
        let check = Record::Check(Some(told));
        self.records.send(check).await.ok()?;
        answer.await.ok()
    }
}
