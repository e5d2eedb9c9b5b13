use super::*;
use crate::{
    blob::Blob,
    ledger::{
        fingerprint::Fingerprint,
        offer::{Origin, Subject},
    },
};

const SECOND: Duration = Duration::from_secs(1);
const RULES: Redelivery = Redelivery {
    deadline: Duration::from_secs(60),
    max_attempts: 3,
    give_up_after: Duration::from_secs(3600),
};

/// Events by number, on a clock of their own.
struct Stage {
    start: Instant,
    unconfirmed: Unconfirmed,
}

impl Stage {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            unconfirmed: Unconfirmed::new(RULES, Seen::only(0), 7),
        }
    }

    fn at(&self, seconds: f64) -> Moment {
        let since = Duration::from_secs_f64(seconds);
        Moment {
            at: self.start + since,
            clock: OffsetDateTime::UNIX_EPOCH + since,
        }
    }

    fn send(&mut self, id: u128, seconds: f64) {
        let moment = self.at(seconds);
        let id = EventId(id);
        self.unconfirmed.sent(id, offer(), Seen::NONE, moment);
    }

    fn send_again(&mut self, id: u128, seconds: f64) {
        let moment = self.at(seconds);
        self.unconfirmed.sent_again(EventId(id), moment);
    }

    fn confirm(&mut self, id: u128, seconds: f64) {
        let moment = self.at(seconds);
        assert!(self.unconfirmed.confirmed(EventId(id), moment).is_some());
    }

    fn overdue(&mut self, seconds: f64) -> Vec<u128> {
        let moment = self.at(seconds);
        let overdue = self.unconfirmed.overdue(moment);
        overdue.into_iter().map(|id| id.0).collect()
    }

    fn judge(&mut self, id: u128, seconds: f64) -> Overdue {
        let moment = self.at(seconds);
        self.unconfirmed.judge(EventId(id), moment.at)
    }

    fn declared(&self) -> Option<bool> {
        self.unconfirmed.stall().map(|stall| stall.declared)
    }
}

fn offer() -> Offer {
    Offer {
        subject: Subject::Blob {
            blob: Blob {
                name: "raw/a.csv".into(),
                version: "0x1".into(),
                etag: "0x1".into(),
                size: 1,
                ..Blob::default()
            },
            fingerprint: Fingerprint::from_bits(4),
        },
        origin: Origin::Found,
    }
}

#[test]
fn an_event_is_due_after_its_deadline_and_a_little_jitter() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    stage.send(2, 30.0);
    stage.confirm(2, 40.0);
    assert!(stage.overdue(59.0).is_empty());
    assert_eq!(stage.overdue(75.1), [1]);
}

#[test]
fn waits_grow_from_attempt_to_attempt() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    stage.send_again(1, 100.0);
    stage.send(2, 101.0);
    stage.confirm(2, 102.0);
    assert!(stage.overdue(100.0 + 119.0).is_empty());
    assert_eq!(stage.overdue(100.0 + 150.1), [1]);
}

#[test]
fn the_deadline_follows_the_measured_latency() {
    let mut stage = Stage::new();
    for id in 0..40 {
        stage.send(id, 0.0);
    }
    for id in 0..40 {
        stage.confirm(id, 30.0);
    }
    let deadline = stage.unconfirmed.deadline();
    assert!(
        (119 * SECOND..121 * SECOND).contains(&deadline),
        "{deadline:?}"
    );
}

#[test]
fn an_attempt_counts_only_when_a_later_event_was_confirmed() {
    let mut stage = Stage::new();
    let mut seconds = 0.0;
    stage.send(1, seconds);
    for (other, verdict) in [
        (2, Overdue::Resend),
        (3, Overdue::Resend),
        (4, Overdue::Failed),
    ] {
        stage.send(other, seconds + 1.0);
        stage.confirm(other, seconds + 2.0);
        seconds += 1000.0;
        assert_eq!(stage.judge(1, seconds), verdict);
        stage.send_again(1, seconds);
    }
}

#[test]
fn the_confirmation_of_what_was_first_sent_earlier_counts_for_nothing() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    stage.send(2, 1.0);
    stage.send_again(1, 50.0);
    stage.confirm(1, 51.0);
    for seconds in [100.0, 200.0, 300.0, 400.0] {
        assert_eq!(stage.judge(2, seconds), Overdue::Resend);
    }
}

#[test]
fn when_nothing_is_confirmed_the_source_stalls_and_probes_slower_and_slower() {
    let mut stage = Stage::new();
    for id in 1..=3 {
        stage.send(id, 0.1 * id as f64);
    }
    let (mut probes, mut seconds) = (Vec::new(), 0.0);
    while seconds < 3600.0 {
        seconds += 1.0;
        for id in stage.overdue(seconds) {
            assert_eq!(stage.judge(id, seconds), Overdue::Resend);
            stage.send_again(id, seconds);
            probes.push((seconds, id));
        }
    }
    assert_eq!(stage.declared(), Some(true));
    assert!(probes.len() < 20, "{probes:?}");
    let turns: Vec<_> = probes.iter().map(|(_, id)| *id).take(6).collect();
    assert_eq!(turns, [1, 2, 3, 1, 2, 3]);
}

#[test]
fn one_event_that_got_lost_is_no_stall_worth_a_word() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    assert_eq!(stage.overdue(80.0), [1]);
    assert_eq!(stage.declared(), Some(false));
    stage.send_again(1, 80.0);
    assert_eq!(stage.overdue(141.0), [1]);
    assert_eq!(stage.declared(), Some(true));
}

#[test]
fn the_first_confirmation_ends_a_stall_and_what_waits_is_sent_again_soon() {
    let mut stage = Stage::new();
    for id in 1..=3 {
        stage.send(id, 0.0);
    }
    assert_eq!(stage.overdue(100.0), [1]);
    stage.send_again(1, 100.0);
    stage.confirm(1, 101.0);
    assert_eq!(stage.declared(), None);
    assert!(stage.overdue(110.0).is_empty());
    assert_eq!(stage.overdue(131.1), [2, 3]);
    // What the outage cost is no latency.
    assert_eq!(stage.unconfirmed.deadline(), 60 * SECOND);
}

#[test]
fn what_an_outage_swallowed_is_no_reason_to_give_up() {
    let mut stage = Stage::new();
    stage.unconfirmed.rules.max_attempts = 1;
    stage.send(1, 0.0);
    stage.send(2, 0.0);
    assert_eq!(stage.overdue(80.0), [1]);
    stage.send_again(1, 80.0);
    stage.send(3, 90.0);
    stage.confirm(3, 91.0);
    assert_eq!(stage.judge(2, 120.0), Overdue::Resend);
    stage.send_again(2, 120.0);
    stage.send(4, 121.0);
    stage.confirm(4, 122.0);
    assert_eq!(stage.judge(2, 300.0), Overdue::Failed);
}

#[test]
fn an_outage_makes_no_dead_letters_but_of_one_that_is_alone_for_long() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    stage.send(2, 0.0);
    assert_eq!(stage.overdue(80.0), [1]);
    assert_eq!(stage.judge(1, 1e6), Overdue::Resend);
    stage.unconfirmed.take_out(EventId(2));
    assert_eq!(stage.judge(1, 3599.0), Overdue::Resend);
    assert_eq!(stage.judge(1, 3600.0), Overdue::Alone);
}

#[test]
fn a_stalled_source_takes_a_fresh_event_every_ten_seconds() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    assert_eq!(stage.overdue(80.0), [1]);
    let takes = |stage: &Stage, seconds| {
        let now = stage.at(seconds).at;
        stage.unconfirmed.takes_fresh(now)
    };
    stage.send_again(1, 80.0);
    assert!(!takes(&stage, 89.0) && takes(&stage, 90.0));
    stage.send(2, 90.0);
    assert!(!takes(&stage, 99.0) && takes(&stage, 100.0));
}

#[test]
fn time_in_which_the_cluster_could_not_be_asked_is_no_waiting() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    let back = stage.at(1000.0).at;
    stage.unconfirmed.wait_anew(back);
    assert!(stage.overdue(1059.0).is_empty());
    assert_eq!(stage.overdue(1076.0), [1]);
}

#[test]
fn time_in_which_the_process_stood_still_is_no_waiting() {
    let mut stage = Stage::new();
    stage.send(1, 0.0);
    stage.unconfirmed.excuse(1000 * SECOND);
    assert!(stage.overdue(1059.0).is_empty());
    assert_eq!(stage.overdue(1076.0), [1]);
}
