//! What grows with the number of blobs in a container, and with the number of sources in a server: CPU, memory and time to
//! detect a new blob. It draws plots of both.
//!
//! `cargo bench --bench growth`; with `GROWTH_PLOTS=FOLDER` the plots go there, else to `target/growth`.
//!
//! The program is a process of its own; the fake account, which takes 20 ms for a page, and the clients are in this one, on the
//! same cores.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    env, fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use azure_blob_eventsource::grpc::contract::Event;
use futures::future::join_all;
use support::{
    median, megabytes, place::Place, plot, plot::Panel, print_table, row, size, source::CONTAINER,
};
use tokio::time::sleep;
use tonic::Streaming;

mod support;

/// What the service takes for a page.
const LATENCY: Duration = Duration::from_millis(20);
/// Blobs in the container of each of many sources.
const FEW: u64 = 1_000;

/// What was measured at one size.
struct Point {
    size: u64,
    /// Microseconds: of a sweep, or of a second.
    cpu: f64,
    /// Bytes.
    resident: u64,
    /// Seconds from each new blob to its event.
    detected: Vec<f64>,
}

#[tokio::main]
async fn main() {
    let folder = env::var_os("GROWTH_PLOTS").map_or_else(|| "target/growth".into(), PathBuf::from);
    fs::create_dir_all(&folder).expect("a folder for plots");
    let mut points = Vec::new();
    for blobs in size(
        vec![10_000, 100_000, 1_000_000, 10_000_000],
        vec![1_000, 3_000],
    ) {
        points.push(of_blobs(blobs).await);
    }
    let plot = folder.join("growth-blobs.svg");
    show(&points, ("blobs", "ms of CPU a sweep"), &plot);
    let mut points = Vec::new();
    for sources in size(vec![1, 10, 100, 1_000], vec![1, 3]) {
        points.push(of_sources(sources).await);
    }
    let plot = folder.join("growth-sources.svg");
    show(&points, ("sources", "ms of CPU a second"), &plot);
    println!("\nThe plots are in {}", folder.display());
}

/// One source that lists each second. New blobs come one by one, at the end of the listing.
async fn of_blobs(blobs: u64) -> Point {
    let (sweeps, samples) = size((3, 9), (1, 2));
    let place = Place::new(vec![CONTAINER.to_owned()], blobs, LATENCY).await;
    let mut streams = place.streams(&every("1s")).await;
    // The first sweep lists one range, and tells where the next ones are cut.
    let first = place.program.reaches("sweeps_total", 2).await;
    let before = place.program.usage();
    let last = place.program.reaches("sweeps_total", first + sweeps).await;
    let after = place.program.usage();
    let mut detected = Vec::new();
    for sample in 1..=samples {
        place.resize(CONTAINER, blobs + sample);
        let start = Instant::now();
        next(&mut streams[0]).await;
        detected.push(start.elapsed().as_secs_f64());
    }
    Point {
        size: blobs,
        cpu: (after.cpu_micros - before.cpu_micros) / (last - first) as f64,
        resident: after.resident,
        detected,
    }
}

/// Many sources with small containers, each listed every ten seconds. New blobs come to all of them at once.
async fn of_sources(sources: u64) -> Point {
    let seconds = size(30, 1);
    let name = |number| format!("{CONTAINER}-{number}");
    let place = Place::new((0..sources).map(name).collect(), FEW, LATENCY).await;
    let mut streams = place.streams(&every(size("10s", "1s"))).await;
    place.program.reaches("sweeps_total", 2 * sources).await;
    let before = place.program.usage();
    sleep(Duration::from_secs(seconds)).await;
    let after = place.program.usage();
    for number in 0..sources {
        place.resize(&name(number), FEW + 1);
    }
    let start = Instant::now();
    let detected = join_all(streams.iter_mut().map(async |stream| {
        next(stream).await;
        start.elapsed().as_secs_f64()
    }));
    Point {
        size: sources,
        cpu: (after.cpu_micros - before.cpu_micros) / seconds as f64,
        resident: after.resident,
        detected: detected.await,
    }
}

/// How often a source lists.
fn every(interval: &str) -> String {
    format!("source: {{listing: {{interval: {interval}}}}}")
}

async fn next(stream: &mut Streaming<Event>) {
    stream.message().await.expect("an event").expect("an event");
}

fn show(points: &[Point], (axis, cpu): (&str, &str), plot: &std::path::Path) {
    let most = |it: &Point| it.detected.iter().copied().fold(0.0, f64::max);
    let mut rows = vec![row([
        axis,
        cpu,
        "resident",
        "seconds to detect, median",
        "greatest",
    ])];
    rows.extend(points.iter().map(|it| {
        row([
            &it.size.to_string(),
            &format!("{:.1}", it.cpu / 1000.0),
            &megabytes(it.resident),
            &format!("{:.2}", median(&it.detected)),
            &format!("{:.2}", most(it)),
        ])
    }));
    print_table(&format!("What grows with the number of {axis}"), &rows);
    let panel = |title, figure: &dyn Fn(&Point) -> f64| Panel {
        title,
        points: points
            .iter()
            .map(|it| (it.size as f64, figure(it)))
            .collect(),
    };
    let panels = [
        panel(cpu, &|it| it.cpu / 1000.0),
        panel("MB resident", &|it| it.resident as f64 / 1e6),
        panel("seconds to detect, median", &|it| median(&it.detected)),
    ];
    plot::write(plot, axis, &panels).expect("a plot");
}
