//! What a queue of notifications is taken with.

use std::{sync::Arc, time::Duration};

use crate::{
    calls::retry::Retry,
    gate::Gate,
    metrics::SourceStats,
    ports::{notifications::NotificationQueue, properties::BlobProperties},
};

/// For how long a message is hidden. It is hidden again when half of that is over.
pub(super) const HIDE: Duration = Duration::from_secs(300);

/// Takes messages from a queue.
#[derive(Clone)]
pub struct Queue {
    /// The queue.
    pub queue: Arc<dyn NotificationQueue>,
    /// Where messages go that cannot be used.
    pub poison: Arc<dyn NotificationQueue>,
    /// The blobs that messages tell of.
    pub properties: Arc<dyn BlobProperties>,
    /// Where what is found goes.
    pub gate: Arc<Gate>,
    /// Whether no sweep ever shows what is done, so that time alone says when it may be forgotten.
    pub alone: bool,
    /// The container whose blobs are announced.
    pub container: String,
    /// The path of the account's endpoint: see [`crate::notification::parse`].
    pub account_path: String,
    /// At most so many messages are in hand: what cannot be sent yet stays in the queue.
    pub most: usize,
    /// A message that was delivered more often than that is set aside.
    pub max_deliveries: u32,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
    /// Decides the jitter of retries.
    pub seed: u64,
}

impl Queue {
    /// For calls that succeed in the end, or are refused.
    pub(super) fn retry(&self, what: &'static str) -> Retry {
        Retry::new(what, self.seed, &self.stats).proven(true)
    }
}
