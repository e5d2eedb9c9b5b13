//! The change feed of a case's storage account. Azurite has none: here its service writes one, as the testkit knows it,
//! and each file of it is copied into the container that Azure would keep it in.

use std::collections::HashMap;

use azure_blob_eventsource::feed::CONTAINER;
use testkit::{account::FakeAccount, change_feed::FeedService, rng::Rng};
use time::OffsetDateTime;

use crate::{
    storage::{DATASETS, Storage},
    witness::Version,
};

/// A container of which no source wants anything.
const OTHER: &str = "another";

/// Who writes the feed.
pub(crate) struct Feed {
    account: FakeAccount,
    service: FeedService,
    others: FeedService,
    /// The version of each file that the storage account has.
    copied: HashMap<String, String>,
}

impl Feed {
    /// Switches the feed on.
    pub(crate) async fn enable(storage: &Storage, dice: &mut Rng) -> Self {
        let account = FakeAccount::new();
        account.follow_tokio_time(OffsetDateTime::now_utc());
        let service = FeedService::enable(&account, DATASETS, dice.fork());
        let others = service.of_container(OTHER);
        storage.create_container(CONTAINER).await;
        let mut feed = Self {
            account,
            service,
            others,
            copied: HashMap::new(),
        };
        feed.copy(storage).await;
        feed
    }

    /// A blob was written. The feed has it some time later.
    pub(crate) fn created(&self, version: &Version) {
        self.service
            .created(&version.blob, &version.etag, "PutBlob");
    }

    /// Some time passes: the service writes some of what happened.
    pub(crate) async fn work(&mut self, storage: &Storage) {
        self.service.work();
        self.copy(storage).await;
    }

    /// The service writes all that happened, and at last that something happened in another container: who has read of
    /// that has read all.
    pub(crate) async fn catch_up(&mut self, storage: &Storage) {
        self.service.catch_up();
        self.others.created("mark", "0x1", "PutBlob");
        self.service.catch_up();
        self.copy(storage).await;
    }

    /// How many events are in the feed.
    pub(crate) fn written(&self) -> u64 {
        self.service.written()
    }

    // Chunks before the manifests that name them, and last of all how far the feed may be read.
    async fn copy(&mut self, storage: &Storage) {
        let mut names = self.account.names(CONTAINER);
        let rank = |name: &String| ["log/", "idx/", "meta/"].map(|it| !name.starts_with(it));
        names.sort_by_key(rank);
        for name in names {
            let Ok(file) = self.account.get(CONTAINER, &name) else {
                continue;
            };
            if self.copied.get(&name) == Some(&file.etag) {
                continue;
            }
            let content = file.content().to_vec();
            storage.put_file(CONTAINER, &name, content).await;
            self.copied.insert(name, file.etag);
        }
    }
}
