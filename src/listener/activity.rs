//! What a connection does, and until when it may go on so.

use std::time::Duration;

use tokio::time::Instant;

/// How long a connection may do nothing, or nothing useful.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// From the connection to its first request, handshakes included.
    pub hello: Duration,
    /// Without a request.
    pub idle: Duration,
    /// With requests that are not answered to the end, and without a live stream.
    pub busy: Duration,
}

/// What a connection does.
#[derive(Debug, Clone, Copy)]
pub struct Activity {
    /// Whether a request has come.
    asked: bool,
    /// Requests that are not answered to the end.
    pub open: usize,
    /// Live event streams, and those about to be.
    pub live: usize,
    /// Since when it is as it is: without a request, at it, or without a live stream.
    since: Instant,
}

impl Activity {
    /// A connection that has just been accepted.
    pub fn accepted(now: Instant) -> Self {
        Self {
            asked: false,
            open: 0,
            live: 0,
            since: now,
        }
    }

    /// A request has come.
    pub fn opened(&mut self, now: Instant) {
        self.asked = true;
        self.open += 1;
        if self.open == 1 {
            self.since = now;
        }
    }

    /// A request has been answered to the end, or given up.
    pub fn closed(&mut self, now: Instant) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.since = now;
        }
    }

    /// A client that was let in asks for events.
    pub fn began_to_stream(&mut self) {
        self.live += 1;
    }

    /// Its stream has ended.
    pub fn ceased_to_stream(&mut self, now: Instant) {
        self.live = self.live.saturating_sub(1);
        if self.live == 0 {
            self.since = now;
        }
    }

    /// When the connection is to end if nothing changes.
    pub fn ends(&self, times: &Times) -> Option<Instant> {
        let allowed = match self {
            Self { live: 1.., .. } => return None,
            Self { asked: false, .. } => times.hello,
            Self { open: 0, .. } => times.idle,
            _ => times.busy,
        };
        Some(self.since + allowed)
    }
}

#[cfg(test)]
mod tests {
    use crate::listener::activity::*;

    const TIMES: Times = Times {
        hello: Duration::from_secs(1),
        idle: Duration::from_secs(10),
        busy: Duration::from_secs(100),
    };

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_time() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut it = Activity::accepted(start);
        assert_eq!(it.ends(&TIMES), Some(at(1)));
        it.opened(at(1));
        assert_eq!(it.ends(&TIMES), Some(at(101)));
        // A second request does not buy more time while the first one is open.
        it.opened(at(50));
        assert_eq!(it.ends(&TIMES), Some(at(101)));
        it.closed(at(60));
        assert_eq!(it.ends(&TIMES), Some(at(101)));
        it.closed(at(70));
        assert_eq!(it.ends(&TIMES), Some(at(80)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_live_stream_has_no_end() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut it = Activity::accepted(start);
        it.opened(at(1));
        it.began_to_stream();
        it.began_to_stream();
        it.ceased_to_stream(at(500));
        assert_eq!(it.ends(&TIMES), None);
        it.ceased_to_stream(at(600));
        assert_eq!(it.ends(&TIMES), Some(at(700)));
        it.closed(at(601));
        assert_eq!(it.ends(&TIMES), Some(at(611)));
    }
}
