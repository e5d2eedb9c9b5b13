//! A million new blobs at once: how long until the last event has come, what memory that takes, and how many calls.
//!
//! `cargo bench --bench burst`
//!
//! The program is a process of its own, and lists once a second; the fake account and the client, which reads as fast as it can,
//! are in this process, on the same cores. There is no Sensor: what it makes of events, it makes at its own pace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use support::{megabytes, place::Place, print_table, row, size, source::CONTAINER};
use testkit::http::HttpOp;

mod support;

/// What the container has before. No event is made of it.
const BEFORE: u64 = 10_000;

/// How the blobs become events: a name, and lines of the configuration.
const WAYS: [(&str, &str); 2] = [
    ("one event a blob", "limits: {settle: 0s, inFlight: 10000}"),
    (
        "batches of 10,000",
        "batch: {by: folder, quiet: 5s, maxBlobs: 10000}, limits: {settle: 0s, inFlight: 100}",
    ),
];

/// Calls to the container, and to the ledger.
const LISTING: [HttpOp; 1] = [HttpOp::ListBlobs];
const WRITING: [HttpOp; 2] = [HttpOp::PutBlob, HttpOp::AppendBlock];

#[tokio::main]
async fn main() {
    let burst = size(1_000_000, 3_000);
    let mut rows = vec![row([
        "",
        "events",
        "seconds",
        "resident, before",
        "resident, peak",
        "us of CPU a blob",
        "pages listed",
        "calls to the ledger",
    ])];
    for (way, config) in WAYS {
        rows.push(measure(way, config, burst).await);
    }
    print_table(&format!("{burst} new blobs at once"), &rows);
}

async fn measure(way: &str, config: &str, burst: u64) -> Vec<String> {
    let place = Place::new(vec![CONTAINER.to_owned()], BEFORE, Duration::ZERO).await;
    let lines = format!("source: {{listing: {{interval: 1s}}}}, {config}");
    let mut streams = place.streams(&lines).await;
    let stream = &mut streams[0];
    place.program.reaches("sweeps_total", 1).await;
    let before = place.program.usage();
    let listed = place.requests(&LISTING);
    let written = place.requests(&WRITING);
    let start = Instant::now();
    place.resize(CONTAINER, BEFORE + burst);
    let (mut events, mut blobs) = (0_u64, 0);
    while blobs < burst {
        let event = stream.message().await.expect("an event").expect("an event");
        events += 1;
        blobs += blobs_of(&event.payload);
    }
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(blobs, burst, "each blob once");
    let baseline = place.program.counter("baseline_blobs_total");
    assert_eq!(baseline, BEFORE, "what was there before is no news");
    let after = place.program.usage();
    row([
        way,
        &events.to_string(),
        &format!("{seconds:.1}"),
        &megabytes(before.resident),
        &megabytes(after.peak),
        &format!(
            "{:.1}",
            (after.cpu_micros - before.cpu_micros) / burst as f64
        ),
        &(place.requests(&LISTING) - listed).to_string(),
        &(place.requests(&WRITING) - written).to_string(),
    ])
}

/// How many blobs an event is of.
fn blobs_of(payload: &[u8]) -> u64 {
    let event: serde_json::Value = serde_json::from_slice(payload).expect("JSON");
    event["data"]["count"].as_u64().unwrap_or(1)
}
