//! What every [`NotificationQueue`] promises, asked of the port-level fake and of the Azure adapter, over the fake
//! service and over Azurite.
//!
//! Where they differ:
//! - Times behind HTTP are real, so that messages come back after seconds, and those of the port-level fake at once,
//!   on paused time.
//! - Azurite makes a pop receipt of the millisecond of the call, so that two leases of one millisecond are equal. The
//!   suite leaves a pause between calls whose receipts must differ.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ::http::Method;
use azure_blob_eventsource::ports::{
    error::StorageErrorKind,
    notifications::{Deleted, Hidden, LONGEST_TEXT, Lease, Message, NotificationQueue},
};
use tempfile::TempDir;
use testkit::{
    account::FakeAccount,
    azurite::Azurite,
    client::BlobClient,
    faults::FaultSource,
    http::{HttpFace, KEY},
    ports::FakeNotifications,
    queue::FakeQueue,
    shared_key::account_sas,
    subject::connect,
};
use time::OffsetDateTime;
use tokio::time::sleep;

/// Hidden for longer than any test takes.
const LONG: Duration = Duration::from_secs(3600);
/// As short as a message can be hidden.
const SHORT: Duration = Duration::from_secs(1);
/// After which a message that was hidden shortly must be there.
const AFTER: Duration = Duration::from_millis(1500);

/// A fresh, empty queue.
struct Subject {
    queue: Arc<dyn NotificationQueue>,
    /// A queue of this account that does not exist; the fake has no account.
    missing: Option<Arc<dyn NotificationQueue>>,
    _credentials: Option<TempDir>,
    _face: Option<HttpFace>,
}

impl Subject {
    fn fake() -> Self {
        let port = FakeNotifications::new(FakeQueue::new(), FaultSource::none());
        Self {
            queue: Arc::new(port),
            missing: None,
            _credentials: None,
            _face: None,
        }
    }

    async fn http() -> Self {
        let face = HttpFace::start(FakeAccount::new()).await;
        face.queue("contract");
        let (account, credentials) = connect(&face.endpoint(), &face.connection_string());
        Self {
            queue: account.queue("contract").unwrap(),
            missing: Some(account.queue("no-such-queue").unwrap()),
            _credentials: Some(credentials),
            _face: Some(face),
        }
    }

    async fn azurite() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("contract-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let endpoint = Azurite::shared_queues().await.endpoint();
        let made = BlobClient::new(&endpoint)
            .send(Method::PUT, &name, &[], &[], Default::default())
            .await;
        assert_eq!(made.status(), 201);
        // No blob is asked for, so that any URL will do for the blob service.
        let blobs = "http://127.0.0.1:9/devstoreaccount1";
        let connection = testkit::http::connection_string(blobs);
        let (account, credentials) =
            connect(blobs, &format!("{connection}QueueEndpoint={endpoint};"));
        Self {
            queue: account.queue(&name).unwrap(),
            missing: Some(account.queue("no-such-queue").unwrap()),
            _credentials: Some(credentials),
            _face: None,
        }
    }

    async fn put(&self, texts: &[&str]) {
        for text in texts {
            self.queue.put(text).await.unwrap();
        }
    }

    async fn receive(&self, most: u8, hide: Duration) -> Vec<Message> {
        self.queue.receive(most, hide).await.unwrap()
    }

    /// The only message that is to be had.
    async fn one(&self, hide: Duration) -> Message {
        let mut messages = self.receive(32, hide).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        // See above: the next receipt is to be another one.
        sleep(Duration::from_millis(5)).await;
        messages.remove(0)
    }

    async fn hide(&self, lease: &Lease, hide: Duration) -> Option<Lease> {
        sleep(Duration::from_millis(5)).await;
        match self.queue.hide(lease, hide).await.unwrap() {
            Hidden::Yes(next) => Some(next),
            Hidden::Lost => None,
        }
    }

    async fn delete(&self, lease: &Lease) -> Deleted {
        self.queue.delete(lease).await.unwrap()
    }
}

macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        mod port {
            $(
                #[tokio::test(start_paused = true)]
                async fn $case() {
                    super::$case(super::Subject::fake()).await;
                }
            )*
        }
        mod http {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Subject::http().await).await;
                }
            )*
        }
        mod azurite {
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(super::Subject::azurite().await).await;
                }
            )*
        }
    };
}

contract![
    an_empty_queue_has_no_messages,
    a_message_is_hidden_while_it_is_held,
    a_message_that_is_not_deleted_comes_again,
    a_message_that_is_deleted_is_gone,
    a_lease_is_another_one_after_each_hiding,
    hiding_starts_anew_and_can_end_at_once,
    a_lease_is_lost_when_somebody_else_has_the_message,
    what_is_gone_is_lost_and_no_error,
    at_most_so_many_messages_are_taken,
    to_look_takes_nothing,
    texts_come_back_as_they_were_put,
    the_longest_text_fits_and_a_longer_one_is_refused,
    times_are_the_services,
    a_missing_queue_is_not_found,
];

/// Not of the port, but of the way to it: what the suite does with a key goes with a signature as well.
#[tokio::test]
async fn azurite_takes_a_shared_access_signature() {
    let endpoint = Azurite::shared_queues().await.endpoint();
    let client = BlobClient::new(&endpoint);
    let made = client.send(Method::PUT, "with-sas", &[], &[], Default::default());
    assert_eq!(made.await.status(), 201);
    let sas = account_sas("raup", OffsetDateTime::now_utc() + LONG, KEY);
    let blobs = "http://127.0.0.1:9/devstoreaccount1";
    let credential =
        format!("BlobEndpoint={blobs};QueueEndpoint={endpoint};SharedAccessSignature={sas}");
    let (account, _credentials) = connect(blobs, &credential);
    let queue = account.queue("with-sas").unwrap();
    queue.put("a").await.unwrap();
    let message = queue.receive(1, LONG).await.unwrap().remove(0);
    sleep(Duration::from_millis(5)).await;
    let Hidden::Yes(lease) = queue.hide(&message.lease, LONG).await.unwrap() else {
        panic!("the lease is lost")
    };
    assert_eq!(queue.delete(&lease).await.unwrap(), Deleted::Yes);
    assert_eq!(queue.depth().await.unwrap(), 0);
    let wrong = credential.replace("sp=raup", "sp=rwdlacup");
    let (account, _credentials) = connect(blobs, &wrong);
    let refused = account.queue("with-sas").unwrap().peek(1).await;
    assert_eq!(refused.unwrap_err().kind, StorageErrorKind::Unauthenticated);
}

async fn an_empty_queue_has_no_messages(subject: Subject) {
    assert_eq!(subject.receive(32, LONG).await, []);
    assert_eq!(subject.queue.peek(32).await.unwrap(), []);
    assert_eq!(subject.queue.depth().await.unwrap(), 0);
}

async fn a_message_is_hidden_while_it_is_held(subject: Subject) {
    subject.put(&["a"]).await;
    let message = subject.one(LONG).await;
    assert_eq!((message.text.as_str(), message.delivered), ("a", 1));
    assert_eq!(subject.receive(32, LONG).await, []);
    assert_eq!(subject.queue.peek(32).await.unwrap(), []);
    assert_eq!(subject.queue.depth().await.unwrap(), 1);
}

async fn a_message_that_is_not_deleted_comes_again(subject: Subject) {
    subject.put(&["a"]).await;
    let first = subject.one(SHORT).await;
    sleep(AFTER).await;
    let second = subject.one(LONG).await;
    assert_eq!(second.lease.id, first.lease.id);
    assert_ne!(second.lease.pop_receipt, first.lease.pop_receipt);
    assert_eq!((second.text.as_str(), second.delivered), ("a", 2));
    assert_eq!(second.inserted, first.inserted);
}

async fn a_message_that_is_deleted_is_gone(subject: Subject) {
    subject.put(&["a"]).await;
    let message = subject.one(SHORT).await;
    assert_eq!(subject.delete(&message.lease).await, Deleted::Yes);
    sleep(AFTER).await;
    assert_eq!(subject.receive(32, LONG).await, []);
    assert_eq!(subject.queue.depth().await.unwrap(), 0);
}

async fn a_lease_is_another_one_after_each_hiding(subject: Subject) {
    subject.put(&["a"]).await;
    let first = subject.one(LONG).await.lease;
    let second = subject.hide(&first, LONG).await.unwrap();
    assert_eq!(second.id, first.id);
    assert_ne!(second.pop_receipt, first.pop_receipt);
    assert_eq!(subject.hide(&first, LONG).await, None);
    assert_eq!(subject.delete(&first).await, Deleted::Lost);
    let third = subject.hide(&second, LONG).await.unwrap();
    assert_eq!(subject.delete(&third).await, Deleted::Yes);
}

async fn hiding_starts_anew_and_can_end_at_once(subject: Subject) {
    subject.put(&["a"]).await;
    let first = subject.one(SHORT).await;
    let lease = subject.hide(&first.lease, LONG).await.unwrap();
    sleep(AFTER).await;
    assert_eq!(subject.receive(32, LONG).await, []);
    subject.hide(&lease, Duration::ZERO).await.unwrap();
    let again = subject.one(LONG).await;
    // To hide is not to deliver, and leaves the text.
    assert_eq!((again.text.as_str(), again.delivered), ("a", 2));
}

async fn a_lease_is_lost_when_somebody_else_has_the_message(subject: Subject) {
    subject.put(&["a"]).await;
    let ours = subject.one(SHORT).await.lease;
    sleep(AFTER).await;
    let theirs = subject.one(LONG).await.lease;
    assert_eq!(subject.hide(&ours, LONG).await, None);
    assert_eq!(subject.delete(&ours).await, Deleted::Lost);
    assert_eq!(subject.delete(&theirs).await, Deleted::Yes);
}

async fn what_is_gone_is_lost_and_no_error(subject: Subject) {
    subject.put(&["a"]).await;
    let lease = subject.one(LONG).await.lease;
    assert_eq!(subject.delete(&lease).await, Deleted::Yes);
    assert_eq!(subject.delete(&lease).await, Deleted::Lost);
    assert_eq!(subject.hide(&lease, LONG).await, None);
}

async fn at_most_so_many_messages_are_taken(subject: Subject) {
    let texts: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    subject.put(&texts).await;
    let mut taken = Vec::new();
    for (most, expected) in [(1, 1), (0, 1), (5, 5), (255, 32), (32, 1)] {
        let messages = subject.receive(most, LONG).await;
        assert_eq!(messages.len(), expected, "at most {most}");
        taken.extend(messages.into_iter().map(|it| it.text));
    }
    taken.sort_by_key(|text| text.parse::<u32>().unwrap());
    assert_eq!(taken, texts);
}

async fn to_look_takes_nothing(subject: Subject) {
    subject.put(&["a", "b"]).await;
    for _ in 0..2 {
        let seen = subject.queue.peek(32).await.unwrap();
        let seen: Vec<_> = seen
            .iter()
            .map(|it| (it.text.as_str(), it.delivered))
            .collect();
        assert_eq!(seen, [("a", 0), ("b", 0)]);
    }
    assert_eq!(subject.queue.peek(1).await.unwrap().len(), 1);
    assert_eq!(subject.receive(32, LONG).await.len(), 2);
}

async fn texts_come_back_as_they_were_put(subject: Subject) {
    let texts = [
        "{\"a\": \"<&>'\"}",
        "&amp;&#65;]]><![CDATA[x]]>",
        "größe 日本語 \u{1f600} \u{a0}\u{2028}",
        "one\ntwo\r\nthree\tfour\rfive",
        "eyJhIjoxfQ==",
        " white space around \n",
    ];
    subject.put(&texts).await;
    let received = subject.receive(32, LONG).await;
    let received: Vec<_> = received.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(received, texts);
    // The service refuses what XML has not, so that it is replaced.
    subject.put(&["a\u{0}b\u{1f}c\u{ffff}"]).await;
    assert_eq!(subject.one(LONG).await.text, "a\u{fffd}b\u{fffd}c\u{fffd}");
}

async fn the_longest_text_fits_and_a_longer_one_is_refused(subject: Subject) {
    // Each character takes five bytes more on its way.
    let longest = "\"<".repeat(LONGEST_TEXT / 2);
    subject.put(&[longest.as_str(); 32]).await;
    let received = subject.receive(32, LONG).await;
    assert_eq!(received.len(), 32);
    assert!(received.iter().all(|it| it.text == longest));
    let error = subject.queue.put(&"x".repeat(LONGEST_TEXT + 1)).await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Rejected, "{error}");
}

async fn times_are_the_services(subject: Subject) {
    subject.put(&["a"]).await;
    let seen = subject.queue.peek(1).await.unwrap().remove(0);
    let message = subject.one(LONG).await;
    assert_eq!(seen.inserted, message.inserted);
    let waited = (message.service_time - message.inserted).whole_seconds();
    assert!((0..60).contains(&waited), "{message:?}");
}

async fn a_missing_queue_is_not_found(subject: Subject) {
    let Some(queue) = &subject.missing else {
        return;
    };
    let lease = Lease {
        id: "00000000-0000-0000-0000-000000000000".to_owned(),
        pop_receipt: "AgAAAAMAAAA=".to_owned(),
    };
    for error in [
        queue.receive(1, LONG).await.unwrap_err(),
        queue.peek(1).await.unwrap_err(),
        queue.depth().await.unwrap_err(),
        queue.put("x").await.unwrap_err(),
        queue.hide(&lease, LONG).await.unwrap_err(),
        queue.delete(&lease).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, StorageErrorKind::NotFound, "{error}");
        assert!(error.message.contains("queue `no-such-queue`"), "{error}");
        assert!(
            error.message.contains("the queue does not exist"),
            "{error}"
        );
    }
}
