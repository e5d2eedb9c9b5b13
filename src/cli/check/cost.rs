//! What finding blobs by listing costs a day, of what is there. Pure.

use std::time::Duration;

use crate::{
    blob::ListPage,
    cli::{counts::counted, report::Step},
};

/// What ten thousand calls of List Blobs cost, in US dollars: the example of Microsoft's "Estimate the cost of using Azure Blob
/// Storage" (26 July 2024, hot tier). Regions differ.
const PRICE: f64 = 0.055;
/// From how many dollars a day on another way of finding blobs is worth its setup.
const DEAR: f64 = 1.0;

const DAY: f64 = 24.0 * 3600.0;

/// The calls and the money of a day of sweeps, one each `interval`; with the cure where that is much.
/// `listed` blobs are what one sweep lists, or at least so many unless the count `is_complete`.
pub(super) fn step((listed, is_complete): (u64, bool), interval: Duration) -> Step {
    let calls = listed.div_ceil(ListPage::MOST as u64).max(1);
    let a_day = calls as f64 * DAY / interval.as_secs_f64();
    let dollars = a_day / 10_000.0 * PRICE;
    let at_least = if is_complete { "" } else { "at least " };
    let text = format!(
        "listing costs {at_least}{} a sweep and {a_day:.0} a day, about ${dollars:.2} a day",
        counted(calls, "call")
    );
    if dollars < DEAR {
        return Step::ok("cost", text);
    }
    Step::warn(
        "cost",
        text,
        "a queue and the change feed cost by what changes, not by what exists (`source: {queue: {name: …}, changeFeed: {}}`); \
         or make `prefix` or `source.listing.interval` longer (docs/scaling.md)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(listed: u64, is_complete: bool, seconds: u64) -> (bool, String) {
        let step = step((listed, is_complete), Duration::from_secs(seconds));
        (
            step.is_ok(),
            step.to_json()["text"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        )
    }

    #[test]
    fn a_small_container_costs_nothing_to_speak_of() {
        let (ok, text) = told(0, true, 30);
        assert!(ok);
        assert_eq!(
            text,
            "listing costs 1 call a sweep and 2880 a day, about $0.02 a day"
        );
        assert!(
            told(5_001, true, 30)
                .1
                .starts_with("listing costs 2 calls a sweep and 5760 a day")
        );
    }

    #[test]
    fn a_large_one_is_told_with_the_cure() {
        let (ok, text) = told(10_000_000, true, 30);
        assert!(!ok);
        assert_eq!(
            text,
            "listing costs 2000 calls a sweep and 5760000 a day, about $31.68 a day"
        );
        assert!(told(10_000_000, true, 3_600).0, "once an hour is cheap");
    }

    #[test]
    fn what_was_not_counted_to_its_end_is_a_lower_bound() {
        assert!(
            told(500_000, false, 3_600)
                .1
                .starts_with("listing costs at least 100 calls")
        );
    }
}
