//! What an event source watches and how, validated.

use std::time::Duration;

use crate::{
    batch::rules::BatchRules,
    blob::Version,
    confirm::target::Confirm,
    delivery::policy::{Limits, Redelivery},
    filter::Filter,
    gate::rules::{Existing, RuleSpec},
    ports::connect::{Location, QueuePlace, Wanted},
};

/// What an event source watches and how: the validated text under `spec.generic.<event>.config`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceConfig {
    /// Where the storage account is.
    pub location: Location,
    /// The container whose blobs are announced.
    pub container: String,
    /// Which names are announced: `prefix` and `pattern`.
    pub filter: Filter,
    /// A file in the server's credentials directory; without one, the server's own identity signs in.
    pub credential: Option<String>,
    /// From the start of one sweep to the start of the next (`source.listing.interval`).
    pub interval: Duration,
    /// Whether the container is listed again and again. It is, unless a queue or the change feed is to find its blobs.
    pub listing: bool,
    /// How many ranges of names a sweep lists at once, at most (`source.listing.parallelism`).
    pub parallelism: usize,
    /// The queue of notifications (`source.queue`).
    pub queue: Option<QueueSource>,
    /// Whether the change feed of the account is read (`source.changeFeed`).
    pub change_feed: bool,
    /// What happens to blobs that were there before the source first started.
    pub existing: Existing,
    /// How long a blob must have been left alone before it is announced.
    pub min_age: Duration,
    /// Whether blobs of no bytes are passed over.
    pub skip_empty: bool,
    /// What makes a blob a new version of itself.
    pub version: Version,
    /// The container that keeps the ledger (`state.container`); without one it is in memory.
    pub state: Option<String>,
    /// What shows that an event came to something: an object for each entry. Without any, an event is
    /// done once its stream stayed healthy for [`Limits::settle`].
    pub confirm: Vec<Confirm>,
    /// Which blobs are announced together; without it each has an event of its own.
    pub batch: Option<BatchRules>,
    /// When an unconfirmed event is sent again, and when it is given up.
    pub redelivery: Redelivery,
    /// Bounds on what is under way.
    pub limits: Limits,
    /// The source's name in the state container, when the derived one does not serve.
    pub id: Option<String>,
}

/// Notifications that Event Grid puts into a Storage queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSource {
    /// Where it is.
    pub place: QueuePlace,
    /// A message that was delivered so often and never done is set aside.
    pub max_deliveries: u32,
}

impl SourceConfig {
    /// What has to be opened for it.
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            location: &self.location,
            credential: self.credential.as_deref(),
            container: &self.container,
            state: self.state.as_deref(),
            queue: self.queue.as_ref().map(|queue| &queue.place),
            change_feed: self.change_feed,
        }
    }

    /// Whether nothing but notifications tells of blobs.
    pub fn is_queue_alone(&self) -> bool {
        self.queue.is_some() && !self.listing && !self.change_feed
    }

    /// The same source without `confirm`, for a client that makes nothing of its events: each is done once the stream
    /// stayed healthy for [`Limits::settle`].
    #[must_use]
    pub fn unconfirmed(mut self) -> Self {
        self.confirm.clear();
        self.redelivery = Redelivery::default();
        self.limits.active_workflows = None;
        self
    }

    /// What decides which of its blobs are announced.
    pub fn rules(&self) -> RuleSpec<'_> {
        RuleSpec {
            filter: &self.filter,
            existing: self.existing,
            min_age: self.min_age,
            skip_empty: self.skip_empty,
        }
    }
}
