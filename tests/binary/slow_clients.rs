//! Without `confirm`: clients that read slowly and die at some moment. How many events count as done
//! that the client never read?
//!
//! A measurement, for `docs/delivery.md`. `SLOW_CLIENT` may name a program to measure in place of
//! the client that is built in: it gets address, configuration file and the time that each event
//! takes it, and writes each event's payload as a line.

use std::{collections::BTreeSet, env, process::Command, time::Duration};

use azure_blob_eventsource::grpc::{
    contract::{EventSource, eventing_client::EventingClient},
    limits::ONCE_METADATA,
};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::time::{sleep, timeout};
use tonic::{Request, transport::Channel};

use crate::{
    process::{Process, wait_for},
    server::{EVENT, Server},
    storage::Place,
};

const ROUNDS: u64 = 25;
/// So many of them at once.
const TOGETHER: usize = 13;
const BLOBS: usize = 3_500;
/// That of Argo's client.
const WINDOW: u32 = 65_535;

type Names = BTreeSet<String>;

fn name(payload: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(payload).ok()?;
    Some(event["blobname"].as_str()?.to_owned())
}

async fn builtin(url: String, config: String, work: Duration, dies: Duration) -> Names {
    let mut names = Names::new();
    let client = async {
        let channel = Channel::from_shared(url).unwrap();
        let channel = channel.initial_stream_window_size(WINDOW).connect().await;
        let request = EventSource {
            name: EVENT.into(),
            config: config.into(),
        };
        let mut client = EventingClient::new(channel.unwrap());
        let stream = client.start_event_source(request).await;
        let mut stream = stream.unwrap().into_inner();
        while let Some(event) = stream.message().await.unwrap() {
            names.insert(name(&event.payload).unwrap());
            sleep(work).await;
        }
    };
    assert!(timeout(dies, client).await.is_err(), "the stream ended");
    names
}

async fn external(program: &str, args: [String; 3], dies: Duration) -> Names {
    let mut client = Command::new(program);
    client.args(args);
    let client = Process::spawn(client);
    sleep(dies).await;
    client.signal(Signal::SIGKILL);
    let finished = client.finish().await;
    let lines = finished.stdout.lines();
    lines.filter_map(|line| name(line.as_bytes())).collect()
}

/// All that a client gets from now on.
async fn rest(url: String, config: String) -> Names {
    let mut client = EventingClient::connect(url).await.unwrap();
    let mut request = Request::new(EventSource {
        name: EVENT.into(),
        config: config.into(),
    });
    request
        .metadata_mut()
        .insert(ONCE_METADATA, "1".parse().unwrap());
    let mut stream = client
        .start_event_source(request)
        .await
        .unwrap()
        .into_inner();
    let mut names = Names::new();
    while let Some(event) = stream.message().await.unwrap() {
        names.insert(name(&event.payload).unwrap());
    }
    names
}

/// How many events the client read before it died, and how many of those that it had not read
/// count as done.
async fn round(
    server: &Server,
    place: &Place,
    round: u64,
    work: Duration,
    limits: &str,
) -> (usize, usize) {
    let id = format!("slow-{}-{}-{round}", &limits[9..10], work.as_millis());
    let config = |limits: &str| {
        let config = place.config().replace(&place.container, "flood");
        format!("{config}id: {id}\nlimits: {limits}\n")
    };
    let file = place.credentials().join(&id);
    std::fs::write(&file, config(limits)).unwrap();
    // Spread over the seconds without a source of chance, so that a run can be made again.
    let settle = if limits.contains("10s") { 10 } else { 2 };
    let dies = Duration::from_millis((settle + 2) * 1_000 + round * 7_919 % 8_000);
    let read = match env::var("SLOW_CLIENT") {
        Ok(program) => {
            let file = file.to_str().unwrap().to_owned();
            let work = format!("{}ms", work.as_millis());
            external(&program, [server.grpc.to_string(), file, work], dies).await
        }
        Err(_) => builtin(server.url(), config(limits), work, dies).await,
    };
    wait_for("the end of the stream", async || {
        let status: Value = serde_json::from_str(&server.admin("/").await).unwrap();
        let sources = status["sources"].as_array().unwrap();
        let source = sources
            .iter()
            .find(|source| source["source"] == id.as_str())?;
        (source["state"] == "no-stream").then_some(())
    })
    .await;
    let rest = rest(server.url(), config("{settle: 0s, inFlight: 1000}")).await;
    (read.len(), BLOBS - read.union(&rest).count())
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement that takes minutes"]
async fn events_that_slow_clients_take_with_them() {
    let (place, face) = Place::fake().await;
    let place = place.with("existing: emit\nsource: {listing: {interval: 1s}}\n");
    face.account()
        .create_synthetic_container("flood", BLOBS as u64)
        .unwrap();
    let server = Server::of(&place).await;
    for (settle, work) in [
        (2, 5),
        (2, 20),
        (2, 100),
        (2, 1_000),
        (10, 1_000),
        (10, 5_000),
    ] {
        let limits = format!("{{settle: {settle}s, inFlight: 1000}}");
        let work = Duration::from_millis(work);
        let (mut read, mut lost) = (0, 0);
        for first in (0..ROUNDS).step_by(TOGETHER) {
            let rounds = (first..ROUNDS).take(TOGETHER);
            let rounds = rounds.map(|n| round(&server, &place, n, work, &limits));
            for round in futures::future::join_all(rounds).await {
                read += round.0;
                lost += round.1;
            }
        }
        println!("| {settle} s | {} ms | {read} | {lost} |", work.as_millis());
    }
}
