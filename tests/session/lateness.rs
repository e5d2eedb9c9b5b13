//! How late blobs are: the age of the oldest that is not done, and what is told of detection and confirmation.

use std::time::Duration;

use azure_blob_eventsource::metrics::spread::Lateness;
use prometheus_client::{
    encoding::text::encode_registry,
    registry::{Registry, Unit},
};
use time::macros::datetime;

use crate::{
    batches::batching,
    stage::{SECOND, Stage},
};

/// Years: those tests run on a clock that is no younger.
const LATE: Duration = Duration::from_secs(365 * 24 * 3600);

// How many were noted.
fn count(lateness: &Lateness) -> u64 {
    let mut registry = Registry::default();
    let histogram = lateness.histogram().clone();
    registry.register_with_unit("lag", "Lag", Unit::Seconds, histogram);
    let mut text = String::new();
    encode_registry(&mut text, &registry).unwrap();
    let count = text
        .lines()
        .find_map(|it| it.strip_prefix("lag_seconds_count "));
    count.unwrap().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_oldest_blob_is_late_until_it_is_done() {
    let mut stage = Stage::new().with_container();
    stage.account.set_clock(datetime!(2024-03-01 0:00 UTC));
    stage.put("old.csv");
    stage.account.set_clock(datetime!(2025-03-01 0:00 UTC));
    stage.put("new.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take(2).await.len(), 2);
    let age = stream.stats.oldest_blob_age();
    assert!(age > LATE, "{age:?}");
    stream.events.take();
    stream.until_done(2).await;
    assert_eq!(stream.stats.oldest_blob_age(), Duration::ZERO);
    assert_eq!(count(&stream.stats.detection), 2);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_an_earlier_session_fixed_is_as_old_as_its_oldest_blob() {
    let mut stage = batching();
    stage.account.set_clock(datetime!(2024-03-01 0:00 UTC));
    stage.put_all(["a/1.csv", "a/2.csv"]);
    let mut killed = stage.start();
    killed.expect_silence(30 * SECOND).await;
    let age = killed.stats.oldest_blob_age();
    assert!(age > LATE, "in an open batch: {age:?}");
    killed.event().await;
    killed.session.abort();
    let mut stream = stage.start();
    stream.event().await;
    let age = stream.stats.oldest_blob_age();
    assert!(age > LATE, "in a fixed batch: {age:?}");
    stream.events.take();
    stream.until_done(1).await;
    assert_eq!(stream.stats.oldest_blob_age(), Duration::ZERO);
    // How late a batch is says nothing of how late blobs are found.
    assert_eq!(count(&stream.stats.detection), 0);
}

#[tokio::test(start_paused = true)]
async fn each_confirmation_is_counted_once() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("one.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    assert_eq!(count(&stream.stats.confirmation), 0);
    cluster.run(&event);
    stream.until_done(1).await;
    assert_eq!(count(&stream.stats.confirmation), 1);
}
