//! A place with a queue of notifications, and the poison queue beside it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use azure_blob_eventsource::{
    notification::{
        poison::{Original, Poison},
        tell,
    },
    ports::notifications::{LONGEST_TEXT, NotificationQueue},
};
use http::Method;
use tempfile::TempDir;
use testkit::{
    azurite::Azurite, client::BlobClient, http::KEY, shared_key::account_sas, subject::connect,
};
use time::{OffsetDateTime, macros::datetime};

use crate::{server::Server, storage::Place};

/// The queues of a place.
pub(crate) struct Queues {
    pub(crate) name: String,
    pub(crate) queue: Arc<dyn NotificationQueue>,
    pub(crate) poison: Arc<dyn NotificationQueue>,
    endpoint: String,
    _credentials: TempDir,
}

impl Queues {
    /// A place whose source has a queue alone, named by the URL of its service.
    pub(crate) async fn alone() -> (Place, Self) {
        let mut place = Place::azurite().await;
        let queues = Self::beside(&place).await;
        let Self { name, endpoint, .. } = &queues;
        place.more = format!(
            "existing: emit\nlimits: {{settle: 0s}}\nsource:\n  queue: {{name: {name}, endpoint: '{endpoint}'}}\n"
        );
        (place, queues)
    }

    // The credential of the place is good for them, too.
    async fn beside(place: &Place) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("events-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let endpoint = Azurite::shared_queues().await.endpoint();
        let client = BlobClient::new(&endpoint);
        for queue in [name.clone(), format!("{name}-poison")] {
            let made = client.send(Method::PUT, &queue, &[], &[], Default::default());
            assert_eq!(made.await.status(), 201);
        }
        let credential = format!(
            "{}QueueEndpoint={endpoint};",
            testkit::http::connection_string(&place.endpoint)
        );
        place.write_credential("storage", &credential);
        let (account, credentials) = connect(&place.endpoint, &credential);
        Self {
            queue: account.queue(&name).unwrap(),
            poison: account.queue(&format!("{name}-poison")).unwrap(),
            name,
            endpoint,
            _credentials: credentials,
        }
    }

    /// A source that has announced one blob, and whose server is gone.
    pub(crate) async fn after_a_run(&self, place: &Place) {
        let server = Server::of(place).await;
        let mut stream = server.stream(&place.config()).await;
        place.put("raw/first.csv").await;
        self.tell(place, "raw/first.csv").await;
        assert_eq!(stream.name().await, "raw/first.csv");
        server.reaches("done", 1).await;
        server.crash();
    }

    /// Tells of a blob, as Event Grid does.
    pub(crate) async fn tell(&self, place: &Place, name: &str) {
        let text = tell(&place.container, name, "0x1", OffsetDateTime::now_utc());
        self.queue.put(&text).await.unwrap();
    }

    /// A credential that may do with queues and blobs what `permissions` say.
    pub(crate) fn sas(&self, place: &Place, permissions: &str) -> String {
        let soon = OffsetDateTime::now_utc() + Duration::from_secs(3600);
        format!(
            "BlobEndpoint={};QueueEndpoint={};SharedAccessSignature={}",
            place.endpoint,
            self.endpoint,
            account_sas(permissions, soon, KEY)
        )
    }

    /// Sets a notification aside as a session does, and returns its text.
    pub(crate) async fn set_aside(&self, place: &Place, name: &str) -> String {
        let text = tell(&place.container, name, "0x1", OffsetDateTime::now_utc());
        self.set_text_aside(&text).await;
        text
    }

    pub(crate) async fn set_text_aside(&self, text: &str) {
        let poison = Poison {
            reason: "it was delivered 6 times and never done".to_owned(),
            message: "5974b586-0df3-4e2d-ad0c-18e3892bfca2".to_owned(),
            deliveries: 6,
            inserted: datetime!(2026-01-01 0:00 UTC),
            text: Original::Here(text.to_owned()),
        };
        for text in poison.texts(LONGEST_TEXT) {
            self.poison.put(&text).await.unwrap();
        }
    }
}

/// The ids of what is to be seen in a queue, and the texts.
pub(crate) async fn seen(queue: &Arc<dyn NotificationQueue>) -> Vec<(String, String)> {
    let seen = queue.peek(32).await.unwrap();
    seen.into_iter().map(|it| (it.id, it.text)).collect()
}
