//! A billion blobs, of which a thousand change in a minute, for a day, found by a queue and the change feed. Simulated: the time
//! is not waited for, and the account is made up as it is asked for.
//!
//! `cargo bench --bench billion`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::{
    config::SourceConfig,
    delivery::event_channel::{EventReceiver, event_channel},
    feed::{CONTAINER as FEED, hour::Hour},
    metrics::change_feed::Counted,
    ports::connect::{Opened, OpenedFeed, OpenedQueue},
    session::{Mode, Session},
};
use lake::{CHANGES_A_MINUTE, CONTAINER, EXISTING, Lake, LakeQueue, NoListing};
use nix::sys::resource::{UsageWho, getrusage};
use serde_json::Value;
use support::{Memory, cpu, megabytes, micros_each, print_table, row, size, verdict};
use testkit::{
    account::FakeAccount,
    change_feed::{FeedEvent, FeedWriter, Packing},
    faults::{Fault, FaultSource, Op},
    ports::{FakeChangeFeed, FakeState},
    seeds::on_paused_time,
};
use time::macros::datetime;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

#[path = "support/lake.rs"]
mod lake;
mod support;

/// The most that the process may have resident, the made-up account included.
const RESIDENT: u64 = 100 << 20;
/// How often the service writes what happened into the feed.
const WRITES: Duration = Duration::from_secs(300);
/// The feed ends so long after the last change, and everything is settled.
const AFTER: Duration = Duration::from_secs(3 * 3600);
/// Segments of the feed that are kept.
const KEPT: usize = 4;

const CONFIG: &str = "account: lake\ncontainer: datasets\nexisting: skip\nsource: {queue: {name: events}, changeFeed: {}}\n\
                      state: {container: ledger}\nlimits: {inFlight: 1000, settle: 5s}\n";

type Calls = Arc<Mutex<BTreeMap<String, u64>>>;

fn main() {
    let (hours, _) = size((24, ()), (1, ()));
    on_paused_time(measure(hours));
}

async fn measure(hours: u64) {
    let account = FakeAccount::new();
    account.follow_tokio_time(datetime!(2026-01-01 0:00 UTC));
    account.create_container("ledger").unwrap();
    let mut feed = FeedWriter::enable(&account);
    feed.set_packing(Packing::Deflate);
    feed.set_consumable(account.now() - Duration::from_secs(3600));
    let lake = Lake::new(account.now(), hours * 60 * CHANGES_A_MINUTE);
    let calls = Calls::default();
    let (session, stop, events) = session(&lake, &account, &calls);
    let stats = Arc::clone(&session.0);
    let session = tokio::spawn(session.1);
    let client = tokio::spawn(client(lake.clone(), events));
    let before = cpu();
    let mut generator = Duration::ZERO;
    let mut kept: Vec<Hour> = Vec::new();
    let mut written = 0;
    let mut account_bytes = 0;
    let end = lake.end() + AFTER;
    while lake.now() < end {
        sleep(WRITES).await;
        let begun = thread_cpu();
        write(&mut feed, &lake, &mut written, &mut kept);
        account_bytes = account_bytes.max(bytes_of(&account));
        generator += thread_cpu() - begun;
    }
    stop.cancel();
    session.await.unwrap().unwrap();
    let found = client.await.unwrap();
    let spent = (cpu() - before).saturating_sub(generator);
    calls.lock().unwrap().extend(lake.calls());
    let used = Used {
        cpu: spent,
        peak: Memory::now().peak,
        account: account_bytes,
    };
    tell(&lake, &found, &used, &calls.lock().unwrap(), hours);
    println!(
        "\n  changes by outcome: {:?}; missed by the queue: {}",
        stats.feed.outcomes.happened(),
        stats
            .queue
            .missed
            .load(std::sync::atomic::Ordering::Relaxed)
    );
    assert!(stats.feed.outcomes.of(Counted::Known) > 0);
}

type Running =
    futures::future::BoxFuture<'static, Result<(), azure_blob_eventsource::session::SessionError>>;

fn session(
    lake: &Lake,
    account: &FakeAccount,
    calls: &Calls,
) -> (
    (Arc<azure_blob_eventsource::metrics::SourceStats>, Running),
    CancellationToken,
    EventReceiver,
) {
    let counting = Arc::clone(calls);
    let faults = FaultSource::new(move |op: Op| {
        *counting
            .lock()
            .unwrap()
            .entry(format!("{op:?}"))
            .or_default() += 1;
        Fault::None
    });
    let feed = FakeChangeFeed::new(account.clone(), faults.clone());
    let properties = Arc::new(lake.clone());
    let opened = Opened {
        endpoint: "https://lake.blob.core.windows.net".to_owned(),
        blobs: Arc::new(NoListing(lake.clone())),
        state: Some(Arc::new(FakeState::new(account.clone(), "ledger", faults))),
        queue: Some(OpenedQueue {
            queue: Arc::new(LakeQueue::of(lake)),
            poison: Arc::new(LakeQueue::empty(lake)),
            properties: properties.clone(),
            account_path: String::new(),
        }),
        feed: Some(OpenedFeed {
            feed: Arc::new(feed),
            properties,
        }),
    };
    let config = SourceConfig::parse(CONFIG.as_bytes()).unwrap();
    let session = Session::new(
        "lake".to_owned(),
        config,
        opened,
        || unreachable!(),
        Mode::Record,
    );
    let stop = CancellationToken::new();
    let (out, events) = event_channel(64);
    let stats = Arc::clone(&session.stats);
    (
        (stats, Box::pin(session.run(out, stop.clone()))),
        stop,
        events,
    )
}

/// What was announced.
struct Found {
    /// A bit for each change.
    changes: Vec<u64>,
    /// How many changes were announced so many milliseconds late.
    late: BTreeMap<u32, u64>,
}

impl Found {
    fn count(&self) -> u64 {
        self.late.values().sum()
    }

    // How late, in seconds: so large a part of the changes was no later.
    fn late(&self, part: f64) -> f64 {
        let most = (self.count() as f64 * part) as u64;
        let mut sum = 0;
        let mut late = self.late.iter();
        let at = late.find(|(_, count)| {
            sum += *count;
            sum >= most
        });
        at.map_or(0.0, |(millis, _)| f64::from(*millis) / 1000.0)
    }
}

async fn client(lake: Lake, mut events: EventReceiver) -> Found {
    let mut found = Found {
        changes: vec![0; lake.changes().div_ceil(64) as usize],
        late: BTreeMap::new(),
    };
    while let Some(event) = events.recv().await {
        let event: Value = serde_json::from_slice(&event.payload).unwrap();
        let change = lake.change_of(event["blobname"].as_str().unwrap());
        let (word, bit) = (change as usize / 64, 1 << (change % 64));
        let is_new = found.changes[word] & bit == 0;
        assert!(is_new, "a blob was announced twice");
        found.changes[word] |= bit;
        let waited = lake.now() - lake.time(change);
        let millis = waited.whole_milliseconds().try_into().unwrap();
        *found.late.entry(millis).or_default() += 1;
        events.take();
    }
    found
}

// What the made-up account keeps: the feed, and the ledger of the source.
fn bytes_of(account: &FakeAccount) -> u64 {
    let containers = [FEED, "ledger"].iter();
    containers.map(|it| account.stored_bytes(it).unwrap()).sum()
}

/// What a run took.
struct Used {
    /// The processors' time, without that of the made-up feed.
    cpu: Duration,
    /// The most bytes that were resident.
    peak: u64,
    /// The most bytes of these that the made-up account stored.
    account: u64,
}

fn write(feed: &mut FeedWriter, lake: &Lake, written: &mut u64, kept: &mut Vec<Hour>) {
    let now = Hour::of(lake.now());
    let happened = lake.happened();
    while *written < happened {
        let end = happened.min(*written + 1_000);
        let events = (*written..end).map(|change| {
            let (name, etag) = (lake.name(change), lake.etag(change));
            FeedEvent::created(CONTAINER, &name, &etag, lake.time(change))
        });
        feed.write(&events.collect::<Vec<_>>());
        for change in [*written, end - 1] {
            let hour = Hour::of(lake.time(change));
            if kept.last() != Some(&hour) {
                kept.push(hour);
            }
        }
        *written = end;
    }
    for hour in kept.iter().filter(|it| **it < now) {
        feed.finalize(*hour);
    }
    if let Some(over) = kept.iter().rfind(|it| **it < now) {
        feed.set_consumable(over.start());
    }
    while kept.len() > KEPT {
        feed.expire(kept.remove(0));
    }
}

fn tell(lake: &Lake, found: &Found, used: &Used, calls: &BTreeMap<String, u64>, hours: u64) {
    let missed = lake.changes() - found.count();
    let at = |part: f64| format!("{:.1} s", found.late(part));
    let mut rows = vec![row(["calls", "in the time", "a day"])];
    for (what, count) in calls {
        let a_day = count * 24 / hours;
        rows.push(row([what, &count.to_string(), &a_day.to_string()]));
    }
    let sweeps = 24 * 60 / 5;
    let listing = EXISTING / 5_000 * sweeps;
    rows.push(row([
        "instead: listing in 5 min, by arithmetic",
        "",
        &listing.to_string(),
    ]));
    print_table(
        &format!("{EXISTING} blobs, {CHANGES_A_MINUTE} changes a minute, {hours} h"),
        &rows,
    );
    print_table(
        "Found",
        &[
            row(["changes", &lake.changes().to_string()]),
            row(["lost by the queue", &lake.lost().to_string()]),
            row(["missed", &missed.to_string()]),
            row(["time to detect, p50", &at(0.50)]),
            row(["time to detect, p99", &at(0.99)]),
            row(["time to detect, longest", &at(1.0)]),
            row([
                "us of CPU a change",
                &format!("{:.0}", micros_each(used.cpu, lake.changes())),
            ]),
            row([
                "cores",
                &format!("{:.4}", used.cpu.as_secs_f64() / (hours * 3600) as f64),
            ]),
        ],
    );
    print_table(
        "Targets",
        &[
            row(["", "", "target", ""]),
            row([
                "missed or repeated",
                &missed.to_string(),
                "0",
                verdict(missed == 0),
            ]),
            row([
                "peak resident, with the made-up account",
                &megabytes(used.peak),
                &format!("< {}", megabytes(RESIDENT)),
                verdict(used.peak < RESIDENT),
            ]),
            row([
                "of that, bytes that the made-up account stores",
                &megabytes(used.account),
                "",
                "",
            ]),
        ],
    );
    assert_eq!(missed, 0, "blobs were missed");
}

fn thread_cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    let of = |time: nix::sys::time::TimeVal| {
        Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000)
    };
    of(usage.user_time()) + of(usage.system_time())
}
