//! How events are delivered, as the configuration says it.

use std::time::Duration;

/// Bounds on what is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At most so many events are sent and not yet done.
    pub in_flight: usize,
    /// At most so many unfinished Workflows, those that unconfirmed events are about to make
    /// included. `None` unless Workflows confirm.
    pub active_workflows: Option<usize>,
    /// How long a stream must have stayed healthy after an event was sent for the event to be done.
    pub settle: Duration,
}

/// When an unconfirmed event is sent again, and when it is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redelivery {
    /// The shortest time without a confirmation after which an event is sent again.
    pub deadline: Duration,
    /// After so many attempts that failed while others succeeded an event is a dead letter.
    pub max_attempts: u32,
    /// An event that is alone and unconfirmed for so long is a dead letter.
    pub give_up_after: Duration,
}

impl Default for Redelivery {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            max_attempts: 10,
            give_up_after: Duration::from_secs(24 * 3600),
        }
    }
}
