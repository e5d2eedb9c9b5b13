//! What a world is made of: its weather, its configuration, its people.

use std::time::Duration;

use azure_blob_eventsource::{
    blob::Version,
    config::SourceConfig,
    delivery::policy::{Limits, Redelivery},
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    ledger::missing::Forgetting,
    ports::connect::Location,
};
use testkit::rng::Rng;

use crate::batches;

use super::{CONTAINER, Mutant, SETTLE, STATE, notified::Notified};

/// How blobs are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ways {
    Listing,
    Both,
    Queue,
    Feed,
    FeedAndQueue,
    FeedAndListing,
}

impl Ways {
    pub(super) fn has_queue(self) -> bool {
        matches!(self, Self::Both | Self::Queue | Self::FeedAndQueue)
    }

    pub(super) fn has_feed(self) -> bool {
        matches!(self, Self::Feed | Self::FeedAndQueue | Self::FeedAndListing)
    }

    pub(super) fn is_listed(self) -> bool {
        matches!(self, Self::Listing | Self::Both | Self::FeedAndListing)
    }
}

/// In six of ten worlds there is a queue or a change feed, and in some of these nothing else. What they may be used wrongly
/// for shows where nothing fixes it.
pub(super) fn ways(rng: &mut Rng, mutant: Mutant) -> Ways {
    match mutant {
        Mutant::None if rng.chance(400) => Ways::Listing,
        Mutant::None => *rng.pick(&[
            Ways::Both,
            Ways::Queue,
            Ways::Feed,
            Ways::Feed,
            Ways::FeedAndQueue,
            Ways::FeedAndListing,
        ]),
        Mutant::ForgetFed => Ways::FeedAndQueue,
        mutant if mutant.is_of_feed() => Ways::Feed,
        mutant if mutant.is_of_queue() => Ways::Queue,
        _ => Ways::Listing,
    }
}

/// One filter, or two that people change between: but what nobody wanted when it was told is not told again.
pub(super) fn filters(rng: &mut Rng, ways: Ways) -> Vec<Filter> {
    let choices = [
        FilterSpec::default(),
        FilterSpec {
            prefix: String::new(),
            patterns: vec!["**/*.csv".into()],
        },
        FilterSpec {
            prefix: "raw/".into(),
            patterns: vec!["!**/*.tmp".into()],
        },
    ];
    let count = match ways {
        Ways::Queue => 1,
        _ => 1 + rng.below(2),
    };
    let picked = (0..count).map(|_| rng.pick(&choices).clone());
    picked.map(|spec| Filter::new(spec).unwrap()).collect()
}

pub(super) fn config(
    rng: &mut Rng,
    filters: &[Filter],
    (ways, mutant): (Ways, Mutant),
) -> SourceConfig {
    let settle = match mutant {
        Mutant::DoneAtSend => Duration::ZERO,
        _ => SETTLE,
    };
    SourceConfig {
        location: Location::Account("account".into()),
        container: CONTAINER.into(),
        filter: filters[0].clone(),
        credential: None,
        interval: match ways {
            Ways::Listing => Duration::from_secs(1 + rng.below(30)),
            _ => Duration::from_secs(*rng.pick(&[20, 300, 3600])),
        },
        listing: ways.is_listed(),
        parallelism: 1 + rng.below(4) as usize,
        queue: ways.has_queue().then(Notified::source),
        change_feed: ways.has_feed(),
        existing: *rng.pick(&[Existing::Skip, Existing::Emit]),
        // A clean run of sweeps ends before a young blob is old enough; messages are waited for.
        min_age: match ways.is_listed() {
            false => Duration::from_secs(*rng.pick(&[0, 0, 20, 400])),
            true => Duration::ZERO,
        },
        skip_empty: false,
        version: Version::Etag,
        state: Some(STATE.into()),
        confirm: Vec::new(),
        batch: (mutant.is_of_batches() || mutant == Mutant::None && rng.chance(300))
            .then(|| batches::rules(rng)),
        redelivery: Redelivery::default(),
        limits: Limits {
            active_workflows: None,
            in_flight: 1 + rng.below(20) as usize,
            settle,
        },
        id: None,
    }
}

/// How soon what is missing is forgotten: in some worlds as soon as the rule allows at all.
pub(super) fn forgetting(rng: &mut Rng, (ways, mutant): (Ways, Mutant)) -> Forgetting {
    let rule = Forgetting::default();
    match mutant {
        Mutant::ForgetAtOnce | Mutant::ForgetNotified | Mutant::ForgetFed => Forgetting {
            after: Duration::ZERO,
            sweeps: 1,
            ..rule
        },
        // Where no sweep shows anything, time is all that there is to forget by.
        _ if !ways.is_listed() => rule,
        _ => Forgetting {
            after: *rng.pick(&[Duration::ZERO, Duration::from_secs(60), rule.after]),
            ..rule
        },
    }
}
