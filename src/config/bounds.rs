//! The bounds of numbers and durations: what the reader refuses, and what the schema says.

use std::time::Duration;

/// The bounds of a whole number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) least: usize,
    pub(super) most: usize,
}

/// The bounds of a duration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

impl Whole {
    pub(super) fn has(&self, number: usize) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

const fn whole(least: usize, most: usize) -> Whole {
    Whole { least, most }
}

const fn seconds(least: u64, most: u64) -> Span {
    Span {
        least: Duration::from_secs(least),
        most: Duration::from_secs(most),
    }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

pub(super) const MIN_AGE: Span = seconds(0, 365 * DAY);
pub(super) const INTERVAL: Span = seconds(1, DAY);
pub(super) const PARALLELISM: Whole = whole(1, 64);
pub(super) const MAX_DELIVERIES: Whole = whole(1, 1000);
pub(super) const DEADLINE: Span = seconds(1, DAY);
pub(super) const MAX_ATTEMPTS: Whole = whole(1, 1000);
pub(super) const GIVE_UP_AFTER: Span = seconds(MINUTE, 30 * DAY);
pub(super) const IN_FLIGHT: Whole = whole(1, 100_000);
pub(super) const ACTIVE_WORKFLOWS: Whole = IN_FLIGHT;
pub(super) const SETTLE: Span = seconds(0, HOUR);
pub(super) const DEPTH: Whole = whole(1, 100);
pub(super) const MAX_BLOBS: Whole = whole(1, 10_000);
pub(super) const MAX_WAIT: Span = seconds(1, 30 * DAY);
pub(super) const QUIET: Span = seconds(1, DAY);
pub(super) const KEEP: Span = seconds(DAY, 365 * DAY);
/// So many objects an event may have to be confirmed by.
pub(super) const ENTRIES: Whole = whole(1, 8);
/// So many labels a selector may ask for.
pub(super) const LABELS: Whole = whole(1, 8);
