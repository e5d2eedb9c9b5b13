//! The connections of a port, and the place that each of them has.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll},
};

use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::{CancellationToken, PollSemaphore};
use tracing::{debug, warn};

use super::{
    activity::Activity,
    choice::{Candidate, Peer, for_a_newcomer, for_requests},
    seldom::Seldom,
    turns::{Turn, Turns},
};
use crate::{metrics::PortStats, shared::Shared};

/// What connections may have, all of them together.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections without a live stream.
    pub connections: usize,
    /// Requests that are not answered to the end, live streams too. Beyond it a connection without a
    /// live stream may still have a few.
    pub requests: usize,
}

/// So many requests a connection may have when all together have too many, and without waiting for its turn to read:
/// a probe has one.
const FEW: usize = 8;

/// All connections of a port.
#[derive(Debug)]
pub struct Connections {
    port: &'static str,
    limits: Limits,
    table: Shared<Table>,
    /// Requests that are not answered to the end.
    open: AtomicUsize,
    left: Notify,
    /// Who of those with many requests may read.
    turns: Turns,
    /// What is counted.
    pub stats: Arc<PortStats>,
    closings: Seldom,
    refusals: Seldom,
}

#[derive(Debug, Default)]
struct Table {
    serial: u64,
    connections: BTreeMap<u64, Arc<Connection>>,
}

/// One connection, as its requests know it.
#[derive(Debug)]
pub struct Connection {
    id: u64,
    /// Where it comes from.
    pub peer: SocketAddr,
    all: Arc<Connections>,
    activity: watch::Sender<Activity>,
    /// Cancelled when it has to go.
    close: CancellationToken,
    turn: Turn,
}

/// A connection's place, which is given back when this is dropped.
#[derive(Debug)]
pub struct Slot(Arc<Connection>);

/// A request that is not answered to the end, for as long as this lives.
#[derive(Debug)]
pub struct Open(Arc<Connection>);

/// A live event stream, or one about to be: its connection is not closed while this lives.
#[derive(Debug)]
pub struct Live(Arc<Connection>);

impl Connections {
    /// None yet, of the port that logs call `port`.
    pub fn new(port: &'static str, limits: Limits, stats: Arc<PortStats>) -> Arc<Self> {
        Arc::new(Self {
            port,
            limits,
            table: Shared::default(),
            open: AtomicUsize::new(0),
            left: Notify::new(),
            turns: Turns::default(),
            stats,
            closings: Seldom::default(),
            refusals: Seldom::default(),
        })
    }

    /// A place for a newcomer. When there is none, another connection is closed, and this waits until
    /// it has gone. One caller at a time.
    pub async fn enter(self: &Arc<Self>, peer: SocketAddr) -> Slot {
        loop {
            if let Some(place) = self.try_enter(peer) {
                return place;
            }
            self.left.notified().await;
        }
    }

    /// Closes a connection because the system gives out no more descriptors.
    pub fn make_room(&self, peer: SocketAddr) {
        let table = self.table.lock();
        let (candidates, _) = table.candidates();
        self.close(&table, for_a_newcomer(&candidates, peer.ip().into()));
    }

    fn try_enter(self: &Arc<Self>, peer: SocketAddr) -> Option<Slot> {
        let mut table = self.table.lock();
        let (candidates, closing) = table.candidates();
        if candidates.len() + closing < self.limits.connections {
            return Some(table.insert(self, peer));
        }
        if closing == 0 {
            self.close(&table, for_a_newcomer(&candidates, peer.ip().into()));
        }
        None
    }

    // Whether a connection with `here` open requests may have one more. The one with the most is
    // closed when they are too many; until it has gone, those with few go on.
    fn may_open(&self, here: usize) -> bool {
        if self.open.load(SeqCst) < self.limits.requests {
            return true;
        }
        let table = self.table.lock();
        let (candidates, closing) = table.candidates();
        if closing == 0 {
            self.close(&table, for_requests(&candidates));
        }
        here < FEW
    }

    fn close(&self, table: &Table, id: Option<u64>) {
        let Some(connection) = id.and_then(|id| table.connections.get(&id)) else {
            return;
        };
        connection.close.cancel();
        self.stats.closed_for_others.fetch_add(1, Relaxed);
        let (port, peer) = (self.port, connection.peer);
        if let Some(count) = self.closings.case() {
            warn!(
                port, %peer, count,
                "all connections are in use, so the oldest one without a live stream was closed"
            );
        }
    }
}

impl Table {
    fn insert(&mut self, all: &Arc<Connections>, peer: SocketAddr) -> Slot {
        self.serial += 1;
        let connection = Arc::new(Connection {
            id: self.serial,
            peer,
            all: all.clone(),
            activity: watch::Sender::new(Activity::accepted(Instant::now())),
            close: CancellationToken::new(),
            turn: Turn::default(),
        });
        self.connections.insert(self.serial, connection.clone());
        all.stats.connections.fetch_add(1, Relaxed);
        Slot(connection)
    }

    // Those that may be closed, and the number of those that have been told to.
    fn candidates(&self) -> (Vec<Candidate>, usize) {
        let (mut candidates, mut closing) = (Vec::new(), 0);
        for (id, connection) in &self.connections {
            let activity = *connection.activity.borrow();
            if connection.close.is_cancelled() {
                closing += 1;
            } else if activity.live == 0 {
                candidates.push(Candidate {
                    id: *id,
                    peer: Peer::from(connection.peer.ip()),
                    open: activity.open,
                });
            }
        }
        (candidates, closing)
    }
}

impl Connection {
    /// A request has come. `None`: there are too many, and it is to be refused.
    pub fn open(self: &Arc<Self>) -> Option<Open> {
        let Activity { open, live, .. } = *self.activity.borrow();
        if live == 0 && !self.all.may_open(open) {
            return None;
        }
        self.activity.send_modify(|it| it.opened(Instant::now()));
        self.all.open.fetch_add(1, SeqCst);
        Some(Open(self.clone()))
    }

    /// A request was refused because there are too many like it, and `reason` says which.
    pub fn refused(&self, reason: &str) {
        let (port, peer) = (self.all.port, self.peer);
        self.all.stats.refused.fetch_add(1, Relaxed);
        if let Some(count) = self.all.refusals.case() {
            warn!(port, %peer, count, reason, "a request was refused");
        }
    }

    /// What waits for the turn of this connection, for [`Connection::poll_turn`].
    pub fn queue(&self) -> PollSemaphore {
        self.all.turns.queue()
    }

    /// Whether the connection may read now: with few unanswered requests at any time, otherwise when it is its turn.
    pub fn poll_turn(&self, queue: &mut PollSemaphore, cx: &mut Context<'_>) -> Poll<()> {
        if self.activity.borrow().open < FEW {
            return Poll::Ready(());
        }
        self.turn.poll_take(queue, cx)
    }

    /// Ends the connection's turn, if it has it: after each of its steps in the runtime.
    pub fn end_turn(&self) {
        self.turn.end();
    }

    /// A client that was let in asks for events.
    pub fn live(self: &Arc<Self>) -> Live {
        self.activity.send_modify(Activity::began_to_stream);
        Live(self.clone())
    }
}

impl Slot {
    /// The connection, for its requests.
    pub fn connection(&self) -> Arc<Connection> {
        self.0.clone()
    }

    /// What the connection does, and each change of it.
    pub fn activity(&self) -> watch::Receiver<Activity> {
        self.0.activity.subscribe()
    }

    /// Waits until the connection has to go for another one.
    pub async fn has_to_go(&self) {
        self.0.close.cancelled().await;
    }

    /// The connection took too long for something.
    pub fn was_too_slow(&self) {
        let (port, peer) = (self.0.all.port, self.0.peer);
        debug!(port, %peer, "a connection was closed: it sent no request, or did not finish one");
        self.0.all.stats.closed_late.fetch_add(1, Relaxed);
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.all.table.lock().connections.remove(&self.0.id);
        self.0.all.stats.connections.fetch_sub(1, Relaxed);
        self.0.all.left.notify_one();
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.all.open.fetch_sub(1, SeqCst);
        self.0.activity.send_modify(|it| it.closed(Instant::now()));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let now = Instant::now();
        self.0.activity.send_modify(|it| it.ceased_to_stream(now));
    }
}

#[cfg(test)]
mod tests;
