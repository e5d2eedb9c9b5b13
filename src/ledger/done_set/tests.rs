#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::ledger::fingerprint::FingerprintKey;

const KEY: FingerprintKey = FingerprintKey(3, 4);
const HOUR: Duration = Duration::from_secs(3600);

fn prints<const N: usize>(names: [&str; N]) -> [Fingerprint; N] {
    names.map(|name| KEY.of(name, "1"))
}

fn numbered(count: usize) -> Vec<Fingerprint> {
    (0..count).map(|n| KEY.of(&n.to_string(), "1")).collect()
}

fn all(set: &DoneSet) -> BTreeSet<Fingerprint> {
    set.iter().collect()
}

/// Sweeps of a set, an hour apart.
struct Sweeps {
    set: DoneSet,
    now: Instant,
    rule: Forgetting,
}

impl Sweeps {
    fn of(done: &[Fingerprint]) -> Self {
        let mut set = DoneSet::default();
        done.iter().for_each(|f| set.insert(*f));
        Self {
            set,
            now: Instant::now(),
            rule: Forgetting::default(),
        }
    }

    /// A complete sweep that sees these, and finds so many that are new.
    fn sweep(&mut self, there: &[Fingerprint], appeared: usize) -> Swept {
        self.now += HOUR;
        self.set.start_sweep();
        there.iter().for_each(|f| _ = self.set.see(*f));
        let end = SweepEnd {
            covered: true,
            appeared,
            now: self.now,
        };
        self.set.finish_sweep(end, &self.rule)
    }

    fn hours(&mut self, hours: usize, there: &[Fingerprint]) -> usize {
        (0..hours).map(|_| self.sweep(there, 0).forgotten).sum()
    }
}

#[test]
fn what_is_missing_is_remembered_for_eight_days_and_three_sweeps() {
    let [a, b] = prints(["a", "b"]);
    let mut sweeps = Sweeps::of(&[a, b]);
    assert_eq!(sweeps.sweep(&[a], 0).gone, 1);
    assert_eq!(sweeps.hours(8 * 24 - 1, &[a]), 0);
    assert_eq!(all(&sweeps.set), BTreeSet::from([a, b]));
    assert_eq!(sweeps.sweep(&[a], 0).forgotten, 1);
    assert_eq!(all(&sweeps.set), BTreeSet::from([a]));

    let mut sweeps = Sweeps::of(&[a, b]);
    for forgotten in [0, 0, 1] {
        sweeps.now += 9 * 24 * HOUR;
        assert_eq!(sweeps.sweep(&[a], 0).forgotten, forgotten);
    }
}

#[test]
fn what_comes_back_is_done_and_begins_anew_when_it_goes_again() {
    let [a, b] = prints(["a", "b"]);
    let mut sweeps = Sweeps::of(&[a, b]);
    assert_eq!(sweeps.hours(7 * 24, &[a]), 0);
    assert!(sweeps.set.see(b), "it came back and is not known");
    assert_eq!(sweeps.sweep(&[a, b], 0).missing, 0);
    assert_eq!(sweeps.hours(8 * 24, &[a]), 0);
    assert_eq!(sweeps.hours(1, &[a]), 1);
}

#[test]
fn a_listing_that_is_wrongly_empty_is_doubted_and_forgets_nothing() {
    let done = numbered(3_000);
    let mut sweeps = Sweeps::of(&done);
    assert_eq!(sweeps.sweep(&done[10..], 0).missing, 10);
    // The ten are due, and yet they stay while the listing may be wrong.
    assert_eq!(sweeps.hours(8 * 24 - 1, &done[10..]), 0);
    let empty = sweeps.sweep(&[], 0);
    assert_eq!((empty.gone, empty.of), (2_990, 2_990));
    assert!(empty.doubted.is_some());
    assert_eq!((empty.forgotten, empty.missing), (0, 10));
    let back = sweeps.sweep(&done[10..], 0);
    assert_eq!((back.gone, back.doubted, back.forgotten), (0, None, 10));
    assert_eq!(sweeps.set.len(), 2_990);
}

#[test]
fn a_doubt_ends_after_a_day_and_then_the_blobs_are_missing() {
    let done = numbered(3_000);
    let mut sweeps = Sweeps::of(&done);
    for _ in 0..24 {
        assert!(sweeps.sweep(&done[..5], 0).doubted.is_some());
        assert_eq!(sweeps.set.len(), 3_000);
    }
    let swept = sweeps.sweep(&done[..5], 0);
    assert_eq!((swept.doubted, swept.missing), (None, 2_995));
    assert_eq!(sweeps.hours(8 * 24 - 1, &done[..5]), 0);
    assert_eq!(sweeps.hours(1, &done[..5]), 2_995);
}

#[test]
fn blobs_that_are_all_written_anew_raise_no_doubt_and_few_blobs_neither() {
    let done = numbered(3_000);
    let mut sweeps = Sweeps::of(&done);
    let swept = sweeps.sweep(&[], 3_000);
    assert_eq!((swept.doubted, swept.missing), (None, 3_000));
    let mut sweeps = Sweeps::of(&done[..999]);
    let swept = sweeps.sweep(&[], 0);
    assert_eq!((swept.doubted, swept.missing), (None, 999));
    assert_eq!(sweeps.set.len(), 999);
}

#[test]
fn no_more_are_missing_than_the_bound_and_the_oldest_go_first() {
    let done = numbered(100);
    let mut sweeps = Sweeps::of(&done);
    sweeps.rule.most = 30;
    // Half of those that are there is more than the bound.
    assert_eq!(sweeps.sweep(&done[20..], 0).missing, 20);
    assert_eq!(sweeps.hours(48, &done[20..]), 0);
    assert_eq!(sweeps.sweep(&done[40..], 0).forgotten, 10);
    assert_eq!(sweeps.set.len(), 90);
    assert!(done[20..].iter().all(|f| sweeps.set.see(*f)));
}

#[test]
fn a_sweep_that_does_not_cover_the_set_misses_only_what_it_has_seen_before() {
    let [outside, gone, there] = prints(["a", "b", "c"]);
    let mut set = DoneSet::default();
    [outside, gone, there]
        .into_iter()
        .for_each(|f| set.restore(f));
    let end = SweepEnd {
        covered: false,
        appeared: 0,
        now: Instant::now(),
    };
    let rule = Forgetting {
        after: Duration::ZERO,
        sweeps: 1,
        ..Forgetting::default()
    };
    set.start_sweep();
    assert!(set.see(gone) && set.see(there));
    assert_eq!(set.finish_sweep(end, &rule).forgotten, 0);
    set.start_sweep();
    set.see(there);
    assert_eq!(set.finish_sweep(end, &rule).forgotten, 1);
    assert_eq!(all(&set), BTreeSet::from([outside, there]));
}

#[test]
fn what_is_done_where_nothing_is_swept_is_not_gone() {
    let mut set = DoneSet::default();
    let [elsewhere] = prints(["elsewhere"]);
    let end = SweepEnd {
        covered: false,
        appeared: 0,
        now: Instant::now(),
    };
    set.start_sweep();
    set.insert_earlier(elsewhere);
    for _ in 0..5 {
        assert_eq!(set.finish_sweep(end, &Forgetting::default()).gone, 0);
        set.start_sweep();
    }
    assert!(set.contains(elsewhere));
}

#[test]
fn a_sweep_that_broke_off_makes_the_next_one_miss_nothing_that_is_there() {
    let [a, b] = prints(["a", "b"]);
    let mut sweeps = Sweeps::of(&[a, b]);
    sweeps.set.start_sweep();
    sweeps.set.see(a);
    assert_eq!(sweeps.sweep(&[a, b], 0).gone, 0);
}

proptest! {
    #[test]
    fn it_is_a_set(bits in prop::collection::vec(any::<u64>(), 0..300)) {
        let mut set = DoneSet::default();
        let prints = bits.iter().map(|b| Fingerprint::from_bits(*b));
        prints.clone().for_each(|f| set.insert(f));
        let expected: BTreeSet<_> = prints.clone().collect();
        prop_assert_eq!(set.len(), expected.len());
        prop_assert!(prints.clone().all(|f| set.see(f)));
        prop_assert_eq!(all(&set), expected);
    }

    /// Whatever sweeps see: what was missed in fewer than three of them in a row is known, and so is
    /// what is there; nothing is known twice.
    #[test]
    fn nothing_is_forgotten_before_its_third_sweep(
        sweeps in prop::collection::vec(prop::collection::vec(any::<bool>(), 8), 1..40),
    ) {
        let done = numbered(8);
        let mut model = Sweeps::of(&done);
        model.rule.after = Duration::ZERO;
        let mut missed = [0; 8];
        let mut forgotten = [false; 8];
        for seen in sweeps {
            let there: Vec<_> = (0..8).filter(|n| seen[*n] && !forgotten[*n]).collect();
            let prints: Vec<_> = there.iter().map(|n| done[*n]).collect();
            model.sweep(&prints, 0);
            let known = all(&model.set);
            prop_assert_eq!(known.len(), model.set.len());
            for n in 0..8 {
                missed[n] = if there.contains(&n) { 0 } else { missed[n] + 1 };
                forgotten[n] = !known.contains(&done[n]);
                prop_assert!(!forgotten[n] || missed[n] >= 3);
            }
        }
    }
}
