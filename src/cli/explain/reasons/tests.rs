#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod notified;

use time::macros::datetime;

use super::*;
use crate::{
    batch::rules::{BatchRules, By, KEEP},
    confirm::{
        object_set::{Object, State},
        unfinished::{Group, Holder, Survey, Unfinished},
    },
    event::{EventId, Place},
    filter::{Filter, FilterSpec},
    gate::rules::Judgement,
    state::{
        dead_letter::{About, DeadLetter},
        loops::Loop,
        open_batches::OpenBatch,
        stall::Stalled,
    },
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
        ..Blob::default()
    }
}

/// A blob that is there, on a source that runs since second 1000, at second 3000.
fn facts(name: &str, done: bool) -> Findings {
    Findings {
        batch: None,
        name: name.into(),
        source_id: "datasets".into(),
        storage: Storage::There(blob(name)),
        ledger: Ok(LedgerStanding {
            done,
            since: Some(1000),
            passed_over: false,
            next: (!done).then_some(Judgement::Offer),
        }),
        letter: None,
        asked: false,
        stalled: None,
        looping: None,
        queues: None,
        cluster: Some(Ok(cluster(None))),
        now: 3000,
    }
}

fn cluster(object: Option<Object>) -> Cluster {
    Cluster {
        parts: vec![Part {
            what: "Workflow".into(),
            object,
        }],
        workflows: Workflows {
            namespace: "ml-pipelines".into(),
            survey: Survey::default(),
        },
    }
}

/// The blob's Workflow, which was made at second 2800.
fn workflow(state: State) -> Option<Result<Cluster, ConfirmError>> {
    Some(Ok(cluster(Some(Object {
        name: "ml-pipeline-raw-a-csv-abc".into(),
        id: EventId(1),
        state,
    }))))
}

fn unfinished(phase: Option<&str>, deleted: Option<i64>) -> State {
    State::Unfinished(Unfinished {
        created: 2800,
        phase: phase.map(str::to_owned),
        deleted,
    })
}

fn told(config: &SourceConfig, facts: &Findings) -> (bool, String, String) {
    let reasons = reasons(config, facts);
    let steps: Vec<_> = reasons
        .steps
        .iter()
        .map(|step| step.to_json().to_string())
        .collect();
    (reasons.is_announced(), reasons.verdict, steps.join("\n"))
}

#[track_caller]
fn check(facts: &Findings, announced: bool, verdict: &str, step: &str) {
    let (was, said, steps) = told(&config(), facts);
    assert!(said.contains(verdict), "{said}");
    assert!(steps.contains(step), "{steps}");
    assert_eq!(was, announced, "{said}");
}

#[test]
fn what_has_its_workflow_was_announced() {
    let mut facts = facts("raw/a.csv", true);
    facts.cluster = workflow(State::Finished);
    check(
        &facts,
        true,
        "it was announced: ml-pipeline-raw-a-csv-abc is there, finished",
        "`**/*.csv` matches",
    );
}

#[test]
fn a_workflow_that_is_not_finished_is_told_with_how_it_stands() {
    let mut facts = facts("raw/a.csv", true);
    for (state, verdict, step) in [
        (
            unfinished(Some("Running"), None),
            "ml-pipeline-raw-a-csv-abc (Running, 3 min 20 s old) is there, not finished",
            r#""mark":"ok","step":"object""#,
        ),
        (
            unfinished(None, None),
            "it was announced: ml-pipeline-raw-a-csv-abc is there, and has had no phase for 3 min 20 s: \
             Argo's controller has not picked it up",
            "`kubectl delete workflow ml-pipeline-raw-a-csv-abc -n ml-pipelines` frees its place",
        ),
        (
            unfinished(None, Some(2900)),
            "(deleted 1 min 40 s ago) is there, not finished",
            r#""mark":"ok","step":"object""#,
        ),
        (
            unfinished(Some("Running"), Some(2810)),
            "was deleted 3 min 10 s ago and is still there: a finalizer keeps it",
            "finalizers",
        ),
    ] {
        facts.cluster = workflow(state);
        check(&facts, true, verdict, step);
    }
    // A Job, of which no label says whether it has finished.
    facts.cluster = workflow(State::Untold);
    let (_, verdict, _) = told(&config(), &facts);
    assert!(verdict.ends_with("abc is there"), "{verdict}");
}

#[test]
fn what_waits_for_running_workflows_says_which_limit_and_who_takes_its_places() {
    let mut config = config();
    config.limits.active_workflows = Some(20);
    let mut facts = facts("raw/a.csv", false);
    let mut full = cluster(None);
    let stuck = Holder {
        name: "w-a".into(),
        age_seconds: 200,
        phase: None,
        deleted_seconds: None,
    };
    full.workflows.survey = Survey {
        count: 20,
        oldest: Some(stuck.clone()),
        without_phase: Group {
            count: 1,
            oldest: vec![stuck],
        },
        deleted: Group::default(),
    };
    facts.cluster = Some(Ok(full));
    let (announced, verdict, steps) = told(&config, &facts);
    assert!(announced);
    assert!(
        verdict.contains("when fewer than 20 Workflows are unfinished (`limits.activeWorkflows`); now there are 20"),
        "{verdict}"
    );
    for part in [
        "there are 20 unfinished Workflows in namespace ml-pipelines",
        "the oldest is w-a (no phase for 3 min 20 s)",
        "has not picked up 1 Workflow: w-a",
    ] {
        assert!(steps.contains(part), "{steps}");
    }
    // One place is free, or the blob is done.
    let no_limit = |config: &SourceConfig, facts: &Findings| {
        let (_, verdict, steps) = told(config, facts);
        assert!(!verdict.contains("activeWorkflows"), "{verdict}");
        assert!(!steps.contains("activeWorkflows"), "{steps}");
    };
    config.limits.active_workflows = Some(21);
    no_limit(&config, &facts);
    config.limits.active_workflows = Some(20);
    facts.ledger.as_mut().unwrap().done = true;
    no_limit(&config, &facts);
    // It waits again when it was asked for again.
    facts.asked = true;
    let (_, _, steps) = told(&config, &facts);
    assert!(
        steps.contains("`limits.activeWorkflows` allows 20"),
        "{steps}"
    );
}

#[test]
fn what_is_done_and_has_none_any_more_was_announced_too() {
    check(
        &facts("raw/a.csv", true),
        true,
        "does not exist any more",
        "done; `prefix` and `pattern` have matched this name since 1970-01-01T00:16:40Z",
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
    let not = "prefix and pattern do not match";
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
    let since = datetime!(1970-01-01 0:10 UTC);
    for (existing, words) in [
        (
            Existing::Skip,
            "last modified before 1970-01-01T00:16:40Z, when `prefix` and `pattern` began to match this name, and the \
             configuration has `existing: skip`",
        ),
        (
            Existing::Since(since),
            "last modified before 1970-01-01T00:10:00Z, and the configuration has `existing: {since: 1970-01-01T00:10:00Z}`",
        ),
    ] {
        let mut config = config();
        config.existing = existing;
        let (_, _, steps) = told(&config, &facts);
        assert!(steps.contains(words), "{steps}");
    }
    facts.asked = true;
    check(
        &facts,
        true,
        "by a replay, which is not completed yet",
        "a replay or a retry asks for it",
    );
}

#[test]
fn what_the_first_sweep_will_pass_over_is_not_announced() {
    let mut facts = facts("raw/a.csv", false);
    facts.ledger.as_mut().unwrap().next = Some(Judgement::Baseline);
    check(&facts, false, "it will not be announced", "not done yet");
}

#[test]
fn a_blob_that_is_not_there_is_said_with_what_was_meant() {
    let mut facts = facts("raw/A.csv", false);
    facts.storage = Storage::Missing(Nearby {
        meant: Some("raw/a.csv".into()),
        neighbours: vec!["raw/a.csv".into()],
    });
    check(
        &facts,
        false,
        "the container has no such blob",
        "did you mean `raw/a.csv`?",
    );
    facts.storage = Storage::Missing(Nearby {
        meant: None,
        neighbours: vec!["raw/b.csv".into(), "raw/c.csv".into()],
    });
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

fn with_blob(change: impl FnOnce(&mut Blob)) -> Findings {
    let mut facts = facts("raw/a.csv", false);
    let Storage::There(blob) = &mut facts.storage else {
        panic!()
    };
    change(blob);
    let access = blob.access;
    if access != Access::Readable {
        let standing = facts.ledger.as_mut().unwrap();
        standing.next = Some(Judgement::Unreadable(access));
    }
    facts
}

#[test]
fn what_cannot_be_read_says_why_and_what_to_do() {
    for (access, announced, verdict, step) in [
        (
            Access::Copying,
            true,
            "once it can be read",
            "it is being copied",
        ),
        (
            Access::CopyFailed,
            false,
            "its copy failed",
            "copy it again, or delete it",
        ),
        (
            Access::Archived,
            false,
            "as long as it is in the Archive tier",
            "set-tier --tier Hot",
        ),
        (
            Access::Rehydrating,
            true,
            "once it can be read",
            "being rehydrated from the Archive tier",
        ),
    ] {
        let facts = with_blob(|blob| {
            blob.access = access;
            blob.size = 0;
        });
        check(&facts, announced, verdict, step);
    }
}

#[test]
fn what_will_be_announced_more_than_once_is_advised_against() {
    let empty = with_blob(|blob| blob.size = 0);
    check(&empty, true, "by the next sweep", "set `skipEmpty: true`");
    let growing = with_blob(|blob| blob.blob_type = BlobType::AppendBlob);
    check(
        &growing,
        true,
        "by the next sweep",
        "set `minAge` to longer",
    );
}

#[test]
fn a_loop_is_told_with_its_cure() {
    let mut facts = facts("raw/a.csv", true);
    facts.looping = Some(Loop {
        name: "raw/a.csv".into(),
        times: 5,
        size: 7,
        has_md5: true,
        last: datetime!(2026-01-01 0:00 UTC),
    });
    check(
        &facts,
        true,
        "it was announced",
        "announced 5 times while its size (7 bytes)",
    );
    check(&facts, true, "it was announced", "Set `version: content`");
}

#[test]
fn the_batch_of_a_blob_is_told() {
    let fixed = |done: Option<i64>| BatchOf::Fixed {
        id: EventId(0xabc),
        group: "raw".into(),
        blobs: 412,
        closed_by: done.is_none().then_some("quiet"),
        done,
    };
    let mut waits = facts("raw/a.csv", false);
    waits.batch = Some(fixed(None));
    let step = "it is in the batch 00000000000000000000000000000abc of 412 blobs in `raw`, closed by `quiet`";
    check(
        &waits,
        true,
        "is not confirmed yet, in a batch of 412 blobs",
        step,
    );
    let mut done = facts("raw/a.csv", true);
    done.batch = Some(fixed(Some(2820)));
    check(
        &done,
        true,
        "it was announced",
        "of 412 blobs in `raw`, done 3 min 0 s ago",
    );
    waits.batch = Some(BatchOf::Open {
        batch: Some(OpenBatch {
            group: "raw".into(),
            replay: None,
            blobs: 31,
            since: datetime!(2026-01-01 0:00 UTC),
            closes: datetime!(2026-01-01 0:05 UTC),
        }),
        group: "raw".into(),
    });
    let words = "it waits in the open batch of `raw`: 31 blobs a few seconds ago, and it closes at 2026-01-01T00:05:00Z";
    check(&waits, true, words, words);
    waits.batch = Some(BatchOf::Open {
        batch: None,
        group: String::new(),
    });
    let seconds = |number| Some(std::time::Duration::from_secs(number));
    for (max_wait, quiet, closes) in [
        (
            seconds(20),
            seconds(10),
            "at the latest 20s after the first blob of its group was found",
        ),
        (
            None,
            seconds(10),
            "when no blob of its group was found for 10s",
        ),
        (None, None, "when it has 9 blobs"),
    ] {
        let mut config = config();
        config.batch = Some(BatchRules {
            by: By::All,
            max_blobs: 9,
            max_bytes: None,
            max_wait,
            quiet,
            keep: KEEP,
        });
        let words = format!(
            "it will be announced with a batch of the whole container, which closes {closes}"
        );
        let (announced, verdict, steps) = told(&config, &waits);
        assert!(announced && verdict == words, "{verdict}");
        assert!(steps.contains(&words), "{steps}");
    }
}

#[test]
fn a_dead_letter_is_told_with_its_reason() {
    let mut facts = facts("raw/a.csv", true);
    facts.letter = Some(Ok(DeadLetter {
        place: Place {
            source_id: "datasets".into(),
            endpoint: "https://a.example".into(),
            container: "datasets".into(),
            sampling: None,
        },
        about: About::Blob(blob("raw/a.csv")),
        replay: None,
        attempts: 12,
        first_sent: datetime!(2026-01-01 0:00 UTC),
        last_sent: datetime!(2026-01-02 0:00 UTC),
        last_reason: "no object was created for this event".into(),
    }));
    check(
        &facts,
        false,
        "it is a dead letter",
        "after 12 attempts, the last at 2026-01-02T00:00:00Z: no object was created for this event",
    );
    check(
        &facts,
        false,
        "it is a dead letter",
        "`dead-letters retry --config FILE --name datasets ",
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
        "its replay was sent and never confirmed",
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
    facts.cluster = Some(Err(ConfirmError::Unreachable("connection refused".into())));
    check(
        &facts,
        true,
        "stalled since 2026-01-01T00:00:00Z",
        "connection refused",
    );
}

#[test]
fn programs_are_told_how_it_stands_in_a_word() {
    let state = |facts: &Findings| reasons(&config(), facts).state.as_str();
    let mut coming = facts("raw/a.csv", false);
    assert_eq!(state(&coming), "coming");
    coming.stalled = Some(Stalled {
        since: datetime!(2026-01-01 0:00 UTC),
        last_confirmed: None,
        waiting: 3,
        reason: "nothing has been confirmed".into(),
    });
    assert_eq!(state(&coming), "stalled");
    let mut done = facts("raw/a.csv", true);
    assert_eq!(state(&done), "announced");
    done.asked = true;
    assert_eq!(state(&done), "coming");
    assert_eq!(state(&facts("other/a.csv", false)), "notAnnounced");
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
        "it is never announced: Azure Storage does not allow such a name",
        "it has 1025 characters",
    );
}
