//! A state container that answers slowly: events still come soon.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use testkit::faults::{Fault, FaultSource, Op};
use tokio::time::{Instant, timeout};

use crate::stage::{SECOND, Stage, Stream};

const SLOW: Duration = Duration::from_millis(1500);

/// A stage whose state container takes so long for each call, with a stream that has swept once.
async fn slow(mut stage: Stage, takes: Duration) -> (Stage, Stream) {
    stage.config.interval = SECOND;
    stage.state_faults = FaultSource::new(move |_: Op| Fault::Slow(takes));
    let stream = stage.start();
    stream.until_sweeps(1).await;
    (stage, stream)
}

#[tokio::test(start_paused = true)]
async fn two_blobs_are_announced_within_5_s() {
    let (stage, mut stream) = slow(Stage::new().with_container(), SLOW).await;
    stage.put("a.csv");
    stage.put("b.csv");
    let both = timeout(5 * SECOND, stream.take(2)).await;
    assert_eq!(both.expect("both within 5 s"), ["a.csv", "b.csv"]);
    // While the first waits to be settled, others come no later.
    stage.put("c.csv");
    let third = timeout(5 * SECOND, stream.next()).await;
    assert_eq!(third.expect("the third within 5 s"), "c.csv");
}

#[tokio::test(start_paused = true)]
async fn so_are_two_that_the_cluster_confirms() {
    let (stage, _cluster) = Stage::new().confirmed();
    let (stage, mut stream) = slow(stage, SLOW).await;
    stage.put("a.csv");
    stage.put("b.csv");
    let both = timeout(5 * SECOND, stream.take(2)).await;
    assert_eq!(both.expect("both within 5 s"), ["a.csv", "b.csv"]);
}

/// Between the 200 ms for which an answer always serves and a second of latency, where each event would
/// have to wait for an answer of its own.
#[tokio::test(start_paused = true)]
async fn the_check_of_ownership_costs_a_busy_stream_less_than_half_of_its_time() {
    for millis in [50, 200, 300, 500, 1000] {
        let latency = Duration::from_millis(millis);
        let (stage, _cluster) = Stage::new().confirmed();
        let (stage, mut stream) = slow(stage, latency).await;
        for number in 0..100 {
            stage.put(&format!("{number:03}.csv"));
        }
        stream.next().await;
        let began = Instant::now();
        for _ in 1..100 {
            // A client that takes 20 ms for an event: 2 s in all.
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.next().await;
        }
        let took = began.elapsed();
        assert!(
            took < 4 * SECOND + latency,
            "{millis} ms of latency: 99 events took {took:?}"
        );
        assert_eq!(stream.stats.events_sent.load(Relaxed), 100);
    }
}

/// The session waits for its own storage nearly all the time. That is no time in which the process stood
/// still, so it counts as waiting for what does not come.
#[tokio::test(start_paused = true)]
async fn waiting_for_storage_makes_redelivery_no_later() {
    let (stage, cluster) = Stage::new().confirmed();
    let (stage, mut stream) = slow(stage, 5 * SECOND).await;
    stage.put("lost.csv");
    let lost = stream.event().await;
    let sent = Instant::now();
    for number in 0.. {
        stage.put(&format!("{number:03}.csv"));
        let event = stream.event().await;
        if event["id"] == lost["id"] {
            break;
        }
        cluster.run(&event);
        assert!(sent.elapsed() < 120 * SECOND, "it does not come again");
    }
    assert!(sent.elapsed() < 90 * SECOND, "{:?}", sent.elapsed());
}
