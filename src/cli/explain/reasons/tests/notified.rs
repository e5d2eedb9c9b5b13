//! What the queue of notifications, and the poison queue beside it, change of the answer.

use super::*;
use crate::{
    cli::{
        explain::queues::{Queues, Sight, Waiting},
        poison::{PoisonMessage, ToldBlob},
    },
    config::QueueSource,
    notification::poison::Original,
    ports::connect::QueuePlace,
};

const NAME: &str = "raw/a.csv";

fn with_queue(listing: bool) -> SourceConfig {
    let mut config = config();
    config.listing = listing;
    config.queue = Some(QueueSource {
        place: QueuePlace {
            name: "blob-events".into(),
            location: None,
            credential: None,
        },
        max_deliveries: 5,
    });
    config
}

fn sight<T>(found: Option<T>, not_shown: u64) -> Result<Sight<T>, String> {
    Ok(Sight { found, not_shown })
}

fn nothing() -> Queues {
    Queues {
        waiting: sight(None, 0),
        poison: sight(None, 0),
    }
}

fn waiting() -> Waiting {
    Waiting {
        inserted: datetime!(2026-01-01 0:00 UTC),
        delivered: 0,
    }
}

fn poison() -> PoisonMessage {
    PoisonMessage {
        id: "0f4d8a".into(),
        message: Some("m1".into()),
        reason: Some("it was delivered 6 times and never done".into()),
        deliveries: 6,
        inserted: datetime!(2026-01-01 0:00 UTC),
        original: Original::Here("{}".into()),
        blobs: vec![ToldBlob {
            container: "datasets".into(),
            name: NAME.into(),
        }],
    }
}

/// A blob that is there and not done, with what the queues show.
fn open(queues: Queues) -> Findings {
    let mut facts = facts(NAME, false);
    facts.queues = Some(queues);
    facts
}

#[track_caller]
fn check_with(config: &SourceConfig, facts: &Findings, announced: bool, verdict: &str, step: &str) {
    let (was, said, steps) = told(config, facts);
    assert!(said.contains(verdict), "{said}");
    assert!(steps.contains(step), "{steps}");
    assert_eq!(was, announced, "{said}");
}

#[test]
fn with_a_queue_alone_a_lost_notification_is_told_with_its_cure() {
    let facts = open(nothing());
    check_with(
        &with_queue(false),
        &facts,
        false,
        "it is not announced: there is no notification of it, and no sweep finds it",
        "`replay --blob` writes a notification now",
    );
    check_with(
        &with_queue(true),
        &facts,
        true,
        "it will be announced by the next sweep",
        "none of the visible notifications in the queue is about it: the next sweep finds it",
    );
}

#[test]
fn a_notification_that_waits_is_told() {
    let mut queues = nothing();
    queues.waiting = sight(Some(waiting()), 0);
    let mut facts = open(queues);
    let step = "a notification of it has waited in the queue since 2026-01-01T00:00:00Z\"";
    let verdict =
        "it will be announced when its notification is taken from the queue, or was announced";
    check_with(&with_queue(false), &facts, true, verdict, step);
    let verdict = "when its notification is taken from the queue, or by the next sweep";
    check_with(&with_queue(true), &facts, true, verdict, step);
    // A copy of it that became a poison message changes nothing.
    let queues = facts.queues.as_mut().unwrap();
    queues.poison = sight(Some(poison()), 0);
    let verdict = "when its notification is taken from the queue";
    check_with(
        &with_queue(false),
        &facts,
        true,
        verdict,
        "became a poison message",
    );
}

#[test]
fn what_cannot_be_seen_is_said() {
    let mut queues = nothing();
    queues.waiting = sight(None, 7);
    let facts = open(queues);
    check_with(
        &with_queue(false),
        &facts,
        true,
        "if there is one among the messages that are not visible",
        "about 7 are not visible: a queue shows only its first 32 messages",
    );
    let mut queues = nothing();
    queues.poison = sight(None, 968);
    let facts = open(queues);
    check_with(
        &with_queue(true),
        &facts,
        true,
        "by the next sweep",
        "none of the visible poison messages is about it; about 968 are not visible",
    );
}

#[test]
fn a_poison_message_is_told_with_its_reason_and_its_cure() {
    let mut queues = nothing();
    queues.poison = sight(Some(poison()), 0);
    let mut facts = open(queues);
    let reason = "became a poison message: it was delivered 6 times and never done";
    let cure = "`dead-letters retry --config FILE --name datasets 0f4d8a` puts it back";
    let verdict = "as long as its notification is a poison message";
    for step in [reason, cure, r#""mark":"fail","step":"poison""#] {
        check_with(&with_queue(false), &facts, false, verdict, step);
    }
    let (_, _, steps) = told(&with_queue(false), &facts);
    assert!(!steps.contains("replay"), "one cure is enough: {steps}");
    let sweep = "the next sweep finds the blob without it";
    for step in [reason, cure, sweep, r#""mark":"warn","step":"poison""#] {
        check_with(&with_queue(true), &facts, true, "by the next sweep", step);
    }
    // What is done needs it no more, and neither does what is gone.
    let drop = "the blob is done anyway: `dead-letters drop --config FILE --name datasets 0f4d8a`";
    facts.ledger.as_mut().unwrap().done = true;
    check_with(&with_queue(false), &facts, true, "it was announced", drop);
    facts.storage = Storage::Directory;
    let gone =
        "the blob is not there any more: `dead-letters drop --config FILE --name datasets 0f4d8a`";
    check_with(&with_queue(false), &facts, false, "no such blob", gone);
}

#[test]
fn queues_that_cannot_be_asked_are_told_and_decide_nothing() {
    let problem = || Err("looking into queue `blob-events`: 403".to_owned());
    let facts = open(Queues {
        waiting: problem(),
        poison: Err("looking into queue `blob-events-poison`: 403".to_owned()),
    });
    for step in ["queue `blob-events`: 403", "`blob-events-poison`: 403"] {
        check_with(
            &with_queue(false),
            &facts,
            true,
            "it will be announced",
            step,
        );
    }
}

#[test]
fn what_is_done_or_not_wanted_waits_for_no_notification() {
    let without_queue_step = |facts: &Findings| {
        let (_, _, steps) = told(&with_queue(false), facts);
        assert!(!steps.contains(r#""step":"queue""#), "{steps}");
    };
    let mut done = facts(NAME, true);
    done.queues = Some(nothing());
    without_queue_step(&done);
    let mut other = facts("raw/a.txt", false);
    other.queues = Some(nothing());
    without_queue_step(&other);
}
