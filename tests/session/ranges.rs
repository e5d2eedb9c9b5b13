//! A sweep that lists several ranges of names at once.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering::SeqCst},
};

use azure_blob_eventsource::{
    gate::{Gate, Policy},
    intake::sweep::{Sweeper, plan::Sample, range::RangeReader},
    ledger::{
        facts::Facts,
        fingerprint::FingerprintKey,
        offer::{Offer, Subject},
    },
    metrics::SourceStats,
};
use testkit::{
    account::{FakeAccount, NewBlob, Order, StartFrom},
    faults::{Fault, FaultSource},
    ports::FakeListing,
    rng::Rng,
};
use tokio::sync::mpsc;

use crate::stage::{CONTAINER, SECOND, Stage};

const FOLDERS: [&str; 5] = ["a", "f", "f-0", "m", "x"];

fn name(number: u64) -> String {
    format!("{number:03}.csv")
}

/// The second sweep of 40 blobs can be in four ranges of ten.
fn stage(start_from: StartFrom) -> Stage {
    let mut stage = Stage::new().with_container();
    stage.account.set_page_size(3);
    stage.account.set_start_from(start_from);
    stage.smallest_range = 10;
    (0..40).for_each(|number| {
        stage.put(&name(number));
    });
    stage
}

async fn finds_all(start_from: StartFrom) -> Arc<SourceStats> {
    let mut stage = stage(start_from);
    let mut stream = stage.start();
    for number in 0..40 {
        assert_eq!(stream.next().await, name(number));
    }
    tokio::time::sleep(11 * SECOND).await;
    let new = ["0", "005.x", "015.x", "025.x", "039.csv.x", "z"];
    stage.put_all(new);
    let mut found = Vec::new();
    for _ in new {
        found.push(stream.next().await);
    }
    found.sort();
    assert_eq!(found, new);
    stream.expect_silence(30 * SECOND).await;
    stream.stats
}

#[tokio::test(start_paused = true)]
async fn new_blobs_are_found_in_each_range() {
    let stats = finds_all(StartFrom::Known).await;
    // Each blob is counted once a sweep, though the pages of ranges overlap.
    let (sweeps, listed) = (stats.sweeps.load(SeqCst), stats.blobs_listed.load(SeqCst));
    assert_eq!(listed, 40 * 2 + 46 * (sweeps - 2));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ignores_the_start_is_listed_as_one() {
    finds_all(StartFrom::Ignored).await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_the_start_is_listed_as_one() {
    finds_all(StartFrom::Refused).await;
}

#[tokio::test(start_paused = true)]
async fn ranges_are_listed_at_the_same_time() {
    let mut stage = stage(StartFrom::Known);
    stage.listing_faults = FaultSource::new(|_| Fault::Slow(SECOND));
    let mut stream = stage.start();
    for number in 0..40 {
        assert_eq!(stream.next().await, name(number));
    }
    let mut took = Vec::new();
    for sweeps in [1, 2] {
        stream.until_sweeps(sweeps).await;
        took.push(stream.stats.last_sweep_millis.load(SeqCst));
    }
    // Fourteen pages one after the other; then four ranges of four pages, and one more to see where a range ends.
    assert_eq!(took, [14_000, 5_000]);
}

#[tokio::test(start_paused = true)]
async fn a_name_between_two_ranges_of_a_service_with_another_order_is_found() {
    let mut stage = Stage::new().with_container();
    stage.account.set_page_size(3);
    stage.account.set_order(Order::Folders);
    stage.smallest_range = 5;
    // In the order of bytes, too: the second sweep has a range that begins at `m-0/1.csv`.
    let names = [
        "l/0", "l/1", "l/2", "l/3", "l/4", "m-0/0", "m-0/1", "m-0/2", "m-0/3", "m-0/4", "m-0/5",
        "m-0/6",
    ];
    let names = names.map(|it| format!("{it}.csv"));
    names.iter().for_each(|it| _ = stage.put(it));
    let mut stream = stage.start();
    stream.take(names.len()).await;
    tokio::time::sleep(11 * SECOND).await;
    assert_eq!(stream.stats.error(), None);
    // It comes before all of `m-0/` there, and after all of it in the order of bytes.
    stage.put("m/new.csv");
    assert_eq!(stream.take(1).await, ["m/new.csv"]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_be_offered_when_ranges_are_given_up_is_offered_again() {
    let account = FakeAccount::new();
    account.create_container(CONTAINER).unwrap();
    account.set_page_size(4);
    account.set_start_from(StartFrom::Ignored);
    let put = |name: &str| account.put(CONTAINER, name, NewBlob::new("x")).unwrap();
    (0..8).for_each(|number| _ = put(&name(number)));
    let mut calls = 0;
    let faults = FaultSource::new(move |_| {
        calls += 1;
        // Two pages of the first sweep and one of the first range. The answer of the second range comes later.
        if calls > 3 {
            Fault::Slow(SECOND)
        } else {
            Fault::None
        }
    });
    let listing = FakeListing::new(account.clone(), CONTAINER, faults);
    let (offers, mut offered) = mpsc::channel(1);
    let mut sweeper = sweeper(listing, 2, offers);
    let mut sweeps = tokio::spawn(async move {
        sweeper.sweep(&mut true).await.unwrap();
        sweeper
    });
    for _ in 0..8 {
        offered.recv().await.unwrap();
    }
    let mut sweeper = (&mut sweeps).await.unwrap();
    let new: Vec<_> = (0..6).map(|number| format!("-{number}")).collect();
    new.iter().for_each(|name| _ = put(name));
    let sweep = tokio::spawn(async move { sweeper.sweep(&mut true).await.map(|_| ()) });
    // Nobody takes an offer until the ranges are given up.
    tokio::time::sleep(3 * SECOND).await;
    let mut found = Vec::new();
    while let Ok(Some(offer)) = tokio::time::timeout(60 * SECOND, offered.recv()).await {
        found.push(offer.subject.to_string());
    }
    sweep.await.unwrap().unwrap();
    found.sort();
    assert_eq!(found, new);
}

/// What sweeps `listing` in ranges of two blobs or more.
fn sweeper(listing: FakeListing, parallelism: usize, offers: mpsc::Sender<Offer>) -> Sweeper {
    let config = Stage::new().config;
    let (spec, key) = (config.filter.spec().clone(), FingerprintKey(1, 2));
    let facts = Facts::new("c".to_owned(), key, spec, "", 0).baseline_complete();
    let policy = Policy::new(config.rules(), &facts);
    let ledger = (Arc::default(), Arc::default());
    let gate = Gate::new(policy, ledger, offers, mpsc::channel(1).0);
    Sweeper {
        reader: RangeReader {
            listing: Arc::new(listing),
            prefix: String::new(),
            gate: Arc::new(gate),
            stats: Arc::default(),
            seed: 1,
        },
        parallelism,
        smallest_range: 2,
        last: Sample::default(),
        with_queue: false,
    }
}

/// What sweeps find, by name: how often.
struct Sweeps {
    sweeper: Sweeper,
    offers: mpsc::UnboundedReceiver<Offer>,
    found: BTreeMap<String, usize>,
}

impl Sweeps {
    fn new(listing: FakeListing, parallelism: usize) -> Self {
        let (to_offers, mut offered) = mpsc::channel(1);
        let (to_all, offers) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(offer) = offered.recv().await {
                to_all.send(offer).unwrap();
            }
        });
        Self {
            sweeper: sweeper(listing, parallelism, to_offers),
            offers,
            found: BTreeMap::new(),
        }
    }

    async fn sweep(&mut self) {
        self.sweeper.sweep(&mut true).await.unwrap();
        tokio::task::yield_now().await;
        while let Ok(offer) = self.offers.try_recv() {
            let Subject::Blob { blob, .. } = offer.subject else {
                panic!("no batch was asked for");
            };
            *self.found.entry(blob.name.to_string()).or_default() += 1;
        }
    }
}

fn write(account: &FakeAccount, rng: &mut Rng) {
    let names = account.names(CONTAINER);
    if rng.chance(300) && !names.is_empty() {
        account
            .delete(CONTAINER, rng.pick::<String>(&names))
            .unwrap();
        return;
    }
    // No name comes a second time.
    let (folder, number) = (rng.pick(&FOLDERS), rng.below(30));
    let name = format!("{folder}/{number}-{:x}", rng.next_u64());
    account.put(CONTAINER, &name, NewBlob::new("x")).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_there_all_along_is_found_once_whatever_is_written_meanwhile() {
    for seed in 0..300 {
        let mut rng = Rng::new(seed);
        let account = FakeAccount::new();
        account.create_container(CONTAINER).unwrap();
        account.set_page_size(1 + rng.below(7) as usize);
        account.set_empty_pages(rng.chance(200));
        account.set_order(*rng.pick(&[Order::Bytes, Order::Bytes, Order::Folders]));
        for _ in 0..rng.below(80) {
            write(&account, &mut rng);
        }
        let mut writes = rng.fork();
        let listing = FakeListing::new(account.clone(), CONTAINER, FaultSource::none());
        let listing = listing.between_pages(move |account, _| {
            while writes.chance(300) {
                write(account, &mut writes);
            }
        });
        let mut sweeps = Sweeps::new(listing, 1 + rng.below(8) as usize);
        for number in 0..4 {
            let before = account.names(CONTAINER);
            let listed = sweeps.sweeper.reader.stats.blobs_listed.load(SeqCst);
            sweeps.sweep().await;
            let after = account.names(CONTAINER);
            let stayed = || before.iter().filter(|it| after.contains(it));
            let missed = stayed().find(|it| !sweeps.found.contains_key(*it));
            assert_eq!(missed, None, "seed {seed}, sweep {number}");
            let twice = sweeps.found.iter().find(|(_, times)| **times != 1);
            assert_eq!(twice, None, "seed {seed}, sweep {number}");
            let listed = sweeps.sweeper.reader.stats.blobs_listed.load(SeqCst) - listed;
            assert!(
                listed >= stayed().count() as u64,
                "seed {seed}, sweep {number}"
            );
        }
    }
}
