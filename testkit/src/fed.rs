//! A container whose changes are in a change feed: who writes that feed, and what a session is given to read it.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    time::Duration,
};

use azure_blob_eventsource::{metrics::SourceStats, ports::connect::OpenedFeed};
use tokio::time::sleep;

use crate::{
    account::FakeAccount,
    change_feed::FeedService,
    faults::FaultSource,
    ports::FakeChangeFeed,
    rng::Rng,
    wrong_feed::{ReadSoFar, WrongFeed},
};

/// How long it may take in calm weather until all of a feed is settled.
const LONG: Duration = Duration::from_secs(6 * 3600);
/// A feed is looked at every half a minute: when nothing new is read for three times as long, all is read.
const QUIET: Duration = Duration::from_secs(100);
/// How often it is looked at whether that is so.
const LOOK: Duration = Duration::from_secs(5);

/// The feed of an account, as far as one container matters. Clones are handles to the same one.
#[derive(Clone)]
pub struct FedContainer {
    /// Who writes it.
    pub service: FeedService,
    container: String,
    port: FakeChangeFeed,
    read: Arc<Mutex<ReadSoFar>>,
}

impl FedContainer {
    /// Switches the feed of `account` on; of what happens in `container` it is told.
    pub fn new(account: &FakeAccount, container: &str, rng: Rng, faults: &FaultSource) -> Self {
        Self {
            service: FeedService::enable(account, container, rng),
            container: container.to_owned(),
            port: FakeChangeFeed::new(account.clone(), faults.clone()),
            read: Arc::default(),
        }
    }

    /// With a feed that may be [read wrongly](Self::opened_ahead): its blocks are not packed.
    pub fn unpacked(self) -> Self {
        Self {
            service: self.service.unpacked(),
            ..self
        }
    }

    /// What a session is given.
    pub fn opened(&self) -> OpenedFeed {
        self.port.opened(&self.container)
    }

    /// What a session is given whose cursor is what the sessions before have read, settled or not.
    pub fn opened_ahead(&self) -> OpenedFeed {
        let opened = self.opened();
        let feed = WrongFeed::new(opened.feed, &self.container, Arc::clone(&self.read));
        OpenedFeed {
            feed: Arc::new(feed),
            ..opened
        }
    }

    /// All that happened is written, and the session that counts in `stats` has read and settled it, and has listed what
    /// the feed does not tell: `is_joined` says that.
    ///
    /// # Errors
    /// That it never comes to that, in words.
    pub async fn until_read(
        &self,
        stats: &SourceStats,
        is_joined: impl AsyncFn() -> Result<bool, String>,
    ) -> Result<(), String> {
        self.service.catch_up();
        let counted = || stats.feed.outcomes.total();
        let (mut before, mut quiet) = (counted(), Duration::ZERO);
        for _ in 0..LONG.as_secs() / LOOK.as_secs() {
            sleep(LOOK).await;
            let waits = stats.feed.waiting.load(Relaxed);
            let now = counted();
            quiet = match now == before && waits == 0 && is_joined().await? {
                true => quiet + LOOK,
                false => Duration::ZERO,
            };
            before = now;
            if quiet >= QUIET {
                return Ok(());
            }
        }
        Err("the feed is never settled".to_owned())
    }
}
