//! What storage faults, refusals and a process that stands still do to a stream.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use azure_blob_eventsource::{
    config::Existing,
    session::SessionError,
    storage::{StorageError, StorageErrorKind},
};
use testkit::{
    faults::{Fault, FaultSource, Op, Storm},
    rng::Rng,
};
use tokio::time::sleep;

use crate::stage::{CONTAINER, SECOND, Stage};

#[tokio::test(start_paused = true)]
async fn a_blob_that_arrives_while_the_first_sweep_fails_is_announced() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    let mut fails = 20;
    stage.listing_faults = FaultSource::new(move |op: Op| match op {
        Op::ListPage { .. } if fails > 0 => {
            fails -= 1;
            Fault::ErrorBefore(testkit::faults::transient("503 ServerBusy"))
        }
        _ => Fault::None,
    });
    let mut stream = stage.start();
    sleep(60 * SECOND).await;
    stage.put("during.csv");
    assert_eq!(stream.next().await, "during.csv");
}

#[tokio::test(start_paused = true)]
async fn sessions_that_record_nothing_do_not_fill_the_journal() {
    let mut stage = Stage::new().with_container();
    stage.account.set_append_limit(50);
    stage.rollover.frames = 20;
    stage.put("a.csv");
    for _ in 0..200 {
        let stream = stage.start();
        stream.until_sweeps(1).await;
        stream.stop().await.unwrap();
    }
    assert_eq!(stage.deliver().await, ["a.csv"]);
}

/// A process that is frozen, or gets no processor, for longer than the settle time.
#[tokio::test(start_paused = true)]
async fn time_in_which_the_process_stood_still_settles_nothing() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    let frozen = Arc::new(AtomicBool::new(false));
    let mut stream = stage.start_frozen_while(Arc::clone(&frozen));
    stream.take(1).await;
    sleep(3 * SECOND).await;
    frozen.store(true, Relaxed);
    sleep(60 * SECOND).await;
    frozen.store(false, Relaxed);
    // The client went meanwhile, and the server notices only now that it runs again.
    sleep(5 * SECOND).await;
    drop(stream.events);
    stream.session.await.unwrap().unwrap();
    assert_eq!(stage.deliver().await, ["a.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_continuation_that_is_always_refused_is_asked_for_at_a_slow_pace() {
    let mut stage = Stage::new();
    stage
        .account
        .create_synthetic_container(CONTAINER, 100)
        .unwrap();
    stage.account.set_page_size(50);
    let pages = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&pages);
    stage.listing_faults = FaultSource::new(move |op: Op| match op {
        Op::ListPage { continued } => {
            asked.fetch_add(1, Relaxed);
            match continued {
                true => Fault::ErrorBefore(testkit::faults::stale()),
                false => Fault::None,
            }
        }
        _ => Fault::None,
    });
    let mut stream = stage.start();
    stream.take(50).await;
    sleep(3600 * SECOND).await;
    assert!(pages.load(Relaxed) < 600, "{pages:?} calls in an hour");
}

async fn ends_with(kind: StorageErrorKind) -> SessionError {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    stage.listing_faults = FaultSource::new(move |op: Op| match op {
        Op::ListPage { .. } => Fault::ErrorBefore(StorageError::new(kind, "the reason")),
        _ => Fault::None,
    });
    stage.start().session.await.unwrap().unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_stream_with_its_reason() {
    use StorageErrorKind::{Forbidden, NotFound, Protocol, Rejected, Unauthenticated};
    for kind in [Forbidden, NotFound, Protocol, Rejected, Unauthenticated] {
        let error = ends_with(kind).await;
        assert_eq!(error.to_string(), "the reason");
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_service_has_proven_itself_a_strange_answer_passes() {
    let mut stage = Stage::new().with_container();
    let mut calls = 0;
    stage.listing_faults = FaultSource::new(move |op: Op| {
        calls += u64::from(matches!(op, Op::ListPage { .. }));
        let strange = StorageError::new(StorageErrorKind::Protocol, "text/html");
        match calls {
            4..8 => Fault::ErrorBefore(strange),
            _ => Fault::None,
        }
    });
    let mut stream = stage.start();
    stream.until_sweeps(2).await;
    stage.put("a.csv");
    assert_eq!(stream.next().await, "a.csv");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_goes_on_where_an_error_interrupted_it() {
    let mut stage = Stage::new();
    stage
        .account
        .create_synthetic_container(CONTAINER, 100)
        .unwrap();
    stage.account.set_page_size(10);
    let pages = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&pages);
    stage.listing_faults = FaultSource::new(move |op: Op| match op {
        Op::ListPage { .. } if asked.fetch_add(1, Relaxed) % 2 == 1 => {
            Fault::ErrorBefore(testkit::faults::transient("503 ServerBusy"))
        }
        _ => Fault::None,
    });
    assert_eq!(stage.deliver().await.len(), 100);
    // One page for the moment of the first start and ten for the sweep, with a failure before each
    // of those ten: had the sweep started over, there would be many more.
    assert_eq!(pages.load(Relaxed), 21);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_blobs_through_faults_are_all_delivered() {
    let mut stage = Stage::new();
    stage
        .account
        .create_synthetic_container(CONTAINER, 100_000)
        .unwrap();
    stage.account.set_page_size(500);
    stage.config.limits.in_flight = 1_000;
    stage.listing_faults = FaultSource::new(Storm::new(Rng::new(1), 10));
    stage.state_faults = FaultSource::new(Storm::new(Rng::new(2), 10));
    let names: std::collections::BTreeSet<_> = stage.deliver().await.into_iter().collect();
    assert_eq!(names.len(), 100_000);
    stage.listing_faults = FaultSource::none();
    assert!(stage.deliver().await.is_empty());
}
