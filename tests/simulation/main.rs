//! Deterministic simulation: sessions, their ledger and their clients on a storage account that
//! fails, on paused time, from one seed.
//!
//! In the storm, calls fail, are slow, lose their answers or happen late; sessions crash at every
//! await point or are overlapped by their successors; clients vanish with what was sent to them;
//! blobs are written, overwritten and deleted while sweeps pass over them. When it is over:
//!
//! 1. every matching blob version that is there was delivered to a client that was there to take it,
//! 2. nothing that the ledger holds as done was delivered to nobody,
//! 3. a clean restart delivers nothing again.
//!
//! `SIMULATION_SEEDS=100000` runs more, `SIMULATION_SEED=42` runs one and tells its story.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod client;
mod mutants;
mod tally;
mod world;

use std::env;

use tally::Tally;
use world::{Mutant, World};

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

fn run(seed: u64, mutant: Mutant) -> Result<Tally, String> {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(World::new(seed, mutant).run())
}

#[test]
fn every_blob_is_delivered_whatever_fails() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let _ = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .without_time()
            .try_init();
        let tally =
            run(seed, Mutant::None).unwrap_or_else(|broken| panic!("seed {seed}: {broken}"));
        println!("seed {seed}: {tally:?}");
        return;
    }
    let seeds = number("SIMULATION_SEEDS").unwrap_or(1_000);
    let mut total = Tally::default();
    for seed in 0..seeds {
        match run(seed, Mutant::None) {
            Ok(tally) => total.add(&tally),
            Err(broken) => panic!(
                "{broken}\nrun it alone: SIMULATION_SEED={seed} cargo test --test simulation -- --nocapture"
            ),
        }
    }
    println!("{seeds} seeds: {total:?}");
    assert!(
        total.is_a_storm(),
        "the storm is too mild to prove anything: {total:?}"
    );
}

#[test]
fn a_seed_replays() {
    for seed in [3, 14, 15] {
        let stories = [(); 2].map(|()| format!("{:?}", run(seed, Mutant::None)));
        assert_eq!(stories[0], stories[1]);
    }
}

fn is_caught(mutant: Mutant) {
    let caught = (0..300).find(|seed| run(*seed, mutant).is_err());
    let seed = caught
        .unwrap_or_else(|| panic!("{mutant:?} was not caught: the simulation proves nothing"));
    println!(
        "{mutant:?} is caught by seed {seed}: {}",
        run(seed, mutant).unwrap_err()
    );
}

#[test]
fn done_at_send_is_caught() {
    is_caught(Mutant::DoneAtSend);
}

#[test]
fn a_lost_412_is_caught() {
    is_caught(Mutant::Lost412);
}

#[test]
fn a_journal_without_fence_is_caught() {
    is_caught(Mutant::NoFence);
}

#[test]
fn an_error_taken_for_the_end_of_a_listing_is_caught() {
    is_caught(Mutant::ErrorIsTheEnd);
}

#[test]
fn a_watermark_in_place_of_the_ledger_is_caught() {
    is_caught(Mutant::Watermark);
}
