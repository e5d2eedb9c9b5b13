//! An orderly end: every stream gets its status and the process ends in time, whatever hangs.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use testkit::http::{HttpFault, HttpOp};
use tonic::Code;

use crate::{
    process::{Finished, wait_for},
    server::{Server, Stream, assert_status},
    storage::Place,
};

/// A cluster kills after 30 s; the server promises far less.
const PROMISED: Duration = Duration::from_secs(10);
const MINUTES: Duration = Duration::from_secs(300);

/// Asks the server to end, and holds what its streams and it say against what is promised.
async fn ends(server: Server, signal: Signal, streams: &mut [Stream]) -> Finished {
    let asked = Instant::now();
    server.process.signal(signal);
    for stream in streams {
        assert_status(
            &stream.end().await,
            Code::Unavailable,
            "the server is shutting down",
        );
    }
    let finished = server.process.finish().await;
    let took = asked.elapsed();
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert!(took < PROMISED, "{took:?}");
    finished
}

#[tokio::test]
async fn a_server_ends_at_once_when_nothing_is_under_way() {
    let place = Place::azurite().await;
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let server = Server::of(&place).await;
        let mut streams = [server.stream(&place.config()).await];
        server.reaches("sweeps", 1).await;
        let asked = Instant::now();
        let finished = ends(server, signal, &mut streams).await;
        assert!(asked.elapsed() < Duration::from_secs(5));
        assert!(finished.stderr.contains("\"ended\""));
    }
}

#[tokio::test]
async fn a_listing_that_hangs_does_not_hold_the_end_up() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    let mut sweeping = server.stream(&place.config()).await;
    place.put("first").await;
    assert_eq!(sweeping.name().await, "first");
    face.set_latency(HttpOp::ListBlobs, MINUTES);
    let lists = face.requests(HttpOp::ListBlobs);
    // One stream hangs in a sweep, the other in its very first call.
    let other = format!("{}id: other\n", place.stateless_config());
    let starting = server.stream(&other).await;
    wait_for("both lists", async || {
        (face.requests(HttpOp::ListBlobs) >= lists + 2).then_some(())
    })
    .await;
    ends(server, Signal::SIGTERM, &mut [sweeping, starting]).await;
}

#[tokio::test]
async fn a_ledger_that_hangs_is_given_up_in_time() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 2).await;
    let appends = face.requests(HttpOp::AppendBlock);
    face.fault(HttpOp::AppendBlock, HttpFault::Delay(MINUTES));
    place.put("first").await;
    wait_for("the record's append", async || {
        (face.requests(HttpOp::AppendBlock) > appends).then_some(())
    })
    .await;
    assert_eq!(stream.name().await, "first");
    let finished = ends(server, Signal::SIGTERM, &mut [stream]).await;
    assert!(finished.stderr.contains("will be sent again"));
}

#[tokio::test]
async fn a_second_signal_is_obeyed_at_once() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    let _stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 2).await;
    let appends = face.requests(HttpOp::AppendBlock);
    face.fault(HttpOp::AppendBlock, HttpFault::Delay(MINUTES));
    place.put("first").await;
    wait_for("the record's append", async || {
        (face.requests(HttpOp::AppendBlock) > appends).then_some(())
    })
    .await;
    server.process.signal(Signal::SIGTERM);
    server.process.says("shutting down").await;
    server.process.signal(Signal::SIGTERM);
    let asked = Instant::now();
    assert_eq!(server.process.finish().await.code(), 1);
    assert!(asked.elapsed() < Duration::from_secs(3));
}
