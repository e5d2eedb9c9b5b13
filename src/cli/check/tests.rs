#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use time::macros::datetime;

use super::*;
use crate::{
    ledger::memory::MemoryStore,
    testing::{FakeAccount, FakeListing, SERVICE_TIME, config},
};

async fn checked(account: &FakeAccount, config: &SourceConfig) -> (String, bool) {
    let mut report = Report::new(Vec::new());
    check(
        (account, &Watches::default()),
        config,
        "e",
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
async fn a_step_that_fails_says_what_to_do_and_the_others_go_on() {
    let account = FakeAccount {
        listing: FakeListing::failing(StorageErrorKind::Forbidden),
        state: Some(Arc::new(MemoryStore::default())),
    };
    let (text, failed) = checked(&account, &config()).await;
    assert!(failed);
    assert!(text.contains("FAIL list"), "{text}");
    assert!(
        text.contains("\n              see whether the key or SAS in the credential is right"),
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
async fn without_state_the_step_is_skipped() {
    let account = FakeAccount {
        listing: FakeListing::of(&[]),
        state: None,
    };
    let (text, failed) = checked(&account, &config()).await;
    assert!(!failed);
    assert!(text.contains("skip state    none is configured"), "{text}");
    assert!(text.contains("0 blobs in all"), "{text}");
}

#[tokio::test]
async fn without_a_credential_there_is_nothing_to_try() {
    struct NoCredential;
    impl Open for NoCredential {
        fn open(&self, _: &SourceConfig) -> Result<Opened, ConnectError> {
            Err(ConnectError::Credential("no file azure-storage".to_owned()))
        }
    }
    let mut report = Report::new(Vec::new());
    let now = || SERVICE_TIME;
    check(
        (&NoCredential, &Watches::default()),
        &config(),
        "e",
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
