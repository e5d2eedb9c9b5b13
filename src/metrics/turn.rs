//! When something began to hold of a source, or ceased to: so that people learn since when it is as it is.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

use time::OffsetDateTime;

/// Whether something holds, and when that last changed.
#[derive(Debug, Default)]
pub struct Turn {
    holds: AtomicBool,
    /// In seconds since 1970; 0 before the first time.
    at: AtomicI64,
}

impl Turn {
    /// Notes what holds now. Only a change looks at the clock.
    pub fn note(&self, holds: bool) {
        if self.holds.swap(holds, Relaxed) != holds {
            let now = OffsetDateTime::now_utc().unix_timestamp();
            self.at.store(now, Relaxed);
        }
    }

    /// When it last began to hold, or ceased to.
    pub fn at(&self) -> Option<OffsetDateTime> {
        let at = self.at.load(Relaxed);
        let at = (at != 0).then(|| OffsetDateTime::from_unix_timestamp(at).ok());
        at.flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_change_is_a_turn() {
        let turn = Turn::default();
        turn.note(false);
        assert_eq!(turn.at(), None);
        turn.note(true);
        assert!(turn.at().is_some());
        turn.at.store(1, Relaxed);
        turn.note(true);
        assert_eq!(turn.at().map(OffsetDateTime::unix_timestamp), Some(1));
        turn.note(false);
        assert!(turn.at() > OffsetDateTime::from_unix_timestamp(1).ok());
    }
}
