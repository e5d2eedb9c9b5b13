//! The change feed of a world that has one, and what it owes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_blob_eventsource::{
    journal::{recover::recover, source_store::SourceStore},
    metrics::change_feed::Counted,
    ports::connect::OpenedFeed,
};
use testkit::{
    account::FakeAccount, change_feed::FeedService, event_grid::Version, faults::FaultSource,
    ports::FakeChangeFeed, rng::Rng,
};
use tokio::time::sleep;

use super::{CONTAINER, Mutant, PATIENT, SOURCE, Ways, World};
use crate::mutants::feed::{MutantFeed, ReadSoFar};

/// How long it may take in calm weather until all of a feed is settled.
const LONG: Duration = Duration::from_secs(6 * 3600);
/// A feed is looked at every half a minute: when nothing new is read for three times as long, all is read.
const QUIET: Duration = Duration::from_secs(100);
/// So many days later a copy of a notification comes.
const DAYS: u64 = 2;
/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// A feed and who writes it.
pub(super) struct Fed {
    pub(super) service: FeedService,
    port: FakeChangeFeed,
    read: Arc<Mutex<ReadSoFar>>,
}

impl Fed {
    /// The feed of a world in which blobs are found these ways, if it has one.
    pub(super) fn new(
        (ways, mutant): (Ways, Mutant),
        account: &FakeAccount,
        rng: &mut Rng,
        faults: &FaultSource,
    ) -> Option<Self> {
        if !ways.has_feed() {
            return None;
        }
        let service = FeedService::enable(account, CONTAINER, rng.fork());
        Some(Self {
            service: match mutant {
                Mutant::CursorAhead => service.unpacked(),
                _ => service,
            },
            port: FakeChangeFeed::new(account.clone(), faults.clone()),
            read: Arc::default(),
        })
    }

    /// What a session is given.
    pub(super) fn opened(&self, mutant: Mutant) -> OpenedFeed {
        let opened = self.port.opened(CONTAINER);
        match mutant {
            Mutant::CursorAhead => OpenedFeed {
                feed: Arc::new(MutantFeed::new(opened.feed, Arc::clone(&self.read))),
                ..opened
            },
            _ => opened,
        }
    }
}

impl World {
    /// All that the feed tells is settled.
    pub(super) async fn take_all_changes(&mut self) -> Result<(), String> {
        if self.fed.is_none() {
            return Ok(());
        }
        self.people.finish_copies(&mut self.rng);
        let running = self.start(PATIENT, u64::MAX, false);
        self.until_read().await?;
        self.stop(running).await.map(drop)
    }

    /// Waits until a session has read all that there is in the feed, and listed what the feed does not tell.
    pub(super) async fn until_read(&self) -> Result<(), String> {
        let Some(fed) = &self.fed else {
            return Ok(());
        };
        fed.service.catch_up();
        let stats = self.stats.last().map(Arc::clone).unwrap_or_default();
        let counted = || {
            stats
                .feed
                .outcomes
                .all()
                .map(|(_, count)| count)
                .sum::<u64>()
        };
        let (mut before, mut quiet) = (counted(), Duration::ZERO);
        for _ in 0..LONG.as_secs() / LOOK.as_secs() {
            sleep(LOOK).await;
            let waits = stats.feed.waiting.load(std::sync::atomic::Ordering::SeqCst);
            let now = counted();
            quiet = match now == before && waits == 0 && self.is_joined().await? {
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

    /// A copy of a notification that comes days later, when the feed has long passed its blob, starts nothing.
    pub(super) async fn late_copies(&mut self) -> Result<(), String> {
        // In some worlds only: it takes as long as all the rest.
        let some = self.rng.chance(80) || self.mutant == Mutant::ForgetFed;
        let is_there = |it: &Version| {
            self.account
                .get(CONTAINER, &it.0)
                .is_ok_and(|blob| blob.etag == it.1)
        };
        let version = self.deliveries.from(0).into_iter().rev().find(is_there);
        let (Some(fed), Some(notified), Some(version), true) =
            (&self.fed, &self.notified, version, some)
        else {
            return Ok(());
        };
        let (service, grid) = (fed.service.clone(), notified.grid.clone());
        let before = self.deliveries.len();
        let running = self.start(PATIENT, u64::MAX, false);
        for _ in 0..DAYS * 24 {
            sleep(Duration::from_secs(3600)).await;
            service.pass_hour();
        }
        grid.created_now(&version.0, &version.1);
        self.until_empty().await?;
        self.stop(running).await?;
        match self.deliveries.from(before).contains(&version) {
            true => Err(format!("{version:?} came again after {DAYS} days")),
            false => Ok(()),
        }
    }

    async fn is_joined(&self) -> Result<bool, String> {
        let source_store = SourceStore {
            store: Arc::clone(&self.calm),
            source_id: SOURCE.into(),
            writer: 0,
            rollover: self.rollover,
            stats: Arc::default(),
        };
        let found = recover(&source_store).await.map_err(|e| e.to_string())?;
        let used = found.contents.facts.and_then(|it| it.feed);
        Ok(self.config.listing || used.is_some_and(|it| it.joined))
    }

    /// Adds what befell the feed to the tally.
    pub(super) fn tally_feed(&mut self) {
        let Some(fed) = &self.fed else {
            return;
        };
        self.tally.changes = fed.service.written();
        let done = self.stats.iter();
        self.tally.changes_done = done.map(|it| it.feed.outcomes.of(Counted::Done)).sum();
        let swept = self.stats.iter().filter(|_| self.is_told());
        let swept = swept.map(|it| it.sweeps.load(std::sync::atomic::Ordering::SeqCst));
        self.tally.joins = swept.sum();
    }
}
