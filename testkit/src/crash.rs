//! A crash: a future that is dropped at some await point.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// Runs `future` for at most `polls` polls and then drops it, as a crash would.
pub struct CrashAfter<F> {
    future: Option<Pin<Box<F>>>,
    polls: u64,
}

impl<F: Future> CrashAfter<F> {
    /// Crashes after `polls` polls, unless it ends before.
    pub fn new(future: F, polls: u64) -> Self {
        Self {
            future: Some(Box::pin(future)),
            polls,
        }
    }
}

impl<F: Future> Future for CrashAfter<F> {
    /// `None` after a crash.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            self.future = None;
        }
        self.polls = self.polls.saturating_sub(1);
        match &mut self.future {
            None => Poll::Ready(None),
            Some(future) => future.as_mut().poll(context).map(Some),
        }
    }
}
