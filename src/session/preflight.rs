//! What a client must show before anything is taken over for it: that its configuration works.
//!
//! A stream takes its source from the stream before it, in this process and, through the ledger, in
//! any other. A client with a wrong account, without a right or of another container would take it
//! as well and then fail; so all that can be seen without taking is looked at first.

use std::{pin::pin, sync::Arc};

use super::error::SessionError;
use crate::{
    calls::retry::Retry,
    confirm::{error::ConfirmError, index::WatchHealth},
    delivery::expected::Expected,
    journal::{
        peek::container_of,
        source_store::{Rollover, SourceStore},
    },
    metrics::SourceStats,
    ports::{
        connect::{OpenedFeed, OpenedQueue},
        error::StorageErrorKind,
        listing::BlobListing,
        state::StateStore,
    },
};

/// What a client asks for, as far as it can be tried.
pub struct Preflight {
    /// The source's name in the state container.
    pub source_id: String,
    /// The container's URL.
    pub container: String,
    /// The container's listing.
    pub blobs: Arc<dyn BlobListing>,
    /// What all names of interest start with.
    pub prefix: String,
    /// Where the ledger is kept, when it is in the storage account.
    pub state: Option<Arc<dyn StateStore>>,
    /// The queue of notifications, when there is one.
    pub queue: Option<OpenedQueue>,
    /// The change feed of the account, when it is read.
    pub feed: Option<OpenedFeed>,
    /// What shows that events came to something, when the configuration says so.
    pub confirm: Option<Arc<Expected>>,
    /// Decides the jitter of retries.
    pub seed: u64,
    /// Where failed calls are counted.
    pub stats: Arc<SourceStats>,
}

impl Preflight {
    /// Shows that the cluster can be asked, the container listed, the state container read, and that
    /// the ledger is this container's. Changes nothing. Transient faults are waited out, for ever.
    ///
    /// # Errors
    /// As those with which a session ends.
    pub async fn prove(&self) -> Result<(), SessionError> {
        if let Some(confirm) = &self.confirm {
            cluster_answers(confirm, &self.stats).await?;
        }
        Retry::new("list blobs", self.seed, &self.stats)
            .run(|| self.blobs.list(&self.prefix, None))
            .await?;
        for queue in self.queue.iter().flat_map(|it| [&it.queue, &it.poison]) {
            Retry::new("look at the queue", self.seed, &self.stats)
                .run(|| queue.depth())
                .await?;
        }
        if let Some(feed) = &self.feed {
            // What is wrong with a file of it, or that there is none, says the session.
            let look = || async {
                match feed.feed.consumable().await {
                    Err(error) if error.kind != StorageErrorKind::Protocol => Err(error),
                    _ => Ok(()),
                }
            };
            Retry::new("look at the change feed", self.seed, &self.stats)
                .run(look)
                .await?;
        }
        match &self.state {
            Some(state) => self.prove_ledger(state).await,
            None => Ok(()),
        }
    }

    /// What [`Preflight::prove`] has been waiting for, for people.
    pub fn waits_for(&self) -> String {
        let health = self.confirm.as_ref().map(|confirm| confirm.health());
        match (self.stats.error(), health) {
            (Some(error), _) => error,
            (None, Some(WatchHealth::Lost(error))) => error.to_string(),
            (None, Some(WatchHealth::Starting)) => "the cluster has not answered yet".to_owned(),
            (None, _) => "the storage account has not answered yet".to_owned(),
        }
    }

    async fn prove_ledger(&self, state: &Arc<dyn StateStore>) -> Result<(), SessionError> {
        let source_store = SourceStore {
            store: Arc::clone(state),
            source_id: self.source_id.clone(),
            writer: self.seed,
            rollover: Rollover::default(),
            stats: Arc::clone(&self.stats),
        };
        match container_of(&source_store).await? {
            Some(other) if other != self.container => Err(SessionError::ForeignLedger {
                source_id: self.source_id.clone(),
                other,
                container: self.container.clone(),
            }),
            _ => Ok(()),
        }
    }
}

/// Waits until the cluster can be asked, and tells meanwhile why it cannot.
///
/// # Errors
/// As [`Expected::ready`].
pub(crate) async fn cluster_answers(
    confirm: &Expected,
    stats: &SourceStats,
) -> Result<(), ConfirmError> {
    // Heard before anything is looked at, so that nothing turns unseen.
    let mut news = confirm.news();
    let mut ready = pin!(confirm.ready());
    loop {
        let why = match confirm.health() {
            WatchHealth::Lost(error) => Some(error.to_string()),
            WatchHealth::Starting | WatchHealth::Live => None,
        };
        stats.set_delivery_error(why);
        tokio::select! {
            biased;
            ready = &mut ready => {
                stats.set_delivery_error(None);
                return ready;
            }
            _ = news.next() => {}
        }
    }
}
