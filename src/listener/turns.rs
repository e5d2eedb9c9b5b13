//! Connections with many unanswered requests read one after the other, so that those with few never wait behind
//! all of them.

use std::{
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::PollSemaphore;

use crate::shared::Shared;

/// The one turn that all connections of a port share.
#[derive(Debug)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Turns {
    /// What waits for the turn in the order of asking, for one connection.
    pub fn queue(&self) -> PollSemaphore {
        PollSemaphore::new(Arc::clone(&self.0))
    }
}

/// Whether a connection has the turn. It ends with the connection's step in the runtime: a turn that lasts while the
/// connection waits for its client would keep all others waiting for that client.
#[derive(Debug, Default)]
pub struct Turn(Shared<Option<OwnedSemaphorePermit>>);

impl Turn {
    /// Takes the turn, which the connection may have already. Pending: others are before it.
    pub fn poll_take(&self, queue: &mut PollSemaphore, cx: &mut Context<'_>) -> Poll<()> {
        if self.0.lock().is_none() {
            *self.0.lock() = ready!(queue.poll_acquire(cx));
        }
        Poll::Ready(())
    }

    /// Gives the turn to the next connection, if this one has it.
    pub fn end(&self) {
        *self.0.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn the_turn_goes_round_in_the_order_of_asking() {
        let turns = Turns::default();
        let connections = [(); 3].map(|()| Turn::default());
        let mut queues = [(); 3].map(|()| turns.queue());
        let mut cx = Context::from_waker(Waker::noop());
        let mut ask = |number: usize| connections[number].poll_take(&mut queues[number], &mut cx);
        assert_eq!(
            [ask(0), ask(1), ask(2)],
            [Poll::Ready(()), Poll::Pending, Poll::Pending]
        );
        // It keeps it until its step has ended.
        assert_eq!(ask(0), Poll::Ready(()));
        connections[0].end();
        assert_eq!(
            [ask(0), ask(2), ask(1)],
            [Poll::Pending, Poll::Pending, Poll::Ready(())]
        );
        connections[1].end();
        assert_eq!(ask(2), Poll::Ready(()));
    }
}
