//! What is done with one message, from its receipt to its deletion.

use std::{collections::HashMap, time::Duration};

use tokio::{
    sync::{Notify, Semaphore},
    time::sleep,
};

use super::{
    lease::during,
    poison::set_aside,
    setup::{HIDE, Queue},
};
use crate::{
    gate::sighting::{Settled, Taken},
    intake::{
        stop::Stop,
        told::{Looked, PUT_BACK, Told, look},
    },
    metrics::queue::Counted,
    notification::{Kind, Notification, parse},
    ports::notifications::Message,
    recorder::receipts::{Outcome, Receipt},
    shared::Shared,
};

/// So many messages wait in hand for what will be soon. Those beyond go back into the queue.
const WAITING: usize = 1_000;
/// So many messages are remembered that were given back on purpose.
const EXCUSED: usize = 10_000;

/// Handles messages, any number at a time.
pub(super) struct Handling {
    queue: Queue,
    /// How often messages were given back on purpose: that does not count as a failure.
    excused: Shared<HashMap<String, u32>>,
    /// Has a permit for each message that may still wait in hand.
    places: Semaphore,
    /// Told of each that begins to wait.
    begun: Notify,
}

/// What happens to a message.
enum Verdict {
    /// All that it tells of is durable, or is no business of ours.
    Delete,
    /// It comes again after so long.
    Hide(Duration),
    /// It cannot be used.
    Poison(String),
}

/// What one notification comes to.
#[derive(Default)]
struct Begun {
    receipts: Vec<Receipt>,
    later: Option<Duration>,
}

impl Handling {
    pub(super) fn new(queue: Queue) -> Self {
        Self {
            queue,
            excused: Shared::default(),
            places: Semaphore::new(WAITING),
            begun: Notify::new(),
        }
    }

    /// How many messages wait in hand. They keep no other from being taken.
    pub(super) fn waiting(&self) -> usize {
        WAITING - self.places.available_permits()
    }

    /// Returns when one more has begun to wait.
    pub(super) async fn one_waits(&self) {
        self.begun.notified().await;
    }

    /// Works on a message until it is deleted, set aside or given back.
    pub(super) async fn handle(&self, message: Message) -> Result<(), Stop> {
        let mut lease = message.lease.clone();
        let verdict = match during(&self.queue, &mut lease, self.work(&message)).await? {
            Some(verdict) => verdict?,
            None => {
                self.count(Counted::LostLease);
                return Ok(());
            }
        };
        match verdict {
            Verdict::Delete => self.excused.lock().remove(&message.lease.id),
            Verdict::Hide(rest) => {
                self.count(Counted::Later);
                self.excuse(&message.lease.id);
                let hide = || self.queue.queue.hide(&lease, rest);
                self.queue.retry("hide a message").run(hide).await?;
                return Ok(());
            }
            Verdict::Poison(reason) => {
                self.count(Counted::Poison);
                set_aside(&self.queue, &message, &reason).await?;
                self.excused.lock().remove(&message.lease.id)
            }
        };
        let delete = || self.queue.queue.delete(&lease);
        self.queue.retry("delete a message").run(delete).await?;
        Ok(())
    }

    async fn work(&self, message: &Message) -> Result<Verdict, Stop> {
        let excused = self.excused.lock().get(&message.lease.id).copied();
        let failed = message.delivered.saturating_sub(1 + excused.unwrap_or(0));
        if failed >= self.queue.max_deliveries {
            return Ok(Verdict::Poison(format!(
                "it was delivered {} times and never done",
                message.delivered
            )));
        }
        let notifications = match parse(&message.text, &self.queue.account_path) {
            Ok(notifications) => notifications,
            Err(problem) => return Ok(Verdict::Poison(problem.to_string())),
        };
        // Kept until it is done: what made way for others does not keep them from being taken when it comes again.
        let mut place = None;
        loop {
            let Some(rest) = self.attempt(&notifications).await? else {
                return Ok(Verdict::Delete);
            };
            // Each time that it is given back and comes again counts as a delivery, and the next session would take
            // these for failures.
            place = place.or_else(|| self.places.try_acquire().ok());
            if place.is_none() || rest > HIDE {
                return Ok(Verdict::Hide(rest));
            }
            self.count(Counted::Later);
            self.begun.notify_one();
            sleep(rest).await;
        }
    }

    // What is left to wait for before another attempt, if anything is.
    async fn attempt(&self, notifications: &[Notification]) -> Result<Option<Duration>, Stop> {
        let mut begun = Begun::default();
        for notification in notifications {
            self.begin(notification, &mut begun).await?;
        }
        for receipt in begun.receipts {
            match receipt.await {
                Ok(Outcome::Durable) => self.count(Counted::Done),
                Ok(Outcome::PutBack) => begun.later = begun.later.max(Some(PUT_BACK)),
                Err(_) => return Err(Stop::Closed),
            }
        }
        Ok(begun.later)
    }

    async fn begin(&self, notification: &Notification, begun: &mut Begun) -> Result<(), Stop> {
        // A blob that leaves the Archive tier can be read now, and may never have been announced.
        if !notification.kind.announces() && notification.kind != Kind::TierChanged {
            self.count(Counted::Kind(notification.kind));
            return Ok(());
        }
        if notification.container != self.queue.container {
            self.count(Counted::OtherContainer);
            return Ok(());
        }
        if !self.queue.gate.wants(&notification.name) {
            self.count(Counted::Unwanted);
            return Ok(());
        }
        let told = Told {
            name: &notification.name,
            etag: notification.etag.as_deref(),
            time: notification.time,
        };
        let properties = (
            &*self.queue.properties,
            self.queue.retry("get blob properties"),
        );
        let Looked::Taken {
            taken, is_newer, ..
        } = look(told, &self.queue.gate, properties).await?
        else {
            self.count(Counted::Superseded);
            return Ok(());
        };
        if is_newer {
            self.count(Counted::Superseded);
        }
        match taken {
            Taken::Begun(receipt) | Taken::UnderWay(receipt) => begun.receipts.push(receipt),
            Taken::Settled(Settled::Known) => self.count(Counted::Known),
            Taken::Settled(Settled::Unwanted) => self.count(Counted::Unwanted),
            Taken::Settled(Settled::Unreadable) => self.count(Counted::Unreadable),
            Taken::Later(rest) => begun.later = begun.later.max(Some(rest)),
        }
        Ok(())
    }

    fn excuse(&self, id: &str) {
        let mut excused = self.excused.lock();
        if excused.len() < EXCUSED || excused.contains_key(id) {
            *excused.entry(id.to_owned()).or_default() += 1;
        }
    }

    fn count(&self, what: Counted) {
        self.queue.stats.queue.outcomes.count(what);
    }
}
