//! The change feed of a world that has one, and what it owes.

use std::{sync::Arc, time::Duration};

use azure_blob_eventsource::{
    journal::{recover::recover, source_store::SourceStore},
    metrics::change_feed::Counted,
};
use testkit::{
    account::FakeAccount, event_grid::Version, faults::FaultSource, fed::FedContainer, rng::Rng,
};
use tokio::time::sleep;

use super::{CONTAINER, Mutant, PATIENT, SOURCE, Ways, World};

/// So many days later a copy of a notification comes.
const DAYS: u64 = 2;

/// The feed of a world in which blobs are found these ways, if it has one.
pub(super) fn fed(
    (ways, mutant): (Ways, Mutant),
    account: &FakeAccount,
    rng: &mut Rng,
    faults: &FaultSource,
) -> Option<FedContainer> {
    if !ways.has_feed() {
        return None;
    }
    let fed = FedContainer::new(account, CONTAINER, rng.fork(), faults);
    Some(match mutant {
        Mutant::CursorAhead => fed.unpacked(),
        _ => fed,
    })
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
        let stats = self.stats.last().map(Arc::clone).unwrap_or_default();
        fed.until_read(&stats, async || self.is_joined().await)
            .await
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
