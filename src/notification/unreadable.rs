//! Why a message cannot be read.

use thiserror::Error;

/// Why a message holds no notifications: one lower-case sentence for people, which repeats nothing of the message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self(problem.into())
    }

    /// As the problem of one event of `count`.
    pub(super) fn in_event(self, at: usize, count: usize) -> Self {
        match count {
            1 => Self(format!("the event cannot be used: {}", self.0)),
            _ => Self(format!(
                "event {} of {count} cannot be used: {}",
                at + 1,
                self.0
            )),
        }
    }
}
