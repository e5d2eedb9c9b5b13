//! Notifications of blobs that are not to be announced yet: young ones, and copies that are under way.

use testkit::queue::FakeQueue;
use tokio::time::{Instant, sleep};

use crate::{
    queue::{MINUTE, put, told_of, until_empty},
    stage::{CONTAINER, SECOND, Stage},
};

/// A copy to `to.csv` begins, and is told of.
fn start_copy(stage: &Stage, queue: &FakeQueue) {
    let etag = stage.account.start_copy(CONTAINER, "to.csv").unwrap();
    queue
        .put(&told_of(stage, "BlobCreated", CONTAINER, "to.csv", &etag))
        .unwrap();
}

fn finish_copy(stage: &Stage) {
    stage
        .account
        .finish_copy(CONTAINER, "to.csv", Some(b"a"))
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_young_blob_is_hidden_for_the_rest_of_its_age() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    stage.config.min_age = 10 * MINUTE;
    put(&stage, &queue, "a.csv");
    let mut stream = stage.start();
    stream.expect_silence(9 * MINUTE).await;
    assert_eq!(stream.take(1).await, ["a.csv"]);
    until_empty(&queue).await;
    assert_eq!(poison.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_announced_when_it_is_complete_however_long_it_takes() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    start_copy(&stage, &queue);
    let mut stream = stage.start();
    stream.expect_silence(20 * MINUTE).await;
    finish_copy(&stage);
    assert_eq!(stream.take(1).await, ["to.csv"]);
    until_empty(&queue).await;
    assert_eq!(poison.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_takes_longer_than_a_server_lives_is_announced_all_the_same() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    start_copy(&stage, &queue);
    let mut stream = stage.start();
    stream.expect_silence(20 * MINUTE).await;
    stream.stop().await.unwrap();
    finish_copy(&stage);
    let mut stream = stage.start();
    assert_eq!(stream.take(1).await, ["to.csv"]);
    until_empty(&queue).await;
    assert_eq!(poison.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_goes_on_keeps_no_other_blob_waiting() {
    let (mut stage, queue, _) = Stage::new().with_container().notified(false);
    stage.config.limits.in_flight = 1;
    let mut stream = stage.start();
    for copy in ["1.csv", "2.csv"] {
        let etag = stage.account.start_copy(CONTAINER, copy).unwrap();
        queue
            .put(&told_of(&stage, "BlobCreated", CONTAINER, copy, &etag))
            .unwrap();
    }
    sleep(10 * MINUTE).await;
    let begun = Instant::now();
    put(&stage, &queue, "other.csv");
    assert_eq!(stream.take(1).await, ["other.csv"]);
    assert!(begun.elapsed() <= 2 * SECOND, "{:?}", begun.elapsed());
}
