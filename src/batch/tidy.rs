//! Removes manifests that nobody needs: of batches that have long been done, and of such as were never fixed.

use std::{collections::BTreeSet, time::Duration};

use time::OffsetDateTime;
use tokio::{sync::oneshot, time::Instant};

use super::{
    rules::KEEP,
    setup::{Batcher, GONE, ON, Step},
};
use crate::{ledger::batches::BatchId, ports::error::StorageError, recorder::Record};

/// How often manifests are looked through.
const ROUND: Duration = Duration::from_secs(3600);

/// What was seen of the manifests of one source.
#[derive(Debug)]
pub(super) struct Tidy {
    next: Instant,
    /// Manifests that the ledger did not know an hour ago: a session that was killed, or overtaken, left them.
    strangers: BTreeSet<BatchId>,
}

impl Default for Tidy {
    fn default() -> Self {
        Self {
            next: Instant::now(),
            strangers: BTreeSet::new(),
        }
    }
}

impl Tidy {
    /// When to look again.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Looks through all manifests.
    pub(super) async fn round(&mut self, batcher: &Batcher) -> Step {
        self.next = Instant::now() + ROUND;
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let there = self.there(batcher).await?;
        let letters = self.letters(batcher).await?;
        let (mut over, mut strangers) = (Vec::new(), BTreeSet::new());
        {
            let ledger = batcher.ledger.lock();
            let batches = &ledger.contents().batches;
            let keep = batcher.rules.as_ref().map_or(KEEP, |rules| rules.keep);
            let keep = i64::try_from(keep.as_secs()).unwrap_or(i64::MAX);
            let old = |(_, at): &(&BatchId, &i64)| at.saturating_add(keep) <= now;
            let old = batches.kept.iter().filter(old).map(|(id, _)| *id);
            over.extend(old.filter(|id| !letters.contains(id)));
            let known = |id: &BatchId| {
                batches.open.contains_key(id)
                    || batches.kept.contains_key(id)
                    || letters.contains(id)
            };
            strangers.extend(there.iter().copied().filter(|id| !known(id)));
        }
        let left: Vec<_> = strangers.intersection(&self.strangers).copied().collect();
        self.strangers = strangers;
        if over.is_empty() && left.is_empty() {
            return ON;
        }
        // A session that was overtaken knows nothing of the batches of its successor.
        let (asked, answered) = oneshot::channel();
        if batcher.record(Record::Check(Some(asked))).await?.is_err() || answered.await.is_err() {
            return GONE;
        }
        for id in left
            .iter()
            .chain(over.iter().filter(|id| there.contains(id)))
        {
            let name = batcher.source_store.folder().manifest(*id);
            let delete = || batcher.source_store.store.delete(&name);
            let retry = batcher.source_store.retry_proven("delete manifest");
            retry.run(delete).await?;
        }
        match over.is_empty() {
            true => ON,
            false => batcher.record(Record::BatchesGone(over)).await,
        }
    }

    async fn there(&self, batcher: &Batcher) -> Result<BTreeSet<BatchId>, StorageError> {
        let folder = batcher.source_store.folder();
        let names = list(batcher, &folder.manifests()).await?;
        Ok(names
            .iter()
            .filter_map(|it| folder.manifest_id(it))
            .collect())
    }

    // A batch whose dead letter is there may be sent again.
    async fn letters(&self, batcher: &Batcher) -> Result<BTreeSet<BatchId>, StorageError> {
        let folder = batcher.source_store.folder();
        let names = list(batcher, &folder.dead_letters()).await?;
        let ids = names.iter().filter_map(|it| folder.dead_letter_id(it));
        Ok(ids.map(|id| BatchId(id.0)).collect())
    }
}

async fn list(batcher: &Batcher, prefix: &str) -> Result<Vec<String>, StorageError> {
    let list = || batcher.source_store.store.list(prefix);
    let retry = batcher.source_store.retry_proven("list manifests");
    retry.run(list).await
}
