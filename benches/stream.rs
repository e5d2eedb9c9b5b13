//! Events a second from a source into a gRPC client, and what the server spends on each.
//!
//! `cargo bench --bench stream`
//!
//! The whole way: sweep, ledger, session, tonic server, loopback, client in a process of its
//! own: one of tonic, and one of grpc-go as in Argo Events. The listing is a fake in memory and the ledger a store in memory,
//! so that no other service's speed is measured. `settle` is 0 s and the client acknowledges nothing, as in the protocol.
//!
//! Then a hundred sources stream at once to clients in Go, and ten of these stop reading.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use azure_blob_eventsource::{
    grpc::{
        contract::{EventSource, eventing_client::EventingClient},
        limits::ONCE_METADATA,
    },
    kubernetes::Watches,
    ports::{
        connect::{Connect, ConnectError, Opened, Wanted},
        listing::BlobListing,
    },
};
use support::{
    Other, cpu, go_client::GoClient, median, micros_each, print_table, role, row, server::Server,
    size, source::CONTAINER, spread, verdict,
};
use testkit::{account::FakeAccount, faults::FaultSource, ports::FakeListing};
use tonic::{Request, metadata::MetadataValue};

mod support;

/// What a client may have unconfirmed: the most that the figures are given for, and the default.
const IN_FLIGHT: [u64; 2] = [10_000, 100_000];
const CLIENT: &str = "client";
/// Thousand events a second into one client in Go.
const GO_TARGET: f64 = 150.0;

#[tokio::main]
async fn main() {
    match role() {
        None => measure().await,
        Some((role, arguments)) if role == CLIENT => read(&arguments[0], &arguments[1]).await,
        Some((role, _)) => panic!("no role {role}"),
    }
}

async fn measure() {
    let (blobs, rounds) = size((200_000, 7), (3_000, 1));
    let account = FakeAccount::new();
    account
        .create_synthetic_container(CONTAINER, blobs)
        .expect("a new container");
    let listing = FakeListing::new(account, CONTAINER, FaultSource::none());
    let server = Server::start(OpenFake(listing.clone()), Watches::default()).await;
    let mut listed = Vec::new();
    let mut rates = [const { Vec::new() }; IN_FLIGHT.len()];
    let mut costs = [const { Vec::new() }; IN_FLIGHT.len()];
    for round in 0..rounds {
        listed.push(cost_of_listing(&listing, blobs).await);
        for (at, in_flight) in IN_FLIGHT.iter().enumerate() {
            let config = config(&format!("round-{round}-{in_flight}"), *in_flight);
            let before = cpu();
            let (events, seconds) = client(&server, config).await;
            costs[at].push(micros_each(cpu() - before, blobs));
            assert_eq!(events, blobs, "the client received not every event");
            rates[at].push(events as f64 / seconds);
        }
    }
    let go = GoClient::build();
    if let Some(go) = &go {
        go_client(go, &server, (blobs, rounds)).await;
    }
    server.stop.cancel();
    if let Some(go) = &go {
        many_streams(go).await;
    } else {
        println!("the client in Go was not measured: there is no Go");
    }
    let title = format!(
        "{blobs} events into a tonic client on loopback, medians of {rounds} rounds (least to greatest)"
    );
    let mut rows = vec![row([
        "inFlight",
        "events a second",
        "us of the server's CPU an event",
    ])];
    for (at, in_flight) in IN_FLIGHT.iter().enumerate() {
        let rates: Vec<f64> = rates[at].iter().map(|rate| rate / 1000.0).collect();
        rows.push(row([
            &in_flight.to_string(),
            &format!("{} thousand", spread(&rates)),
            &spread(&costs[at]),
        ]));
    }
    print_table(&title, &rows);
    println!(
        "  {:.2} us of the server's CPU are the fake listing's own",
        median(&listed)
    );
}

/// Events a second into one client in Go.
async fn go_client(go: &GoClient, server: &Server, (blobs, rounds): (u64, usize)) {
    let mut rates = Vec::new();
    for round in 0..rounds {
        let config = config(&format!("go-{round}"), IN_FLIGHT[0]);
        let url = server.url();
        let seen = tokio::task::block_in_place(|| go.read(&url, (1, 0), &config))[0];
        assert_eq!(
            seen.events, blobs,
            "the client in Go received not every event"
        );
        rates.push(seen.events as f64 / seen.seconds / 1000.0);
    }
    let rate = median(&rates);
    print_table(
        &format!(
            "{blobs} events into a client in Go, inFlight {}",
            IN_FLIGHT[0]
        ),
        &[
            row(["", "", "target", ""]),
            row([
                "thousand events a second",
                &spread(&rates),
                &format!(">= {GO_TARGET}"),
                verdict(rate >= GO_TARGET),
            ]),
        ],
    );
}

/// A hundred sources at once, each with a client of its own; then the same while ten of the clients stop.
async fn many_streams(go: &GoClient) {
    let (streams, blobs) = size((100, 20_000), (5, 100));
    let account = FakeAccount::new();
    account
        .create_synthetic_container(CONTAINER, blobs)
        .expect("a new container");
    let listing = FakeListing::new(account, CONTAINER, FaultSource::none());
    let mut rows = vec![row([
        "streams",
        "stopped",
        "thousand events a second in all",
        "seconds until a reading client had all",
        "slowest / fastest",
    ])];
    for stopped in [0, streams / 10] {
        let server = Server::start(OpenFake(listing.clone()), Watches::default()).await;
        let config = config(&format!("many-{stopped}-NUMBER"), IN_FLIGHT[0]);
        let url = server.url();
        let seen = tokio::task::block_in_place(|| go.read(&url, (streams, stopped), &config));
        server.stop.cancel();
        assert_eq!(seen.len(), streams - stopped);
        assert!(
            seen.iter().all(|it| it.events == blobs),
            "a stream received not every event"
        );
        let seconds: Vec<f64> = seen.iter().map(|it| it.seconds).collect();
        let fastest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let slowest = seconds.iter().copied().fold(0.0, f64::max);
        let rate = (blobs * seen.len() as u64) as f64 / slowest / 1000.0;
        rows.push(row([
            &streams.to_string(),
            &stopped.to_string(),
            &format!("{rate:.0}"),
            &format!("{fastest:.2} to {slowest:.2}"),
            &format!("{:.2}", slowest / fastest),
        ]));
    }
    print_table(&format!("Sources at once, {blobs} events each"), &rows);
}

async fn cost_of_listing(listing: &FakeListing, blobs: u64) -> f64 {
    let (start, mut after) = (cpu(), None);
    loop {
        let page = listing.list("", after.as_ref()).await.expect("a page");
        after = page.next;
        if after.is_none() {
            return micros_each(cpu() - start, blobs);
        }
    }
}

/// A new source each time, which announces all that is there.
fn config(id: &str, in_flight: u64) -> String {
    format!(
        "{{account: fake, container: {CONTAINER}, existing: emit, id: {id}, limits: {{settle: 0s, inFlight: {in_flight}}}}}"
    )
}

struct OpenFake(FakeListing);

impl Connect for OpenFake {
    fn open(&self, _: &Wanted<'_>) -> Result<Opened, ConnectError> {
        Ok(Opened {
            endpoint: "https://fake.blob.core.windows.net".to_owned(),
            blobs: Arc::new(self.0.clone()),
            state: None,
            queue: None,
            feed: None,
        })
    }
}

/// How many events a client received, and in how many seconds.
async fn client(server: &Server, config: String) -> (u64, f64) {
    let url = server.url();
    let read = tokio::task::spawn_blocking(move || {
        let mut client = Other::start(CLIENT, &[url, config]);
        let numbers = client.numbers();
        client.end();
        numbers
    });
    let numbers = read.await.expect("a client that says what it saw");
    (numbers[0] as u64, numbers[1])
}

/// The client: reads until the server has said all, and prints how many events and seconds that were.
async fn read(url: &str, config: &str) {
    let mut client = EventingClient::connect(url.to_owned())
        .await
        .expect("a server");
    let mut request = Request::new(EventSource {
        name: "bench".to_owned(),
        config: config.as_bytes().to_vec(),
    });
    let yes = MetadataValue::from_static("1");
    request.metadata_mut().insert(ONCE_METADATA, yes);
    let start = Instant::now();
    let stream = client.start_event_source(request).await.expect("a stream");
    let mut stream = stream.into_inner();
    let (mut events, mut last) = (0_u64, Duration::ZERO);
    while let Some(event) = stream.message().await.expect("an event") {
        assert!(event.payload.starts_with(b"{"));
        events += 1;
        if events % 1000 == 0 {
            last = start.elapsed();
        }
    }
    // The end waits for the ledger, so the last events' arrival counts and not the end's.
    println!("{} {}", events, last.as_secs_f64());
}
