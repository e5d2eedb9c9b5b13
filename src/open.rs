//! From a configuration to the ports it speaks of.

use std::sync::Arc;

use crate::{
    azure::{ConnectError, Connector},
    config::SourceConfig,
    ledger::store::StateStore,
    source::BlobListing,
};

/// What a configuration speaks of, ready to be called. Nothing has been sent yet.
pub struct Opened {
    /// The URL of the account's blob service, without a trailing slash.
    pub endpoint: String,
    /// The container's listing.
    pub blobs: Arc<dyn BlobListing>,
    /// Where the ledger is kept, when the configuration says so.
    pub state: Option<Arc<dyn StateStore>>,
}

/// Opens what a configuration speaks of: the port that keeps the server apart from Azure.
pub trait Open: Send + Sync + 'static {
    /// Resolves endpoint and credential without calling anybody.
    fn open(&self, config: &SourceConfig) -> Result<Opened, ConnectError>;
}

impl Open for Connector {
    fn open(&self, config: &SourceConfig) -> Result<Opened, ConnectError> {
        let account = self.connect(&config.location, config.credential.as_deref())?;
        Ok(Opened {
            endpoint: account.endpoint().to_owned(),
            blobs: account.listing(&config.container),
            state: config.state.as_deref().map(|name| account.state(name)),
        })
    }
}
