#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use time::macros::datetime;

use super::*;
use crate::{
    blob::BlobType,
    confirm::ConfirmError,
    dead_letter::DeadLetter,
    event::{EventId, Place},
    filter::{Filter, FilterSpec},
    source::rules::Verdict,
    stalled::Stalled,
    testing,
};

fn config() -> SourceConfig {
    let mut config = testing::config();
    config.filter = Filter::new(FilterSpec {
        prefix: "raw/".into(),
        patterns: vec!["**/*.csv".into(), "!**/tmp/**".into()],
    })
    .unwrap();
    config
}

fn blob(name: &str) -> Blob {
    Blob {
        name: name.into(),
        etag: "0x1".into(),
        last_modified: 2000,
        size: 7,
        content_type: String::new(),
        blob_type: BlobType::BlockBlob,
    }
}

/// A blob that is there, on a source that runs since second 1000, at second 3000.
fn facts(name: &str, done: bool) -> Facts {
    Facts {
        name: name.into(),
        storage: Storage::There(blob(name)),
        ledger: Ok(Standing {
            done,
            since: Some(1000),
            passed_over: false,
            next: (!done).then_some(Verdict::Offer),
        }),
        letter: None,
        asked: false,
        stalled: None,
        object: Some(Ok(None)),
        now: 3000,
    }
}

fn told(config: &SourceConfig, facts: &Facts) -> (bool, String, String) {
    let reasons = reasons(config, facts);
    let steps: Vec<_> = reasons
        .steps
        .iter()
        .map(|step| step.to_json().to_string())
        .collect();
    (reasons.announced, reasons.verdict, steps.join("\n"))
}

#[track_caller]
fn check(facts: &Facts, announced: bool, verdict: &str, step: &str) {
    let (was, said, steps) = told(&config(), facts);
    assert!(said.contains(verdict), "{said}");
    assert!(steps.contains(step), "{steps}");
    assert_eq!(was, announced, "{said}");
}

#[test]
fn what_has_its_workflow_was_announced() {
    let mut facts = facts("raw/a.csv", true);
    facts.object = Some(Ok(Some(Object {
        name: "ml-pipeline-raw-a-csv-abc".into(),
        id: EventId(1),
        finished: true,
    })));
    check(
        &facts,
        true,
        "it was announced: ml-pipeline-raw-a-csv-abc is there, finished",
        "`**/*.csv` matches",
    );
}

#[test]
fn what_is_done_and_has_none_any_more_was_announced_too() {
    check(
        &facts("raw/a.csv", true),
        true,
        "gone by now",
        "done; a filter that takes it is in use since",
    );
}

#[test]
fn what_is_not_done_will_be_announced() {
    check(
        &facts("raw/a.csv", false),
        true,
        "by the next sweep",
        "not done yet",
    );
}

#[test]
fn the_filter_says_which_pattern_it_was() {
    let not = "prefix and pattern do not take it";
    check(
        &facts("in/a.csv", false),
        false,
        not,
        "does not start with the prefix `raw/`",
    );
    check(
        &facts("raw/tmp/a.csv", false),
        false,
        not,
        "`!**/tmp/**` excludes it",
    );
    check(
        &facts("raw/a.txt", false),
        false,
        not,
        "none of the patterns matches",
    );
}

#[test]
fn what_was_there_before_the_source_was_passed_over() {
    let mut facts = facts("raw/a.csv", true);
    facts.ledger.as_mut().unwrap().passed_over = true;
    check(
        &facts,
        false,
        "it was there before the source",
        "`replay --blob` announces it",
    );
    facts.asked = true;
    check(
        &facts,
        true,
        "by a replay, which is not completed yet",
        "it was asked for again",
    );
}

#[test]
fn what_the_first_sweep_will_pass_over_is_not_announced() {
    let mut facts = facts("raw/a.csv", false);
    facts.ledger.as_mut().unwrap().next = Some(Verdict::Baseline);
    check(&facts, false, "it will not be announced", "not done yet");
}

#[test]
fn a_blob_that_is_not_there_is_said_with_what_was_meant() {
    let mut facts = facts("raw/A.csv", false);
    facts.storage = Storage::Missing {
        meant: Some("raw/a.csv".into()),
        neighbours: vec!["raw/a.csv".into()],
    };
    check(
        &facts,
        false,
        "the container has no such blob",
        "did you mean `raw/a.csv`?",
    );
    facts.storage = Storage::Missing {
        meant: None,
        neighbours: vec!["raw/b.csv".into(), "raw/c.csv".into()],
    };
    check(
        &facts,
        false,
        "the container has no such blob",
        "raw/b.csv, raw/c.csv",
    );
    facts.storage = Storage::Directory;
    check(&facts, false, "no such blob", "it is a directory");
}

#[test]
fn age_and_size_hold_it_back() {
    let mut config = config();
    config.min_age = std::time::Duration::from_secs(5000);
    config.skip_empty = true;
    let mut facts = facts("raw/a.csv", false);
    let (announced, verdict, _) = told(&config, &facts);
    assert!(
        announced && verdict.contains("after 1970-01-01T01:56:40Z"),
        "{verdict}"
    );
    let Storage::There(blob) = &mut facts.storage else {
        panic!()
    };
    blob.size = 0;
    let (announced, verdict, steps) = told(&config, &facts);
    assert!(
        !announced && verdict.contains("as long as it is empty"),
        "{verdict}"
    );
    assert!(steps.contains("`skipEmpty` is on"));
}

#[test]
fn a_dead_letter_is_told_with_its_reason() {
    let mut facts = facts("raw/a.csv", true);
    facts.letter = Some(Ok(DeadLetter {
        place: Place {
            endpoint: "https://a.example".into(),
            container: "datasets".into(),
        },
        blob: blob("raw/a.csv"),
        replay: None,
        attempts: 12,
        first_sent: datetime!(2026-01-01 0:00 UTC),
        last_sent: datetime!(2026-01-02 0:00 UTC),
        last_reason: "nothing came of it".into(),
    }));
    check(
        &facts,
        false,
        "it is a dead letter",
        "after 12 attempts, the last at 2026-01-02T00:00:00Z: nothing came of it",
    );
    facts.asked = true;
    check(
        &facts,
        true,
        "by a retry, which is not completed yet",
        "after 12 attempts",
    );
    facts.asked = false;
    let Some(Ok(letter)) = &mut facts.letter else {
        panic!()
    };
    letter.replay = Some("r1".into());
    check(
        &facts,
        false,
        "its replay was sent and given up",
        "12 attempts",
    );
    facts.letter = Some(Err("it is not as it was written".into()));
    check(&facts, false, "it is a dead letter", "dead-letters drop");
}

#[test]
fn a_stalled_source_and_a_cluster_that_is_away_are_told() {
    let mut facts = facts("raw/a.csv", false);
    facts.stalled = Some(Stalled {
        since: datetime!(2026-01-01 0:00 UTC),
        last_confirmed: None,
        waiting: 3,
        reason: "nothing has been confirmed".into(),
    });
    facts.object = Some(Err(ConfirmError::Unreachable("connection refused".into())));
    check(
        &facts,
        true,
        "stalled since 2026-01-01T00:00:00Z",
        "connection refused",
    );
}

#[test]
fn a_source_that_never_ran_announces_nothing() {
    let mut facts = facts("raw/a.csv", false);
    facts.ledger = Err("the source `x` has never run".into());
    check(
        &facts,
        false,
        "as long as the source does not run",
        "the source `x` has never run",
    );
}

#[test]
fn a_name_that_azure_storage_does_not_allow_is_never_announced() {
    let name = format!("raw/{}.csv", "x".repeat(1017));
    check(
        &facts(&name, false),
        false,
        "it is never announced: Azure Storage allows no such name",
        "it has 1025 characters",
    );
}
