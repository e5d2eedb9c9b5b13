//! What the Azure adapter makes of servers and networks on bad days: every fault is an error of the
//! right class, and a page is whole or an error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use azure_blob_eventsource::{
    ledger::store::{Appended, Put},
    storage::{StorageError, StorageErrorKind},
};
use testkit::{
    account::NewBlob,
    http::{HttpFace, HttpFault, HttpOp, RetryAfter},
    subject::{Face, Subject},
};

/// The adapter over the fake service, with three blobs on three pages.
async fn three_pages() -> Subject {
    let subject = Subject::new(Face::Http).await;
    for name in ["1", "2", "3"] {
        subject.put(name, "x").await;
    }
    subject.model().unwrap().set_page_size(1);
    subject
}

fn server(subject: &Subject) -> &HttpFace {
    subject.server().expect("the fake service")
}

/// The error of a listing that meets `fault`, after which the listing goes on as if nothing had been.
async fn meets(subject: &Subject, fault: HttpFault) -> StorageError {
    let listing = subject.listing();
    let first = listing.list("", None).await.unwrap();
    server(subject).fault(HttpOp::ListBlobs, fault.clone());
    let error = listing.list("", first.next.as_ref()).await;
    let error = error.expect_err(&format!("an error of {fault:?}"));
    let second = listing.list("", first.next.as_ref()).await.unwrap();
    assert_eq!(second.blobs().next().unwrap().name, "2");
    error
}

fn status(status: u16, code: &'static str) -> HttpFault {
    HttpFault::Status {
        status,
        code,
        retry_after: None,
    }
}

#[tokio::test]
async fn statuses_are_told_apart_by_what_a_caller_does() {
    use StorageErrorKind::{
        Forbidden, NotFound, Rejected, StaleContinuation, Transient, Unauthenticated,
    };
    let cases = [
        (408, "RequestTimeout", Transient),
        (429, "TooManyRequests", Transient),
        (500, "InternalError", Transient),
        (502, "BadGateway", Transient),
        (503, "ServerBusy", Transient),
        (504, "GatewayTimeout", Transient),
        (401, "NoAuthenticationInformation", Unauthenticated),
        (403, "AuthenticationFailed", Unauthenticated),
        (403, "AuthorizationPermissionMismatch", Forbidden),
        (404, "ContainerNotFound", NotFound),
        (400, "OutOfRangeInput", StaleContinuation),
        (405, "UnsupportedHttpVerb", Rejected),
    ];
    let subject = three_pages().await;
    for (number, code, kind) in cases {
        let error = meets(&subject, status(number, code)).await;
        assert_eq!(error.kind, kind, "{number} {code}: {error}");
        assert_eq!(error.is_transient(), kind == Transient);
        assert!(error.message.contains(code), "{error}");
    }
}

#[tokio::test]
async fn an_error_says_how_long_to_wait_and_nothing_of_the_body() {
    let subject = three_pages().await;
    let busy = |after| meets(&subject, HttpFault::busy(after));
    assert_eq!(busy(None).await.retry_after, None);
    let error = busy(Some(RetryAfter::Seconds(7))).await;
    assert_eq!(error.retry_after, Some(Duration::from_secs(7)));
    assert!(!error.message.contains("simulated fault"), "{error}");
}

#[tokio::test]
async fn a_page_is_whole_or_an_error() {
    let subject = three_pages().await;
    for fault in [
        HttpFault::DropRequest,
        HttpFault::LoseAnswer,
        HttpFault::CutAnswer(0),
        HttpFault::CutAnswer(700),
    ] {
        let error = meets(&subject, fault.clone()).await;
        assert_eq!(
            error.kind,
            StorageErrorKind::Transient,
            "{fault:?}: {error}"
        );
    }
    let error = meets(&subject, HttpFault::Html).await;
    assert_eq!(error.kind, StorageErrorKind::Protocol, "{error}");
    // Whether an answer was cut short or is none of the service's cannot be told from here.
    let error = meets(&subject, HttpFault::UnclosedXml).await;
    let kinds = [StorageErrorKind::Protocol, StorageErrorKind::Transient];
    assert!(kinds.contains(&error.kind), "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let subject = three_pages().await;
    let error = meets(&subject, HttpFault::Endless).await;
    assert_eq!(error.kind, StorageErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn a_key_that_is_refused_works_again_once_it_is_accepted() {
    let subject = three_pages().await;
    let accepted = Arc::new(AtomicBool::new(false));
    let rule = Arc::clone(&accepted);
    server(&subject).authorize(move |_| rule.load(Ordering::SeqCst));
    let error = subject.listing().list("", None).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unauthenticated, "{error}");
    accepted.store(true, Ordering::SeqCst);
    assert!(subject.listing().list("", None).await.is_ok());
}

#[tokio::test]
async fn every_call_tries_once() {
    let subject = three_pages().await;
    let server = server(&subject);
    server.fault(HttpOp::ListBlobs, HttpFault::busy(None));
    server.fault(HttpOp::AppendBlock, HttpFault::busy(None));
    subject.listing().list("", None).await.unwrap_err();
    let state = subject.state();
    state.create_append("journal").await.unwrap();
    state.append("journal", 0, "x".into()).await.unwrap_err();
    let counts = [HttpOp::ListBlobs, HttpOp::AppendBlock].map(|op| server.requests(op));
    assert_eq!(counts, [1, 1]);
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_an_error_and_may_have_happened() {
    let subject = three_pages().await;
    let state = subject.state();
    state.create_append("journal").await.unwrap();
    for (fault, happened) in [
        (HttpFault::LoseAnswer, true),
        (HttpFault::DropRequest, false),
        (status(500, "OperationTimedOut"), false),
    ] {
        let at = subject.get("journal").await.unwrap().len() as u64;
        server(&subject).fault(HttpOp::AppendBlock, fault);
        let error = state.append("journal", at, "x".into()).await.unwrap_err();
        assert!(error.is_transient(), "{error}");
        let again = state.append("journal", at, "x".into()).await.unwrap();
        let expected = if happened {
            Appended::PositionMoved
        } else {
            Appended::Yes
        };
        assert_eq!(again, expected);
    }
    server(&subject).fault(HttpOp::PutBlob, HttpFault::LoseAnswer);
    state.put_new("snapshot", "x".into()).await.unwrap_err();
    let again = state.put_new("snapshot", "x".into()).await.unwrap();
    assert_eq!(again, Put::Existed);
}

#[tokio::test]
async fn a_read_is_whole_or_an_error() {
    let subject = three_pages().await;
    subject
        .put("snapshot", NewBlob::new(vec![7; 100_000]))
        .await;
    let state = subject.state();
    server(&subject).fault(HttpOp::GetBlob, HttpFault::CutAnswer(50_000));
    let error = state.read("snapshot", 0, u64::MAX).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    let chunk = state.read("snapshot", 0, u64::MAX).await.unwrap().unwrap();
    assert_eq!((chunk.bytes.len(), chunk.total), (100_000, 100_000));
}

#[tokio::test]
async fn in_a_storm_a_sweep_with_retries_finds_every_blob_once() {
    let subject = three_pages().await;
    let faults = vec![
        HttpFault::busy(None),
        HttpFault::DropRequest,
        HttpFault::LoseAnswer,
        HttpFault::CutAnswer(300),
        HttpFault::Delay(Duration::from_millis(1)),
        HttpFault::WrongContentType,
    ];
    server(&subject).storm(7, 500, faults);
    let (listing, mut names, mut after) = (subject.listing(), Vec::new(), None);
    loop {
        let Ok(page) = listing.list("", after.as_ref()).await else {
            continue;
        };
        names.extend(page.blobs().map(|blob| blob.name.to_owned()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["1", "2", "3"]);
}
