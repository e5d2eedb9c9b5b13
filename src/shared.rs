//! A value that several tasks change, each for a moment.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value behind a lock that is never held across an await.
///
/// Each change leaves the value whole, so the value that a panicked holder left is as good as any, and the
/// lock is never poisoned.
#[derive(Debug, Default)]
pub struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    /// Shares `value`.
    pub fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// The value, for whoever has it in hand next.
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::panic)]
mod tests {
    use std::{panic, sync::Arc};

    use super::*;

    #[test]
    fn a_holder_that_panicked_locks_nobody_out() {
        let shared = Arc::new(Shared::new(1));
        let holder = Arc::clone(&shared);
        let held = std::thread::spawn(move || {
            let _held = holder.lock();
            panic!("while it holds the value");
        });
        assert!(held.join().is_err());
        *shared.lock() += 1;
        assert_eq!(*shared.lock(), 2);
    }
}
