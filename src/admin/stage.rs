//! Sources that never were, for the tests of the page: in a browser as well (`make test-page`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    io::{BufRead, stdin},
    sync::{Arc, atomic::Ordering::Relaxed},
};

use time::{Duration, OffsetDateTime};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Admin, about::About, http1, router};
use crate::{
    confirm::unfinished::{Group, Holder, Survey, Workflows},
    ledger::batches::ClosedBy,
    listener::connections::{Connections, Limits},
    metrics::{
        Pause,
        events::{LastEvent, Letter, Letters, Made, OpenBatch, Outcome, Waiting},
    },
    registry::{Registry, SourceEntry},
};

/// A pod of a cluster that has Argo's pages.
pub(super) fn about() -> About {
    About {
        pod: Some("azure-blob-eventsource-7d9c6b5f4-x2x8k".to_owned()),
        argo_url: Some("https://argo.example.com".to_owned()),
        peers: None,
    }
}

/// So many sources, all kinds of them if they are many; one is stalled.
pub(super) fn fill(registry: &Registry, count: usize) {
    for n in 0..count {
        let name = match n {
            0 => "sensor-readings".to_owned(),
            n => format!("{}-{n:02}", ["datasets", "images", "invoices"][n % 3]),
        };
        let source = registry.source(&name);
        let number = source.started(&name, "datasets");
        busy(&source, n as u64);
        match n {
            0 => stalled(&source),
            1 => lost(&source),
            2 | 3 => failing(&source),
            4 => limited(&source),
            5 => full(&source),
            6 => source.ended(
                number,
                Some(format!("another stream of source `{name}` has taken over")),
            ),
            7 => first_sweep(&source),
            8 => batches(&source),
            9 => queue(&source),
            10 => change_feed(&source),
            _ => {}
        }
    }
    if count > 1 {
        let why = "`source.container` is missing: add the name of the container, such as `container: datasets`";
        let at = ago(200);
        registry
            .refusals
            .note(("new-source", ""), "INVALID_ARGUMENT", why, at);
    }
}

fn ago(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::now_utc() - Duration::seconds(seconds)
}

fn busy(source: &SourceEntry, n: u64) {
    let stats = &source.stats;
    stats.sweeps.store(412 + n, Relaxed);
    stats.turns.swept.note(true);
    stats.sweep.rests(Some(ago(-120)));
    stats.last_sweep_millis.store(1_234, Relaxed);
    stats.events_sent.store(12_402 + n, Relaxed);
    stats.events_done.store(12_345 + n, Relaxed);
    stats.done_rate.add(47);
    stats.ledger_blobs.store(1_204_118, Relaxed);
    stats.confirm_millis.store(2_345, Relaxed);
    stats.set_workflows(workflows(3));
    for n in 0..20 {
        stats.last_events.add(confirmed(&format!(
            "train-model-{:05x}",
            n * 7_919 + 65_537
        )));
    }
}

/// An event of which a Workflow of this name came.
pub(super) fn confirmed(workflow: &str) -> LastEvent {
    LastEvent {
        at: ago(95),
        outcome: Outcome::Confirmed,
        about: format!("raw/2026/11/28/readings-of-{workflow}.csv"),
        id: "9262042a".to_owned(),
        attempts: 1,
        first_sent: Some(ago(97)),
        made: vec![Made {
            what: "Workflow".to_owned(),
            namespace: "ml".to_owned(),
            name: workflow.to_owned(),
            is_workflow: true,
        }],
        reason: None,
    }
}

fn workflows(count: usize) -> Workflows {
    Workflows {
        namespace: "ml".to_owned(),
        survey: Survey {
            count,
            oldest: Some(Holder {
                name: "train-model-x7k2p".to_owned(),
                age_seconds: 10_920,
                phase: Some("Running".to_owned()),
                deleted_seconds: None,
            }),
            ..Survey::default()
        },
    }
}

fn wait(source: &SourceEntry, backlog: u64, in_flight: u64, attempts: u32) {
    source.stats.backlog.store(backlog, Relaxed);
    source.stats.in_flight.store(in_flight, Relaxed);
    *source.stats.oldest.lock() = Some(Waiting {
        about:
            "raw/2026/11/28/station-0042/readings-of-the-whole-day-with-a-rather-long-name-0001.csv"
                .to_owned(),
        modified: Some(ago(1_500)),
        first_sent: (attempts > 0).then(|| ago(1_420)),
        attempts,
    });
}

fn stalled(source: &SourceEntry) {
    wait(source, 312, 100, 4);
    source.stats.set_stalled(true);
    source.stats.set_delivery_error(Some(
        "nothing has been confirmed since 2026-11-28T21:40:11Z; 100 events wait; check whether the EventSource publishes \
         them and the Sensor makes Workflows: `kubectl logs -l eventsource-name`, `kubectl logs -l sensor-name`; a bus \
         that lost its storage needs a restart of both"
            .to_owned(),
    ));
}

fn lost(source: &SourceEntry) {
    stalled(source);
    let letter = |n: u32| {
        Letter {
        id: format!("9262042{n}"),
        about: format!("raw/2026/11/27/broken-{n}.csv"),
        last_sent: Some(ago(4_000 + i64::from(n))),
        attempts: 3,
        reason: "no object was created for this event in 3 attempts, but later events were confirmed: look at the Sensor's log and at the \
                 cluster's admission control"
            .to_owned(),
    }
    };
    source.stats.dead_letters.store(12, Relaxed);
    *source.stats.letters.lock() = Letters {
        count: 12,
        some: (0..10).map(letter).collect(),
    };
}

fn failing(source: &SourceEntry) {
    source.stats.set_error(
        1,
        Some(
            "the storage account refuses with status 403, AuthorizationPermissionMismatch: the identity lacks the role \
             `Storage Blob Data Reader` on the container datasets; `az role assignment create` gives it, and it takes up \
             to 10 minutes"
                .to_owned(),
        ),
    );
}

fn limited(source: &SourceEntry) {
    wait(source, 40, 0, 0);
    let stuck = Holder {
        name: "train-model-stuck".to_owned(),
        age_seconds: 192,
        phase: None,
        deleted_seconds: None,
    };
    let mut workflows = workflows(50);
    workflows.survey.without_phase = Group {
        count: 1,
        oldest: vec![stuck],
    };
    let reason = workflows.places(50, 0);
    source
        .stats
        .set_pause(Some(Pause::active_workflows(50, reason)));
    source.stats.set_workflows(workflows);
    *source.stats.letters.lock() = Letters {
        count: 1,
        some: vec![Letter {
            id: "11aa22bb".to_owned(),
            about: "raw/\u{202e}<script>alert(1)</script>.csv".to_owned(),
            last_sent: Some(ago(9_000)),
            attempts: 5,
            reason:
                "no Job was created for this event in 5 attempts, but later events were confirmed"
                    .to_owned(),
        }],
    };
}

fn full(source: &SourceEntry) {
    wait(source, 256, 100, 1);
    source.stats.set_pause(Some(Pause::in_flight(100)));
}

fn first_sweep(source: &SourceEntry) {
    let stats = &source.stats;
    stats.sweeps.store(0, Relaxed);
    stats.sweep.began(ago(61), 1);
    stats
        .sweep
        .lists(120_000, Some("raw/2026/03/17/readings-000412.csv"));
}

fn batches(source: &SourceEntry) {
    let batches = &source.stats.batches;
    batches.is_used.store(true, Relaxed);
    batches.open.store(2, Relaxed);
    batches.waiting.store(31, Relaxed);
    source.stats.backlog.store(31, Relaxed);
    batches.closed(ClosedBy::Quiet, 412);
    let batch = |group: &str, blobs| OpenBatch {
        group: group.to_owned(),
        blobs,
        bytes: 48_118_224,
        closes: ago(-210),
    };
    batches.set_some(vec![
        batch("raw/2026/11/28/", 29),
        batch("raw/2026/11/27/", 2),
    ]);
}

fn queue(source: &SourceEntry) {
    let queue = &source.stats.queue;
    queue.is_used.store(true, Relaxed);
    queue.depth.store(40, Relaxed);
    queue.oldest_seconds.store(192, Relaxed);
}

fn change_feed(source: &SourceEntry) {
    let feed = &source.stats.feed;
    feed.begin(true);
    source.stats.never_sweeps.store(true, Relaxed);
    feed.may_be_read(ago(2 * 3600));
    feed.has_passed(ago(2 * 3600 + 900));
    feed.waiting.store(12, Relaxed);
}

/// Serves the page of so many sources as the words on standard input say (`20`), each on a port of its own that is told
/// on standard output, and repairs the stalled one at the word `mend`. It ends with its input.
#[tokio::test]
#[ignore = "for `make test-page`, which looks at it with a browser"]
async fn serve_pages() {
    let (sender, mut words) = tokio::sync::mpsc::channel(8);
    std::thread::spawn(move || {
        for line in stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.blocking_send(line);
        }
    });
    let mut registries = Vec::new();
    while let Some(word) = words.recv().await {
        match word.as_str() {
            "mend" => registries.iter().for_each(mend),
            count => {
                let registry = Arc::new(Registry::default());
                fill(&registry, count.parse().unwrap());
                serve(Arc::clone(&registry)).await;
                registries.push(registry);
            }
        }
    }
}

fn mend(registry: &Arc<Registry>) {
    for source in registry
        .all()
        .iter()
        .filter(|it| it.id == "sensor-readings")
    {
        source.stats.set_stalled(false);
        source.stats.set_delivery_error(None);
    }
}

async fn serve(registry: Arc<Registry>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}/", listener.local_addr().unwrap());
    let limits = Limits {
        connections: 64,
        requests: 64,
    };
    let connections = Connections::new("admin", limits, registry.port("admin"));
    let stop = CancellationToken::new();
    let admin = Admin::new(registry, about(), stop.clone());
    tokio::spawn(http1::serve(router(admin), listener, connections, stop));
}
