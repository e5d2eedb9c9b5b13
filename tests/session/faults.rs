//! What storage faults, refusals and a process that stands still do to a stream.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use azure_blob_eventsource::{
    gate::rules::Existing,
    ports::error::{StorageError, StorageErrorKind},
    session::SessionError,
    state::request::Replay,
};
use testkit::{
    faults::{Fault, FaultSource, Op, Storm},
    lost::Lost,
    rng::Rng,
};
use tokio::time::{sleep, timeout};

use crate::stage::{CONTAINER, SECOND, Stage, Stream, filter};

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

/// Every append fails, and every listing but one of two: what recovers says nothing of what still fails.
#[tokio::test(start_paused = true)]
async fn an_error_is_told_until_its_own_call_succeeds_whatever_else_recovers() {
    let mut stage = Stage::new().with_container();
    let broken = Arc::new(AtomicBool::new(false));
    let appends = Arc::clone(&broken);
    stage.state_faults = FaultSource::new(move |op: Op| match op {
        Op::Append if appends.load(Relaxed) => {
            Fault::ErrorBefore(testkit::faults::transient("503 ServerBusy"))
        }
        _ => Fault::None,
    });
    let mut listed = 0;
    stage.listing_faults = FaultSource::new(move |op: Op| match op {
        Op::ListPage { .. } => {
            listed += 1;
            match listed % 2 {
                0 => Fault::ErrorBefore(testkit::faults::transient("429 TooManyRequests")),
                _ => Fault::None,
            }
        }
        _ => Fault::None,
    });
    stage.put("a.csv");
    let mut stream = stage.start();
    stream.take(1).await;
    broken.store(true, Relaxed);
    let stats = Arc::clone(&stream.stats);
    let append_fails = || {
        let errors = stats.storage_errors.lock();
        errors.iter().any(|(_, error)| error.contains("append"))
    };
    let told = async {
        while !append_fails() {
            sleep(SECOND).await;
        }
    };
    timeout(60 * SECOND, told).await.unwrap();
    let counts = || [stats.sweeps.load(Relaxed), stats.retries()];
    let before = counts();
    for _ in 0..300 {
        sleep(SECOND).await;
        assert!(append_fails() && stats.error().is_some());
    }
    let after = counts();
    assert!(after[0] > before[0] + 10, "the listing recovers: {after:?}");
    assert!(after[1] > before[1] + 30, "and fails again: {after:?}");
    broken.store(false, Relaxed);
    sleep(60 * SECOND).await;
    assert!(!append_fails());
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

/// A stream whose first blob is done when the listing loses its way, and how often it is asked then.
async fn lost(lost: Lost) -> (Stage, Stream, Arc<AtomicU64>) {
    let mut stage = Stage::new().with_container();
    // Nothing that the listing invents is announced.
    stage.config.filter = filter("", &["*.csv"]);
    stage.put("a.csv");
    let pages = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&pages);
    stage.listing_faults = FaultSource::new(move |op: Op| {
        asked.fetch_add(u64::from(matches!(op, Op::ListPage { .. })), Relaxed);
        Fault::None
    });
    let mut stream = stage.start();
    stream.take(1).await;
    stream.until_done(1).await;
    stream.until_sweeps(5).await;
    *stage.lost.lock().unwrap() = Some(lost);
    // What is under way has ended by then.
    sleep(10 * SECOND).await;
    pages.store(0, Relaxed);
    (stage, stream, pages)
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_goes_nowhere_is_slow_told_and_no_sweep() {
    for (way, in_a_minute, in_an_hour, words) in [
        (Lost::Circle(2), 120, 1500, "the listing repeats itself"),
        (
            Lost::EmptyCircle(1),
            120,
            1500,
            "the listing repeats itself",
        ),
        (
            Lost::EmptyCircle(2),
            120,
            1500,
            "the listing repeats itself",
        ),
        (
            Lost::EmptyCircle(100),
            400,
            7000,
            "the listing repeats itself",
        ),
        (Lost::Circle(500), 700, 36_000, "the listing repeats itself"),
        (Lost::Again(3), 120, 1500, "the listing repeats itself"),
        (Lost::Empty, 400, 5000, "250 pages without a blob in a row"),
    ] {
        let (stage, mut stream, pages) = lost(way).await;
        let sweeps = stream.stats.sweeps.load(Relaxed);
        sleep(60 * SECOND).await;
        let asked = pages.load(Relaxed);
        assert!(asked < in_a_minute, "{way:?}: {asked} calls in a minute");
        sleep(3540 * SECOND).await;
        let asked = pages.load(Relaxed);
        assert!(asked < in_an_hour, "{way:?}: {asked} calls in an hour");
        let error = stream.stats.error().unwrap_or_default();
        assert!(error.contains(words), "{way:?}: {error}");
        assert_eq!(stream.stats.sweeps.load(Relaxed), sweeps, "{way:?}");

        // Then the service answers well again.
        stage.put("b.csv");
        *stage.lost.lock().unwrap() = None;
        let mut names = Vec::new();
        while !names.iter().any(|name| name == "b.csv") {
            names.push(stream.next().await);
        }
        stream.until_sweeps(sweeps + 3).await;
        assert_eq!(stream.stats.error(), None, "{way:?}");
        assert!(!names.iter().any(|name| name == "a.csv"), "{way:?}");
        stream.expect_silence(60 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_container_that_is_mostly_empty_pages_is_swept_all_the_same() {
    let (stage, mut stream, _) = lost(Lost::Empty).await;
    sleep(120 * SECOND).await;
    // The service goes on where it is, as one with many deleted blobs does, and comes to its end.
    let sweeps = stream.stats.sweeps.load(Relaxed);
    *stage.lost.lock().unwrap() = Some(Lost::EmptyThen(400));
    stream.until_sweeps(sweeps + 1).await;
    *stage.lost.lock().unwrap() = None;
    stage.put("b.csv");
    // The end of that sweep did not show a.csv, which is not gone for that.
    assert_eq!(stream.next().await, "b.csv");
    stream.expect_silence(60 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn names_without_end_are_asked_for_at_the_pace_of_what_they_bring() {
    let (stage, mut stream, pages) = lost(Lost::Invented(1)).await;
    sleep(60 * SECOND).await;
    let asked = pages.load(Relaxed);
    assert!(asked < 800, "{asked} calls in a minute");
    *stage.lost.lock().unwrap() = None;
    stage.put("b.csv");
    assert_eq!(stream.next().await, "b.csv");
}

#[tokio::test(start_paused = true)]
async fn the_listing_of_a_replay_that_goes_nowhere_is_slow_and_told() {
    let (stage, stream, pages) = lost(Lost::EmptyCircle(2)).await;
    let replay = Replay {
        name: "0123456789abcdef".into(),
        prefix: String::new(),
        blob: None,
        batch: None,
        since: None,
        until: stage.account.now(),
        asked: None,
    };
    stage.put_state("requests/replay-0123456789abcdef.json", replay.to_json());
    sleep(3600 * SECOND).await;
    let asked = pages.load(Relaxed);
    assert!(asked < 3000, "{asked} calls in an hour");
    let errors = stream.stats.storage_errors.lock().clone();
    let told = |what: &str| errors.iter().any(|(_, error)| error.starts_with(what));
    assert!(
        told("list blobs: ") && told("list blobs to replay: "),
        "{errors:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_service_asks_for_is_bounded_and_told() {
    let mut stage = Stage::new().with_container();
    let pages = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&pages);
    stage.listing_faults = FaultSource::new(move |op: Op| match op {
        Op::ListPage { .. } if (3..6).contains(&asked.fetch_add(1, Relaxed)) => {
            let mut error = testkit::faults::transient("503 ServerBusy");
            error.retry_after = Some(1_000_000_000 * SECOND);
            Fault::ErrorBefore(error)
        }
        _ => Fault::None,
    });
    let mut stream = stage.start();
    stream.until_sweeps(2).await;
    stage.put("a.csv");
    sleep(60 * SECOND).await;
    let error = stream.stats.error().unwrap_or_default();
    assert!(
        error.starts_with("list blobs: simulated: 503 ServerBusy, and asks for a wait of 1000000000 s (`Retry-After`); this server waits until 2")
            && error.ends_with("Z (at most 300 s at a time)"),
        "{error}"
    );
    stream.expect_silence(700 * SECOND).await;
    assert_eq!(timeout(400 * SECOND, stream.next()).await.unwrap(), "a.csv");
    stream.until_sweeps(4).await;
    assert_eq!(stream.stats.error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_compaction_that_takes_long_holds_up_neither_events_nor_records() {
    let mut stage = Stage::new().with_container();
    stage.rollover.frames = 8;
    stage.config.interval = SECOND;
    stage.config.limits.settle = SECOND;
    stage.config.limits.in_flight = 4;
    let parts = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&parts);
    stage.state_faults = FaultSource::new(move |op: Op| match op {
        // A part of the snapshot.
        Op::Put => {
            seen.fetch_add(1, Relaxed);
            Fault::Slow(600 * SECOND)
        }
        _ => Fault::None,
    });
    let mut stream = stage.start();
    for n in 0..12 {
        stage.put(&format!("{n}.csv"));
        stream.take(1).await;
        stream.until_done(n + 1).await;
        // Until the upload has begun; the journal may have twice as many frames.
        if parts.load(Relaxed) > 0 {
            break;
        }
    }
    assert_eq!(parts.load(Relaxed), 1, "no compaction has begun");
    let begun = tokio::time::Instant::now();
    let before = stream.stats.events_done.load(Relaxed);
    for n in 0..5 {
        stage.put(&format!("during-{n}.csv"));
        stream.take(1).await;
        stream.until_done(before + n + 1).await;
    }
    assert!(begun.elapsed() < 60 * SECOND, "{:?}", begun.elapsed());
    let journals = || stage.in_folder("journal-");
    assert_eq!(journals(), ["journal-0000000001"]);
    sleep(1300 * SECOND).await;
    assert_eq!(journals(), ["journal-0000000002"]);
    stream.stop().await.unwrap();
    stage.state_faults = FaultSource::none();
    assert!(stage.deliver().await.is_empty());
}
