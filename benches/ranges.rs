//! Time and CPU of a sweep that lists ranges of names side by side, on a service that takes 20 ms for a page.
//!
//! `cargo bench --bench ranges`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::{Duration, Instant};

use support::{
    cpu, median, micros_each, print_table, row, size,
    source::{self, Service, Sweep},
    spread, verdict,
};

mod support;

/// What the service takes for a page.
const LATENCY: Duration = Duration::from_millis(20);
/// How many ranges a sweep lists at once.
const RANGES: [usize; 4] = [1, 2, 4, 8];
/// How many times as fast eight ranges are as one.
const FASTER: f64 = 6.0;
/// Microseconds of CPU for a blob.
const CPU_A_BLOB: f64 = 0.7;

#[tokio::main]
async fn main() {
    source::serve_or(measure()).await;
}

async fn measure() {
    let (blobs, rounds) = size((1_000_000, 5), (60_000, 1));
    let service = Service::start_slow(blobs, LATENCY);
    let config = source::config(&service.endpoint);
    let mut sweeps = Vec::new();
    for parallelism in RANGES {
        let config = config.clone();
        let contents = source::contents(&config, blobs);
        let listing = source::listing(&service.endpoint);
        let mut sweep = Sweep::new(listing, &config, contents).in_ranges(parallelism);
        // The first one is of one range, and tells where the next ones are cut.
        assert_eq!(sweep.run().await, blobs);
        sweeps.push(sweep);
    }
    let mut times: [Vec<f64>; RANGES.len()] = Default::default();
    let mut costs: [Vec<f64>; RANGES.len()] = Default::default();
    for round in 0..rounds {
        for turn in 0..RANGES.len() {
            let way = (round + turn) % RANGES.len();
            let (before, start) = (cpu(), Instant::now());
            let seen = sweeps[way].run().await;
            times[way].push(start.elapsed().as_secs_f64());
            costs[way].push(micros_each(cpu() - before, blobs));
            assert_eq!(seen, blobs, "each blob once");
        }
    }
    let title = format!("A sweep over {blobs} blobs, 20 ms a page, {rounds} rounds");
    let mut rows = vec![row(["ranges", "seconds", "us of CPU a blob"])];
    for (number, ranges) in RANGES.iter().enumerate() {
        let ranges = ranges.to_string();
        rows.push(row([
            &ranges,
            &spread(&times[number]),
            &spread(&costs[number]),
        ]));
    }
    print_table(&title, &rows);
    let faster: Vec<_> = times[0]
        .iter()
        .zip(&times[3])
        .map(|(one, eight)| one / eight)
        .collect();
    let cost = median(&costs[3]);
    let target = |target: f64, sign: &str| format!("{sign} {target}");
    print_table(
        "Targets",
        &[
            row(["", "", "target", ""]),
            row([
                "one range / eight ranges, seconds",
                &spread(&faster),
                &target(FASTER, ">="),
                verdict(median(&faster) >= FASTER),
            ]),
            row([
                "eight ranges, us of CPU a blob",
                &spread(&costs[3]),
                &target(CPU_A_BLOB, "<="),
                verdict(cost <= CPU_A_BLOB),
            ]),
        ],
    );
}
