#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use async_trait::async_trait;
use time::macros::datetime;

use super::*;
use crate::{
    blob::{Access, BlobType},
    confirm::{
        error::ConfirmError,
        index::Index,
        object_set::{Object, State},
        target::{Confirm, ObjectKind},
        unfinished::Unfinished,
    },
    delivery::policy::Limits,
    event::EventId,
    journal::memory::MemoryStore,
    ports::{
        confirmation::Confirmation,
        connect::{ConnectError, Wanted},
        error::StorageErrorKind,
        state::StateStore,
    },
    testing::{FakeAccount, FakeListing, SERVICE_TIME, config},
};

fn asked(config: &SourceConfig) -> Asked<'_> {
    Asked {
        config,
        name: Some("e"),
        credentials: None,
    }
}

async fn checked(account: &FakeAccount, config: &SourceConfig) -> (String, bool) {
    let mut report = Report::new(Vec::new());
    check(
        (account, &Watches::default()),
        &asked(config),
        || SERVICE_TIME,
        &mut report,
    )
    .await
    .unwrap();
    let (out, failed) = report.into_parts();
    (String::from_utf8(out).unwrap(), failed)
}

#[tokio::test]
async fn all_is_well() {
    let state = Arc::new(MemoryStore::default());
    let account = FakeAccount {
        listing: FakeListing::of(&["raw/a.csv", "raw/b.csv"]),
        state: Some(state.clone()),
    };
    let mut config = config();
    config.id = Some("datasets".to_owned());
    let (text, failed) = checked(&account, &config).await;
    assert!(!failed);
    assert!(
        text.contains("ok   list     2 blobs in all, of which 2 match"),
        "{text}"
    );
    assert!(
        text.contains("ok   state    wrote and deleted datasets/check-"),
        "{text}"
    );
    assert!(text.contains("ok   clock    0 s"), "{text}");
    assert_eq!(state.list("").await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_listing_shows_is_advised_upon() {
    let mut page = ListPage::new(SERVICE_TIME);
    let blob = |name: &'static str| BlobRef {
        name,
        etag: "0x1",
        size: 1,
        ..BlobRef::default()
    };
    let growing = BlobRef {
        blob_type: BlobType::AppendBlob,
        ..blob("raw/c.log")
    };
    let archived = BlobRef {
        access: Access::Archived,
        ..blob("raw/d.csv")
    };
    let empty = |name| BlobRef {
        size: 0,
        ..blob(name)
    };
    let all = [
        blob("raw/a.csv"),
        empty("raw/b.csv"),
        growing,
        archived,
        empty("in/e.csv"),
    ];
    all.into_iter().for_each(|blob| page.push(blob));
    let account = FakeAccount {
        listing: FakeListing::Page(page),
        state: None,
    };
    let mut config = config();
    let (text, failed) = checked(&account, &config).await;
    assert!(!failed);
    for line in [
        "WARN access   held back until they can be read: 1 in the Archive tier\n",
        "WARN size     no bytes: 1 of those that match, the first is raw/b.csv\n",
        "set `skipEmpty: true`",
        "WARN growth   append blobs: 1 of those that match, the first is raw/c.log\n",
        "set `minAge` to longer",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    config.skip_empty = true;
    config.min_age = Duration::from_secs(60);
    let (text, _) = checked(&account, &config).await;
    assert!(
        !text.contains("WARN size") && !text.contains("WARN growth"),
        "{text}"
    );
}

#[tokio::test]
async fn a_step_that_fails_says_what_to_do_and_the_others_go_on() {
    let account = FakeAccount {
        listing: FakeListing::failing(StorageErrorKind::Forbidden),
        state: Some(Arc::new(MemoryStore::default())),
    };
    let (text, failed) = checked(&account, &config()).await;
    assert!(failed);
    assert!(text.contains("FAIL list"), "{text}");
    assert!(
        text.contains("\n              check whether the key or SAS in the credential is right"),
        "{text}"
    );
    assert!(
        text.contains("needs the role Storage Blob Data Reader"),
        "{text}"
    );
    assert!(text.contains("ok   state"), "{text}");
    // A clock that is off is a cause of refusals, so a refusal must tell it.
    assert!(text.contains("ok   clock    0 s"), "{text}");
}

#[tokio::test]
async fn a_source_without_state_is_warned_of() {
    let account = FakeAccount {
        listing: FakeListing::of(&[]),
        state: None,
    };
    let (text, failed) = checked(&account, &config()).await;
    assert!(!failed);
    assert!(text.contains("WARN state    none is configured"), "{text}");
    assert!(
        text.contains("WARN list     the container is empty"),
        "{text}"
    );
}

#[tokio::test]
async fn without_a_credential_there_is_nothing_to_try() {
    struct NoCredential;
    impl Connect for NoCredential {
        fn open(&self, _: &Wanted<'_>) -> Result<Opened, ConnectError> {
            Err(ConnectError::NoCredential(
                "no file azure-storage".to_owned(),
            ))
        }
    }
    let mut report = Report::new(Vec::new());
    let now = || SERVICE_TIME;
    check(
        (&NoCredential, &Watches::default()),
        &asked(&config()),
        now,
        &mut report,
    )
    .await
    .unwrap();
    let (out, failed) = report.into_parts();
    let text = String::from_utf8(out).unwrap();
    assert!(failed);
    assert!(
        text.contains("FAIL connect  no file azure-storage"),
        "{text}"
    );
    assert!(text.contains("skip list"), "{text}");
}

/// A cluster of which this much is known.
#[derive(Clone, Default)]
struct FakeCluster(Arc<Index>);

#[async_trait]
impl Confirmations for FakeCluster {
    async fn open(&self, _: &Confirm) -> Result<Arc<dyn Confirmation>, ConfirmError> {
        Ok(Arc::new(self.clone()))
    }
}

#[async_trait]
impl Confirmation for FakeCluster {
    fn index(&self) -> &Index {
        &self.0
    }

    fn namespace(&self) -> &str {
        "ml-pipelines"
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        Ok(self.0.has(id))
    }
}

async fn confirm_said(cluster: &FakeCluster) -> (String, bool) {
    said_of(cluster, ObjectKind::workflow()).await
}

/// With a limit of two unfinished Workflows, at 1000 seconds of 1970.
async fn said_of(cluster: &FakeCluster, kind: ObjectKind) -> (String, bool) {
    let confirm = Confirm {
        kind,
        ..Confirm::workflows()
    };
    let limits = Limits {
        active_workflows: Some(2),
        ..config().limits
    };
    let now = OffsetDateTime::from_unix_timestamp(1000).unwrap();
    let mut report = Report::new(Vec::new());
    let step = confirm::step(cluster, &confirm, limits, now).await;
    report.add(step).unwrap();
    let (out, failed) = report.into_parts();
    (String::from_utf8(out).unwrap(), failed)
}

fn workflow(name: &str, id: u128, phase: Option<&str>) -> Object {
    Object {
        name: name.to_owned(),
        id: EventId(id),
        state: State::Unfinished(Unfinished {
            created: 800,
            phase: phase.map(str::to_owned),
            deleted: None,
        }),
    }
}

#[tokio::test]
async fn what_came_of_events_is_counted() {
    let cluster = FakeCluster::default();
    cluster.0.applied(workflow("a", 1, Some("Running")));
    cluster.0.live();
    let words = "ok   confirm  1 object of kind Workflow in namespace ml-pipelines has an event's id, \
                 1 of them unfinished\n";
    assert_eq!(confirm_said(&cluster).await, (words.to_owned(), false));
}

#[tokio::test]
async fn what_keeps_the_limit_is_told_and_what_nobody_works_on_is_a_warning() {
    let cluster = FakeCluster::default();
    cluster.0.applied(workflow("a", 1, Some("Running")));
    cluster.0.applied(workflow("b", 2, Some("Pending")));
    cluster.0.live();
    let (text, _) = confirm_said(&cluster).await;
    assert!(text.starts_with("ok   confirm  2 objects"), "{text}");
    assert!(
        text.contains(
            "nothing is sent now, `limits.activeWorkflows` allows 2: there are 2 unfinished"
        ),
        "{text}"
    );
    assert!(
        text.contains("the oldest is a (Running, 3 min 20 s old)"),
        "{text}"
    );
    cluster.0.applied(workflow("c", 3, None));
    let (text, failed) = confirm_said(&cluster).await;
    assert!(
        text.starts_with("WARN confirm  3 objects") && !failed,
        "{text}"
    );
    assert!(
        text.contains("has not picked up 1 Workflow: c (no phase for 3 min 20 s)"),
        "{text}"
    );
}

#[tokio::test]
async fn of_jobs_nobody_knows_whether_they_have_finished() {
    let cluster = FakeCluster::default();
    cluster.0.applied(Object {
        state: State::Untold,
        ..workflow("a", 1, None)
    });
    cluster.0.live();
    let job = ObjectKind {
        group: "batch".to_owned(),
        version: "v1".to_owned(),
        kind: "Job".to_owned(),
    };
    let words = "ok   confirm  1 object of kind Job in namespace ml-pipelines has an event's id\n";
    assert_eq!(said_of(&cluster, job).await, (words.to_owned(), false));
}

#[tokio::test(start_paused = true)]
async fn a_cluster_that_cannot_be_asked_is_said_with_what_to_do() {
    for (health, words) in [
        (
            Some(ConfirmError::Forbidden("kubectl create role".to_owned())),
            [
                "FAIL confirm  kubectl create role",
                "run the commands of the message",
            ],
        ),
        (
            Some(ConfirmError::Unreachable("refused".to_owned())),
            ["FAIL confirm  refused", "kubectl get --raw /readyz"],
        ),
        (
            None,
            [
                "could not be asked within 30 s",
                "kubectl get --raw /readyz",
            ],
        ),
    ] {
        let cluster = FakeCluster::default();
        if let Some(error) = health {
            cluster.0.lost(error);
        }
        let (text, failed) = confirm_said(&cluster).await;
        assert!(failed);
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_does_not_answer_is_not_waited_for_for_ever() {
    let account = FakeAccount {
        listing: FakeListing::silent(),
        state: None,
    };
    let (text, failed) = checked(&account, &config()).await;
    assert!(failed);
    assert!(text.contains("no answer within 30 s"), "{text}");
}

#[test]
fn a_clock_is_right_a_little_off_or_wrong() {
    let service = datetime!(2026-01-01 12:00 UTC);
    let step = |seconds| {
        let mut report = Report::new(Vec::new());
        let local = service + time::Duration::seconds(seconds);
        report.add(clock_step(service, local)).unwrap();
        String::from_utf8(report.into_parts().0).unwrap()
    };
    assert!(step(3).starts_with("ok   clock    3 s ahead of the service"));
    assert!(step(-61).starts_with("WARN clock    61 s behind the service"));
    assert!(step(901).starts_with("FAIL clock    901 s ahead"));
    assert!(step(901).contains("NTP"));
}
