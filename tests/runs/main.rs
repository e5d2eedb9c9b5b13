//! Deterministic simulation of the whole way from a blob to its Workflow: sessions that confirm, their
//! ledger, Argo's client, bus and Sensor, the cluster and the watch over it, on paused time, from one seed.
//!
//! In the storm, storage calls fail, are slow, lose their answers or happen late; sessions crash at every
//! await point or are overlapped by their successors, whose clients live on as zombies; clients drop what
//! they cannot publish, and vanish; the bus is away, forgets, repeats and reorders; the Sensor comes late,
//! crashes before it acknowledges, and loses its rights; the watch is late, double, incomplete, or away;
//! Workflows are deleted; blobs are written, overwritten, stamped with metadata and deleted, copied by
//! copies that finish later or fail, and put into the Archive tier and back; people change `version`. In some worlds
//! Event Grid tells of them as well: late, twice, in no order, or never. In some the service writes a change feed: minutes
//! late, in bursts, into several shards, across the border of a segment. There the source has the feed alone, or with a
//! queue that loses messages, or with sweeps. In some, blobs are gathered into batches, by
//! rules that people change and turn off and on; what is said below of the event of a version is said of the batch
//! that it is in.
//! When it is over:
//!
//! 1. each blob version that can be read has exactly one Workflow in all of history, or one dead letter,
//!    and what cannot be read has none; where nothing is swept, a version that the feed does not tell of (metadata, a blob
//!    that came back from the Archive tier) has no more than one; of the second Sensor that some worlds have, and of another source
//!    over the same container, likewise,
//! 2. no event ever had two Workflows, whatever copies of it come later and whatever is deleted,
//! 3. no more Workflows are unfinished than the limit allows,
//! 4. an outage alone makes no dead letter,
//! 5. a session that was overtaken ends and sends nothing more,
//! 6. no notification is left, and none that can be read is taken for poison.
//!
//! `RUNS_SEEDS=100000` or `100000..200000` runs more, `RUNS_SEED=42` runs one and tells its story.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod fed;
mod letters;
mod notified;
mod oracle;
mod people;
mod tally;
mod world;

use std::{ops::Range, thread};

use tally::Tally;
use testkit::seeds::{catch, number, on_paused_time, range, replay, tell};
use world::{Mutant, World};

fn run(seed: u64, mutant: Mutant) -> Result<Tally, String> {
    on_paused_time(World::new(seed, mutant).run())
}

/// All seeds, on as many threads as there are processors for them.
fn run_all(seeds: Range<u64>) -> Result<Tally, String> {
    let threads = thread::available_parallelism().map_or(1, |n| n.get() as u64);
    let seeds = &seeds;
    let part = |first: u64| {
        let mut total = Tally::default();
        for seed in (seeds.start + first..seeds.end).step_by(threads as usize) {
            total.add(&run(seed, Mutant::None).map_err(|broken| {
                format!(
                    "seed {seed}: {broken}\n\
                     run it alone: RUNS_SEED={seed} cargo test --test runs one_way -- --nocapture"
                )
            })?);
        }
        Ok(total)
    };
    let parts: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|first| scope.spawn(move || part(first)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    parts.into_iter().try_fold(
        Tally::default(),
        |mut total, part: Result<Tally, String>| {
            total.add(&part?);
            Ok(total)
        },
    )
}

#[test]
fn one_way_to_exactly_one_run() {
    if let Some(seed) = number("RUNS_SEED") {
        tell(seed, |seed| run(seed, Mutant::None));
        return;
    }
    let seeds = range("RUNS_SEEDS", 10_000);
    let total = run_all(seeds.clone()).unwrap_or_else(|broken| panic!("{broken}"));
    println!("seeds {seeds:?}: {total:?}");
    assert!(
        total.is_a_storm(),
        "the storm is too mild to prove anything: {total:?}"
    );
}

#[test]
fn a_seed_replays() {
    replay(|seed| run(seed, Mutant::None));
}

fn is_caught(mutant: Mutant) {
    catch(mutant, 400, |seed| run(seed, mutant));
}

#[test]
fn done_at_send_is_caught() {
    is_caught(Mutant::DoneAtSend);
}

#[test]
fn sending_without_asking_what_is_there_is_caught() {
    is_caught(Mutant::NoConfirmBeforeSend);
}

#[test]
fn an_id_that_differs_from_time_to_time_is_caught() {
    is_caught(Mutant::IdFromTime);
}

#[test]
fn a_journal_without_fence_is_caught() {
    is_caught(Mutant::NoFence);
}

#[test]
fn a_lost_412_is_caught() {
    is_caught(Mutant::Lost412);
}

#[test]
fn redelivery_without_limit_is_caught() {
    is_caught(Mutant::NoLimit);
}

#[test]
fn sending_without_asking_who_owns_the_source_is_caught() {
    is_caught(Mutant::NoCheck);
}

#[test]
fn an_id_without_the_source_is_caught() {
    is_caught(Mutant::IdWithoutSource);
}

#[test]
fn confirming_with_any_object_is_caught() {
    is_caught(Mutant::AnyObjectConfirms);
}

#[test]
fn a_limit_on_workflows_that_is_ignored_is_caught() {
    is_caught(Mutant::ActiveWorkflowsIgnored);
}

#[test]
fn dead_letters_that_an_outage_makes_are_caught() {
    is_caught(Mutant::LettersInOutage);
}

#[test]
fn forgetting_which_batches_were_fixed_is_caught() {
    is_caught(Mutant::BatchForgotten);
}

#[test]
fn a_batch_that_is_done_at_send_is_caught() {
    is_caught(Mutant::BatchDoneAtSend);
}

#[test]
fn a_batch_sent_before_its_frame_is_durable_is_caught() {
    is_caught(Mutant::SentBeforeFrame);
}

#[test]
fn forgetting_at_once_what_one_listing_does_not_show_is_caught() {
    is_caught(Mutant::ForgetAtOnce);
}

#[test]
fn a_cursor_that_is_ahead_of_what_is_settled_is_caught() {
    is_caught(Mutant::CursorAhead);
}
