//! Clients that stop reading, vanish, or want the same source at the same time.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tonic::{Code, transport::Channel};

use crate::{
    process::{Process, binary, wait_for},
    server::{EVENT, Server, Stream, assert_status},
    storage::Place,
};

/// Keep-alive finds a dead client; twice over it must, before its events settle as if received.
const FOUND_DEAD: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_client_that_is_frozen_is_found_dead_and_its_events_go_to_the_next() {
    let place = Place::azurite()
        .await
        .with("existing: emit\nsource: {listing: {interval: 1s}}\n");
    for name in ["a", "b", "c"] {
        place.put(name).await;
    }
    let server = Server::of(&place).await;
    let config = place.config_file(&place.config());
    let url = server.url();
    let args = ["watch", "--config", &config, "--connect", &url];
    let watch = Process::spawn(binary(
        &[&args[..], &["--name", EVENT, "--take-over"]].concat(),
    ));
    wait_for("three events", async || {
        (watch.stdout().len() == 3).then_some(())
    })
    .await;
    watch.signal(Signal::SIGSTOP);
    let frozen = Instant::now();
    wait_for("the end of the stream", async || {
        (server.source().await["state"] == "no-stream").then_some(())
    })
    .await;
    assert!(frozen.elapsed() < FOUND_DEAD, "{:?}", frozen.elapsed());
    assert_eq!(server.source().await["done"], 0);
    let mut next = server.stream(&place.config()).await;
    assert_eq!(next.names(3).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_sent_no_more_than_it_takes() {
    const BLOBS: usize = 300;
    let (place, face) = Place::fake().await;
    let place = place.with(
        "existing: emit\nsource: {listing: {interval: 1s}}\nlimits: {settle: 1s, inFlight: 300}\n",
    );
    for number in 0..BLOBS {
        let (account, name) = (face.account(), format!("{number:03}"));
        account.put(&place.container, &name, "x".into()).unwrap();
    }
    let server = Server::of(&place).await;
    // It answers pings, so it is alive, and its window takes not quite two events.
    let small = Channel::from_shared(server.url()).unwrap();
    let small = small.initial_stream_window_size(1024).connect().await;
    let lazy = Stream::ask(small.unwrap(), place.config().as_bytes(), None).await;
    let lazy = lazy.unwrap();
    server.sweeps_more(3).await;
    assert_eq!(server.source().await["done"], 0);
    drop(lazy);
    let mut next = server.stream(&place.config()).await;
    let expected: Vec<_> = (0..BLOBS).map(|n| format!("{n:03}")).collect();
    assert_eq!(next.names(BLOBS).await, expected);
}

/// Its window would take ninety events, and it answers pings, so it looks healthy.
#[tokio::test]
async fn of_a_client_that_stops_reading_only_what_it_is_done_with_settles() {
    const BLOBS: usize = 50;
    const READ: usize = 5;
    let (place, face) = Place::fake().await;
    let place = place.with(
        "existing: emit\nsource: {listing: {interval: 1s}}\nlimits: {settle: 1s, inFlight: 300}\n",
    );
    for number in 0..BLOBS {
        let (account, name) = (face.account(), format!("{number:03}"));
        account.put(&place.container, &name, "x".into()).unwrap();
    }
    let server = Server::of(&place).await;
    let usual = Channel::from_shared(server.url()).unwrap();
    let usual = usual.initial_stream_window_size(65_535).connect().await;
    let slow = Stream::ask(usual.unwrap(), place.config().as_bytes(), None).await;
    let mut slow = slow.unwrap();
    assert_eq!(slow.names(READ).await.len(), READ);
    // With the last one that it read it may not be done: the next one waits for it.
    server.reaches("done", READ as u64 - 1).await;
    server.sweeps_more(4).await;
    assert_eq!(server.source().await["done"], READ - 1);
    drop(slow);
    let mut next = server.stream(&place.config()).await;
    let expected: Vec<_> = (READ - 1..BLOBS).map(|n| format!("{n:03}")).collect();
    assert_eq!(next.names(BLOBS - READ + 1).await, expected);
}

#[tokio::test]
async fn the_newest_stream_of_a_source_wins() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut first = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;
    let mut second = server.stream(&place.config()).await;
    let id = server.source().await["source"].as_str().unwrap().to_owned();
    assert_status(
        &first.end().await,
        Code::Aborted,
        &format!("another stream of source `{id}` has taken over"),
    );
    place.put("raw/a.csv").await;
    assert_eq!(second.name().await, "raw/a.csv");
    let metrics = server.admin("/metrics").await;
    let line = format!("take_overs_total{{source=\"{id}\"}} 1");
    assert!(metrics.contains(&line), "{metrics}");
}

#[tokio::test]
async fn the_newest_server_of_a_source_wins() {
    let place = Place::azurite().await;
    let old = Server::of(&place).await;
    let mut first = old.stream(&place.config()).await;
    old.reaches("sweeps", 1).await;
    let new = Server::of(&place).await;
    let mut second = new.stream(&place.config()).await;
    new.reaches("sweeps", 1).await;
    place.put("raw/a.csv").await;
    assert_eq!(second.name().await, "raw/a.csv");
    new.reaches("done", 1).await;
    // The old one may send it too, but it cannot record it, and by that it knows.
    let ended = first.last().await;
    let id = new.source().await["source"].as_str().unwrap().to_owned();
    assert_status(
        &ended,
        Code::Aborted,
        &format!("another stream of source `{id}` has taken over"),
    );
}

#[tokio::test]
async fn two_clients_that_take_a_source_from_each_other_are_told_what_to_do() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut live = server.stream(&place.config()).await;
    for _ in 0..3 {
        let newer = server.stream(&place.config()).await;
        assert_eq!(live.end().await.code(), Code::Aborted);
        live = newer;
    }
    let id = server.source().await["source"].as_str().unwrap().to_owned();
    assert_status(
        &server.refusal(&place.config()).await,
        Code::AlreadyExists,
        &format!(
            "source `{id}` has been taken over 3 times within a minute and is still being streamed: \
             two EventSources share one source; set a distinct `id` in the configuration of one of them"
        ),
    );
    // The last one that was let in goes on, and so does another source.
    place.put("raw/a.csv").await;
    assert_eq!(live.name().await, "raw/a.csv");
    let other = format!("{}id: other\n", place.config());
    let mut other = server.stream(&other).await;
    assert_eq!(other.name().await, "raw/a.csv");
}

#[tokio::test]
async fn a_server_has_no_more_streams_than_it_may() {
    let place = Place::azurite().await;
    let mut args = place.storage_args().to_vec();
    args.extend(["--max-streams".to_owned(), "1".to_owned()]);
    let server = Server::start(&args).await;
    let first = server.stream(&place.config()).await;
    let other = format!("{}id: other\n", place.config());
    assert_status(
        &server.refusal(&other).await,
        Code::ResourceExhausted,
        "this server has the largest number of streams: end a stream, or set a larger --max-streams than 1",
    );
    drop(first);
    wait_for("room", async || server.ask(&other).await.ok()).await;
}
