//! The port to storage accounts: from what a configuration names to what can be called.

use std::sync::Arc;

use thiserror::Error;
use url::Url;

use super::{
    feed::ChangeFeed, listing::BlobListing, notifications::NotificationQueue,
    properties::BlobProperties, state::StateStore,
};

/// What is to be opened.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Where the storage account is.
    pub location: &'a Location,
    /// A file in the server's credentials directory; without one, the server's own identity signs in.
    pub credential: Option<&'a str>,
    /// The container whose blobs are announced.
    pub container: &'a str,
    /// The container that keeps the ledger.
    pub state: Option<&'a str>,
    /// The queue of notifications.
    pub queue: Option<&'a QueuePlace>,
    /// Whether the account's change feed is read.
    pub change_feed: bool,
}

/// Where a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuePlace {
    /// Its name.
    pub name: String,
    /// The storage account, or the URL of its queue service, when that does not follow from where the blobs are.
    pub location: Option<Location>,
    /// The credential, when it is not that of the blobs.
    pub credential: Option<String>,
}

impl QueuePlace {
    /// The name of the queue beside it, for messages that cannot be used.
    pub fn poison(&self) -> String {
        format!("{}-poison", self.name)
    }
}

/// What was asked for, ready to be called. Nothing has been sent yet.
#[derive(Clone)]
pub struct Opened {
    /// The URL of the account's blob service, without a trailing slash.
    pub endpoint: String,
    /// The container's listing.
    pub blobs: Arc<dyn BlobListing>,
    /// Where the ledger is kept, when it is in the account.
    pub state: Option<Arc<dyn StateStore>>,
    /// The queue of notifications, when there is one.
    pub queue: Option<OpenedQueue>,
    /// The change feed of the account, when it is read.
    pub feed: Option<OpenedFeed>,
}

/// The change feed of an account, and the blobs of the container.
#[derive(Clone)]
pub struct OpenedFeed {
    /// The feed.
    pub feed: Arc<dyn ChangeFeed>,
    /// The blobs of the container.
    pub properties: Arc<dyn BlobProperties>,
}

/// A queue of notifications, and what they are about.
#[derive(Clone)]
pub struct OpenedQueue {
    /// The queue.
    pub queue: Arc<dyn NotificationQueue>,
    /// Where messages go that cannot be used.
    pub poison: Arc<dyn NotificationQueue>,
    /// The blobs of the container.
    pub properties: Arc<dyn BlobProperties>,
    /// The path of the account's endpoint: `/devstoreaccount1` of an emulator, else empty.
    pub account_path: String,
}

/// Opens storage accounts.
pub trait Connect: Send + Sync + 'static {
    /// Resolves endpoint and credential without calling anybody.
    ///
    /// # Errors
    /// [`ConnectError`], whose sentence is fit for the author of the configuration: it holds no secret.
    fn open(&self, wanted: &Wanted<'_>) -> Result<Opened, ConnectError>;
}

/// Where a storage account is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// By name, in the public cloud or wherever the connection string says.
    Account(String),
    /// By the URL of the service that is wanted (blobs, or queues), without a trailing slash (but the one that a [`Url`] of a
    /// bare host always prints), and without query, fragment or user.
    Endpoint(Url),
}

/// Why no connection can be made from what is configured. Nothing has been sent yet.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// The configuration does not fit the credential or the rules: the caller's mistake.
    #[error("{0}")]
    Invalid(String),
    /// There is no such credential: the operator's mistake.
    #[error("{0}")]
    NoCredential(String),
    /// The credential cannot be read or understood: the operator's mistake.
    #[error("{0}")]
    Credential(String),
    /// Something is missing on the machine or in the image that this runs in: the operator's mistake.
    #[error("{0}")]
    Machine(String),
}
