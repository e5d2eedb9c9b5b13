//! How far a client has read, by what its flow control says.
//!
//! A receiver in HTTP/2 grants room for so many bytes of a stream (its *window*), and grants more when
//! its application has read some (RFC 9113, section 5.2). So what it has granted tells how far it has
//! read, but not at once: libraries wait until a good part of the window has been read. Of those
//! looked at, grpc-go waits for a quarter of it, C-core, Netty and Rust's h2 for half.

use std::{collections::VecDeque, task::Context};

use futures::task::AtomicWaker;

use crate::shared::Shared;

/// The window of a client that has not said another (RFC 9113, section 6.9.2).
const WINDOW: u64 = 65_535;

/// How far one client has read one stream.
///
/// Whoever watches the connection tells it what the client grants, and whoever sends tells it what
/// is sent. It keeps the sender from going on while the client shows that it does not read, so what is
/// sent and not read is at most half a window and one event.
#[derive(Debug)]
pub struct Reading {
    state: Shared<State>,
    sender: AtomicWaker,
}

/// All in bytes, but where it says events.
#[derive(Debug)]
struct State {
    window: u64,
    granted: u64,
    /// So much of `granted` was more than had been sent: not for what was read, but to make the
    /// window larger.
    early: u64,
    sent: u64,
    /// Where events end that the client shows not to have read.
    unread: VecDeque<u64>,
    /// Events before them.
    read: u64,
    /// Events that the client may be done with, at most as many as `read`.
    done_with: u64,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            state: Shared::new(State {
                window: WINDOW,
                granted: 0,
                early: 0,
                sent: 0,
                unread: VecDeque::new(),
                read: 0,
                done_with: 0,
            }),
            sender: AtomicWaker::new(),
        }
    }
}

impl Reading {
    /// The client says how large its window is to be.
    pub fn window(&self, bytes: u32) {
        let mut state = self.state.lock();
        // A client that makes it smaller may still wait as long as before.
        state.window = state.window.max(bytes.into());
        drop(state);
        self.sender.wake();
    }

    /// The client grants room for so many bytes more.
    pub fn granted(&self, bytes: u32) {
        let mut state = self.state.lock();
        state.granted += u64::from(bytes);
        state.early = state.early.max(state.granted.saturating_sub(state.sent));
        drop(state);
        self.sender.wake();
    }

    /// An event of so many bytes is handed to the transport.
    pub(crate) fn sent(&self, bytes: u64) {
        let mut state = self.state.lock();
        state.sent += bytes;
        let end = state.sent;
        state.unread.push_back(end);
    }

    /// Whether another event may be handed to the transport. If not, `context` is woken when the
    /// client grants something.
    pub(crate) fn has_room(&self, context: &Context<'_>) -> bool {
        self.sender.register(context.waker());
        let state = self.state.lock();
        state.sent < state.least_unread()
    }

    /// With how many events, of all that were ever sent, the client may be done.
    ///
    /// That is, it may have read them, and it has asked for another one since if there is one.
    pub(crate) fn done_with(&self) -> u64 {
        let mut state = self.state.lock();
        let least_unread = state.least_unread();
        while state.unread.front().is_some_and(|end| *end < least_unread) {
            state.unread.pop_front();
            state.read += 1;
        }
        let working_on = u64::from(!state.unread.is_empty());
        let done_with = state.read.saturating_sub(working_on);
        state.done_with = state.done_with.max(done_with);
        state.done_with
    }
}

impl State {
    // A client that had read up to here would have granted more by now.
    fn least_unread(&self) -> u64 {
        (self.granted - self.early) + (self.window + self.early) / 2 + 1
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::task::Waker;

    use futures::task::noop_waker;

    use crate::delivery::reading::*;

    const EVENT: u32 = 33_792;

    fn has_room(reading: &Reading) -> bool {
        let waker: Waker = noop_waker();
        reading.has_room(&Context::from_waker(&waker))
    }

    /// Sends as many events as may be sent, and says how many those are.
    fn fill(reading: &Reading) -> u64 {
        let mut sent = 0;
        while has_room(reading) {
            reading.sent(EVENT.into());
            sent += 1;
        }
        sent
    }

    #[test]
    fn one_event_is_sent_to_a_client_of_the_usual_window_before_it_reads() {
        let reading = Reading::default();
        assert_eq!((fill(&reading), reading.done_with()), (1, 0));
        // As grpc-go does: a grant for each quarter of its window.
        reading.granted(16_384);
        reading.granted(16_384);
        assert_eq!((fill(&reading), reading.done_with()), (1, 0));
        // It has begun to read the second one, so it is done with the first.
        reading.granted(16_384);
        assert_eq!((fill(&reading), reading.done_with()), (1, 1));
    }

    #[test]
    fn the_last_event_is_done_with_when_it_may_have_been_read() {
        let reading = Reading::default();
        reading.sent(EVENT.into());
        assert_eq!(reading.done_with(), 0);
        reading.granted(EVENT - 1_024);
        assert_eq!(reading.done_with(), 1);
        // What is sent later does not take that back.
        reading.sent(EVENT.into());
        assert_eq!(reading.done_with(), 1);
    }

    #[test]
    fn of_a_large_window_half_may_be_read_without_a_word() {
        let reading = Reading::default();
        reading.window(1 << 21);
        let sent = fill(&reading);
        assert_eq!(sent, (1 << 20) / u64::from(EVENT) + 1);
        assert_eq!(reading.done_with(), sent - 2);
        reading.granted((1 << 20) + 1);
        assert_eq!(reading.done_with(), sent);
    }

    #[test]
    fn a_client_that_grants_more_than_was_sent_makes_its_window_larger_and_has_read_nothing() {
        let reading = Reading::default();
        reading.granted(200_000);
        let sent = fill(&reading);
        assert_eq!(sent, (265_535 / 2) / u64::from(EVENT) + 1);
        assert_eq!(reading.done_with(), sent - 2);
    }

    #[test]
    fn any_client_that_reads_all_is_sent_the_next() {
        for window in [1_024, 16_000, 65_535, 100_000, 131_072, 1 << 21] {
            for part in [2, 4, 8] {
                let reading = Reading::default();
                reading.window(window);
                let (mut sent, mut silent) = (0, 0);
                while sent < 1_000 {
                    let more = fill(&reading);
                    assert!(more > 0, "window {window}, a grant for each {part}th");
                    sent += more;
                    silent += more as u32 * EVENT;
                    let wait = window.max(65_535) / part;
                    let grants = silent / wait;
                    (0..grants).for_each(|_| reading.granted(wait));
                    silent -= grants * wait;
                    assert_eq!(reading.done_with(), sent);
                }
            }
        }
    }
}
