//! How often, and how many times at once, a queue is asked for messages. Pure.

use std::time::Duration;

use crate::ports::notifications::BATCH;

/// The pause after the first answer without a message.
const FIRST: Duration = Duration::from_millis(10);
/// The longest pause: how long an empty queue is left alone. An account charges for each look.
pub(super) const IDLE: Duration = Duration::from_secs(1);
/// So many requests run side by side while the queue fills each of their answers.
const MOST_AT_ONCE: usize = 8;

/// Asks without a pause while there is work, and seldom while there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    pause: Duration,
    at_once: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: Duration::ZERO,
            at_once: 1,
        }
    }
}

impl Pace {
    /// How long to wait before the next request.
    pub(super) fn pause(&self) -> Duration {
        self.pause
    }

    /// How many requests may run side by side.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// This many messages were the answer to a request for at most `asked`.
    pub(super) fn received(&mut self, count: usize, asked: u8) {
        // Half as long again each time: whoever comes after a gap waits for a third of that gap at most.
        self.pause = match count {
            0 if self.pause.is_zero() => FIRST,
            0 => (self.pause * 3 / 2).min(IDLE),
            _ => Duration::ZERO,
        };
        self.at_once = match count >= usize::from(asked) {
            true if asked == *BATCH.end() => (self.at_once * 2).min(MOST_AT_ONCE),
            // There was no room to ask for more, which says nothing of what waits.
            true => self.at_once,
            false => 1,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_no_pause_while_there_is_work_and_a_second_when_there_is_none() {
        let mut pace = Pace::default();
        assert_eq!(pace.pause(), Duration::ZERO);
        let mut waited = Duration::ZERO;
        for looks in 1.. {
            pace.received(0, 32);
            // Never more than a third of what nothing came for, and the first pause.
            assert!(pace.pause() <= waited / 2 + FIRST, "{pace:?}");
            waited += pace.pause();
            if pace.pause() == IDLE {
                assert!(looks < 15, "{looks} looks");
                break;
            }
        }
        pace.received(0, 32);
        assert_eq!(pace.pause(), IDLE);
        pace.received(1, 32);
        assert_eq!(pace.pause(), Duration::ZERO);
    }

    #[test]
    fn a_full_answer_allows_more_requests_side_by_side_until_one_is_not_full() {
        let mut pace = Pace::default();
        for at_once in [2, 4, 8, 8] {
            pace.received(32, 32);
            assert_eq!(pace.at_once(), at_once);
        }
        pace.received(5, 5);
        assert_eq!(pace.at_once(), 8);
        pace.received(31, 32);
        assert_eq!(pace.at_once(), 1);
    }
}
