//! Deterministic simulation: sessions, their ledger and their clients on a storage account that
//! fails, on paused time, from one seed.
//!
//! In the storm, calls fail, are slow, lose their answers or happen late; sessions crash at every
//! await point or are overlapped by their successors; clients vanish with what was sent to them;
//! blobs are written, overwritten, stamped with metadata, copied by copies that finish later or fail, and
//! deleted while sweeps pass over them; listings are wrongly empty, once a session. A sweep lists up to four ranges of
//! names at once; half of the services ignore or refuse that, and a quarter sort names in another order.
//!
//! In some worlds Event Grid tells of what happens by messages in a queue: late, by seconds or by
//! hours, in no order, several times, between messages of other things and some that nobody can read. Leases
//! on messages are lost. In some of these sweeps or the change feed find
//! blobs as well, and some notifications never come; in the others notifications are all that there is.
//!
//! In some worlds the service writes a change feed: minutes late, in bursts, into several shards and chunks, across the border
//! of a segment, in any version of its schema. There the container is listed only for what the feed cannot tell; some
//! of these worlds have a queue or sweeps as well.
//!
//! In three of ten worlds blobs are gathered into batches, by rules that people change between sessions and turn off
//! and on. Each version counts, and so does the id of the batch that it was in. When the storm is over:
//!
//! 1. every matching blob version that is there and can be read was delivered to a client that was there
//!    to take it, and none that cannot be read was delivered; without sweeps that is asked of the versions that Event
//!    Grid or the feed told of, and of what happened to copies whose start they told of,
//! 2. nothing that the ledger holds as done was delivered to nobody,
//! 3. a clean restart delivers nothing again, and no version was announced with two ids,
//! 4. where the state container takes up to two seconds for each call, a new blob still comes within one
//!    interval and five seconds, one that is told of within fifteen, and one that the feed shows within a minute,
//! 5. the queue is empty, what nobody can read is in the poison queue, and nothing else is,
//! 6. a message whose event waits for twenty minutes is received once.
//!
//! `SIMULATION_SEEDS=100000` or `100000..200000` runs more, `SIMULATION_SEED=42` runs one and tells its story.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod client;
mod mutants;
mod tally;
mod world;

use tally::Tally;
use testkit::seeds::{catch, number, on_paused_time, range, replay, tell};
use world::{Mutant, World};

fn run(seed: u64, mutant: Mutant) -> Result<Tally, String> {
    on_paused_time(World::new(seed, mutant).run())
}

#[test]
fn every_blob_is_delivered_whatever_fails() {
    if let Some(seed) = number("SIMULATION_SEED") {
        tell(seed, |seed| run(seed, Mutant::None));
        return;
    }
    let seeds = range("SIMULATION_SEEDS", 1_000);
    let mut total = Tally::default();
    for seed in seeds.clone() {
        match run(seed, Mutant::None) {
            Ok(tally) => total.add(&tally),
            Err(broken) => panic!(
                "{broken}\nrun it alone: SIMULATION_SEED={seed} cargo test --test simulation -- --nocapture"
            ),
        }
    }
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
    catch(mutant, 300, |seed| run(seed, mutant));
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
    // Where several ranges are listed, their borders show it: only a listing in one range is fooled.
    catch(Mutant::ErrorIsTheEnd, 3_000, |seed| {
        run(seed, Mutant::ErrorIsTheEnd)
    });
}

#[test]
fn a_watermark_in_place_of_the_ledger_is_caught() {
    is_caught(Mutant::Watermark);
}

#[test]
fn forgetting_at_once_what_one_listing_does_not_show_is_caught() {
    is_caught(Mutant::ForgetAtOnce);
}

#[test]
fn a_message_deleted_when_its_event_is_sent_is_caught() {
    is_caught(Mutant::AckAtSend);
}

#[test]
fn a_message_deleted_when_its_version_is_merely_under_way_is_caught() {
    is_caught(Mutant::AckUnderWay);
}

#[test]
fn a_lease_that_is_not_renewed_is_caught() {
    is_caught(Mutant::NoRenewal);
}

#[test]
fn a_batch_sent_before_its_frame_is_durable_is_caught() {
    is_caught(Mutant::SentBeforeFrame);
}

#[test]
fn members_that_are_looked_up_at_the_send_are_caught() {
    is_caught(Mutant::MembersFromMemory);
}

#[test]
fn the_id_of_a_batch_from_its_time_is_caught() {
    is_caught(Mutant::BatchIdFromTime);
}

#[test]
fn a_range_that_ends_with_its_first_page_is_caught() {
    is_caught(Mutant::FirstPageOfRange);
}

#[test]
fn a_cursor_that_is_ahead_of_what_is_settled_is_caught() {
    is_caught(Mutant::CursorAhead);
}

#[test]
fn a_cursor_without_fence_is_caught() {
    is_caught(Mutant::CursorWithoutFence);
}

#[test]
fn forgetting_at_once_what_feed_and_queue_tell_of_is_caught() {
    is_caught(Mutant::ForgetFed);
}

#[test]
fn forgetting_at_once_what_was_notified_is_caught() {
    is_caught(Mutant::ForgetNotified);
}
