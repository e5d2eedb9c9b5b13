//! Takes connections, for as long as there are descriptors and when there are none.

use std::{
    future::Future,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

use super::{
    connections::{Connections, Slot},
    seldom::Seldom,
};

/// How long to wait when the system gives out no connection: without it, the loop would take a core.
const WAIT: Duration = Duration::from_millis(50);

/// Hands each connection, with its place, to `serve` in a task of its own, until `stop` is cancelled
/// and all those tasks have ended.
pub async fn accept<S, F>(
    listener: TcpListener,
    connections: Arc<Connections>,
    stop: CancellationToken,
    serve: S,
) where
    S: Fn(TcpStream, Slot) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let tasks = TaskTracker::new();
    let failures = Seldom::default();
    loop {
        let next = async {
            match listener.accept().await {
                Ok((socket, peer)) => Some((socket, connections.enter(peer).await)),
                Err(error) => {
                    failed(&error, &connections, &failures).await;
                    None
                }
            }
        };
        let next = tokio::select! {
            () = stop.cancelled() => break,
            next = next => next,
        };
        if let Some((socket, place)) = next {
            // Events are small and must not wait for more; a socket that cannot do so still works.
            let _ = socket.set_nodelay(true);
            tasks.spawn(serve(socket, place));
        }
    }
    // A closed port refuses at once, where an open one would let clients wait for nothing.
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

async fn failed(error: &io::Error, connections: &Connections, failures: &Seldom) {
    if is_of_the_connection(error) {
        return;
    }
    connections.stats.accept_errors.fetch_add(1, Relaxed);
    if let Some(count) = failures.case() {
        warn!(%error, count, "no connection can be accepted; closing others and trying again");
    }
    // Whoever waits is not known yet.
    connections.make_room(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
    sleep(WAIT).await;
}

// The newcomer was gone before it was taken: the next one is not concerned (accept(2)).
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}
