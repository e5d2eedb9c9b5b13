//! The queue service and the way to it on bad days.

use std::{collections::BTreeSet, sync::Arc};

use azure_blob_eventsource::ports::notifications::{Deleted, Hidden, NotificationQueue};
use testkit::queue::FakeQueue;

use super::*;

const LONG: Duration = Duration::from_secs(3600);
/// As short as a message can be hidden.
const SHORT: Duration = Duration::from_secs(1);

async fn with_queue(messages: usize) -> (Subject, FakeQueue, Arc<dyn NotificationQueue>) {
    let subject = Subject::new(Face::Http).await;
    let model = server(&subject).queue("events");
    for number in 0..messages {
        model.put(&number.to_string()).unwrap();
    }
    let port = subject.queue("events");
    (subject, model, port)
}

/// Meets `fault` in each operation, and returns their errors: none of them may be a success.
async fn errors_of(fault: &HttpFault) -> Vec<(HttpOp, StorageError)> {
    let (subject, model, port) = with_queue(3).await;
    let lease = model.receive(1, LONG).remove(0).lease;
    let meet = |op| {
        let times = if is_closing(fault) { 2 } else { 1 };
        (0..times).for_each(|_| server(&subject).fault(op, fault.clone()));
    };
    let mut errors = Vec::new();
    meet(HttpOp::ReceiveMessages);
    errors.push((
        HttpOp::ReceiveMessages,
        port.receive(1, LONG).await.unwrap_err(),
    ));
    meet(HttpOp::PeekMessages);
    errors.push((HttpOp::PeekMessages, port.peek(1).await.unwrap_err()));
    meet(HttpOp::UpdateMessage);
    errors.push((
        HttpOp::UpdateMessage,
        port.hide(&lease, LONG).await.unwrap_err(),
    ));
    errors
}

#[tokio::test]
async fn what_is_received_is_whole_or_an_error() {
    for fault in [
        HttpFault::CutAnswer(120),
        HttpFault::UnclosedXml,
        HttpFault::Html,
    ] {
        let (subject, model, port) = with_queue(3).await;
        server(&subject).fault(HttpOp::ReceiveMessages, fault.clone());
        let error = port.receive(32, SHORT).await.unwrap_err();
        assert!(
            error.is_transient() || error.kind == StorageErrorKind::Protocol,
            "{fault:?}: {error}"
        );
        // Those of an answer that broke off are hidden for the time that was asked for, and come again.
        while port.receive(32, LONG).await.unwrap().len() < 3 {
            assert!(model.depth() == 3, "{fault:?} lost a message");
            tokio::time::sleep(SHORT / 10).await;
            model.held().iter().for_each(|id| model.snatch(id));
        }
    }
}

#[tokio::test]
async fn each_call_tells_what_is_transient_from_what_is_not() {
    for (fault, kind) in [
        (status(503, "ServerBusy"), StorageErrorKind::Transient),
        (status(500, "InternalError"), StorageErrorKind::Transient),
        (
            status(403, "AuthenticationFailed"),
            StorageErrorKind::Unauthenticated,
        ),
        (
            status(403, "AuthorizationPermissionMismatch"),
            StorageErrorKind::Forbidden,
        ),
        (status(404, "QueueNotFound"), StorageErrorKind::NotFound),
        (HttpFault::DropRequest, StorageErrorKind::Transient),
        (HttpFault::LoseAnswer, StorageErrorKind::Transient),
    ] {
        for (op, error) in errors_of(&fault).await {
            assert_eq!(error.kind, kind, "{op:?} with {fault:?}: {error}");
            assert!(error.message.contains("queue `events`"), "{error}");
        }
    }
}

#[tokio::test]
async fn answers_without_end_have_a_bound() {
    for fault in [
        HttpFault::Endless,
        HttpFault::EndlessAnswer { silent: false },
    ] {
        let (subject, _, port) = with_queue(1).await;
        let began = Instant::now();
        server(&subject).fault(HttpOp::ReceiveMessages, fault.clone());
        let error = port.receive(1, LONG).await.unwrap_err();
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{fault:?}: {error}"
        );
    }
}

#[tokio::test]
async fn in_a_storm_every_message_is_received_and_deleted() {
    const MESSAGES: usize = 200;
    let (subject, model, port) = with_queue(MESSAGES).await;
    let faults = vec![
        HttpFault::busy(None),
        HttpFault::DropRequest,
        HttpFault::LoseAnswer,
        HttpFault::CutAnswer(300),
        HttpFault::Delay(Duration::from_millis(1)),
    ];
    server(&subject).storm(11, 400, faults);
    let mut seen = BTreeSet::new();
    while model.depth() > 0 {
        let Ok(messages) = port.receive(32, SHORT).await else {
            continue;
        };
        for message in messages {
            let Ok(Hidden::Yes(lease)) = port.hide(&message.lease, LONG).await else {
                // Whether it was hidden nobody knows: it is given back, so that the test need not wait.
                model.snatch(&message.lease.id);
                continue;
            };
            seen.insert(message.text);
            // Deleted twice is deleted, whichever answer got lost.
            while !matches!(port.delete(&lease).await, Ok(Deleted::Yes | Deleted::Lost)) {}
        }
        model.held().iter().for_each(|id| model.snatch(id));
    }
    assert_eq!(seen.len(), MESSAGES);
}
