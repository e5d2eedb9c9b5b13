//! What the Azure adapter makes of servers and networks on bad days: every fault is an error of the
//! right class, and a page is whole or an error.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use azure_blob_eventsource::ports::{
    error::{StorageError, StorageErrorKind},
    state::{Appended, Put},
};
use testkit::{
    account::NewBlob,
    http::{HttpFace, HttpFault, HttpOp, RetryAfter},
    lost::Lost,
    subject::{Face, Subject},
};

mod queue;

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

/// A fault in which a connection is closed without an answer is made good at once, by a new connection: it takes two
/// of them to be an error.
fn is_closing(fault: &HttpFault) -> bool {
    matches!(fault, HttpFault::DropRequest | HttpFault::LoseAnswer)
}

/// The error of a listing that meets `fault`, after which the listing goes on as if nothing had been.
async fn meets(subject: &Subject, fault: HttpFault) -> StorageError {
    let listing = subject.listing();
    let first = listing.list("", None).await.unwrap();
    let times = if is_closing(&fault) { 2 } else { 1 };
    for _ in 0..times {
        server(subject).fault(HttpOp::ListBlobs, fault.clone());
    }
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
    // Whether an answer is incomplete or is none of the service's cannot be told from here.
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
    // Made again at once: what is there by then may be our own.
    server(&subject).fault(HttpOp::PutBlob, HttpFault::LoseAnswer);
    let put = state.put_new("snapshot", "x".into()).await.unwrap();
    assert_eq!(put, Put::Existed);
}

#[tokio::test]
async fn a_connection_that_the_service_closed_is_no_fault() {
    let subject = with_journal().await;
    let server = server(&subject);
    for op in [
        HttpOp::ListBlobs,
        HttpOp::GetBlob,
        HttpOp::PutBlob,
        HttpOp::DeleteBlob,
    ] {
        server.fault(op, HttpFault::DropRequest);
    }
    for (op, outcome) in each_operation(&subject).await {
        assert!(outcome.is_ok(), "{op:?}: {outcome:?}");
    }
    // Who appends looks at the outcome first.
    for fault in [HttpFault::DropRequest, HttpFault::LoseAnswer] {
        server.fault(HttpOp::AppendBlock, fault.clone());
        let append = subject.state().append("journal", 2, "x".into()).await;
        let error = append.unwrap_err();
        assert!(error.unanswered, "{fault:?}: {error}");
    }
    server.fault(HttpOp::AppendBlock, HttpFault::busy(None));
    let append = subject.state().append("journal", 3, "x".into()).await;
    assert!(!append.unwrap_err().unanswered);
}

#[tokio::test]
async fn a_page_of_more_than_16_mib_is_asked_for_with_fewer_blobs() {
    let subject = Subject::new(Face::Http).await;
    // As XML has it, six times as long.
    let note = "\"".repeat(8000);
    for number in 0..400 {
        let blob = NewBlob::new("x").metadata("note", &note);
        subject.put(&format!("{number:04}"), blob).await;
    }
    let (listing, mut names, mut after) = (subject.listing(), Vec::new(), None);
    loop {
        let page = listing.list("", after.as_ref()).await.unwrap();
        names.extend(page.blobs().map(|blob| blob.name.to_owned()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let all: Vec<_> = (0..400).map(|number| format!("{number:04}")).collect();
    assert_eq!(names, all);
    // 5,000, 2,500, 1,250 and 625 blobs a page are too many, and that is not tried again: then come two pages.
    assert_eq!(server(&subject).requests(HttpOp::ListBlobs), 6);
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

/// Calls each operation of the state container, of which `journal` (of one byte) and `old` are there.
async fn each_operation(subject: &Subject) -> Vec<(HttpOp, Result<String, StorageError>)> {
    fn said<T: std::fmt::Debug>(outcome: Result<T, StorageError>) -> Result<String, StorageError> {
        outcome.map(|value| format!("{value:?}"))
    }
    let state = subject.state();
    vec![
        (HttpOp::ListBlobs, said(state.list("").await)),
        (HttpOp::GetBlob, said(state.read("journal", 0, 9).await)),
        (
            HttpOp::BlobProperties,
            said(state.read("journal", 5, 9).await),
        ),
        (HttpOp::PutBlob, said(state.create_append("new").await)),
        (
            HttpOp::AppendBlock,
            said(state.append("journal", 1, "x".into()).await),
        ),
        (HttpOp::PutBlob, said(state.put("other", "x".into()).await)),
        (
            HttpOp::PutBlob,
            said(state.put_new("another", "x".into()).await),
        ),
        (HttpOp::DeleteBlob, said(state.delete("old").await)),
    ]
}

async fn with_journal() -> Subject {
    let subject = three_pages().await;
    subject.put("old", "x").await;
    let state = subject.state();
    state.create_append("journal").await.unwrap();
    state.append("journal", 0, "x".into()).await.unwrap();
    subject
}

#[tokio::test]
async fn a_refusal_without_end_is_its_status_whatever_was_asked() {
    let subject = with_journal().await;
    let refusal = |status, code| HttpFault::EndlessRefusal { status, code };
    for (fault, kind) in [
        (refusal(503, "ServerBusy"), StorageErrorKind::Transient),
        (
            refusal(403, "AuthenticationFailed"),
            StorageErrorKind::Unauthenticated,
        ),
        (refusal(400, "InvalidInput"), StorageErrorKind::Rejected),
    ] {
        server(&subject).storm(1, 1000, vec![fault]);
        let began = Instant::now();
        for (op, outcome) in each_operation(&subject).await {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind, kind, "{op:?}: {error}");
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}

#[tokio::test]
async fn the_body_of_a_write_is_passed_over_and_that_of_a_read_has_a_bound() {
    let subject = with_journal().await;
    server(&subject).storm(1, 1000, vec![HttpFault::EndlessAnswer { silent: false }]);
    let outcomes = each_operation(&subject).await;
    for (op, outcome) in outcomes {
        match (op, outcome) {
            (HttpOp::ListBlobs, Err(error)) => {
                assert_eq!(error.kind, StorageErrorKind::Protocol);
                assert!(
                    error
                        .message
                        .ends_with("more than 16 MiB: is it the blob service's URL?"),
                    "{error}"
                );
            }
            (HttpOp::GetBlob, Err(error)) => {
                assert_eq!(error.kind, StorageErrorKind::Protocol);
                assert!(
                    error
                        .message
                        .ends_with("more than 1 bytes: is it the blob service's URL?"),
                    "{error}"
                );
            }
            (HttpOp::ListBlobs | HttpOp::GetBlob, Ok(value)) => panic!("{op:?}: {value}"),
            (_, outcome) => assert!(outcome.is_ok(), "{op:?}: {outcome:?}"),
        }
    }
    server(&subject).calm();
    assert_eq!(subject.get("journal").await.unwrap(), "xx");
    assert_eq!(subject.get("old").await, None);
}

#[tokio::test]
async fn a_write_whose_answer_comes_to_a_halt_is_written() {
    let subject = with_journal().await;
    server(&subject).fault(
        HttpOp::AppendBlock,
        HttpFault::EndlessAnswer { silent: true },
    );
    let append = subject.state().append("journal", 1, "y".into()).await;
    assert_eq!(append.unwrap(), Appended::Yes);
}

#[tokio::test]
async fn the_names_in_the_state_container_have_a_bound_and_no_circle() {
    let subject = with_journal().await;
    let state = subject.state();
    let lost = |way| server(&subject).storm(1, 1000, vec![HttpFault::Lost(way)]);
    lost(Lost::Invented(5000));
    let error = state.list("source/").await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Protocol);
    let words = "more than 250000 names start with `source/`";
    assert!(error.message.contains(words), "{error}");
    assert_eq!(server(&subject).requests(HttpOp::ListBlobs), 51);
    lost(Lost::Circle(3));
    let error = state.list("source/").await.unwrap_err();
    assert!(error.is_transient(), "{error}");
    assert!(
        error.message.contains("the listing repeats itself"),
        "{error}"
    );
    assert!(server(&subject).requests(HttpOp::ListBlobs) < 70);
    server(&subject).calm();
    assert_eq!(state.list("").await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_range_that_makes_no_sense_is_an_error() {
    let subject = with_journal().await;
    for range in [
        "bytes 0-18446744073709551615/18446744073709551615",
        "bytes 9-3/5",
        "bytes -/1",
        "x",
    ] {
        server(&subject).fault(HttpOp::GetBlob, HttpFault::ContentRange(range));
        let error = subject.state().read("journal", 0, 9).await.unwrap_err();
        assert!(
            matches!(
                error.kind,
                StorageErrorKind::Protocol | StorageErrorKind::Transient
            ),
            "{error}"
        );
    }
}
