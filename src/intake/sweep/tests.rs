#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, atomic::AtomicU64};

use tokio::{sync::mpsc, task::yield_now};

use super::*;
use crate::{
    config::SourceConfig,
    filter::{Filter, FilterSpec},
    gate::{Gate, Policy},
    ledger::offer::Offer,
    ledger::{facts::Facts, fingerprint::FingerprintKey},
    testing::{FakeListing, config},
};

const BLOBS: usize = 200;

fn sweeper(config: &SourceConfig, offers: mpsc::Sender<Offer>) -> Sweeper {
    let names: Vec<_> = (0..BLOBS).map(|n| format!("{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let key = FingerprintKey(1, 2);
    let filter = config.filter.spec().clone();
    let facts = Facts::new("c".to_owned(), key, filter, "", 0).baseline_complete();
    let policy = Policy::new(config.rules(), &facts);
    Sweeper {
        reader: RangeReader {
            listing: Arc::new(FakeListing::of(&names)),
            prefix: String::new(),
            gate: Arc::new(Gate::new(
                policy,
                (Arc::default(), Arc::default()),
                offers,
                mpsc::channel(1).0,
            )),
            stats: Arc::default(),
            seed: 1,
        },
        parallelism: 1,
        smallest_range: 1,
        last: Sample::default(),
        with_queue: false,
    }
}

/// How often another task had its turn while a page was judged with this pattern.
async fn turns(pattern: &str) -> u64 {
    let mut config = config();
    let patterns = vec![pattern.to_owned()];
    let prefix = String::new();
    config.filter = Filter::new(FilterSpec { prefix, patterns }).unwrap();
    let (offers, _offered) = mpsc::channel(BLOBS);
    let mut sweeper = sweeper(&config, offers);
    let turns = Arc::new(AtomicU64::new(0));
    let other = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            loop {
                turns.fetch_add(1, Relaxed);
                yield_now().await;
            }
        }
    });
    sweeper.sweep(&mut true).await.unwrap();
    other.abort();
    turns.load(Relaxed)
}

#[tokio::test]
async fn a_costly_filter_leaves_others_their_turns() {
    let cheap = turns("**/*.csv").await;
    assert!(cheap < 5, "{cheap}");
    // More than a thousand steps for a character of a name: a few names at once.
    let costly = turns(&format!("*{}", "{,}".repeat(250))).await;
    assert!(costly > 40, "{costly}");
}
