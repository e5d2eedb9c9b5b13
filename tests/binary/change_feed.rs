//! The change feed over HTTP, read by the real program.

use std::time::Duration;

use azure_blob_eventsource::feed::hour::Hour;
use serde_json::{Value, json};
use testkit::{
    change_feed::{FeedEvent, FeedWriter},
    http::HttpFace,
};

use crate::{
    process::{run, wait_for},
    server::Server,
    storage::Place,
};

const FED: &str = "existing: skip\nsource: {changeFeed: {}}\nlimits: {settle: 0s}\n";

fn go_on(feed: &FeedWriter, face: &HttpFace) {
    feed.set_consumable(Hour::of(face.account().now()).start());
}

async fn check(place: &Place) -> (i32, String) {
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let finished = run(&["check", "--config", &file, &storage[0], &storage[1]]).await;
    (finished.code(), finished.stdout)
}

#[tokio::test]
async fn blobs_are_announced_from_the_feed_alone_across_a_kill() {
    let (place, face) = Place::fake().await;
    let place = place.with(FED);
    let mut feed = FeedWriter::enable(face.account());
    // It has been on for a while.
    let before = Hour::of(face.account().now() - Duration::from_secs(2 * 3600));
    feed.begin(before);
    feed.finalize(before);
    go_on(&feed, &face);
    place.put("raw/before.csv").await;
    let server = Server::of(&place).await;
    let _stream = server.stream(&place.config()).await;
    let read = async || {
        Some(server.source().await["changeFeed"]["lastSegment"].clone()).filter(|it| !it.is_null())
    };
    wait_for("a look at the feed", read).await;
    server.crash();
    for name in ["raw/größe ✓.csv", "raw/b.csv"] {
        place.put(name).await;
        let etag = face.account().get(&place.container, name).unwrap().etag;
        let now = face.account().now();
        feed.write(&[FeedEvent::created(&place.container, name, &etag, now)]);
    }
    go_on(&feed, &face);
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    let mut names = stream.names(2).await;
    names.sort();
    assert_eq!(names, ["raw/b.csv", "raw/größe ✓.csv"]);
    server.reaches("done", 2).await;
    let source = server.source().await;
    assert_eq!(source["sweeps"], json!(0));
    assert_eq!(source["changeFeed"]["changes"]["done"], json!(2));
    assert_eq!(source["lastError"], Value::Null);
    let metrics = server.admin("/metrics").await;
    assert!(metrics.contains("changes_total{source="), "{metrics}");
}

#[tokio::test]
async fn check_says_whether_there_is_a_feed_and_what_to_do() {
    let (place, face) = Place::fake().await;
    let place = place.with(FED);
    let (code, told) = check(&place).await;
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("the storage account has no change feed"),
        "{told}"
    );
    assert!(told.contains("--enable-change-feed true"), "{told}");
    go_on(&FeedWriter::enable(face.account()), &face);
    let (code, told) = check(&place).await;
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("can be read; its last segment began"),
        "{told}"
    );
}

#[tokio::test]
async fn a_feed_that_may_not_be_read_is_told_before_anything_is_taken_over() {
    let (place, face) = Place::fake().await;
    let place = place.with(FED);
    go_on(&FeedWriter::enable(face.account()), &face);
    face.authorize(|request| !request.uri.path().contains("$blobchangefeed"));
    let server = Server::of(&place).await;
    let status = server.refusal(&place.config()).await;
    assert_eq!(status.code(), tonic::Code::Unauthenticated, "{status:?}");
    let (code, told) = check(&place).await;
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("on the storage account, not only on the container"),
        "{told}"
    );
}
