//! What is sent, when it is done, and how little waits meanwhile.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use azure_blob_eventsource::session::{Mode, SessionError};
use tokio::time::{Instant, sleep};

use crate::stage::{CONTAINER, SECOND, Stage, filter};

#[tokio::test(start_paused = true)]
async fn each_blob_comes_once_and_not_again_after_a_restart() {
    let mut stage = Stage::new().with_container();
    stage.put_all(["a.csv", "b.csv"]);
    assert_eq!(stage.deliver().await, ["a.csv", "b.csv"]);
    stage.put("c.csv");
    assert_eq!(stage.deliver().await, ["c.csv"]);
    assert!(stage.deliver().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_new_version_of_a_blob_is_announced() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    stage.deliver().await;
    stage.put("a.csv");
    assert_eq!(stage.deliver().await, ["a.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_blob_that_arrives_later_is_found_by_a_later_sweep() {
    let mut stage = Stage::new().with_container();
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    stage.put("late.csv");
    let asked = Instant::now();
    assert_eq!(stream.next().await, "late.csv");
    assert!(asked.elapsed() <= 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_less_than_the_settle_time_before_the_client_left_comes_again() {
    let mut stage = Stage::new().with_container();
    stage.put_all(["a.csv", "b.csv"]);
    let mut stream = stage.start();
    stream.take(2).await;
    sleep(9 * SECOND).await;
    drop(stream.events);
    stream.session.await.unwrap().unwrap();
    assert_eq!(stage.deliver().await, ["a.csv", "b.csv"]);
}

#[tokio::test(start_paused = true)]
async fn what_settled_before_the_client_left_does_not_come_again() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    let mut stream = stage.start();
    stream.take(1).await;
    sleep(11 * SECOND).await;
    drop(stream.events);
    stream.session.await.unwrap().unwrap();
    assert!(stage.deliver().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_client_did_not_take_never_settles() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    let stream = stage.start();
    sleep(3600 * SECOND).await;
    assert_eq!(stream.stats.events_sent.load(Relaxed), 1);
    assert_eq!(stream.stats.events_done.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn at_most_in_flight_events_are_unsettled() {
    let mut stage = Stage::new().with_container();
    stage.config.limits.in_flight = 3;
    let names: Vec<_> = (0..10).map(|n| format!("{n}.csv")).collect();
    stage.put_all(names.iter().map(String::as_str));
    let mut stream = stage.start();
    stream.take(3).await;
    stream.expect_silence(9 * SECOND).await;
    let oldest = stream.stats.oldest.lock().clone().unwrap();
    assert_eq!((oldest.about.as_str(), oldest.attempts), ("0.csv", 1));
    stream.take(3).await;
    stream.expect_silence(9 * SECOND).await;
    let oldest = stream.stats.oldest.lock().clone().unwrap();
    assert_eq!(oldest.about, "3.csv");
    stream.take(4).await;
    stream.until_done(10).await;
    assert_eq!(*stream.stats.oldest.lock(), None);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stops_reading_holds_the_sweep_up() {
    let mut stage = Stage::new();
    stage
        .account
        .create_synthetic_container(CONTAINER, 1_000_000)
        .unwrap();
    stage.config.limits.in_flight = 100_000;
    let mut stream = stage.start();
    stream.take(10).await;
    sleep(3600 * SECOND).await;
    let listed = stream.stats.blobs_listed.load(Relaxed);
    assert!(
        listed <= 10_000,
        "{listed} blobs were listed for a client that took 10"
    );
    stream.take(20_000).await;
    assert!(stream.stats.blobs_listed.load(Relaxed) > listed);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_for_long_is_forgotten() {
    let mut stage = Stage::new().with_container();
    stage.forgetting.after = 20 * SECOND;
    stage.config.limits.settle = SECOND;
    for patterns in [vec!["**/*.csv"], vec!["raw/*.csv"]] {
        stage.config.filter = filter("", &patterns);
        let mut stream = stage.start();
        stream.until_sweeps(1).await;
        let known = stream.stats.ledger_blobs.load(Relaxed);
        for round in 0..30 {
            let names: Vec<_> = (0..50).map(|n| format!("raw/{round}-{n}.csv")).collect();
            stage.put_all(names.iter().map(String::as_str));
            stream.take(50).await;
            stream.until_done(50 * (round + 1)).await;
            for name in names {
                stage.account.delete(CONTAINER, &name).unwrap();
            }
        }
        let sweeps = stream.stats.sweeps.load(Relaxed);
        stream.until_sweeps(sweeps + 5).await;
        stage.put("raw/last.csv");
        stream.take(1).await;
        stream.until_done(30 * 50 + 1).await;
        assert_eq!(stream.stats.ledger_blobs.load(Relaxed), known + 1);
        stage.account.delete(CONTAINER, "raw/last.csv").unwrap();
        stream.until_sweeps(sweeps + 10).await;
        let sweep = stream.stats.sweep.get();
        assert!(sweep.next.is_some() && sweep.running.is_none(), "{sweep:?}");
        stream.stop().await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_writes_nothing_and_takes_nothing_over() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    let mut live = stage.start();
    live.take(1).await;
    live.until_done(1).await;
    stage.put("b.csv");
    let before = stage.state_blobs();
    let mut observer = stage.start_with(64, Mode::Observe, true);
    assert_eq!(observer.rest().await, ["b.csv"]);
    observer.session.await.unwrap().unwrap();
    assert_eq!(stage.state_blobs(), before);
    assert_eq!(live.take(1).await, ["b.csv"]);
    live.until_done(2).await;
    live.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stop_records_what_is_settled() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    let mut stream = stage.start();
    stream.take(1).await;
    sleep(10 * SECOND + Duration::from_millis(150)).await;
    stream.stop().await.unwrap();
    assert!(stage.deliver().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_newest_session_wins() {
    let mut stage = Stage::new().with_container();
    let mut older = stage.start();
    older.until_sweeps(1).await;
    sleep(SECOND).await;
    let mut newer = stage.start();
    newer.until_sweeps(1).await;
    stage.put("a.csv");
    newer.take(1).await;
    let ended = older.session.await.unwrap();
    assert!(
        older.events.recv().await.is_none(),
        "it sent something after it was overtaken"
    );
    assert!(
        matches!(ended, Err(SessionError::TakenOver(_))),
        "{ended:?}"
    );
    newer.until_done(1).await;
    newer.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_records_does_not_wait_for_company_of_theirs() {
    let mut stage = Stage::new();
    stage
        .account
        .create_synthetic_container(CONTAINER, 1_000)
        .unwrap();
    stage.config.limits.in_flight = 10;
    stage.config.limits.settle = Duration::ZERO;
    let start = Instant::now();
    assert_eq!(stage.deliver().await.len(), 1_000);
    // A hundred looks at what the client took, 100 ms each; the waits for company, which it does
    // without, would be another 20 s.
    assert!(start.elapsed() < 15 * SECOND, "{:?}", start.elapsed());
}
