//! Who may stream what: one live stream a source in this process, and the newest wins.
//!
//! A client that lost its connection comes back with the same request while its old stream may
//! still look alive, so the newest must win. It waits until the older one has recorded what is
//! done, or it would announce that again. Two clients that want the same source at the same time
//! would take it from each other for ever: that is noticed and refused.
//!
//! Before a stream that looks alive is told to stop, the newcomer proves that it would do better: one
//! with a mistake, a wrong account or no rights is refused, and the older stream never notices. A
//! source is its name *and* its container: the name alone gives no right to another's stream.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    pin::pin,
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedMutexGuard, Semaphore},
    time::{Instant, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{error, warn};

use super::{limits::TAKE_OVERS, status::End};
use crate::shared::Shared;

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
    /// For newcomers that prove themselves: as many at the same time as there may be streams.
    proofs: Semaphore,
    table: Shared<Table>,
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
    /// The URL of the container.
    container: String,
    /// Whether its configuration has been seen to work.
    proven: Arc<AtomicBool>,
    /// Cancelled when its claim has ended.
    ended: CancellationToken,
    stop: CancellationToken,
    taken_over: Arc<AtomicBool>,
    client_gone: CancellationToken,
}

// Whoever holds the lock has a session of the source running.
type Turn = AsyncMutex<()>;

impl Live {
    fn proven(&self) -> bool {
        self.proven.load(Relaxed)
    }

    // Waits until nobody would miss it.
    async fn is_over(&self) {
        tokio::select! {
            () = self.client_gone.cancelled() => {}
            () = self.ended.cancelled() => {}
        }
    }
}

/// Whether a newcomer may have a source.
enum Entry {
    Free(Claim, Arc<Turn>),
    /// This stream looks alive, and the newcomer has proven nothing yet.
    Taken(Live),
}

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
            proofs: Semaphore::new(max),
            table: Shared::default(),
        })
    }

    /// The right to stream `source` from the container with this URL, as soon as the stream before has
    /// ended. While a stream before it looks alive, `proof` has to succeed first; a failure of it
    /// leaves that stream alone.
    ///
    /// # Errors
    /// That of `proof`; or the source, or the server, is taken.
    pub async fn claim(
        self: &Arc<Self>,
        source: &str,
        container: &str,
        proof: impl Future<Output = Result<(), End>>,
    ) -> Result<Claim, End> {
        let (mut claim, turn) = self.enter(source, container, proof).await?;
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

    async fn enter(
        self: &Arc<Self>,
        source: &str,
        container: &str,
        proof: impl Future<Output = Result<(), End>>,
    ) -> Result<(Claim, Arc<Turn>), End> {
        let mut proof = pin!(async {
            // Nobody closes the semaphore.
            let _turn = self.proofs.acquire().await;
            proof.await
        });
        let mut proven = false;
        loop {
            let older = match self.register(source, container, proven)? {
                Entry::Free(claim, turn) => return Ok((claim, turn)),
                Entry::Taken(older) => older,
            };
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Err(End::ShuttingDown),
                () = older.is_over() => {}
                proof = &mut proof => {
                    proof?;
                    proven = true;
                }
            }
        }
    }

    fn register(
        self: &Arc<Self>,
        source: &str,
        container: &str,
        proven: bool,
    ) -> Result<Entry, End> {
        let mut table = self.table.lock();
        if self.shutdown.is_cancelled() {
            return Err(End::ShuttingDown);
        }
        if let Some(older) = table.in_the_way(source, container)?.filter(|_| !proven) {
            return Ok(Entry::Taken(older));
        }
        let took_over = table.make_way(source, self.max)?;
        let live = table.enter(source, container, proven, self.shutdown.child_token());
        let turn = table.turn(source);
        let claim = Claim {
            streams: self.clone(),
            source: source.to_owned(),
            live,
            took_over,
            turn: None,
        };
        Ok(Entry::Free(claim, turn))
    }

    // The older session does not end. The ledger's fence keeps the two apart, and those who come
    // after this one wait for this one.
    fn new_turn(&self, source: &str) -> Option<OwnedMutexGuard<()>> {
        warn!(
            source,
            "the older stream takes too long to end; starting without waiting further"
        );
        let turn = Arc::new(Turn::default());
        let mut table = self.table.lock();
        table.turns.insert(source.to_owned(), Arc::downgrade(&turn));
        turn.try_lock_owned().ok()
    }
}

impl Table {
    // The stream of the source that looks alive.
    fn in_the_way(&mut self, source: &str, container: &str) -> Result<Option<Live>, End> {
        let older = self.live.get(source);
        // A client that has gone does not fight for its stream.
        let Some(older) = older.filter(|older| !older.client_gone.is_cancelled()) else {
            return Ok(None);
        };
        // Whoever has proven nothing itself keeps nobody out.
        if older.proven() && older.container != container {
            return Err(End::OtherContainer {
                source_id: source.to_owned(),
                here: older.container.clone(),
                asked: container.to_owned(),
            });
        }
        let older = older.clone();
        // Told before the newcomer has to prove anything, for it would prove it in vain.
        if self.take_overs.are_many(source) {
            return Err(End::Contended(source.to_owned()));
        }
        Ok(Some(older))
    }

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
        let contested = !older.client_gone.is_cancelled();
        older.taken_over.store(true, Relaxed);
        older.stop.cancel();
        if contested {
            self.take_overs.add(source);
        }
        Ok(contested)
    }

    fn enter(
        &mut self,
        source: &str,
        container: &str,
        proven: bool,
        stop: CancellationToken,
    ) -> Live {
        self.serial += 1;
        let live = Live {
            serial: self.serial,
            container: container.to_owned(),
            proven: Arc::new(AtomicBool::new(proven)),
            ended: CancellationToken::new(),
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

    /// Whether the stream's configuration has been seen to work.
    pub fn is_proven(&self) -> bool {
        self.live.proven()
    }

    /// The stream's configuration has been seen to work: from now on the source is this container's.
    pub fn prove(&self) {
        self.live.proven.store(true, Relaxed);
    }

    /// The ledger's fence has told the session that a stream of another server has taken over: that
    /// counts as a take-over of ours does.
    pub fn lost_to_another_server(&self) {
        self.streams.table.lock().losses.add(&self.source);
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
        let mut table = self.streams.table.lock();
        let serial = table.live.get(&self.source).map(|live| live.serial);
        if serial == Some(self.live.serial) {
            table.live.remove(&self.source);
        }
        self.live.ended.cancel();
    }
}

#[cfg(test)]
mod tests;
