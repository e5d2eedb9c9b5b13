//! Who may stream what: one live stream a source in this process, and the newest wins.
//!
//! A client that lost its connection comes back with the same request while its old stream may
//! still look alive, so the newest must win. It waits until the older one has recorded what is
//! done, or it would announce that again. Two clients that want the same source at the same time
//! would take it from each other for ever: that is noticed and refused.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, warn};

use super::{TAKE_OVERS, status::End};

const WINDOW: Duration = Duration::from_secs(60);
/// How long a newcomer waits for the stream before it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long sessions may take to record what is done when the server shuts down.
const FLUSH: Duration = Duration::from_secs(8);

/// The live streams of this process.
#[derive(Debug)]
pub struct Streams {
    max: usize,
    shutdown: CancellationToken,
    kill: CancellationToken,
    tasks: TaskTracker,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    serial: u64,
    live: HashMap<String, Live>,
    turns: HashMap<String, Weak<Turn>>,
    /// Live streams of this process that ended for a newer one of it.
    take_overs: Recent,
    /// Streams of this process that ended because another server's took over.
    losses: Recent,
}

/// What happened to each source within the last minute.
#[derive(Debug, Default)]
struct Recent(HashMap<String, VecDeque<Instant>>);

impl Recent {
    fn add(&mut self, source: &str) {
        let times = self.0.entry(source.to_owned()).or_default();
        times.push_back(Instant::now());
    }

    fn are_many(&mut self, source: &str) -> bool {
        let now = Instant::now();
        self.0.retain(|_, times| {
            times.retain(|time| now.duration_since(*time) < WINDOW);
            !times.is_empty()
        });
        let times = self.0.get(source);
        times.is_some_and(|times| times.len() >= TAKE_OVERS)
    }
}

#[derive(Debug, Clone)]
struct Live {
    serial: u64,
    stop: CancellationToken,
    taken_over: Arc<AtomicBool>,
    client_gone: CancellationToken,
}

// Whoever holds the lock has a session of the source running.
type Turn = AsyncMutex<()>;

/// The right to stream a source. It ends when this is dropped, after the session.
#[derive(Debug)]
pub struct Claim {
    streams: Arc<Streams>,
    source: String,
    live: Live,
    /// Whether a live stream had to end for this one.
    pub took_over: bool,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Streams {
    /// At most `max` streams, all of which stop when `shutdown` is cancelled.
    pub fn new(max: usize, shutdown: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            max,
            shutdown,
            kill: CancellationToken::new(),
            tasks: TaskTracker::new(),
            table: Mutex::default(),
        })
    }

    /// The right to stream `source`, as soon as the stream before has ended.
    pub async fn claim(self: &Arc<Self>, source: &str) -> Result<Claim, End> {
        let (mut claim, turn) = self.register(source)?;
        tokio::select! {
            biased;
            () = claim.live.stop.cancelled() => return Err(claim.why_stopped().unwrap_or(End::ShuttingDown)),
            locked = timeout(PATIENCE, turn.lock_owned()) => {
                claim.turn = locked.ok().or_else(|| self.new_turn(source));
            }
        }
        Ok(claim)
    }

    /// Runs a session's task until it ends, or until a shutdown has lost patience with it.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let kill = self.kill.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = task => {}
                () = kill.cancelled() => {}
            }
        });
    }

    /// Waits for all sessions to record what is done; the shutdown token has been cancelled.
    pub async fn flush(&self) {
        self.tasks.close();
        if timeout(FLUSH, self.tasks.wait()).await.is_err() {
            let left = self.tasks.len();
            error!(
                left,
                "sessions took too long to end; their last events will be sent again"
            );
            self.kill.cancel();
            self.tasks.wait().await;
        }
    }

    /// Cancelled when the server is on its way out.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    fn register(self: &Arc<Self>, source: &str) -> Result<(Claim, Arc<Turn>), End> {
        let mut table = self.table();
        if self.shutdown.is_cancelled() {
            return Err(End::ShuttingDown);
        }
        let took_over = table.make_way(source, self.max)?;
        let live = table.enter(source, self.shutdown.child_token());
        let turn = table.turn(source);
        let claim = Claim {
            streams: self.clone(),
            source: source.to_owned(),
            live,
            took_over,
            turn: None,
        };
        Ok((claim, turn))
    }

    // The older session does not end. The ledger's fence keeps the two apart, and those who come
    // after this one wait for this one.
    fn new_turn(&self, source: &str) -> Option<OwnedMutexGuard<()>> {
        warn!(
            source,
            "the older stream takes too long to end; starting without waiting further"
        );
        let turn = Arc::new(Turn::default());
        let mut table = self.table();
        table.turns.insert(source.to_owned(), Arc::downgrade(&turn));
        turn.try_lock_owned().ok()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    // Whether a live stream was told to end for the newcomer.
    fn make_way(&mut self, source: &str, max: usize) -> Result<bool, End> {
        let Some(older) = self.live.get(source) else {
            // A server that has lost the source again and again is one of two that share it.
            if self.losses.are_many(source) {
                return Err(End::Contended(source.to_owned()));
            }
            let full = self.live.len() >= max;
            return if full { Err(End::Full(max)) } else { Ok(false) };
        };
        // A client that has gone does not fight for its stream.
        let contested = !older.client_gone.is_cancelled();
        if contested && self.take_overs.are_many(source) {
            return Err(End::Contended(source.to_owned()));
        }
        older.taken_over.store(true, Relaxed);
        older.stop.cancel();
        if contested {
            self.take_overs.add(source);
        }
        Ok(contested)
    }

    fn enter(&mut self, source: &str, stop: CancellationToken) -> Live {
        self.serial += 1;
        let live = Live {
            serial: self.serial,
            stop,
            taken_over: Arc::default(),
            client_gone: CancellationToken::new(),
        };
        self.live.insert(source.to_owned(), live.clone());
        live
    }

    fn turn(&mut self, source: &str) -> Arc<Turn> {
        self.turns.retain(|_, turn| turn.strong_count() > 0);
        let known = self.turns.get(source).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let turn = Arc::default();
            self.turns.insert(source.to_owned(), Arc::downgrade(&turn));
            turn
        })
    }
}

impl Claim {
    /// Cancelled when the session is to end: a newer stream has come, or the server shuts down.
    pub fn stop(&self) -> CancellationToken {
        self.live.stop.clone()
    }

    /// To be cancelled when the client has gone, so that the next stream takes nothing over.
    pub fn client_gone(&self) -> CancellationToken {
        self.live.client_gone.clone()
    }

    /// The ledger's fence has told the session that a stream of another server has taken over: that
    /// counts as a take-over of ours does.
    pub fn lost_to_another_server(&self) {
        self.streams.table().losses.add(&self.source);
    }

    /// Why the session was told to end; `None` when it was not.
    pub fn why_stopped(&self) -> Option<End> {
        if self.live.taken_over.load(Relaxed) {
            return Some(End::TakenOver(self.source.clone()));
        }
        self.live.stop.is_cancelled().then_some(End::ShuttingDown)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut table = self.streams.table();
        let serial = table.live.get(&self.source).map(|live| live.serial);
        if serial == Some(self.live.serial) {
            table.live.remove(&self.source);
        }
    }
}

#[cfg(test)]
mod tests;
