#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use proptest::prelude::*;

use super::*;
use crate::{batch::rules::By, ledger::offer::Origin};

const SECOND: Duration = Duration::from_secs(1);

fn rules() -> BatchRules {
    BatchRules {
        by: By::Folder,
        max_blobs: 3,
        max_bytes: Some(100),
        max_wait: Some(60 * SECOND),
        quiet: Some(10 * SECOND),
        keep: Duration::ZERO,
    }
}

fn offer(name: &str, size: u64, version: u64) -> Offer {
    Offer {
        subject: Subject::Blob {
            blob: Blob {
                name: name.to_owned(),
                etag: format!("0x{version}"),
                last_modified: version as i64,
                size,
                ..Blob::default()
            },
            fingerprint: Fingerprint::from_bits(version << 8),
        },
        origin: Origin::Found,
    }
}

fn names(closed: &Closed) -> Vec<&str> {
    closed.blobs.iter().map(|it| it.name.as_str()).collect()
}

/// The one that closed.
fn one(mut closed: Vec<Closed>) -> Closed {
    assert_eq!(closed.len(), 1, "{closed:?}");
    closed.remove(0)
}

#[test]
fn a_batch_closes_when_it_has_enough_blobs_and_is_sorted_by_name() {
    let (mut open, now) = (OpenBatches::new(rules()), Instant::now());
    assert_eq!(open.add(offer("f/c", 1, 1), now), []);
    assert_eq!(open.add(offer("f/a", 1, 2), now), []);
    // Of another group.
    assert_eq!(open.add(offer("g/b", 1, 3), now), []);
    let closed = one(open.add(offer("f/b", 1, 4), now));
    assert_eq!(names(&closed), ["f/a", "f/b", "f/c"]);
    assert_eq!(
        (&*closed.group, closed.closed_by),
        ("f", ClosedBy::MaxBlobs)
    );
    assert_eq!((open.len(), open.blobs()), (1, 1));
}

#[test]
fn bytes_are_a_bound_and_what_is_too_large_is_alone() {
    let (mut open, now) = (OpenBatches::new(rules()), Instant::now());
    open.add(offer("f/a", 60, 1), now);
    let closed = one(open.add(offer("f/b", 41, 2), now));
    assert_eq!(
        (names(&closed), closed.closed_by),
        (vec!["f/a"], ClosedBy::MaxBytes)
    );
    let both = open.add(offer("f/huge", 1000, 3), now);
    let both: Vec<_> = both.iter().map(names).collect();
    assert_eq!(both, [["f/b"], ["f/huge"]]);
    let closed = one(open.add(offer("f/all", 100, 4), now));
    assert_eq!(closed.closed_by, ClosedBy::MaxBytes);
    assert!(open.is_empty());
}

#[test]
fn quiet_begins_anew_with_each_blob_and_waiting_does_not() {
    let (mut open, now) = (OpenBatches::new(rules()), Instant::now());
    for (name, after) in [("f/a", 0), ("f/b", 9)] {
        let now = now + after * SECOND;
        assert_eq!(open.take_due(now), None);
        open.add(offer(name, 1, 1), now);
    }
    assert_eq!(open.next_due(), Some(now + 19 * SECOND));
    assert_eq!(open.take_due(now + 18 * SECOND), None);
    let closed = open.take_due(now + 19 * SECOND).unwrap();
    assert_eq!(
        (names(&closed), closed.closed_by),
        (vec!["f/a", "f/b"], ClosedBy::Quiet)
    );
    let mut slow = OpenBatches::new(BatchRules {
        max_blobs: 100,
        ..rules()
    });
    for after in (0..60).step_by(6) {
        slow.add(
            offer(&format!("f/{after}"), 1, after),
            now + after as u32 * SECOND,
        );
    }
    assert_eq!(slow.next_due(), Some(now + 60 * SECOND));
    let closed = slow.take_due(now + 60 * SECOND).unwrap();
    assert_eq!(
        (closed.blobs.len(), closed.closed_by),
        (10, ClosedBy::MaxWait)
    );
}

#[test]
fn of_a_blob_that_is_overwritten_while_it_waits_the_latest_version_is_announced() {
    let (mut open, now) = (OpenBatches::new(rules()), Instant::now());
    open.add(offer("f/a", 7, 5), now);
    open.add(offer("f/a", 9, 6), now);
    // An older one that comes late.
    let closed = one(open.add(offer("f/a", 1, 4), now));
    assert_eq!(closed.blobs.len(), 1);
    assert_eq!(
        (closed.blobs[0].size, closed.blobs[0].last_modified),
        (9, 6)
    );
    assert_eq!(closed.members.len(), 3);
}

#[test]
fn one_group_too_many_closes_the_one_that_has_waited_longest() {
    let (mut open, now) = (OpenBatches::bounded(rules(), 2, 1000), Instant::now());
    open.add(offer("a/1", 1, 1), now);
    open.add(offer("b/1", 1, 2), now + SECOND);
    open.add(offer("a/2", 1, 3), now + 2 * SECOND);
    let closed = one(open.add(offer("c/1", 1, 4), now + 3 * SECOND));
    assert_eq!(
        (names(&closed), closed.closed_by),
        (vec!["a/1", "a/2"], ClosedBy::OpenGroups)
    );
    let mut many = OpenBatches::bounded(rules(), 1000, 2);
    many.add(offer("a/1", 1, 1), now);
    many.add(offer("b/1", 1, 2), now + SECOND);
    let closed = one(many.add(offer("c/1", 1, 3), now + SECOND));
    assert_eq!(names(&closed), ["a/1"]);
}

#[test]
fn what_a_replay_asks_for_is_never_among_others() {
    let (mut open, now) = (OpenBatches::new(rules()), Instant::now());
    open.add(offer("f/a", 1, 1), now);
    let replayed = Offer {
        origin: Origin::Replay {
            name: "r1".into(),
            is_alone: false,
        },
        ..offer("f/b", 1, 2)
    };
    open.add(replayed, now);
    let all: Vec<_> = std::iter::from_fn(|| open.take_any()).collect();
    assert_eq!(all.len(), 2);
    assert_eq!(all[1].replay.as_deref(), Some("r1"));
    assert!(all.iter().all(|it| it.closed_by == ClosedBy::End));
}

#[derive(Debug, Clone)]
enum Step {
    Add { folder: u8, name: u8, size: u64 },
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let add = (0..4_u8, 0..9_u8, 0..130_u64).prop_map(|(folder, name, size)| Step::Add {
        folder,
        name,
        size,
    });
    let wait = (1..40_u64).prop_map(Step::Wait);
    prop::collection::vec(prop_oneof![3 => add, 1 => wait], 0..80)
}

proptest! {
    /// No version twice, none left over, each in a batch of its group, and all bounds kept.
    #[test]
    fn each_version_is_in_one_batch_within_its_bounds(steps in steps(), most in 1..6_usize) {
        let rules = BatchRules { max_blobs: most, ..rules() };
        let mut open = OpenBatches::bounded(rules, 3, 7);
        let (mut now, mut version, mut closed) = (Instant::now(), 0_u64, Vec::new());
        for step in &steps {
            match step {
                Step::Wait(seconds) => {
                    let end = now + *seconds as u32 * SECOND;
                    while let Some(due) = open.next_due().filter(|due| *due <= end) {
                        prop_assert!(due >= now);
                        closed.extend(open.take_due(due));
                    }
                    now = end;
                }
                Step::Add { folder, name, size } => {
                    version += 1;
                    let more = open.add(offer(&format!("{folder}/{name}"), *size, version), now);
                    prop_assert!(more.len() <= 3);
                    closed.extend(more);
                }
            }
            prop_assert!(open.len() <= 3 && open.blobs() <= 7);
            let waiting = open.waiting(now).map(|it| it.blobs).sum::<usize>();
            prop_assert_eq!(waiting, open.blobs());
            prop_assert!(open.waiting(now).all(|it| it.waits < 60 * SECOND));
        }
        closed.extend(std::iter::from_fn(|| open.take_any()));
        prop_assert_eq!((open.len(), open.blobs(), open.next_due()), (0, 0, None));
        let mut members: Vec<_> = closed
            .iter()
            .flat_map(|it| &it.members)
            .map(|it| it.to_bits() >> 8)
            .collect();
        members.sort_unstable();
        prop_assert_eq!(members, (1..=version).collect::<Vec<_>>());
        for batch in &closed {
            let bytes: u64 = batch.blobs.iter().map(|it| it.size).sum();
            prop_assert!(bytes <= 100 || batch.blobs.len() == 1);
            prop_assert!(!batch.blobs.is_empty() && batch.members.len() <= most);
            prop_assert!(batch.blobs.is_sorted_by(|a, b| a.name < b.name));
            prop_assert!(batch.blobs.iter().all(|it| By::Folder.group_of(&it.name) == &*batch.group));
        }
    }

    /// In whatever order blobs come at one moment, they are together with the same others where no bound parts them.
    #[test]
    fn the_order_of_arrival_is_not_in_the_batch(names in prop::collection::btree_set("[ab]/[a-z]{1,3}", 1..12), seed in any::<u64>()) {
        let rules = BatchRules { max_blobs: 100, max_bytes: None, ..rules() };
        let now = Instant::now();
        let batches = |names: &[&String]| {
            let mut open = OpenBatches::new(rules.clone());
            for name in names {
                open.add(offer(name, 1, 1), now);
            }
            let mut all: Vec<_> = std::iter::from_fn(|| open.take_due(now + 10 * SECOND)).collect();
            all.sort_by(|a, b| a.group.cmp(&b.group));
            all
        };
        let sorted: Vec<_> = names.iter().collect();
        let mut mixed = sorted.clone();
        mixed.sort_by_key(|name| seed.wrapping_mul(name.len() as u64 * 31 + u64::from(name.as_bytes()[2])));
        prop_assert_eq!(batches(&sorted), batches(&mixed));
    }
}
