//! A hundred thousand blobs at once through bad weather: none is lost, and memory stays flat.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::http::{HttpFault, HttpOp, RetryAfter};

use crate::{bad_storage::memory, server::Server, storage::Place};

const BLOBS: usize = 100_000;
const SAMPLE: usize = 10_000;
/// What may be needed before the first sample counts: connections, buffers, the first pages.
const WARM: usize = 20_000;
/// How much resident memory may grow from there on. The ledger's set is a part of it.
const GROWTH_KIB: u64 = 24 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_through_faults_is_delivered_whole_and_fills_no_memory() {
    let (place, face) = Place::fake().await;
    let account = face.account();
    account
        .create_synthetic_container("flood", BLOBS as u64)
        .unwrap();
    account.set_page_size(250);
    let place = place.with("existing: emit\nlimits: {settle: 0s, inFlight: 1000}\n");
    let config = place.config().replace(&place.container, "flood");
    let status = |status, code| HttpFault::Status {
        status,
        code,
        retry_after: Some(RetryAfter::Seconds(0)),
    };
    face.storm(
        11,
        10,
        vec![
            status(429, "TooManyRequests"),
            status(500, "InternalError"),
            HttpFault::busy(Some(RetryAfter::Seconds(1))),
            HttpFault::CutAnswer(10_000),
            HttpFault::DropRequest,
        ],
    );
    let server = Server::of(&place).await;
    let began = Instant::now();
    let mut stream = server.stream(&config).await;
    let (mut seen, mut again, mut samples) = (vec![false; BLOBS], 0, Vec::new());
    let mut left = BLOBS;
    while left > 0 {
        let number = number(&stream.event().await);
        if std::mem::replace(&mut seen[number - 1], true) {
            again += 1;
            continue;
        }
        left -= 1;
        if left.is_multiple_of(SAMPLE) {
            let resident = memory(&server, "VmRSS");
            println!("{:>6} events: {resident:?} KiB", BLOBS - left);
            samples.extend(resident);
        }
    }
    server.reaches("done", BLOBS as u64).await;
    let took = began.elapsed();
    let retries = metric(&server.admin("/metrics").await, "storage_retries_total");
    println!(
        "{BLOBS} events in {:.1} s, {again} of them twice; {retries} of {} lists failed",
        took.as_secs_f64(),
        face.requests(HttpOp::ListBlobs)
    );
    // One stream that never broke: each blob came once.
    assert_eq!(again, 0);
    assert!(retries > 0, "there was no bad weather");
    assert!(took < Duration::from_secs(60), "{took:?}");
    let warm = &samples[samples.len().min(WARM / SAMPLE)..];
    if let (Some(most), Some(least)) = (warm.iter().max(), warm.iter().min()) {
        assert!(most - least < GROWTH_KIB, "{samples:?}");
    }
}

/// The number in a made-up blob's name, `raw/part-000000001.csv`.
fn number(event: &Value) -> usize {
    let name = event["blobname"].as_str().unwrap();
    let digits = name
        .strip_prefix("raw/part-")
        .and_then(|it| it.strip_suffix(".csv"));
    digits.unwrap().parse().unwrap()
}

/// The value of the one source's metric.
fn metric(metrics: &str, name: &str) -> u64 {
    let of_it = |line: &&str| line.contains(&format!("_{name}{{"));
    let count = |line: &str| -> u64 { line.rsplit(' ').next().unwrap().parse().unwrap() };
    metrics.lines().filter(of_it).map(count).sum()
}
