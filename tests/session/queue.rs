//! Notifications from a queue, alone and combined with sweeps.

use std::{collections::BTreeSet, sync::atomic::Ordering::Relaxed, time::Duration};

use azure_blob_eventsource::{
    gate::rules::Existing,
    metrics::queue::Counted,
    notification::{
        Kind,
        poison::{Original, Poison},
    },
};
use serde_json::{Value, json};
use testkit::queue::FakeQueue;
use time::format_description::well_known::Rfc3339;
use tokio::time::{Instant, sleep};

use crate::stage::{CONTAINER, SECOND, Stage, Stream, within};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// A message comes again after so long.
const HIDDEN: Duration = Duration::from_secs(300);

pub(crate) fn told_of(
    stage: &Stage,
    kind: &str,
    container: &str,
    name: &str,
    etag: &str,
) -> String {
    let time = stage.queue.as_ref().unwrap().queue.now();
    json!({
        "specversion": "1.0",
        "type": format!("Microsoft.Storage.{kind}"),
        "source": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/account",
        "id": format!("{kind}-{name}-{etag}"),
        "time": time.format(&Rfc3339).unwrap(),
        "subject": format!("/blobServices/default/containers/{container}/blobs/{name}"),
        "data": {"api": "PutBlob", "eTag": etag},
    })
    .to_string()
}

/// Writes a blob and tells of it.
pub(crate) fn put(stage: &Stage, queue: &FakeQueue, name: &str) -> String {
    let etag = stage.put(name);
    queue
        .put(&told_of(stage, "BlobCreated", CONTAINER, name, &etag))
        .unwrap();
    etag
}

pub(crate) async fn until_empty(queue: &FakeQueue) {
    let empty = async {
        while queue.depth() > 0 {
            sleep(Duration::from_millis(50)).await;
        }
    };
    within(empty, "an empty queue").await;
}

fn counted(stream: &Stream, what: Counted) -> u64 {
    stream.stats.queue.outcomes.of(what)
}

#[tokio::test(start_paused = true)]
async fn a_notification_is_announced_within_a_second_and_deleted_once_it_is_durable() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    let mut stream = stage.start();
    sleep(MINUTE).await;
    let begun = Instant::now();
    put(&stage, &queue, "a.csv");
    assert_eq!(stream.take(1).await, ["a.csv"]);
    assert!(begun.elapsed() <= 2 * SECOND, "{:?}", begun.elapsed());
    // It is settled after ten seconds, and until then the message stays.
    assert_eq!(queue.depth(), 1);
    stream.until_done(1).await;
    until_empty(&queue).await;
    stream.expect_silence(2 * HIDDEN).await;
    assert_eq!((poison.depth(), counted(&stream, Counted::Done)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn the_event_is_that_of_a_sweep() {
    let swept = {
        let mut stage = Stage::new().with_container();
        stage.put("a.csv");
        stage.start().event().await
    };
    let (mut stage, queue, _) = Stage::new().with_container().notified(false);
    put(&stage, &queue, "a.csv");
    let notified: Value = stage.start().event().await;
    assert_eq!(swept, notified);
}

#[tokio::test(start_paused = true)]
async fn whoever_finds_a_blob_first_it_is_announced_once() {
    let (mut stage, queue, _) = Stage::new().with_container().notified(true);
    put(&stage, &queue, "both.csv");
    stage.put("lost.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take_sorted(2).await, ["both.csv", "lost.csv"]);
    until_empty(&queue).await;
    // The same notification again, and one of what only the sweep found.
    for name in ["both.csv", "lost.csv"] {
        queue
            .put(&told_of(&stage, "BlobCreated", CONTAINER, name, "0x1"))
            .unwrap();
    }
    until_empty(&queue).await;
    stream.until_sweeps(3).await;
    stream.expect_silence(MINUTE).await;
}

#[tokio::test(start_paused = true)]
async fn what_only_a_sweep_finds_is_counted_as_missed() {
    let (mut stage, queue, _) = Stage::new().with_container().notified(true);
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    stage.put("lost.csv");
    put(&stage, &queue, "told.csv");
    assert_eq!(stream.take(1).await, ["told.csv"]);
    assert_eq!(stream.take(1).await, ["lost.csv"]);
    stream.until_sweeps(3).await;
    assert_eq!(stream.stats.queue.missed.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_again_after_a_kill_and_nothing_runs_twice() {
    let (mut stage, queue, _) = Stage::new().with_container().notified(false);
    put(&stage, &queue, "sent.csv");
    let mut killed = stage.start();
    let first = killed.event().await;
    killed.session.abort();
    let mut stream = stage.start();
    stream.expect_silence(HIDDEN - 5 * SECOND).await;
    let again = stream.event().await;
    assert_eq!(first["id"], again["id"]);
    stream.events.take();
    stream.until_done(1).await;
    until_empty(&queue).await;
    // A copy that Event Grid delivers late: the ledger knows it, in this session and in the next.
    for _ in 0..2 {
        queue
            .put(&told_of(
                &stage,
                "BlobCreated",
                CONTAINER,
                "sent.csv",
                "0x1",
            ))
            .unwrap();
        until_empty(&queue).await;
        stream.expect_silence(SECOND).await;
        stream.stop().await.unwrap();
        stream = stage.start();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_renewed_for_as_long_as_the_event_waits() {
    let (stage, cluster) = Stage::new().confirmed();
    let (mut stage, queue, _) = stage.notified(false);
    put(&stage, &queue, "a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    for _ in 0..40 {
        sleep(MINUTE).await;
        assert!(queue.peek(32).is_empty(), "the message is there for others");
    }
    cluster.run(&event);
    stream.until_done(1).await;
    until_empty(&queue).await;
    assert_eq!(counted(&stream, Counted::LostLease), 0);
}

#[tokio::test(start_paused = true)]
async fn no_more_is_taken_than_may_be_sent_and_what_a_stalled_source_tries() {
    let (stage, _cluster) = Stage::new().confirmed();
    let (mut stage, queue, _) = stage.notified(false);
    stage.config.limits.in_flight = 3;
    for n in 0..20 {
        put(&stage, &queue, &format!("{n}.csv"));
    }
    let mut stream = stage.start();
    stream.take(3).await;
    sleep(MINUTE).await;
    assert_eq!(queue.peek(32).len(), 20 - 3 - 2);
}

#[tokio::test(start_paused = true)]
async fn gone_blobs_are_nothing_and_of_overwritten_ones_the_newest_is_announced() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    put(&stage, &queue, "gone.csv");
    stage.account.delete(CONTAINER, "gone.csv").unwrap();
    put(&stage, &queue, "twice.csv");
    let newest = put(&stage, &queue, "twice.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    assert_eq!(event["data"]["eTag"], json!(newest), "{event}");
    stream.events.take();
    until_empty(&queue).await;
    stream.expect_silence(2 * HIDDEN).await;
    assert_eq!(counted(&stream, Counted::Superseded), 2);
    assert_eq!(poison.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn other_events_are_counted_by_kind_and_deleted() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    stage.config.filter = crate::stage::filter("raw/", &["**/*.csv"]);
    let etag = stage.put("raw/a.csv");
    for (kind, container, name) in [
        ("BlobDeleted", CONTAINER, "raw/a.csv"),
        ("DirectoryRenamed", CONTAINER, "raw"),
        ("BlobCreated", "another", "raw/a.csv"),
        ("BlobCreated", CONTAINER, "raw/a.txt"),
    ] {
        queue
            .put(&told_of(&stage, kind, container, name, &etag))
            .unwrap();
    }
    let mut stream = stage.start();
    until_empty(&queue).await;
    stream.expect_silence(MINUTE).await;
    for what in [
        Counted::Kind(Kind::Deleted),
        Counted::Kind(Kind::DirectoryRenamed),
        Counted::OtherContainer,
        Counted::Unwanted,
    ] {
        assert_eq!(counted(&stream, what), 1, "{what:?}");
    }
    assert_eq!(poison.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_read_is_set_aside_with_the_reason_and_blocks_nothing() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    for n in 0..100 {
        match n % 10 {
            0 => _ = queue.put("{\"no\": \"event\"").unwrap(),
            _ => _ = put(&stage, &queue, &format!("{n}.csv")),
        }
    }
    let mut stream = stage.start();
    assert_eq!(stream.take(90).await.len(), 90);
    until_empty(&queue).await;
    assert_eq!(poison.depth(), 10);
    let text = poison.texts().remove(0);
    let aside: Value = serde_json::from_str(&text).unwrap();
    assert!(
        aside["reason"].as_str().unwrap().contains("not JSON"),
        "{text}"
    );
    assert_eq!(aside["text"], "{\"no\": \"event\"");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_that_nobody_can_read_keep_ten_thousand_others_from_nothing() {
    const GOOD: usize = 10_000;
    const BROKEN: usize = 1_000;
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    stage.config.limits.in_flight = 1_000;
    for n in 0..GOOD + BROKEN {
        match n % 11 {
            0 => _ = queue.put(&format!("{{\"broken\": {n}")).unwrap(),
            _ => _ = put(&stage, &queue, &format!("{n}.csv")),
        }
    }
    let mut stream = stage.start();
    let names: BTreeSet<_> = stream.take(GOOD).await.into_iter().collect();
    assert_eq!(names.len(), GOOD);
    stream.until_done(GOOD as u64).await;
    until_empty(&queue).await;
    stream.expect_silence(2 * HIDDEN).await;
    assert_eq!(counted(&stream, Counted::Done), GOOD as u64);
    assert_eq!(counted(&stream, Counted::Poison), BROKEN as u64);
    let texts = poison.texts().into_iter().map(|text| {
        let aside = Poison::read(&text).unwrap();
        assert!(aside.reason.contains("not JSON"), "{text}");
        assert_eq!(aside.deliveries, 1, "{text}");
        match aside.text {
            Original::Here(text) => text,
            Original::Beside(_) => panic!("{text}"),
        }
    });
    let texts: BTreeSet<_> = texts.collect();
    assert_eq!((texts.len(), poison.depth()), (BROKEN, BROKEN));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_never_done_is_set_aside_after_five_deliveries() {
    let (mut stage, queue, poison) = Stage::new().with_container().notified(false);
    put(&stage, &queue, "a.csv");
    for _ in 0..5 {
        let mut killed = stage.start();
        killed.event().await;
        killed.session.abort();
        sleep(HIDDEN).await;
    }
    let mut stream = stage.start();
    until_empty(&queue).await;
    stream.expect_silence(MINUTE).await;
    let text = poison.texts().remove(0);
    assert!(text.contains("delivered 6 times"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn what_was_there_before_the_source_is_no_news_and_what_is_renamed_later_is() {
    let (mut stage, queue, _) = Stage::new().with_container().notified(false);
    stage.config.existing = Existing::Skip;
    let etag = put(&stage, &queue, "old.csv");
    sleep(MINUTE).await;
    let mut stream = stage.start();
    until_empty(&queue).await;
    stream.expect_silence(MINUTE).await;
    assert_eq!(stream.stats.baseline_blobs.load(Relaxed), 1);
    // A blob keeps its time when it is renamed, and only the notification tells that it is new here.
    let renamed = told_of(&stage, "BlobCreated", CONTAINER, "moved.csv", &etag);
    stage
        .account
        .set_clock(time::macros::datetime!(2025-06-01 0:00 UTC));
    stage.put("moved.csv");
    queue.put(&renamed).unwrap();
    assert_eq!(stream.take(1).await, ["moved.csv"]);
}
