//! How soon many small blobs are done with, gathered into batches and one by one, and what that asks of the state
//! container.
//!
//! `cargo bench --bench batches`
//!
//! A fake account in this process lists 100,000 blobs. The outcome of events is modelled: a Sensor makes four Workflows
//! a second, one after the other, as it was measured on a cluster (docs/verification.md), and the server is told of each
//! at once. Without batches 400 blobs are timed, and the rest is extrapolated.
//!
//! Then memory, with a Sensor that takes no time: a million blobs in one folder, to the last one, and a million in a
//! million folders, for half a minute. What the fake account holds is taken off.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use azure_blob_eventsource::{
    event::EventId,
    grpc::contract::{Event, EventSource, eventing_client::EventingClient},
};
use support::{
    Memory, megabytes, print_table,
    queue::{Cluster, Credential},
    row,
    server::Server,
    size,
    source::CONTAINER,
    verdict,
};
use testkit::{
    account::{FakeAccount, NewBlob},
    http::{HttpFace, HttpOp},
};
use tokio::time::sleep;
use tonic::Streaming;

mod support;

const STATE: &str = "eventsource-state";
/// How long a Sensor takes for a Workflow.
const TRIGGER: Duration = Duration::from_millis(250);
/// For how long a million folders are looked at.
const FOLDERS: Duration = Duration::from_secs(30);
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
        "memory added",
    ])];
    for (account, count) in [(one_folder, 1), (folders, blobs)] {
        let gathered = gather(account, blobs).await;
        rows.push(row([
            &blobs.to_string(),
            &count.to_string(),
            &gathered.events.to_string(),
            &gathered.blobs.to_string(),
            &megabytes(gathered.added),
        ]));
    }
    print_table(
        "Memory at the peak, `batch: {by: folder, quiet: 1m, maxBlobs: 10000}`",
        &rows,
    );
}

struct Gathered {
    events: u64,
    blobs: u64,
    added: u64,
}

async fn gather(account: FakeAccount, blobs: u64) -> Gathered {
    account.create_container(STATE).expect("a new container");
    let batch = "batch: {by: folder, quiet: 1m, maxBlobs: 10000}, ";
    let mut source = Source::start(account, batch).await;
    let before = Memory::start_peak();
    let end = Instant::now() + FOLDERS;
    let (mut events, mut seen) = (0, 0);
    while seen < blobs && Instant::now() < end {
        seen += source.take(Duration::ZERO).await;
        events += 1;
    }
    source.server.stop.cancel();
    Gathered {
        events,
        blobs: seen,
        added: Memory::now().peak.saturating_sub(before.resident),
    }
}

async fn measure(blobs: u64, batch: &str) -> Measured {
    let account = FakeAccount::new();
    account
        .create_synthetic_container(CONTAINER, blobs)
        .expect("a new container");
    account.create_container(STATE).expect("a new container");
    let start = Instant::now();
    let mut source = Source::start(account, batch).await;
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
    let calls = calls.iter().map(|op| source.face.requests(*op)).sum();
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
    face: HttpFace,
    server: Server,
    cluster: Cluster,
    stream: Streaming<Event>,
}

impl Source {
    async fn start(account: FakeAccount, batch: &str) -> Self {
        let face = HttpFace::start(account).await;
        let credential = Credential::new(&face.connection_string());
        let cluster = Cluster::default();
        let server = Server::start(credential.connector(), cluster.clone()).await;
        let config = format!(
            "{{endpoint: \"{}\", container: {CONTAINER}, credential: fake, existing: emit, state: {{container: {STATE}}}, \
             {batch}confirm: {{workflows: {{namespace: bench}}}}, limits: {{inFlight: 100, activeWorkflows: 100}}}}",
            face.endpoint()
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
            face,
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
