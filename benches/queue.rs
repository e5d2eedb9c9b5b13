//! Notifications a second, from a queue to a confirmed event, and how soon an event follows its message.
//!
//! `cargo bench --bench queue`
//!
//! The whole way: receive, blob properties, ledger, gRPC, a client in a process of its own, confirmation, append,
//! delete. The account is a fake in a process of its own, 10 ms away; the client confirms each event as it reads it.
//! The baseline is the loop of Argo Events' own azureQueueStorage source (Argo Events 1.9, `azurequeuestorage/start.go`):
//! ten messages a receive, each dispatched and deleted before the next.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use azure_blob_eventsource::{
    event::EventId,
    grpc::contract::{EventSource, eventing_client::EventingClient},
    ports::connect::{Connect, Location, OpenedQueue, QueuePlace, Wanted},
};
use support::{
    Memory, Other, cpu, is_measured, megabytes, micros_each, print_table,
    queue::{Cluster, Credential, QUEUE, QueueService, SERVE, config, fill, message, serve},
    role, row,
    server::Server,
    size,
    source::CONTAINER,
    spread, verdict,
};
use testkit::{
    account::{FakeAccount, NewBlob, Synthetic},
    azurite::Azurite,
    client::BlobClient,
    http::{HttpFace, HttpOp},
};
use tokio::time::{interval, sleep};

mod support;

const CLIENT: &str = "client";
/// How far the service is away.
const LATENCY: Duration = Duration::from_millis(10);
/// The default and two that a fast consumer would set.
const IN_FLIGHT: [u64; 3] = [100, 1_000, 4_000];
/// Messages a second.
const TARGET: f64 = 2_500.0;
/// How long the baseline and the idle source are looked at.
const WHILE: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() {
    match role() {
        None => measure().await,
        Some((role, arguments)) if role == CLIENT => read(&arguments[0], &arguments[1]).await,
        Some((role, arguments)) if role == SERVE => {
            let [blobs, latency] = [0, 1].map(|at| arguments[at].parse().expect("a number"));
            serve(blobs, Duration::from_millis(latency)).await;
        }
        Some((role, _)) => panic!("no role {role}"),
    }
}

async fn measure() {
    throughput().await;
    idle().await;
    latency().await;
}

async fn throughput() {
    let (messages, rounds) = size((20_000, 5), (200, 1));
    let mut baseline = Vec::new();
    let mut rates = [const { Vec::new() }; IN_FLIGHT.len()];
    let mut costs = [const { Vec::new() }; IN_FLIGHT.len()];
    for _ in 0..rounds {
        baseline.push(loop_of_argo(messages).await);
        for (at, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let (rate, cost) = taken(messages, in_flight).await;
            rates[at].push(rate);
            costs[at].push(cost);
        }
    }
    let title = format!(
        "{messages} messages from a queue that is {LATENCY:?} away, medians of {rounds} rounds (least to greatest)"
    );
    let mut rows = vec![row([
        "way",
        "messages a second",
        "us of the server's CPU a message",
    ])];
    rows.push(row(["Argo's loop", &spread(&baseline), ""]));
    for (at, in_flight) in IN_FLIGHT.into_iter().enumerate() {
        let way = format!("inFlight {in_flight}");
        rows.push(row([&way, &spread(&rates[at]), &spread(&costs[at])]));
    }
    print_table(&title, &rows);
    let best = rates.iter().map(|rates| support::median(rates));
    let best = best.fold(0.0, f64::max);
    println!(
        "  target {TARGET}/s: {}; {:.0} times the baseline; memory {}",
        verdict(best >= TARGET),
        best / support::median(&baseline),
        megabytes(Memory::now().peak),
    );
}

/// Messages a second and microseconds of CPU a message, from the start of the stream until the queue is empty.
async fn taken(messages: u64, in_flight: u64) -> (f64, f64) {
    let service = QueueService::start(messages, LATENCY);
    let credential = Credential::new(&service.connection_string);
    let queue = open(&credential, &service.connection_string).queue;
    let cluster = Cluster::default();
    let server = Server::start(credential.connector(), cluster.clone()).await;
    let config = config(&blobs_of(&service.connection_string), in_flight);
    let mut client = Other::start(CLIENT, &[server.url(), config]);
    let reading = tokio::task::spawn_blocking(move || {
        for _ in 0..messages {
            let id = EventId::from_hex(&client.line()).expect("an id");
            cluster.made(id);
        }
        client
    });
    let (start, before) = (Instant::now(), cpu());
    let client = reading.await.expect("a client that reads all");
    while queue.depth().await.expect("a count") > 0 {
        sleep(Duration::from_millis(20)).await;
    }
    let (seconds, spent) = (start.elapsed().as_secs_f64(), cpu() - before);
    server.stop.cancel();
    client.end();
    (messages as f64 / seconds, micros_each(spent, messages))
}

/// Messages a second when each is deleted before the next is looked at.
async fn loop_of_argo(messages: u64) -> f64 {
    let service = QueueService::start(messages, LATENCY);
    let credential = Credential::new(&service.connection_string);
    let queue = open(&credential, &service.connection_string).queue;
    let (start, mut done) = (Instant::now(), 0_u64);
    let patience = size(WHILE, Duration::from_millis(500));
    while start.elapsed() < patience && done < messages {
        let received = queue.receive(10, Duration::from_secs(120)).await;
        for message in received.expect("messages") {
            queue.delete(&message.lease).await.expect("a deletion");
            done += 1;
        }
    }
    done as f64 / start.elapsed().as_secs_f64()
}

/// What a source without anything to do asks of the account.
async fn idle() {
    let face = HttpFace::start(FakeAccount::new()).await;
    fill(&face, 0);
    let text = face.connection_string();
    let credential = Credential::new(&text);
    let server = Server::start(credential.connector(), Cluster::default()).await;
    let mut client = EventingClient::connect(server.url())
        .await
        .expect("a server");
    let config = config(&face.endpoint(), 100);
    let stream = client.start_event_source(request(&config)).await;
    let _stream = stream.expect("a stream");
    // Until the pauses have their full length.
    sleep(size(Duration::from_secs(10), Duration::ZERO)).await;
    let looked = size(6 * WHILE, Duration::from_secs(1));
    let counts = || {
        let calls = [
            HttpOp::ReceiveMessages,
            HttpOp::PeekMessages,
            HttpOp::QueueMetadata,
            HttpOp::ListBlobs,
            HttpOp::BlobProperties,
            HttpOp::AppendBlock,
            HttpOp::GetBlob,
        ];
        calls.map(|op| (op, face.requests(op)))
    };
    let before = counts();
    sleep(looked).await;
    let made = counts().into_iter().zip(before);
    let made = made.map(|((op, after), (_, before))| (op, after - before));
    let made: Vec<_> = made.filter(|(_, calls)| *calls > 0).collect();
    println!("\nCalls of an idle source in {looked:?}: {made:?}");
    server.stop.cancel();
}

/// How long after its message each event comes, over Azurite.
async fn latency() {
    let messages: u64 = size(1_000, 20);
    let (blobs, queues) = (Azurite::start().await, Azurite::start_queues_at(0).await);
    let connection = blobs.connection_string();
    let connection = format!("{connection}QueueEndpoint={};", queues.endpoint());
    let client = BlobClient::new(&blobs.endpoint());
    for container in [CONTAINER, "eventsource-state"] {
        client.create_container(container).await;
    }
    let poison = format!("{QUEUE}-poison");
    for queue in [QUEUE, &poison] {
        let made = BlobClient::new(&queues.endpoint());
        made.send(::http::Method::PUT, queue, &[], &[], Default::default())
            .await;
    }
    let mut etags = HashMap::new();
    for index in 0..messages {
        let name = Synthetic::name(index);
        let etag = client.put_blob(CONTAINER, &name, &NewBlob::from("x")).await;
        etags.insert(name, etag);
    }
    let credential = Credential::new(&connection);
    let queue = open(&credential, &connection).queue;
    let cluster = Cluster::default();
    let server = Server::start(credential.connector(), cluster.clone()).await;
    let mut grpc = EventingClient::connect(server.url())
        .await
        .expect("a server");
    let config = config(&blobs.endpoint(), 100);
    let stream = grpc.start_event_source(request(&config)).await;
    let mut stream = stream.expect("a stream").into_inner();
    let putting = async {
        let mut pace = interval(Duration::from_millis(20));
        let mut begun = HashMap::new();
        for index in 0..messages {
            pace.tick().await;
            let name = Synthetic::name(index);
            begun.insert(name.clone(), Instant::now());
            queue
                .put(&message(&name, &etags[&name]))
                .await
                .expect("a message");
        }
        begun
    };
    let reading = async {
        let mut came = HashMap::new();
        while came.len() < messages as usize {
            let event = stream.message().await.expect("an event").expect("an event");
            let json: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
            let name = json["blobname"].as_str().expect("a name").to_owned();
            came.insert(name, Instant::now());
            let id = json["id"].as_str().and_then(EventId::from_hex);
            cluster.made(id.expect("an id"));
        }
        came
    };
    let (begun, came) = tokio::join!(putting, reading);
    let mut waited: Vec<f64> = begun
        .iter()
        .map(|(name, begun)| (came[name] - *begun).as_secs_f64() * 1e3)
        .collect();
    waited.sort_by(f64::total_cmp);
    let at = |share: f64| waited[((waited.len() - 1) as f64 * share) as usize];
    println!(
        "\nFrom putting the message to the gRPC event, over Azurite, 50 a second: p50 {:.1} ms, p99 {:.1} ms, \
         longest {:.1} ms (target p99 < 100 ms: {})",
        at(0.5),
        at(0.99),
        at(1.0),
        verdict(at(0.99) < 100.0 || !is_measured()),
    );
    server.stop.cancel();
}

/// The client: prints the id of each event.
async fn read(url: &str, config: &str) {
    let mut client = EventingClient::connect(url.to_owned())
        .await
        .expect("a server");
    let stream = client.start_event_source(request(config)).await;
    let mut stream = stream.expect("a stream").into_inner();
    while let Ok(Some(event)) = stream.message().await {
        let json: serde_json::Value = serde_json::from_slice(&event.payload).expect("JSON");
        println!("{}", json["id"].as_str().expect("an id"));
    }
}

fn request(config: &str) -> EventSource {
    EventSource {
        name: "bench".to_owned(),
        config: config.as_bytes().to_vec(),
    }
}

// `…;BlobEndpoint=URL;…`
fn blobs_of(connection_string: &str) -> String {
    let parts = connection_string.split(';');
    let mut urls = parts.filter_map(|part| part.strip_prefix("BlobEndpoint="));
    urls.next().expect("an endpoint").to_owned()
}

fn open(credential: &Credential, connection_string: &str) -> OpenedQueue {
    let location = Location::Endpoint(blobs_of(connection_string).parse().expect("a URL"));
    let place = QueuePlace {
        name: QUEUE.to_owned(),
        location: None,
        credential: None,
    };
    let wanted = Wanted {
        location: &location,
        credential: Some("fake"),
        container: CONTAINER,
        state: None,
        queue: Some(&place),
        change_feed: false,
    };
    let opened = credential.connector().open(&wanted).expect("an account");
    opened.queue.expect("a queue")
}
