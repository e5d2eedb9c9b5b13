//! Where blobs are: Azurite or the fake service, a container of one's own, and a configuration.

use std::{
    fs,
    path::Path,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use tempfile::TempDir;
use testkit::{
    account::{FakeAccount, NewBlob},
    azurite::Azurite,
    client::BlobClient,
    http::HttpFace,
};
use time::OffsetDateTime;

/// A container to watch, one to keep the ledger in, and a directory with the credential `storage`.
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) client: BlobClient,
    pub(crate) container: String,
    pub(crate) state: String,
    pub(crate) directory: TempDir,
    /// What a configuration says beside where.
    pub(crate) more: String,
}

impl Place {
    /// A place on the Azurite that all tests share.
    pub(crate) async fn azurite() -> Self {
        let azurite = Azurite::shared().await;
        Self::new(&azurite.endpoint(), &azurite.connection_string()).await
    }

    /// A place on a fake service of its own, whose clock is right.
    pub(crate) async fn fake() -> (Self, HttpFace) {
        let account = FakeAccount::new();
        account.follow_tokio_time(OffsetDateTime::now_utc());
        let face = HttpFace::start(account).await;
        (
            Self::new(&face.endpoint(), &face.connection_string()).await,
            face,
        )
    }

    async fn new(endpoint: &str, connection_string: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let container = format!("watched-{}-{number}", process::id());
        let place = Self {
            endpoint: endpoint.to_owned(),
            client: BlobClient::new(endpoint),
            state: format!("state-{}-{number}", process::id()),
            container,
            directory: TempDir::new().unwrap(),
            more: "existing: emit\nsource: {listing: {interval: 1s}}\nlimits: {settle: 0s}\n"
                .to_owned(),
        };
        place.write_credential("storage", connection_string);
        place.client.create_container(&place.container).await;
        place.client.create_container(&place.state).await;
        place
    }

    /// With `more` in place of `existing: emit`, sweeps every second and no settle time.
    pub(crate) fn with(mut self, more: &str) -> Self {
        self.more = more.to_owned();
        self
    }

    /// The directory of credentials.
    pub(crate) fn credentials(&self) -> &Path {
        self.directory.path()
    }

    /// Writes a credential as rotation does: another file in its place.
    pub(crate) fn write_credential(&self, name: &str, text: &str) {
        let fresh = self.credentials().join(".fresh");
        fs::write(&fresh, text).unwrap();
        fs::rename(fresh, self.credentials().join(name)).unwrap();
    }

    /// The configuration of a source that keeps its ledger in the state container.
    pub(crate) fn config(&self) -> String {
        format!(
            "{}state: {{container: {}}}\n",
            self.stateless_config(),
            self.state
        )
    }

    /// The configuration of a source that keeps its ledger in memory.
    pub(crate) fn stateless_config(&self) -> String {
        let Self {
            endpoint,
            container,
            more,
            ..
        } = self;
        format!("endpoint: {endpoint}\ncontainer: {container}\ncredential: storage\n{more}")
    }

    /// That configuration in a file, for commands.
    pub(crate) fn config_file(&self, config: &str) -> String {
        let file = self.credentials().join("source.yaml");
        fs::write(&file, config).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// The arguments with which commands find the credentials.
    pub(crate) fn storage_args(&self) -> [String; 2] {
        let directory = self.credentials().to_str().unwrap();
        ["--credentials-dir".to_owned(), directory.to_owned()]
    }

    /// Writes a blob.
    pub(crate) async fn put(&self, name: &str) {
        let blob = NewBlob::new("id,value\n1,2\n").content_type("text/csv");
        self.client.put_blob(&self.container, name, &blob).await;
    }
}
