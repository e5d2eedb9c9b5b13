//! From offers to Workflows: sends events, and holds each until the cluster shows its outcome.
//!
//! [`Unconfirmed`] decides; this asks and tells everybody else.

use std::{
    collections::VecDeque,
    future::ready,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until, timeout},
};
use tracing::{debug, info, warn};

use super::{
    dead_letters::DeadLetterBox,
    event_channel::{Announcement, EventSender, id_of},
    expected::{Expected, Feeds, Seen},
    offers::Offers,
    ownership::Ownership,
    policy::Limits,
    stall_file::StallFile,
    unconfirmed::{Moment, Overdue, Sendings, Sent, Unconfirmed},
};
use crate::{
    confirm::index::{News, WatchHealth},
    event::{EventId, Place},
    ledger::{
        Ledger,
        offer::{Offer, Origin},
    },
    metrics::SourceStats,
    ports::error::StorageError,
    recorder::{Done, Record, receipts::Receipts},
    shared::Shared,
    traces::Traces,
};

mod give_up;
mod limits;
mod returned;
mod tell;

pub(crate) use returned::Returned;

/// How long one question to the cluster may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often overdue events are looked for, at most and at least.
const TICKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));
/// A delay that is no standing still.
const TOLERANCE: Duration = Duration::from_millis(500);

/// Sends offers to one client, until the cluster confirms them.
pub(crate) struct ConfirmedDelivery {
    /// What ids and payloads are made of.
    pub(crate) place: Place,
    /// To the client.
    pub(crate) out: EventSender,
    /// Where done events go.
    pub(crate) records: mpsc::Sender<Record>,
    /// How many more events may be in flight.
    pub(crate) in_flight: Arc<Semaphore>,
    /// Bounds on what is under way.
    pub(crate) limits: Limits,
    /// What shows that events came to something.
    pub(crate) confirm: Arc<Expected>,
    /// What it tells.
    pub(crate) feed: Feeds,
    /// Asked before anything is sent.
    pub(crate) ownership: Ownership,
    /// Told when an offer is taken back.
    pub(crate) ledger: Arc<Shared<Ledger>>,
    /// As `ledger`.
    pub(crate) receipts: Arc<Receipts>,
    /// Events that became dead letters.
    pub(crate) letters: Arc<DeadLetterBox>,
    /// Says outside of this process that nothing is confirmed.
    pub(crate) marker: StallFile,
    /// Numbers for people.
    pub(crate) stats: Arc<SourceStats>,
    /// Told what became of each event.
    pub(crate) traces: Traces,
    /// What was sent and is not confirmed.
    pub(crate) unconfirmed: Unconfirmed,
    /// How the cluster could be asked when it was last looked at.
    pub(crate) health: WatchHealth,
    /// What is sent next.
    pub(crate) next: Option<(EventId, Offer)>,
    /// The event that a stalled source sends beyond its limits, to learn whether others get through.
    pub(crate) extra: Option<EventId>,
    /// Permits that were made for it and are to be taken back.
    pub(crate) lent: usize,
    /// Such events that made way for the next, until they are offered again.
    pub(crate) returned: Returned,
    /// Those among them that nobody comes upon again: batches that are fixed.
    pub(crate) again: VecDeque<Offer>,
}

/// Why the courier stops in peace: the client, the recorder or the offers are gone.
struct Gone;

type Step = Result<Result<(), Gone>, StorageError>;

const ON: Step = Ok(Ok(()));
const GONE: Step = Ok(Err(Gone));

impl ConfirmedDelivery {
    /// Works until no more offers come and all that was sent is done, or the client or the recorder
    /// is gone: then nothing more is done.
    ///
    /// # Errors
    /// The state container refuses what concerns dead letters.
    pub(crate) async fn run(mut self, mut offers: Offers) -> Result<(), StorageError> {
        let mut more = true;
        let mut tick = Instant::now();
        while more || self.next.is_some() || !self.again.is_empty() || !self.unconfirmed.is_empty()
        {
            // A tick that comes due while this session works, or waits for its own storage, is late, and
            // nobody stood still.
            tick = tick.max(Instant::now());
            let may_send = self.next.is_some() && self.may_send(Instant::now());
            let step = tokio::select! {
                biased;
                (entry, news) = self.feed.next() => self.hear(entry, news).await,
                () = sleep_until(tick) => {
                    let step = self.tick(tick).await;
                    tick = Instant::now() + self.period();
                    step
                }
                room = room(&self.in_flight, &self.out), if may_send => match room {
                    Some(()) => self.send_next().await,
                    None => GONE,
                },
                offer = offers.recv(), if more && self.next.is_none() => {
                    more = offer.is_some();
                    self.take(offer).await
                }
                // Last, so that what was taken back makes way for all others.
                () = ready(()), if self.next.is_none() && !self.again.is_empty() => {
                    let offer = self.again.pop_front();
                    self.take(offer).await
                }
            };
            if step?.is_err() {
                return Ok(());
            }
            self.note();
        }
        Ok(())
    }

    fn period(&self) -> Duration {
        (self.unconfirmed.deadline() / 8).clamp(TICKS.0, TICKS.1)
    }

    /// An offer: what has come to something is done, and what was given up stays so.
    async fn take(&mut self, offer: Option<Offer>) -> Step {
        let Some(offer) = offer else { return ON };
        let id = id_of(&self.place, &offer);
        if self
            .returned
            .take(id)
            .is_some_and(|seen| self.confirm.is_all(seen))
        {
            return self.done(id, offer, None).await;
        }
        let retried = matches!(offer.origin, Origin::Retry(_));
        if self.confirm.has(id) {
            return self.done(id, offer, None).await;
        }
        if self.letters.hold(id) && !retried {
            return self.record(offer, 0).await;
        }
        if !self.unconfirmed.contains(id) {
            self.next = Some((id, offer));
        }
        ON
    }

    async fn send_next(&mut self) -> Step {
        let Some((id, offer)) = self.next.take() else {
            return ON;
        };
        if self.ownership.pass().await.is_none() {
            return GONE;
        }
        // It may have come to something while it waited here.
        let seen = self.confirm.seen(id);
        if self.confirm.is_all(seen) {
            return self.done(id, offer, None).await;
        }
        let Some(room) = self.out.room().await else {
            return GONE;
        };
        room.send(Announcement::of(&self.place, &offer));
        if let Ok(permit) = self.in_flight.try_acquire() {
            permit.forget();
        }
        self.stats.first_sent(&offer);
        self.unconfirmed.sent(id, offer, seen, this_moment());
        ON
    }

    async fn hear(&mut self, entry: usize, news: News) -> Step {
        match news {
            News::Seen(id) => self.seen(id, Seen::only(entry)).await,
            News::Missed => {
                let waiting = self.unconfirmed.ids();
                let waiting: Vec<_> = waiting.map(|id| (id, self.confirm.seen(id))).collect();
                for (id, seen) in waiting.into_iter().filter(|(_, seen)| *seen != Seen::NONE) {
                    if self.seen(id, seen).await?.is_err() {
                        return GONE;
                    }
                }
                ON
            }
            News::Changed => {
                self.feel();
                ON
            }
        }
    }

    /// An event has an object: it is done once it has all that are expected.
    async fn seen(&mut self, id: EventId, new: Seen) -> Step {
        let before = self.unconfirmed.saw(id, new).unwrap_or_default();
        let now = self.confirm.seen(id).and(new).and(before);
        self.returned.saw(id, now);
        if !self.confirm.is_all(now) {
            return ON;
        }
        if let Some(sent) = self.unconfirmed.confirmed(id, this_moment()) {
            self.stats.confirmation.note(sent.first_sent.at.elapsed());
            let sendings = sent.sendings();
            return self.done(id, sent.offer, Some(sendings)).await;
        }
        if let Some((_, offer)) = self.next.take_if(|(next, _)| *next == id) {
            return self.done(id, offer, None).await;
        }
        if self.letters.hold(id) {
            self.outlived(id).await?;
        }
        ON
    }

    /// Letters of events that have come to something are no dead letters, whenever they come to light:
    /// one whose writer has died may come after the news of its Workflow.
    async fn look_around(&mut self) -> Result<(), StorageError> {
        for id in self.letters.ids() {
            if self.confirm.has(id) {
                self.outlived(id).await?;
            }
        }
        Ok(())
    }

    async fn outlived(&self, id: EventId) -> Result<(), StorageError> {
        info!(
            event_id = id.to_hex(),
            "a dead letter was confirmed after all; it is removed"
        );
        self.letters.resolve(id).await
    }

    /// `sent` says when it was sent, if it was in flight.
    async fn done(&mut self, id: EventId, offer: Offer, sent: Option<Sendings>) -> Step {
        self.note_confirmed(id, &offer, sent);
        if self.letters.hold(id) || matches!(offer.origin, Origin::Retry(_)) {
            self.outlived(id).await?;
        }
        self.record(offer, sent.is_some().into()).await
    }

    async fn record(&mut self, offer: Offer, in_flight: usize) -> Step {
        let mut done = Done {
            in_flight,
            ..Done::default()
        };
        done.add(offer.mark());
        match self.records.send(Record::Done(done)).await {
            Ok(()) => ON,
            Err(_) => GONE,
        }
    }

    /// Takes in whether the cluster can be asked.
    fn feel(&mut self) {
        let health = self.confirm.health();
        if health == self.health {
            return;
        }
        match &health {
            WatchHealth::Live => {
                info!("the cluster answers again; sending continues");
                self.unconfirmed.wait_anew(Instant::now());
            }
            WatchHealth::Lost(error) => {
                warn!(%error, "nothing can be confirmed; sending is paused")
            }
            WatchHealth::Starting => {}
        }
        self.health = health;
    }

    async fn tick(&mut self, due: Instant) -> Step {
        let lost = due.elapsed();
        if lost > TOLERANCE {
            self.unconfirmed.excuse(lost);
        }
        self.feel();
        self.look_around().await?;
        self.take_lent_back();
        if self.health == WatchHealth::Live {
            for id in self.unconfirmed.overdue(this_moment()) {
                match self.try_again(id).await? {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(Gone) => return GONE,
                }
            }
        }
        self.marker.show(&self.unconfirmed, self.missing());
        self.note_workflows();
        self.note_waiting();
        ON
    }

    // Whether there is any use in going on with the next.
    async fn try_again(&mut self, id: EventId) -> Result<Result<bool, Gone>, StorageError> {
        // The watch may have missed what the cluster itself knows.
        match timeout(PATIENCE, self.confirm.look(id)).await {
            Ok(Ok(Seen::NONE)) => {}
            Ok(Ok(seen)) => {
                if self.seen(id, seen).await?.is_err() {
                    return Ok(Err(Gone));
                }
                if !self.unconfirmed.contains(id) {
                    return Ok(Ok(true));
                }
            }
            Ok(Err(error)) => {
                debug!(%error, "the cluster does not answer; no event is sent again until it does");
                return Ok(Ok(false));
            }
            Err(_) => return Ok(Ok(false)),
        }
        match self.verdict(id, Instant::now()) {
            None => Ok(Ok(true)),
            Some(Overdue::Resend) => Ok(self.resend(id).await),
            Some(_) if self.ownership.ask().await.is_none() => Ok(Err(Gone)),
            Some(verdict) => Ok(self.give_up(id, verdict).await?.map(|()| true)),
        }
    }

    /// What happens to an overdue event; `None` when it only waits. A part of its outcome that is
    /// gone again must not be made a second time: then it is not sent again.
    fn verdict(&mut self, id: EventId, now: Instant) -> Option<Overdue> {
        let seen = self
            .unconfirmed
            .get(id)
            .map_or(Seen::NONE, |sent| sent.seen);
        if seen.without(self.confirm.seen(id)) == Seen::NONE {
            return Some(self.unconfirmed.judge(id, now));
        }
        if self.unconfirmed.is_too_old(id, now) {
            return Some(Overdue::Spent);
        }
        self.unconfirmed.wait_again(id, now);
        None
    }

    async fn resend(&mut self, id: EventId) -> Result<bool, Gone> {
        self.ownership.pass().await.ok_or(Gone)?;
        let Some(sent) = self.unconfirmed.get(id) else {
            return Ok(true);
        };
        // A client that does not read gets no more of the same.
        let Some(room) = self.out.room_now() else {
            return Ok(false);
        };
        room.send(Announcement::of(&self.place, &sent.offer));
        self.unconfirmed.sent_again(id, this_moment());
        self.stats.events_sent.fetch_add(1, Relaxed);
        self.stats.events_redelivered.fetch_add(1, Relaxed);
        Ok(true)
    }
}

/// Waits until the client takes one more event and one more may be in flight; `None` when it is gone.
async fn room(in_flight: &Semaphore, out: &EventSender) -> Option<()> {
    let _permit = in_flight.acquire().await.ok()?;
    out.room().await.map(|_| ())
}

fn this_moment() -> Moment {
    let clock = OffsetDateTime::now_utc();
    Moment {
        at: Instant::now(),
        // People need no more.
        clock: clock.replace_nanosecond(0).unwrap_or(clock),
    }
}
