//! What a server takes that has nothing to do: time from its start to its first answer, memory, wake-ups and CPU, with no
//! source and with 1 and 100 of them.
//!
//! `cargo bench --bench idle`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use support::{
    median, megabytes, print_table,
    program::Program,
    row, size,
    source::{self, CONTAINER, Service},
    spread, verdict,
};
use tokio::time::sleep;

mod support;

/// From the start of the process to its first answer, in milliseconds.
const READY: f64 = 100.0;
/// Resident bytes without a source.
const RESIDENT: u64 = 20_000_000;
/// How many sources there are at once.
const SOURCES: [usize; 3] = [0, 1, 100];
/// All streams begin and the first sweeps end within it.
const SETTLING: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() {
    source::serve_or(measure()).await;
}

async fn measure() {
    let (rounds, seconds) = size((20, 60), (1, 1));
    let service = Service::start(10);
    let directory = tempfile::tempdir().expect("a temporary directory");
    source::write_credential(directory.path(), &service.endpoint);
    let starts: Vec<f64> = (0..rounds)
        .map(|_| Program::start(directory.path(), 200).ready_after)
        .collect();
    let mut rows = vec![row([
        "sources",
        "resident",
        "wake-ups a second",
        "us of CPU a second",
    ])];
    let mut least = 0;
    for sources in SOURCES {
        let server = Program::start(directory.path(), 200);
        let mut streams = Vec::new();
        for number in 0..sources {
            streams.push(server.stream(config(&service.endpoint, number)).await);
        }
        sleep(SETTLING).await;
        let before = server.usage();
        sleep(Duration::from_secs(seconds)).await;
        let after = server.usage();
        if sources == 0 {
            least = after.resident;
        }
        let each = |total: f64| format!("{:.1}", total / seconds as f64);
        rows.push(row([
            &sources.to_string(),
            &megabytes(after.resident),
            &each((after.wakeups - before.wakeups) as f64),
            &each(after.cpu_micros - before.cpu_micros),
        ]));
    }
    print_table(
        &format!("A server with nothing to do, for {seconds} s"),
        &rows,
    );
    print_table(
        "Targets",
        &[
            row(["", "", "target", ""]),
            row([
                "ms from the start to the first answer",
                &spread(&starts),
                &format!("< {READY}"),
                verdict(median(&starts) < READY),
            ]),
            row([
                "resident without a source",
                &megabytes(least),
                &format!("< {}", megabytes(RESIDENT)),
                verdict(least < RESIDENT),
            ]),
        ],
    );
}

fn config(endpoint: &str, number: usize) -> String {
    format!(
        "{{endpoint: \"{endpoint}\", container: {CONTAINER}, credential: fake, id: idle-{number}, \
         source: {{listing: {{interval: 1d}}}}}}"
    )
}
