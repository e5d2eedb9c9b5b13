//! Listing the container for what the feed cannot tell: what was there before the source, and what happened in a gap.

use std::{future::pending, time::Duration};

use time::OffsetDateTime;
use tokio::time::sleep;
use tracing::info;

use super::{
    Work,
    listed::{Listed, Verdict},
};
use crate::{
    intake::{
        listing::settle_facts,
        stop::Stop,
        sweep::{SweepError, Sweeper},
    },
    recorder::Record,
};

/// How often it is seen whether what was listed is done.
const LOOK: Duration = Duration::from_secs(1);

impl Work {
    pub(super) async fn join_all(
        &self,
        sweeper: Option<Sweeper>,
        interval: Duration,
    ) -> Result<(), Stop> {
        let Some(mut sweeper) = sweeper else {
            return pending().await;
        };
        let mut wanted = self.join.subscribe();
        loop {
            let since = *wanted.borrow_and_update();
            let Some(since) = since else {
                wanted.changed().await.map_err(|_| Stop::Closed)?;
                continue;
            };
            info!(%since, "the container is listed once, to find blobs that the change feed does not report");
            if self.list_until(&mut sweeper, since, interval).await? {
                self.joined().await?;
            }
        }
    }

    async fn joined(&self) -> Result<(), Stop> {
        let facts = self.facts.lock().clone();
        let facts = settle_facts(facts, &self.gate).feed_joined();
        *self.facts.lock() = facts.clone();
        self.join.send_replace(None);
        self.gate.record(Record::Facts(facts)).await?;
        info!("the container was listed: from now on, only the change feed finds blobs");
        Ok(())
    }

    // Says whether enough was listed; there may be another gap meanwhile, or no feed: then a listing from before is worth
    // nothing. No listing is dropped in the middle: what it has begun has to be offered.
    async fn list_until(
        &self,
        sweeper: &mut Sweeper,
        since: OffsetDateTime,
        interval: Duration,
    ) -> Result<bool, Stop> {
        let mut listed = Listed::since(since.unix_timestamp());
        let mut proven = true;
        while self.is_wanted(since) {
            let put_backs = self.gate.put_backs();
            let summary = match sweeper.sweep(&mut proven).await {
                Ok(summary) => summary,
                Err(SweepError::Closed) => return Err(Stop::Closed),
                Err(SweepError::Storage(error)) => return Err(Stop::Storage(error)),
            };
            match listed.add(summary) {
                Verdict::Again => sleep(LOOK).await,
                Verdict::Later => sleep(interval).await,
                Verdict::All => {
                    self.all_is_done(since).await;
                    // What was taken back is found by the next listing.
                    if self.is_wanted(since) && self.gate.put_backs() == put_backs {
                        return Ok(true);
                    }
                }
            }
        }
        Ok(false)
    }

    fn is_wanted(&self, since: OffsetDateTime) -> bool {
        *self.join.borrow() == Some(since)
    }

    // Waits for what is under way now: after a crash nobody else finds it.
    async fn all_is_done(&self, since: OffsetDateTime) {
        let mut open = self.gate.all_under_way();
        while !open.is_empty() && self.is_wanted(since) {
            sleep(LOOK).await;
            open.retain(|it| self.gate.is_under_way(*it));
        }
    }
}
