//! What a world owes while a session runs in calm weather: promptness, leases, and a clear succession.

use std::{collections::BTreeSet, sync::atomic::Ordering::SeqCst, time::Duration};

use azure_blob_eventsource::session::SessionError;
use testkit::account::NewBlob;
use tokio::time::{sleep, timeout};

use super::{CONTAINER, Mutant, PATIENT, SETTLE, World};
use testkit::event_grid::Version;

use crate::{batches::LONGEST, client::Manner};

/// How often a session that has nothing to send makes sure that it was not overtaken.
const CHECK: Duration = Duration::from_secs(30);
/// For how long a message is hidden.
const LEASE: Duration = Duration::from_secs(300);
/// Several times as long as a message is hidden.
const DEAF: Duration = Duration::from_secs(20 * 60);

impl World {
    /// Where the state container takes its time, blobs are announced soon anyway: while another
    /// event waits to be settled as well.
    pub(super) async fn is_prompt(&mut self) -> Result<(), String> {
        let slow = self.rng.below(2_000);
        let rollover = self.rollover;
        self.rollover.frames = u64::MAX;
        self.slow.store(slow, SeqCst);
        // A listing of many pages that are empty, or hold next to nothing, is slow by design.
        self.account.set_empty_pages(false);
        self.account.set_page_size(100);
        let running = self.start(PATIENT, u64::MAX, false);
        // It opens its ledger and looks at what is there.
        sleep(Duration::from_secs(60) + self.soon()).await;
        let each = 1 + self.config.limits.in_flight.min(3) / 3;
        for round in 0..2 {
            let soon = self.write_soon(round, each);
            sleep(self.soon() + Duration::from_secs(5)).await;
            let delivered: BTreeSet<_> = self.deliveries.from(0).into_iter().collect();
            if let Some(late) = soon.iter().find(|version| !delivered.contains(version)) {
                return Err(format!(
                    "{late:?} did not come soon, with {slow} ms for each call"
                ));
            }
            if self.config.limits.in_flight < 2 * each {
                sleep(2 * SETTLE).await;
            }
        }
        let stopped = self.stop(running).await;
        self.slow.store(0, SeqCst);
        self.rollover = rollover;
        stopped.map(drop)
    }

    fn write_soon(&self, round: usize, count: usize) -> Vec<Version> {
        let blobs = (0..count).map(|number| {
            let name = format!("raw/soon-{round}-{number}.csv");
            let blob = self.account.put(CONTAINER, &name, NewBlob::new("soon"));
            (name, blob.unwrap())
        });
        let blobs: Vec<Version> = blobs.collect();
        blobs.iter().for_each(|blob| self.tell_now(blob));
        blobs
    }

    pub(super) fn tell_now(&self, (name, etag): &Version) {
        if let Some(notified) = &self.notified {
            notified.grid.created_now(name, etag);
        }
        if let Some(fed) = &self.fed {
            fed.service.created(name, etag, "PutBlob");
            fed.service.catch_up();
        }
    }

    // How soon a blob is found: by the next sweep, or as soon as it is told of and its properties came.
    pub(super) fn soon(&self) -> Duration {
        let found = match (&self.notified, &self.fed) {
            (Some(_), _) => Duration::from_secs(10) + self.config.min_age,
            // It is looked at every half a minute, by some calls.
            (None, Some(_)) if self.is_told() => Duration::from_secs(55) + self.config.min_age,
            _ => self.config.interval,
        };
        found + self.waits()
    }

    // How long a blob waits for others.
    fn waits(&self) -> Duration {
        let batches = self.config.batch.as_ref();
        batches.map_or(Duration::ZERO, |_| LONGEST)
    }

    /// A message whose event waits for long is nobody else's: it comes once.
    pub(super) async fn leases_are_kept(&mut self) -> Result<(), String> {
        // In some worlds only: it takes as long as all the rest.
        let some = self.rng.chance(250) || self.mutant == Mutant::NoRenewal;
        // What is too young for longer than a lease is given back, and is to come again.
        let some = some && self.config.min_age < LEASE;
        let Some(notified) = self.notified.as_ref().filter(|_| some) else {
            return Ok(());
        };
        let since = notified.received.len();
        let manner = Manner {
            deaf: DEAF,
            ..PATIENT
        };
        let running = self.start(manner, u64::MAX, false);
        self.write_soon(2, 1);
        self.until_empty().await?;
        self.stop(running).await?;
        let notified = self.notified.as_ref();
        match notified.and_then(|it| it.received.twice(since)) {
            None => Ok(()),
            Some(id) => Err(format!("message {id} was in hand and was received again")),
        }
    }

    /// A session that another one has overtaken ends the first time that it has something to record.
    pub(super) async fn succession(&mut self) -> Result<(), String> {
        let older = self.start(PATIENT, u64::MAX, false);
        sleep(Duration::from_secs(5)).await;
        let newer = self.start(PATIENT, u64::MAX, false);
        sleep(Duration::from_secs(5)).await;
        let last = NewBlob::new("last");
        let last = self.account.put(CONTAINER, "raw/last.csv", last).unwrap();
        self.tell_now(&("raw/last.csv".into(), last));
        // Whoever has a queue beside it may get the message, and the other one learns of it at its next check.
        let soon = match self.notified.is_some() || self.fed.is_some() {
            true => CHECK,
            false => self.config.interval,
        };
        let soon = soon + self.waits() + SETTLE + Duration::from_secs(5);
        match timeout(soon, older.session).await.map(Result::unwrap) {
            Ok(Some(Err(SessionError::TakenOver(_)))) => {}
            other => return Err(format!("an overtaken session did not end: {other:?}")),
        }
        self.stop(newer).await.map(drop)
    }
}
