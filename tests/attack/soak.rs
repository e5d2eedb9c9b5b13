//! A server that works for a long time, with a fault in one of a hundred calls to storage and clients that come and
//! go: its memory, its descriptors and its tasks stay as they were.
//!
//! `cargo test` does so for twenty seconds, `make soak` for an hour (`SOAK_SECONDS`), against the release binary.

use std::{
    collections::BTreeSet,
    env,
    time::{Duration, Instant},
};

use testkit::{
    account::NewBlob,
    http::{HttpFault, RetryAfter},
    rng::Rng,
};
use tokio::time::timeout;

use crate::{
    binary::{
        server::{Server, Stream},
        storage::Place,
    },
    measure::{descriptors, resident},
};

/// Names that are written again and again: what exists stays the same, what changes goes on.
const NAMES: u64 = 500;
/// From one upload to the next.
const EVERY: Duration = Duration::from_millis(50);
/// How many events a client reads at most before it goes.
const READ: u64 = 400;
/// So many bytes each blob version may take that the ledger remembers: those that were overwritten are kept for
/// eight days (docs/adr/0020-forgetting-is-slow.md).
const REMEMBERED: u64 = 80;
/// How much more the last quarter of the time may have than the first, beyond what the ledger remembers.
const MORE: Sample = Sample {
    kib: 8 * 1024,
    descriptors: 24,
    tasks: 24,
    remembered: 0,
};

/// What a process has at a time, or the most of several.
#[derive(Debug, Default, Clone, Copy)]
struct Sample {
    kib: u64,
    descriptors: usize,
    tasks: u64,
    /// Blob versions in the ledger.
    remembered: u64,
}

impl Sample {
    async fn of(server: &Server) -> Self {
        let metrics = server.admin("/metrics").await;
        let number = |name: &str| -> Option<u64> {
            let line = metrics.lines().find(|line| line.starts_with(name))?;
            line.rsplit_once(' ')?.1.parse().ok()
        };
        Self {
            kib: resident(server.process.id()),
            descriptors: descriptors(server.process.id()),
            tasks: number("azure_blob_eventsource_tasks ").expect("a gauge of tasks"),
            remembered: number("azure_blob_eventsource_ledger_blobs{").unwrap_or(0),
        }
    }

    fn most(all: &[Self]) -> Self {
        all.iter().fold(Self::default(), |most, it| Self {
            kib: most.kib.max(it.kib),
            descriptors: most.descriptors.max(it.descriptors),
            tasks: most.tasks.max(it.tasks),
            remembered: most.remembered.max(it.remembered),
        })
    }
}

fn faults() -> Vec<HttpFault> {
    let status = |status, code| HttpFault::Status {
        status,
        code,
        retry_after: None,
    };
    vec![
        status(500, "InternalError"),
        HttpFault::busy(Some(RetryAfter::Seconds(1))),
        HttpFault::DropRequest,
        HttpFault::LoseAnswer,
        HttpFault::CutAnswer(40),
        HttpFault::Delay(Duration::from_secs(2)),
        HttpFault::Html,
        HttpFault::UnclosedXml,
    ]
}

#[tokio::test]
async fn a_server_stays_as_it_is_whatever_fails_and_comes_and_goes() {
    let seconds = env::var("SOAK_SECONDS").map_or(20, |it| it.parse().expect("SOAK_SECONDS"));
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    face.storm(1, 10, faults());
    let mut rng = Rng::new(1);
    let (began, mut samples, mut written) = (Instant::now(), Vec::new(), 0_u64);
    let (mut left, mut stream) = (0, None::<Stream>);
    let mut events = BTreeSet::new();
    let mut sample_at = began;
    while began.elapsed() < Duration::from_secs(seconds) {
        let name = format!("raw/{}.csv", rng.below(NAMES));
        let blob = NewBlob::new(format!("id\n{written}\n")).content_type("text/csv");
        face.account().put(&place.container, &name, blob).unwrap();
        written += 1;
        if left == 0 {
            // A client that goes without a word, as a pod that is killed.
            drop(stream.take());
            left = 1 + rng.below(READ);
        }
        if stream.is_none() {
            stream = server.ask(&place.config()).await.ok();
        }
        // A stream that ended is asked for again, as Argo does.
        let next = match &mut stream {
            Some(open) => timeout(EVERY, open.next()).await,
            None => Ok(Ok(None)),
        };
        match next {
            Ok(Ok(Some(event))) => {
                events.insert(event["id"].as_str().unwrap().to_owned());
                left -= 1;
            }
            Ok(_) => stream = None,
            Err(_) => {}
        }
        if Instant::now() >= sample_at {
            samples.push(Sample::of(&server).await);
            sample_at += Duration::from_secs((seconds / 100).max(1));
        }
    }
    let quarter = samples.len() / 4;
    let quarters: Vec<_> = samples
        .chunks(quarter.max(1))
        .take(4)
        .map(Sample::most)
        .collect();
    println!(
        "{seconds} s, {written} versions of {NAMES} blobs, {} events; at most in each quarter:",
        events.len()
    );
    for it in &quarters {
        println!(
            "  {:.1} MiB resident, {} descriptors, {} tasks, {} blob versions in the ledger",
            it.kib as f64 / 1024.0,
            it.descriptors,
            it.tasks,
            it.remembered
        );
    }
    let (first, last) = (quarters[0], quarters[3]);
    assert!(!events.is_empty());
    let ledger = last.remembered.saturating_sub(first.remembered) * REMEMBERED / 1024;
    assert!(last.kib <= first.kib + MORE.kib + ledger, "{quarters:?}");
    assert!(
        last.descriptors <= first.descriptors + MORE.descriptors,
        "{quarters:?}"
    );
    assert!(last.tasks <= first.tasks + MORE.tasks, "{quarters:?}");
}
