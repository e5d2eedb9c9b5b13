//! What a world owes when the storm is over, and what its ledger may say at any time.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use azure_blob_eventsource::{
    blob::Access,
    filter::Filter,
    gate::rules::Existing,
    journal::{recover::recover, source_store::SourceStore},
    metrics::SourceStats,
};
use tokio::time::{sleep, timeout};
use tracing::trace;

use super::{CONTAINER, PATIENT, SOURCE, World};
use testkit::event_grid::Version;

impl World {
    /// When the storm is over, all messages are taken, and there are two clean runs: the first delivers what
    /// is owed, the second nothing.
    pub(super) async fn settle_accounts(&mut self) -> Result<(), String> {
        self.take_all_messages().await?;
        self.take_all_changes().await?;
        let first = self.clean_run().await?;
        trace!(?first, "delivered after the storm");
        self.check_ledger("after a clean run").await?;
        let delivered: BTreeSet<_> = self.deliveries.from(0).into_iter().collect();
        for version in self.owed() {
            self.tally.versions += 1;
            if !delivered.contains(&version) {
                return Err(format!("{version:?} was never delivered"));
            }
        }
        match self.clean_run().await?.as_slice() {
            [] => {}
            again => return Err(format!("delivered again after a clean restart: {again:?}")),
        }
        self.late_copies().await?;
        self.without_restart().await?;
        self.is_prompt().await?;
        self.leases_are_kept().await?;
        self.succession().await?;
        match self.deliveries.with_two_ids() {
            Some(version) => Err(format!("{version:?} was announced with two ids")),
            None => Ok(()),
        }
    }

    async fn clean_run(&mut self) -> Result<Vec<Version>, String> {
        if self.is_told() {
            let running = self.start(PATIENT, u64::MAX, false);
            self.until_read().await?;
            // Batches that are fixed wait for nothing but places.
            let had_batches = self.stats.iter().any(|it| it.batches.count() > 0);
            let long = if had_batches { 600 } else { 60 };
            sleep(Duration::from_secs(long)).await;
            return self.stop(running).await;
        }
        let running = self.start(PATIENT, u64::MAX, true);
        match timeout(Duration::from_secs(86_400), running.session).await {
            Ok(ended) => match ended.unwrap() {
                Some(Ok(())) => Ok(running.client.await.unwrap()),
                other => Err(format!("a clean run ended with {other:?}")),
            },
            Err(_) => Err("a clean run did not come to its end in a day".into()),
        }
    }

    /// The blob versions that are there, match, and that no baseline may have passed over.
    fn owed(&self) -> Vec<Version> {
        let filter = &self.config.filter;
        let since = self.known_since(filter).unwrap_or(i64::MAX);
        let emit = self.config.existing == Existing::Emit;
        let versions = self.versions().into_iter();
        versions
            .filter(|(name, etag, _)| self.is_readable(name, etag))
            .filter(|(name, _, modified)| filter.matches(name) && (emit || *modified >= since))
            .map(|(name, etag, _)| (name, etag))
            .filter(|version| self.can_be_known(version))
            .collect()
    }

    fn is_readable(&self, name: &str, etag: &str) -> bool {
        let blob = self.account.get(CONTAINER, name);
        blob.is_ok_and(|blob| blob.etag == etag && blob.access == Access::Readable)
    }

    /// Nobody has an event for a copy that was not complete.
    fn nothing_unreadable_came(&self, when: &str) -> Result<(), String> {
        let delivered: BTreeSet<_> = self.deliveries.from(0).into_iter().collect();
        for (name, etag, _) in self.versions() {
            if !self.is_readable(&name, &etag) && delivered.contains(&(name.clone(), etag)) {
                return Err(format!("{when}: {name} was announced and cannot be read"));
            }
        }
        Ok(())
    }

    fn known_since(&self, filter: &Filter) -> Option<i64> {
        let known = self.known.iter().find(|(known, _)| known == filter.spec());
        known.map(|(_, since)| *since)
    }

    /// Whether some baseline may have taken this for an old blob: modified before its filter was
    /// seen in the ledger.
    fn may_be_old(&self, name: &str, modified: i64) -> bool {
        let mut filters = self.filters.iter().filter(|filter| filter.matches(name));
        self.config.existing == Existing::Skip
            && filters.any(|filter| {
                self.known_since(filter)
                    .is_none_or(|since| modified < since)
            })
    }

    fn versions(&self) -> Vec<(String, String, i64)> {
        let blob = |name: String| {
            let blob = self.account.get(CONTAINER, &name).unwrap();
            (name, blob.etag, blob.last_modified.unix_timestamp())
        };
        let names = self.account.names(CONTAINER).into_iter();
        names.map(blob).collect()
    }

    /// Every blob version that the ledger holds was delivered, or was there before the source.
    pub(super) async fn check_ledger(&mut self, when: &str) -> Result<(), String> {
        let source_store = SourceStore {
            store: Arc::clone(&self.calm),
            source_id: SOURCE.into(),
            writer: 0,
            rollover: self.rollover,
            stats: Arc::new(SourceStats::default()),
        };
        let found = recover(&source_store)
            .await
            .map_err(|e| format!("{when}: {e}"))?;
        let Some(facts) = found.contents.facts else {
            return Ok(());
        };
        let now = self.account.now().unix_timestamp();
        for filter in &self.filters {
            if facts.know(filter.spec()) && self.known_since(filter).is_none() {
                self.known.push((filter.spec().clone(), now));
            }
        }
        self.nothing_recorded_came_again(when)?;
        self.nothing_unreadable_came(when)?;
        let delivered = self.deliveries.from(0);
        let received: BTreeSet<_> = delivered
            .iter()
            .map(|(name, etag)| facts.key.of(name, etag))
            .collect();
        let done: BTreeSet<_> = found.contents.done.iter().collect();
        for (name, etag, modified) in self.versions() {
            let print = facts.key.of(&name, &etag);
            if !done.contains(&print) {
                continue;
            }
            if !received.contains(&print) && !self.may_be_old(&name, modified) {
                return Err(format!("{when}: {name} {etag} is done and nobody has it"));
            }
            self.recorded.insert((name, etag));
        }
        Ok(())
    }

    fn nothing_recorded_came_again(&mut self, when: &str) -> Result<(), String> {
        let since = self.deliveries.from(self.delivered_then);
        self.delivered_then = self.deliveries.len();
        match since.iter().find(|version| self.recorded.contains(version)) {
            Some(version) => Err(format!("{when}: {version:?} was recorded and came again")),
            None => Ok(()),
        }
    }

    pub(super) async fn generation(&self) -> u64 {
        let names = self.calm.list(SOURCE).await.unwrap();
        let number = |name: &String| name.rsplit_once('-')?.1.parse().ok();
        names.iter().filter_map(number).max().unwrap_or(0)
    }
}
