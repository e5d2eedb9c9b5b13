//! What goes wrong at a port, decided by the simulation and by nobody else.

use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::ports::error::{StorageError, StorageErrorKind};

use crate::rng::Rng;

/// An operation of a port, as a [`Faults`] sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// `BlobListing::list`; `continued` when it bears a continuation.
    ListPage {
        /// Whether this is not the first page.
        continued: bool,
    },
    /// `StateStore::list`.
    List,
    /// `StateStore::read`.
    Read,
    /// `StateStore::create_append`.
    CreateAppend,
    /// `StateStore::append`.
    Append,
    /// `StateStore::put`.
    Put,
    /// `StateStore::put_new`.
    PutNew,
    /// `StateStore::delete`.
    Delete,
    /// `BlobProperties::properties`.
    Properties,
    /// `NotificationQueue::receive`.
    Receive,
    /// `NotificationQueue::hide`.
    Hide,
    /// `NotificationQueue::delete`.
    DeleteMessage,
    /// `NotificationQueue::put`.
    PutMessage,
    /// `NotificationQueue::peek`.
    Peek,
    /// `NotificationQueue::depth`.
    Depth,
    /// Any call of `ChangeFeed`.
    Feed,
}

impl Op {
    /// Whether the operation changes the account. To receive does: it hides.
    pub fn writes(self) -> bool {
        let reads = matches!(self, Self::ListPage { .. } | Self::List | Self::Read);
        !reads
            && !matches!(
                self,
                Self::Properties | Self::Peek | Self::Depth | Self::Feed
            )
    }
}

/// What goes wrong with one call.
#[derive(Debug, Clone, Default)]
pub enum Fault {
    /// Nothing does.
    #[default]
    None,
    /// The call fails and nothing happened.
    ErrorBefore(StorageError),
    /// It happened, but the caller gets this error in place of the answer.
    ErrorAfter(StorageError),
    /// The caller gets the error at once, and the effect happens this much later, if it still can.
    Late(StorageError, Duration),
    /// It happens twice, and the caller gets the second answer: the first got lost between them.
    Twice,
    /// It happens, and happens again this much later.
    Again(Duration),
    /// It takes this long: one half before the effect, the other before the answer.
    Slow(Duration),
}

/// Decides, for each call in order, what goes wrong with it.
pub trait Faults: Send {
    /// The fault of the next call.
    fn next(&mut self, op: Op) -> Fault;
}

/// A handle to one [`Faults`] that several ports share, so that a seed covers them all.
#[derive(Clone)]
pub struct FaultSource(Arc<Mutex<dyn Faults>>);

impl FaultSource {
    /// Shares `faults`.
    pub fn new(faults: impl Faults + 'static) -> Self {
        Self(Arc::new(Mutex::new(faults)))
    }

    /// A source of no faults.
    pub fn none() -> Self {
        Self::new(|_: Op| Fault::None)
    }

    /// The fault of the next call.
    pub fn next(&self, op: Op) -> Fault {
        self.0.lock().expect("faults do not panic").next(op)
    }
}

impl<F: FnMut(Op) -> Fault + Send> Faults for F {
    fn next(&mut self, op: Op) -> Fault {
        self(op)
    }
}

/// Faults for the next calls of named operations, in order; every other call goes well.
#[derive(Debug, Default)]
pub struct Script(VecDeque<(Op, Fault)>);

impl Script {
    /// An empty script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds: the next call of `op` that no earlier entry took meets `fault`.
    pub fn then(mut self, op: Op, fault: Fault) -> Self {
        self.0.push_back((op, fault));
        self
    }
}

impl Faults for Script {
    fn next(&mut self, op: Op) -> Fault {
        let found = self.0.iter().position(|(of, _)| *of == op);
        let entry = found.and_then(|at| self.0.remove(at));
        entry.map(|(_, fault)| fault).unwrap_or_default()
    }
}

/// Random faults of every kind, from a seed.
#[derive(Debug, Clone)]
pub struct Storm {
    rng: Rng,
    /// Calls of a thousand that meet a fault other than being slow.
    pub per_mille: u32,
    /// Calls of a thousand that are slow.
    pub slow_per_mille: u32,
    /// How long a slow call takes, and how late a late effect comes.
    pub delay: Range<Duration>,
}

impl Storm {
    /// A storm in which `per_mille` calls of a thousand fail and as many are slow, up to 30 s.
    pub fn new(rng: Rng, per_mille: u32) -> Self {
        Self {
            rng,
            per_mille,
            slow_per_mille: per_mille,
            delay: Duration::ZERO..Duration::from_secs(30),
        }
    }

    fn error(&mut self) -> StorageError {
        let causes = [
            "503 ServerBusy",
            "500 OperationTimedOut",
            "connection reset",
        ];
        let cause = *self.rng.pick(&causes);
        let mut error = transient(cause);
        if self.rng.chance(300) {
            error.retry_after = Some(Duration::from_secs(1 + self.rng.below(20)));
        }
        error
    }
}

impl Faults for Storm {
    fn next(&mut self, op: Op) -> Fault {
        if self.rng.chance(self.slow_per_mille) {
            return Fault::Slow(self.rng.duration(self.delay.clone()));
        }
        if !self.rng.chance(self.per_mille) {
            return Fault::None;
        }
        let error = self.error();
        match (op, self.rng.below(5)) {
            (Op::ListPage { continued: true }, 0) => Fault::ErrorBefore(stale()),
            (op, 2) if op.writes() => Fault::Twice,
            (op, 3) if op.writes() => Fault::Again(self.rng.duration(self.delay.clone())),
            (op, 0) if op.writes() => Fault::Late(error, self.rng.duration(self.delay.clone())),
            (_, 1) => Fault::ErrorAfter(error),
            _ => Fault::ErrorBefore(error),
        }
    }
}

/// A transient error of this cause.
pub fn transient(cause: &str) -> StorageError {
    StorageError::new(StorageErrorKind::Transient, format!("simulated: {cause}"))
}

/// The refusal of a continuation.
pub fn stale() -> StorageError {
    StorageError::new(
        StorageErrorKind::StaleContinuation,
        "simulated: 400 OutOfRangeInput",
    )
}
