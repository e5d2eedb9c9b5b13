//! How many a minute: counts of the last hour, minute by minute.

use time::OffsetDateTime;

use crate::shared::Shared;

/// How many minutes are kept.
const KEPT: usize = 60;

/// What happened in each of the last sixty minutes.
#[derive(Debug, Default)]
pub struct Rate(Shared<Minutes>);

#[derive(Debug)]
struct Minutes {
    counts: [u64; KEPT],
    /// The minute of the latest count, since 1970.
    latest: i64,
}

impl Default for Minutes {
    fn default() -> Self {
        Self {
            counts: [0; KEPT],
            latest: 0,
        }
    }
}

impl Rate {
    /// So many more, now.
    pub fn add(&self, more: u64) {
        if more > 0 {
            self.0.lock().add(more, this_minute());
        }
    }

    /// How many there were in the last `minutes` that are over and the one that runs.
    pub fn last(&self, minutes: usize) -> u64 {
        self.0.lock().last(minutes, this_minute())
    }
}

impl Minutes {
    fn add(&mut self, more: u64, minute: i64) {
        self.go_on_to(minute);
        self.counts[place(self.latest)] += more;
    }

    fn last(&mut self, minutes: usize, minute: i64) -> u64 {
        self.go_on_to(minute);
        let latest = self.latest;
        let minutes = (0..minutes.min(KEPT) as i64).map(|ago| place(latest - ago));
        minutes.map(|place| self.counts[place]).sum()
    }

    // A clock that is put back goes on where it was.
    fn go_on_to(&mut self, minute: i64) {
        let passed = minute.saturating_sub(self.latest).clamp(0, KEPT as i64);
        for ago in 0..passed {
            self.counts[place(minute - ago)] = 0;
        }
        self.latest = self.latest.max(minute);
    }
}

fn this_minute() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp() / 60
}

fn place(minute: i64) -> usize {
    minute.rem_euclid(KEPT as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minute_is_forgotten_after_an_hour() {
        let mut minutes = Minutes::default();
        minutes.add(5, 1000);
        minutes.add(2, 1000);
        minutes.add(1, 1004);
        assert_eq!(minutes.last(1, 1004), 1);
        assert_eq!(minutes.last(5, 1004), 8);
        assert_eq!(minutes.last(60, 1059), 8);
        assert_eq!(minutes.last(60, 1060), 1);
        assert_eq!(minutes.last(60, 9000), 0);
    }

    #[test]
    fn a_clock_that_is_put_back_loses_nothing() {
        let mut minutes = Minutes::default();
        minutes.add(5, 1000);
        minutes.add(1, 990);
        assert_eq!(minutes.last(1, 990), 6);
    }
}
