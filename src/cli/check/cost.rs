//! What each way of finding blobs costs a day, and how soon it finds one. Pure.
//!
//! The figures of this program are from `docs/benchmarks.md`, and `docs/scaling.md` calculates in the same way.

use std::time::Duration;

use crate::{
    blob::ListPage,
    cli::{counts::counted, report::Step},
    config::SourceConfig,
    text::age::Age,
};

/// What ten thousand calls of List Blobs cost, and other calls, in US dollars: the example of Microsoft's "Estimate the cost
/// of using Azure Blob Storage" (26 July 2024, hot tier). Regions differ.
const LIST: f64 = 0.055;
const OTHER: f64 = 0.0044;
/// From how many dollars a day on another way of finding blobs is worth its setup.
const DEAR: f64 = 1.0;

const DAY: f64 = 24.0 * 3600.0;

/// Bytes of memory for a blob that is known, and how many blobs are known at most where no sweep shows which are still there.
const MEMORY: u64 = 17;
const REMEMBERED: u64 = 10_000_000;
/// For how many days a change is remembered without sweeps.
const DAYS: u64 = 8;

/// Microseconds of CPU for each blob of a sweep, and for each change that a queue or the feed reports.
const CPU_A_BLOB: f64 = 0.67;
const CPU_A_CHANGE: f64 = 41.0;

/// Calls a day when nothing changes: of a queue (64 a minute), and of the feed (lists, then reads).
const QUEUE_CALLS: u64 = 92_160;
const FEED_LISTS: u64 = 20_000;
const FEED_READS: u64 = 26_000;

/// How many times as fast a sweep is with so many ranges.
const SPEED: [(usize, f64); 4] = [(1, 1.0), (2, 1.9), (4, 3.0), (8, 4.0)];

/// What there is to find.
#[derive(Clone, Copy)]
pub(super) struct Load {
    /// How many blobs a sweep lists.
    pub(super) listed: u64,
    /// How many blobs that match were modified in the last 24 hours.
    pub(super) changed: u64,
    /// Whether all blobs were counted.
    pub(super) is_complete: bool,
    /// How long the service took for a page.
    pub(super) page: Duration,
}

/// What a way costs.
struct Way {
    name: &'static str,
    calls: f64,
    dollars: f64,
    memory: u64,
    cpu: f64,
    found: String,
    note: String,
}

/// A line for each way of the configuration, and one for another way that suits large containers or small ones.
pub(super) fn steps(load: Load, config: &SourceConfig) -> Vec<Step> {
    let listing = listing(load, config);
    let changes = changes(load, config);
    let is_told = config.queue.is_some() || config.change_feed;
    let is_dear = config.listing && listing.dollars >= DEAR;
    let listing = match is_dear {
        true => Step::warn(
            "cost",
            listing.told(load, config.listing),
            "find blobs by a queue and the change feed (`source: {queue: {name: …}, changeFeed: {}}`), which cost by what changes; \
             or make `prefix` or `source.listing.interval` longer (docs/scaling.md)",
        ),
        false => Step::ok("cost", listing.told(load, config.listing)),
    };
    let changes = Step::ok("cost", changes.told(load, is_told));
    match config.listing {
        true => vec![listing, changes],
        false => vec![changes, listing],
    }
}

fn listing(load: Load, config: &SourceConfig) -> Way {
    let interval = config.interval.as_secs_f64();
    let calls = load.listed.div_ceil(ListPage::MOST as u64).max(1);
    let ranges = SPEED
        .iter()
        .rev()
        .find(|(ranges, _)| *ranges <= config.parallelism);
    let speed = ranges.map_or(1.0, |(_, speed)| *speed);
    let sweep = calls as f64 * load.page.as_secs_f64() / speed;
    // A sweep that takes longer than the interval is followed by the next one at once.
    let sweeps = DAY / interval.max(sweep);
    Way {
        name: "listing",
        calls: calls as f64 * sweeps,
        dollars: calls as f64 * sweeps / 10_000.0 * LIST,
        memory: load.listed * MEMORY,
        cpu: load.listed as f64 * sweeps * CPU_A_BLOB / 1e6,
        found: format!(
            "after {} on average",
            seconds((interval.max(sweep) + sweep) / 2.0)
        ),
        note: format!(
            " ({} a sweep, which takes {})",
            counted(calls, "call"),
            seconds(sweep)
        ),
    }
}

fn changes(load: Load, config: &SourceConfig) -> Way {
    let is_none = config.queue.is_none() && !config.change_feed;
    let (has_queue, has_feed) = (
        config.queue.is_some() || is_none,
        config.change_feed || is_none,
    );
    let (name, found) = match (has_queue, has_feed) {
        (true, true) => ("queue and change feed", "within seconds"),
        (true, false) => ("queue", "within seconds"),
        (false, _) => ("change feed", "after some minutes, up to an hour or more"),
    };
    let (mut calls, mut dollars) = (load.changed, load.changed as f64 / 10_000.0 * OTHER);
    if has_queue {
        calls += QUEUE_CALLS + load.changed;
    }
    if has_feed {
        calls += FEED_LISTS + FEED_READS;
        dollars += (FEED_LISTS as f64 * LIST + FEED_READS as f64 * OTHER) / 10_000.0;
    }
    let without = match has_queue {
        true => ", without the prices of queue messages and Event Grid",
        false => "",
    };
    Way {
        name,
        calls: calls as f64,
        dollars,
        memory: (load.changed * DAYS).min(REMEMBERED) * MEMORY,
        cpu: load.changed as f64 * CPU_A_CHANGE / 1e6,
        found: found.to_owned(),
        note: format!(
            " for {} in the last 24 h{without}",
            counted(load.changed, "change")
        ),
    }
}

/// Never none at all.
fn seconds(seconds: f64) -> Age {
    Age(seconds.ceil().max(1.0) as u64)
}

impl Way {
    fn told(&self, load: Load, is_configured: bool) -> String {
        let Self {
            name,
            calls,
            dollars,
            memory,
            cpu,
            found,
            note,
        } = self;
        let instead = if is_configured { "" } else { " instead" };
        let at_least = if load.is_complete { "" } else { "at least " };
        format!(
            "{name}{instead}: {at_least}{calls:.0} calls and about ${dollars:.2} a day{note}; up to {} MB of memory and {} of \
             CPU a day; finds a blob {found}",
            memory.div_ceil(1_000_000).max(1),
            seconds(*cpu)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::config;

    fn told(load: Load, config: &SourceConfig) -> Vec<(bool, String)> {
        let steps = steps(load, config);
        let text = |step: &Step| {
            step.to_json()["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        steps
            .iter()
            .map(|step| (step.is_ok(), text(step)))
            .collect()
    }

    fn load(listed: u64, changed: u64) -> Load {
        Load {
            listed,
            changed,
            is_complete: true,
            page: Duration::from_millis(100),
        }
    }

    fn every(seconds: u64) -> SourceConfig {
        SourceConfig {
            interval: Duration::from_secs(seconds),
            ..config()
        }
    }

    #[test]
    fn a_small_container_costs_nothing_to_speak_of() {
        let told = told(load(2, 1), &every(30));
        let (listing, changes) = (&told[0], &told[1]);
        assert!(listing.0 && changes.0);
        assert_eq!(
            listing.1,
            "listing: 2880 calls and about $0.02 a day (1 call a sweep, which takes 1 s); up to 1 MB of memory and 1 s of CPU a \
             day; finds a blob after 16 s on average"
        );
        assert_eq!(
            changes.1,
            "queue and change feed instead: 138162 calls and about $0.12 a day for 1 change in the last 24 h, without the \
             prices of queue messages and Event Grid; up to 1 MB of memory and 1 s of CPU a day; finds a blob within seconds"
        );
    }

    #[test]
    fn a_large_one_is_told_with_the_cure_and_what_that_costs() {
        let large = told(load(10_000_000, 1_000_000), &every(120));
        assert_eq!(
            large[0],
            (
                false,
                "listing: 1440000 calls and about $7.92 a day (2000 calls a sweep, which takes 1 min 7 s); up to 170 MB of \
                 memory and 1 h 20 min of CPU a day; finds a blob after 1 min 34 s on average"
                    .to_owned()
            )
        );
        assert!(
            large[1].1.contains("about $0.56 a day for 1000000 changes"),
            "{large:?}"
        );
        assert!(
            large[1]
                .1
                .contains("up to 136 MB of memory and 41 s of CPU"),
            "{large:?}"
        );
        assert!(
            told(load(10_000_000, 0), &every(3_600))[0].0,
            "once an hour is cheap"
        );
        // A sweep takes longer than the interval: the next one begins at once.
        let often = told(load(10_000_000, 0), &every(30));
        assert!(
            often[0].1.starts_with("listing: 2592000 calls"),
            "{often:?}"
        );
    }

    #[test]
    fn the_configured_ways_come_first_and_listing_is_no_warning_where_it_is_not_used() {
        let feed = SourceConfig {
            listing: false,
            change_feed: true,
            ..every(30)
        };
        let told = told(load(10_000_000, 0), &feed);
        assert!(
            told[0].1.starts_with("change feed: 46000 calls"),
            "{told:?}"
        );
        assert!(told[0].1.ends_with("up to an hour or more"), "{told:?}");
        assert!(
            told[1].0 && told[1].1.starts_with("listing instead: "),
            "{told:?}"
        );
    }

    #[test]
    fn what_was_not_counted_to_its_end_is_a_lower_bound() {
        let partial = Load {
            is_complete: false,
            ..load(500_000, 3)
        };
        let told = told(partial, &every(3_600));
        assert!(
            told[0].1.starts_with("listing: at least 2400 calls"),
            "{told:?}"
        );
    }
}
