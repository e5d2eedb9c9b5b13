//! The storm: sessions that come, crash, are overlapped and go.

use std::time::Duration;

use azure_blob_eventsource::session::SessionError;
use tokio::time::{Instant, sleep, timeout};
use tracing::trace;

use super::{Running, World};
use crate::{batches::rules, client::Manner};

impl World {
    /// Sessions come and go, one after the other or one over the other.
    pub(super) async fn storm(&mut self) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(120 + self.rng.below(600));
        let mut overlapped: Vec<Running> = Vec::new();
        while Instant::now() < end {
            let ghosts = (self.late)() > 0;
            let running = self.start_session();
            let longest = self.longest();
            let long = Duration::from_millis(self.rng.below(longest));
            if self.rng.chance(250) {
                sleep(long).await;
                overlapped.push(running);
                continue;
            }
            let alone = overlapped.is_empty();
            let rivals = !alone || ghosts;
            if self.let_run(running, long).await? && !rivals {
                return Err("a session without rivals was taken over".into());
            }
            for other in std::mem::take(&mut overlapped) {
                self.let_run(other, Duration::from_secs(self.rng.clone().below(20)))
                    .await?;
            }
            if alone {
                self.check_ledger("in mid-storm").await?;
            }
        }
        for other in overlapped {
            self.let_run(other, Duration::ZERO).await?;
        }
        self.check_ledger("after the storm").await
    }

    /// Lets a session run for a while and ends it. Whether it was taken over.
    async fn let_run(&mut self, running: Running, long: Duration) -> Result<bool, String> {
        let mut session = running.session;
        let ended = match timeout(long, &mut session).await {
            Ok(ended) => ended.unwrap(),
            Err(_) => {
                running.stop.cancel();
                match timeout(Duration::from_secs(3600), &mut session).await {
                    Ok(ended) => ended.unwrap(),
                    Err(_) => {
                        session.abort();
                        let _ = session.await;
                        None
                    }
                }
            }
        };
        trace!(?ended, "session ended");
        let taken_over = matches!(ended, Some(Err(SessionError::TakenOver(_))));
        match ended {
            None => self.tally.crashes += 1,
            Some(Err(SessionError::TakenOver(_))) => self.tally.take_overs += 1,
            Some(Err(other)) => return Err(format!("seed {}: {other}", self.seed)),
            Some(Ok(())) => self.tally.clean_ends += 1,
        }
        let _ = running.client.await;
        Ok(taken_over)
    }

    fn start_session(&mut self) -> Running {
        if self.rng.chance(200) {
            self.config.filter = self.rng.pick(&self.filters).clone();
        }
        self.change_batches();
        self.tally.sessions += 1;
        let vanishes = self.rng.chance(300);
        self.tally.clients_gone += u64::from(vanishes);
        let vanishes =
            vanishes.then(|| Instant::now() + Duration::from_millis(self.rng.below(60_000)));
        let manner = Manner {
            vanishes,
            pause: *self.rng.pick(&[
                Duration::ZERO,
                Duration::from_secs(1),
                Duration::from_secs(15),
            ]),
            deaf: self.deaf(),
        };
        let polls = match self.rng.below(3) {
            0 => u64::MAX,
            1 => self.rng.below(40),
            _ => self.rng.below(600),
        };
        self.start(manner, polls, false)
    }

    // People change the rules of batches, and turn them off and on.
    fn change_batches(&mut self) {
        if self.batched && self.rng.chance(200) {
            self.config.batch = self.rng.chance(700).then(|| rules(&mut self.rng));
        }
    }

    // How long a session may last, in milliseconds: where there is a queue, some live longer than a lease.
    fn longest(&mut self) -> u64 {
        match self.notified.is_some() && self.rng.chance(400) {
            true => 600_000,
            false => 90_000,
        }
    }

    // Some clients take nothing for so long that leases have to be renewed.
    fn deaf(&mut self) -> Duration {
        match self.notified.is_some() && self.rng.chance(200) {
            true => Duration::from_millis(self.rng.below(500_000)),
            false => Duration::ZERO,
        }
    }
}
