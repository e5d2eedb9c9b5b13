//! What is done with one blob that the feed tells of, from its reading until it is settled.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::{sync::mpsc, time::sleep};

use super::{WAITING, Work, Written};
use crate::{
    feed::position::Position,
    gate::{
        LATE,
        sighting::{Settled, Taken},
    },
    intake::{
        stop::Stop,
        told::{Looked, PUT_BACK, Told, look},
    },
    metrics::change_feed::Counted,
    recorder::receipts::{Outcome, Receipt},
};

impl Work {
    pub(super) async fn handle_all(&self, mut read: mpsc::Receiver<Written>) -> Result<(), Stop> {
        let mut in_hand = FuturesUnordered::new();
        loop {
            self.stats.feed.waiting.store(in_hand.len() as u64, Relaxed);
            let waiting = WAITING - self.places.available_permits();
            let has_room = in_hand.len() - waiting < self.most;
            tokio::select! {
                biased;
                Some(settled) = in_hand.next(), if !in_hand.is_empty() => {
                    let at: Position = settled?;
                    self.progress.lock().settled(at);
                }
                () = self.begun.notified() => {}
                written = read.recv(), if has_room => match written {
                    Some(written) => in_hand.push(self.handle(written)),
                    None => return Ok(()),
                },
            }
        }
    }

    /// Works on a blob until nothing has to be done for it any more.
    async fn handle(&self, written: Written) -> Result<Position, Stop> {
        // Kept until it is settled: what made way for others does not keep them from being taken when it comes again.
        let mut place = None;
        while let Some(rest) = self.attempt(&written).await? {
            self.count(Counted::Later);
            // Those that find no place wait as well, and keep others from being taken.
            place = place.or_else(|| self.places.try_acquire().ok());
            self.begun.notify_one();
            sleep(rest).await;
        }
        Ok(written.at)
    }

    // What is left to wait for before another attempt, if anything is.
    async fn attempt(&self, written: &Written) -> Result<Option<Duration>, Stop> {
        let told = Told {
            name: &written.name,
            etag: Some(&*written.etag).filter(|it| !it.is_empty()),
            time: written.time,
        };
        let properties = (&*self.properties, self.retry("get blob properties"));
        let Looked::Taken {
            taken,
            is_newer,
            age,
        } = look(told, &self.gate, properties).await?
        else {
            self.count(Counted::Superseded);
            return Ok(None);
        };
        if is_newer {
            self.count(Counted::Superseded);
        }
        match taken {
            Taken::Begun(receipt) => {
                self.note_missed(written, age);
                self.outcome(receipt).await
            }
            Taken::UnderWay(receipt) => self.outcome(receipt).await,
            Taken::Later(rest) => Ok(Some(rest)),
            Taken::Settled(why) => {
                self.count(match why {
                    Settled::Known => Counted::Known,
                    Settled::Unwanted => Counted::Unwanted,
                    Settled::Unreadable => Counted::Unreadable,
                });
                Ok(None)
            }
        }
    }

    async fn outcome(&self, receipt: Receipt) -> Result<Option<Duration>, Stop> {
        match receipt.await {
            Ok(Outcome::Durable) => {
                self.count(Counted::Done);
                Ok(None)
            }
            Ok(Outcome::PutBack) => Ok(Some(PUT_BACK)),
            Err(_) => Err(Stop::Closed),
        }
    }

    // What came before the stream began, nobody has missed.
    fn note_missed(&self, written: &Written, age: Duration) {
        let is_since = written.time.is_some_and(|it| it >= self.clock.began());
        if self.with_queue && is_since && age > LATE {
            self.missed.fetch_add(1, Relaxed);
        }
    }

    fn count(&self, what: Counted) {
        self.stats.feed.outcomes.count(what);
    }
}
