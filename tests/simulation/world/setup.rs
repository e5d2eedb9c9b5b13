//! What a world is made of: its weather, its configuration, its people.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_blob_eventsource::{
    blob::Version,
    config::SourceConfig,
    delivery::policy::{Limits, Redelivery},
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    ledger::missing::Forgetting,
    ports::connect::Location,
};
use testkit::{
    account::{FakeAccount, NewBlob},
    rng::Rng,
};

use super::{CONTAINER, Mutant, SETTLE, STATE};

/// One filter, or two that people change between.
pub(super) fn filters(rng: &mut Rng) -> Vec<Filter> {
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
    let count = 1 + rng.below(2);
    let picked = (0..count).map(|_| rng.pick(&choices).clone());
    picked.map(|spec| Filter::new(spec).unwrap()).collect()
}

pub(super) fn config(rng: &mut Rng, filters: &[Filter], mutant: Mutant) -> SourceConfig {
    let settle = match mutant {
        Mutant::DoneAtSend => Duration::ZERO,
        _ => SETTLE,
    };
    SourceConfig {
        location: Location::Account("account".into()),
        container: CONTAINER.into(),
        filter: filters[0].clone(),
        credential: None,
        interval: Duration::from_secs(1 + rng.below(30)),
        listing: true,
        queue: None,
        existing: *rng.pick(&[Existing::Skip, Existing::Emit]),
        min_age: Duration::ZERO,
        skip_empty: false,
        version: Version::Etag,
        state: Some(STATE.into()),
        confirm: Vec::new(),
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
pub(super) fn forgetting(rng: &mut Rng, mutant: Mutant) -> Forgetting {
    let rule = Forgetting::default();
    match mutant {
        Mutant::ForgetAtOnce => Forgetting {
            after: Duration::ZERO,
            sweeps: 1,
            ..rule
        },
        _ => Forgetting {
            after: *rng.pick(&[Duration::ZERO, Duration::from_secs(60), rule.after]),
            ..rule
        },
    }
}

/// People write while pages are listed.
pub(super) fn write_between_pages(
    mut rng: Rng,
    raging: Arc<AtomicBool>,
) -> impl FnMut(&FakeAccount, u64) + Send {
    move |account, _| {
        while raging.load(SeqCst) && rng.chance(250) {
            write(account, &mut rng);
        }
    }
}

/// Somebody writes, overwrites or deletes one of a few blobs.
pub(super) fn write(account: &FakeAccount, rng: &mut Rng) {
    let ending = *rng.pick(&["csv", "csv", "csv", "tmp", "parquet"]);
    let folder = *rng.pick(&["raw", "raw/2026", "in", ""]);
    let name = format!("{folder}/{}.{ending}", rng.below(12));
    // Of a blob that is not there, or not being copied, these refuse.
    match rng.below(10) {
        0 => _ = account.delete(CONTAINER, &name),
        1 => _ = account.set_metadata(CONTAINER, &name, "processed", "true"),
        2 => _ = account.start_copy(CONTAINER, &name),
        3 | 4 => {
            let content = format!("{}", rng.next_u64());
            let content = rng.chance(800).then_some(content.as_bytes());
            _ = account.finish_copy(CONTAINER, &name, content);
        }
        _ => {
            let content = format!("{}", rng.next_u64());
            account
                .put(CONTAINER, &name, NewBlob::new(content))
                .unwrap();
        }
    }
}
