//! What a contract suite runs against: an implementation of the ports, and a way to write blobs
//! that is not that implementation.
//!
//! Three faces, one suite: the fakes are only worth what the suite says of them.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use azure_blob_eventsource::{
    azure::{Account, Connector},
    blob::Access,
    ports::{
        connect::Location, listing::BlobListing, notifications::NotificationQueue,
        properties::BlobProperties, state::StateStore,
    },
};
use bytes::Bytes;
use tempfile::TempDir;

use crate::{
    account::{FakeAccount, NewBlob},
    azurite::Azurite,
    client::BlobClient,
    faults::FaultSource,
    http::HttpFace,
    ports::{FakeListing, FakeProperties, FakeState},
};

/// Where the blobs are and how the ports reach them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// The fakes of [`crate::ports`], over the model.
    Port,
    /// The Azure adapter, over the model behind HTTP.
    Http,
    /// The Azure adapter, over Azurite.
    Azurite,
}

/// A subject with a fresh, empty container.
pub struct Subject {
    /// Which it is, for the few things that differ and say why.
    pub face: Face,
    /// The container's name.
    pub container: String,
    ports: Ports,
    model: Option<FakeAccount>,
    server: Option<HttpFace>,
    _credentials: Option<TempDir>,
}

enum Ports {
    Fake(FakeAccount),
    Azure(Box<(Account, BlobClient)>),
}

impl Subject {
    /// A subject of that face.
    pub async fn new(face: Face) -> Self {
        // All tests of a process share one Azurite.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let container = format!("contract-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let subject = match face {
            Face::Port => Self::port(container),
            Face::Http => Self::http(container).await,
            Face::Azurite => {
                let azurite = Azurite::shared().await;
                let (ports, credentials) =
                    adapter(&azurite.endpoint(), &azurite.connection_string());
                Self {
                    face,
                    container,
                    ports,
                    model: None,
                    server: None,
                    _credentials: Some(credentials),
                }
            }
        };
        subject.make_container().await;
        subject
    }

    fn port(container: String) -> Self {
        let account = FakeAccount::new();
        Self {
            face: Face::Port,
            container,
            ports: Ports::Fake(account.clone()),
            model: Some(account),
            server: None,
            _credentials: None,
        }
    }

    async fn http(container: String) -> Self {
        let account = FakeAccount::new();
        let server = HttpFace::start(account.clone()).await;
        let (ports, credentials) = adapter(&server.endpoint(), &server.connection_string());
        Self {
            face: Face::Http,
            container,
            ports,
            model: Some(account),
            server: Some(server),
            _credentials: Some(credentials),
        }
    }

    async fn make_container(&self) {
        match &self.ports {
            Ports::Fake(account) => account.create_container(&self.container).unwrap(),
            Ports::Azure(azure) => azure.1.create_container(&self.container).await,
        }
    }

    /// The model, where there is one: what it can set, Azurite cannot.
    pub fn model(&self) -> Option<&FakeAccount> {
        self.model.as_ref()
    }

    /// The fake service, where there is one: its faults and its rules.
    pub fn server(&self) -> Option<&HttpFace> {
        self.server.as_ref()
    }

    /// The listing of the subject's container.
    pub fn listing(&self) -> Arc<dyn BlobListing> {
        self.listing_of(&self.container)
    }

    /// The listing of any container.
    pub fn listing_of(&self, container: &str) -> Arc<dyn BlobListing> {
        match &self.ports {
            Ports::Fake(account) => Arc::new(FakeListing::new(
                account.clone(),
                container,
                FaultSource::none(),
            )),
            Ports::Azure(azure) => azure.0.listing(container),
        }
    }

    /// The blobs of the subject's container, one by one.
    pub fn properties(&self) -> Arc<dyn BlobProperties> {
        self.properties_of(&self.container)
    }

    /// The blobs of any container, one by one.
    pub fn properties_of(&self, container: &str) -> Arc<dyn BlobProperties> {
        match &self.ports {
            Ports::Fake(account) => Arc::new(FakeProperties::new(
                account.clone(),
                container,
                FaultSource::none(),
            )),
            Ports::Azure(azure) => azure.0.properties(container),
        }
    }

    /// The subject's container as a place for ledgers.
    pub fn state(&self) -> Arc<dyn StateStore> {
        self.state_of(&self.container)
    }

    /// Any container as a place for ledgers.
    pub fn state_of(&self, container: &str) -> Arc<dyn StateStore> {
        match &self.ports {
            Ports::Fake(account) => Arc::new(FakeState::new(
                account.clone(),
                container,
                FaultSource::none(),
            )),
            Ports::Azure(azure) => azure.0.state(container),
        }
    }

    /// A queue of the fake service.
    pub fn queue(&self, name: &str) -> Arc<dyn NotificationQueue> {
        match &self.ports {
            Ports::Azure(azure) => azure.0.queue(name).expect("a queue service"),
            Ports::Fake(_) => unreachable!("a queue in memory has a port of its own"),
        }
    }

    /// Writes a blob and returns its ETag.
    pub async fn put(&self, name: &str, blob: impl Into<NewBlob>) -> String {
        let blob = blob.into();
        match &self.ports {
            Ports::Fake(account) => account.put(&self.container, name, blob).unwrap(),
            Ports::Azure(azure) => azure.1.put_blob(&self.container, name, &blob).await,
        }
    }

    /// Appends to an append blob.
    pub async fn append(&self, name: &str, bytes: impl Into<Bytes>) {
        let bytes = bytes.into();
        match &self.ports {
            Ports::Fake(account) => {
                account.append(&self.container, name, None, &bytes).unwrap();
            }
            Ports::Azure(azure) => azure.1.append(&self.container, name, bytes).await,
        }
    }

    /// The whole content of a blob.
    pub async fn get(&self, name: &str) -> Option<Bytes> {
        match &self.ports {
            Ports::Fake(account) => {
                let blob = account.get(&self.container, name).ok()?;
                Some(blob.range(0, u64::MAX))
            }
            Ports::Azure(azure) => azure.1.get(&self.container, name).await,
        }
    }

    /// Sets one metadata entry of a blob; its content stays.
    pub async fn set_metadata(&self, name: &str, key: &str, value: &str) {
        match (&self.model, &self.ports) {
            (Some(model), _) => {
                let set = model.set_metadata(&self.container, name, key, value);
                set.map(drop).unwrap();
            }
            (None, Ports::Azure(azure)) => {
                azure
                    .1
                    .set_metadata(&self.container, name, key, value)
                    .await;
            }
            (None, Ports::Fake(_)) => unreachable!("a fake has its model"),
        }
    }

    /// Copies a blob within the container, over Azurite: the model has copies of its own.
    pub async fn copy(&self, from: &str, to: &str) {
        match &self.ports {
            Ports::Azure(azure) => azure.1.copy(&self.container, from, to).await,
            Ports::Fake(_) => unreachable!("the model has copies of its own"),
        }
    }

    /// Moves a blob into the Archive tier.
    pub async fn archive(&self, name: &str) {
        match (&self.model, &self.ports) {
            (Some(model), _) => {
                let set = model.set_access(&self.container, name, Access::Archived);
                set.unwrap();
            }
            (None, Ports::Azure(azure)) => {
                azure.1.set_tier(&self.container, name, "Archive").await;
            }
            (None, Ports::Fake(_)) => unreachable!("a fake has its model"),
        }
    }

    /// Deletes a blob.
    pub async fn delete(&self, name: &str) {
        match &self.ports {
            Ports::Fake(account) => account.delete(&self.container, name).unwrap(),
            Ports::Azure(azure) => azure.1.delete(&self.container, name).await,
        }
    }
}

/// The Azure adapter over an account, and a client that writes to it.
fn adapter(endpoint: &str, connection_string: &str) -> (Ports, TempDir) {
    let (account, credentials) = connect(endpoint, connection_string);
    let client = BlobClient::new(endpoint);
    (Ports::Azure(Box::new((account, client))), credentials)
}

/// The Azure adapter with a connection string from a credentials directory, as an operator mounts it. It reads the
/// directory again, so keep it.
pub fn connect(endpoint: &str, connection_string: &str) -> (Account, TempDir) {
    let credentials = TempDir::new().unwrap();
    fs::write(credentials.path().join("account"), connection_string).unwrap();
    let connector = Connector {
        credentials_dir: Some(credentials.path().to_owned()),
        allowed_endpoints: vec![endpoint.to_owned()],
        ..Connector::default()
    };
    let location = Location::Endpoint(endpoint.parse().unwrap());
    let account = connector.connect(&location, Some("account")).unwrap();
    (account, credentials)
}

/// Makes a test of each `async fn(Subject)` for each face: `port::<name>`, `http::<name>` and
/// `azurite::<name>`.
#[macro_export]
macro_rules! contract {
    ($($case:ident),* $(,)?) => {
        $crate::contract!(@face port Port $($case)*);
        $crate::contract!(@face http Http $($case)*);
        $crate::contract!(@face azurite Azurite $($case)*);
    };
    (@face $module:ident $face:ident $($case:ident)*) => {
        mod $module {
            use $crate::subject::{Face, Subject};
            $(
                #[tokio::test]
                async fn $case() {
                    super::$case(Subject::new(Face::$face).await).await;
                }
            )*
        }
    };
}
