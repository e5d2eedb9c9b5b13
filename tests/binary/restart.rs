//! Crashes and restarts: what was done stays done, what was not is announced again.

use nix::sys::signal::Signal;
use testkit::http::{HttpFault, HttpOp};
use tonic::Code;

use crate::{
    process::wait_for,
    server::{Server, assert_status},
    storage::Place,
};

#[tokio::test]
async fn a_crash_after_an_event_is_done_repeats_nothing() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("first").await;
    assert_eq!(stream.name().await, "first");
    server.reaches("done", 1).await;
    let metrics = server.admin("/metrics").await;
    assert!(
        metrics.contains("events_done_total{source=") && metrics.contains("\"} 1\n"),
        "{metrics}"
    );
    server.crash();

    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;
    place.put("second").await;
    assert_eq!(stream.name().await, "second");
    server.sweeps_more(2).await;
    assert!(stream.is_silent().await);
    assert_eq!(server.source().await["sent"], 1);
}

#[tokio::test]
async fn a_crash_before_an_event_is_done_announces_it_again_as_the_same() {
    let place = Place::azurite()
        .await
        .with("existing: emit\nsource: {listing: {interval: 1s}}\nlimits: {settle: 1h}\n");
    place.put("first").await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    let event = stream.event().await;
    server.sweeps_more(2).await;
    assert_eq!(server.source().await["done"], 0);
    server.crash();
    assert_eq!(stream.end().await.code(), Code::Unknown);

    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    assert_eq!(stream.event().await, event);
}

#[tokio::test]
async fn a_source_without_state_says_so_and_forgets_at_a_restart() {
    let place = Place::azurite().await;
    place.put("first").await;
    for _ in 0..2 {
        let server = Server::of(&place).await;
        let mut stream = server.stream(&place.stateless_config()).await;
        assert_eq!(stream.name().await, "first");
        server.reaches("done", 1).await;
        server.process.says("no state container").await;
        // A client that comes back to the same process finds the ledger again.
        drop(stream);
        let mut stream = server.stream(&place.stateless_config()).await;
        server.sweeps_more(2).await;
        assert!(stream.is_silent().await);
    }
}

#[tokio::test]
async fn a_server_that_is_asked_to_end_records_what_is_settled_first() {
    let (place, face) = Place::fake().await;
    let place =
        place.with("existing: emit\nsource: {listing: {interval: 1s}}\nlimits: {settle: 2s}\n");
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 2).await;
    place.put("first").await;
    assert_eq!(stream.name().await, "first");
    // The event's record is on its way to a slow service when the signal comes.
    let appends = face.requests(HttpOp::AppendBlock);
    face.fault(
        HttpOp::AppendBlock,
        HttpFault::Delay(std::time::Duration::from_secs(2)),
    );
    wait_for("the record's append", async || {
        (face.requests(HttpOp::AppendBlock) > appends).then_some(())
    })
    .await;
    assert_eq!(server.source().await["done"], 0);
    server.process.signal(Signal::SIGTERM);
    assert_status(
        &stream.end().await,
        Code::Unavailable,
        "the server is shutting down",
    );
    assert_eq!(server.process.finish().await.code(), 0);

    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("second").await;
    assert_eq!(stream.name().await, "second");
    server.sweeps_more(2).await;
    assert!(stream.is_silent().await);
}
