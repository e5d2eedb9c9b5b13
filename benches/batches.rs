//! How soon many small blobs are done with, gathered into batches and one by one, and what that asks of the state
//! container.
//!
//! `cargo bench --bench batches`
//!
//! A fake account in this process lists 100,000 blobs. The outcome of events is modelled: a Sensor makes four Workflows
//! a second, one after the other, as it was measured on a cluster (docs/verification.md), and the server is told of each
//! at once. Without batches 400 blobs are timed, and the rest is extrapolated.
//!
//! Then memory, with a Sensor that takes no time, in a process that has the server and the client and not the fake
//! account: a million blobs in one folder, to the last one, and a million in a million folders, for a minute.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use azure_blob_eventsource::{
    event::EventId,
    grpc::contract::{Event, EventSource, eventing_client::EventingClient},
};
use support::{
    Memory, Other, megabytes, print_table,
    queue::{Cluster, Credential},
    role, row,
    server::Server,
    size,
    source::{CONTAINER, STATE},
    verdict,
};
use testkit::{
    account::{FakeAccount, NewBlob},
    http::{HttpFace, HttpOp},
};
use tokio::time::sleep;
use tonic::Streaming;

mod support;

/// How long a Sensor takes for a Workflow.
const TRIGGER: Duration = Duration::from_millis(250);
/// For how long a million blobs in one folder are gathered at most, and a million folders.
const GATHERING: [Duration; 2] = [Duration::from_secs(600), Duration::from_secs(60)];
/// State container calls a blob, at most.
const TARGET: f64 = 0.01;

/// What a source was measured at.
struct Measured {
    blobs: u64,
    events: u64,
    seconds: f64,
    calls: u64,
}

impl Measured {
    fn calls_each(&self) -> f64 {
        self.calls as f64 / self.blobs as f64
    }
}

#[tokio::main]
async fn main() {
    match role() {
        None => compare().await,
        Some((_, arguments)) => gather(&arguments).await,
    }
}

async fn compare() {
    let blobs = size(100_000, 300);
    let batched = measure(blobs, "batch: {by: all, maxBlobs: 1000}, ").await;
    let peak = Memory::now().peak;
    let single = measure(size(400, 20), "").await;
    let each = single.seconds / single.blobs as f64;
    let line = |way: &str, measured: &Measured| {
        row([
            way,
            &measured.blobs.to_string(),
            &measured.events.to_string(),
            &format!("{:.1}", measured.seconds),
            &format!("{:.4}", measured.calls_each()),
        ])
    };
    let extrapolated = format!("{:.0}", each * batched.blobs as f64);
    let all = batched.blobs.to_string();
    let rows = [
        row([
            "way",
            "blobs",
            "events",
            "seconds",
            "state container calls a blob",
        ]),
        line("batches of 1,000", &batched),
        line("one by one", &single),
        row(["one by one, extrapolated", &all, &all, &extrapolated, ""]),
    ];
    print_table(
        "From the start of the stream to the last confirmed Workflow, at four Workflows a second",
        &rows,
    );
    let calls = batched.calls_each();
    println!(
        "  calls a blob, target under {TARGET}: {}; memory at the peak {}, the fake account in it",
        verdict(calls < TARGET || blobs < 1000),
        megabytes(peak),
    );
    memory().await;
}

/// What a million blobs add to the memory of a server that gathers them.
async fn memory() {
    let blobs = size(1_000_000, 20_000);
    let one_folder = FakeAccount::new();
    one_folder
        .create_synthetic_container(CONTAINER, blobs)
        .expect("a new container");
    let folders = FakeAccount::new();
    folders
        .create_container(CONTAINER)
        .expect("a new container");
    for folder in 0..blobs {
        let name = format!("day-{folder:07}/part.csv");
        let put = folders.put(CONTAINER, &name, NewBlob::new("a"));
        put.expect("a blob");
    }
    let mut rows = vec![row([
        "blobs",
        "in folders",
        "events",
        "blobs in them",
        "memory",
    ])];
    let accounts = [(one_folder, 1), (folders, blobs)];
    for ((account, count), time) in accounts.into_iter().zip(GATHERING) {
        account.create_container(STATE).expect("a new container");
        let face = HttpFace::start(account).await;
        let arguments = [
            face.endpoint(),
            face.connection_string(),
            blobs.to_string(),
            time.as_secs().to_string(),
        ];
        let mut other = Other::start("gather", &arguments);
        let [events, seen, peak] = other.numbers()[..] else {
            panic!("three numbers");
        };
        other.end();
        rows.push(row([
            &blobs.to_string(),
            &count.to_string(),
            &events.to_string(),
            &seen.to_string(),
            &megabytes(peak as u64),
        ]));
    }
    print_table(
        "Memory at the peak, `batch: {by: folder, quiet: 1m, maxBlobs: 10000}`",
        &rows,
    );
}

/// Takes events until all blobs are in them, or time is up, and prints how many there were, of how many blobs, and the
/// peak of memory.
async fn gather(arguments: &[String]) {
    let [endpoint, connection_string, blobs, seconds] = arguments else {
        panic!("four arguments");
    };
    let number = |text: &str| -> u64 { text.parse().expect("a number") };
    let (blobs, time) = (number(blobs), Duration::from_secs(number(seconds)));
    let batch = "batch: {by: folder, quiet: 1m, maxBlobs: 10000}, ";
    let mut source = Source::start(endpoint, connection_string, batch).await;
    let end = Instant::now() + time;
    let (mut events, mut seen) = (0, 0);
    while seen < blobs && Instant::now() < end {
        seen += source.take(Duration::ZERO).await;
        events += 1;
    }
    println!("{events} {seen} {}", Memory::now().peak);
    source.server.stop.cancel();
}

async fn measure(blobs: u64, batch: &str) -> Measured {
    let account = FakeAccount::new();
    account
        .create_synthetic_container(CONTAINER, blobs)
        .expect("a new container");
    account.create_container(STATE).expect("a new container");
    let start = Instant::now();
    let face = HttpFace::start(account).await;
    let mut source = Source::start(&face.endpoint(), &face.connection_string(), batch).await;
    let (mut events, mut seen) = (0, 0);
    while seen < blobs {
        seen += source.take(TRIGGER).await;
        events += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    let calls = [
        HttpOp::PutBlob,
        HttpOp::AppendBlock,
        HttpOp::GetBlob,
        HttpOp::BlobProperties,
        HttpOp::DeleteBlob,
    ];
    let calls = calls.iter().map(|op| face.requests(*op)).sum();
    source.server.stop.cancel();
    Measured {
        blobs,
        events,
        seconds,
        calls,
    }
}

/// A server with one stream, and the Sensor behind it.
struct Source {
    server: Server,
    cluster: Cluster,
    stream: Streaming<Event>,
}

impl Source {
    async fn start(endpoint: &str, connection_string: &str, batch: &str) -> Self {
        let credential = Credential::new(connection_string);
        let cluster = Cluster::default();
        let server = Server::start(credential.connector(), cluster.clone()).await;
        let config = format!(
            "{{endpoint: \"{endpoint}\", container: {CONTAINER}, credential: fake, existing: emit, state: {{container: {STATE}}}, \
             {batch}confirm: {{workflows: {{namespace: bench}}}}, limits: {{inFlight: 100, activeWorkflows: 100}}}}"
        );
        let mut client = EventingClient::connect(server.url())
            .await
            .expect("a server");
        let request = EventSource {
            name: "bench".to_owned(),
            config: config.into_bytes(),
        };
        let stream = client.start_event_source(request).await.expect("a stream");
        Self {
            server,
            cluster,
            stream: stream.into_inner(),
        }
    }

    /// Makes a Workflow of the next event in so long. Returns how many blobs the event is of.
    async fn take(&mut self, trigger: Duration) -> u64 {
        let event = self
            .stream
            .message()
            .await
            .expect("an event")
            .expect("an event");
        let json: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
        sleep(trigger).await;
        let id = json["id"].as_str().and_then(EventId::from_hex);
        self.cluster.made(id.expect("an id"));
        json["data"]["count"].as_u64().unwrap_or(1)
    }
}
