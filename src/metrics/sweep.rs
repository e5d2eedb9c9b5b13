//! How far a sweep is, and when the next begins.

use time::OffsetDateTime;

use crate::shared::Shared;

/// The sweep that runs, or the pause until the next.
#[derive(Debug, Default)]
pub struct SweepProgress(Shared<Sweeping>);

/// What is known of a source's sweeps now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweeping {
    /// The sweep that runs.
    pub running: Option<Running>,
    /// When the next begins.
    pub next: Option<OffsetDateTime>,
}

/// A sweep that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// When it began.
    pub since: OffsetDateTime,
    /// How many blobs it has listed so far.
    pub listed: u64,
    /// How many ranges of names are listed at once.
    pub ranges: usize,
    /// The last of them, when there is one range: a listing is in the order of names.
    pub at: Option<String>,
}

impl SweepProgress {
    /// A sweep of so many ranges has begun then.
    pub fn began(&self, since: OffsetDateTime, ranges: usize) {
        *self.0.lock() = Sweeping {
            running: Some(Running {
                since,
                listed: 0,
                ranges,
                at: None,
            }),
            next: None,
        };
    }

    /// It has listed so many more, the last of which has this name.
    pub fn lists(&self, more: u64, last: Option<&str>) {
        if let Some(running) = &mut self.0.lock().running {
            running.listed += more;
            if let Some(last) = last.filter(|_| running.ranges == 1) {
                running.at = Some(last.to_owned());
            }
        }
    }

    /// It is over, and the next begins then, if there is a next.
    pub fn rests(&self, next: Option<OffsetDateTime>) {
        *self.0.lock() = Sweeping {
            running: None,
            next,
        };
    }

    /// What is known now.
    pub fn get(&self) -> Sweeping {
        self.0.lock().clone()
    }
}
