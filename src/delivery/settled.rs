//! From offers to events: sends them as the client takes them, and settles them.

use std::{
    collections::VecDeque,
    future::pending,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::future::BoxFuture;
use time::OffsetDateTime;
use tokio::{
    sync::{Semaphore, mpsc},
    time::{Instant, sleep_until},
};

use super::{
    event_channel::{Announcement, EventSender, id_of},
    offers::Offers,
    ownership::Ownership,
    traced,
    unconfirmed::{Moment, Sendings},
    waiting::unsent,
};
use crate::{
    event::Place,
    ledger::offer::{LedgerMark, Offer},
    metrics::{
        Pause, SourceStats,
        events::{LastEvent, Outcome, Waiting},
    },
    recorder::{Done, Record},
    traces::{self, Traces},
};

/// How often the channel is looked at while the client has not taken all of it.
const LOOK: Duration = Duration::from_millis(100);
/// How often it is looked at while events wait to be settled: often enough to notice that the
/// process stood still.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// A delay that is no standing still.
const TOLERANCE: Duration = Duration::from_millis(500);

/// Sends offers to one client.
///
/// The settle time of an event begins when it has been taken out of `out`, not when it was put in: a
/// client that does not read leaves it there.
pub(crate) struct SettledDelivery {
    /// What ids and payloads are made of.
    pub(crate) place: Place,
    /// To the client.
    pub(crate) out: EventSender,
    /// Where settled events go.
    pub(crate) records: mpsc::Sender<Record>,
    /// Asked before anything is sent.
    pub(crate) ownership: Ownership,
    /// How many more events may be sent before others are recorded.
    pub(crate) in_flight: Arc<Semaphore>,
    /// How many these are at first.
    pub(crate) most: usize,
    /// How long the stream must have stayed healthy after an event was sent.
    pub(crate) settle: Duration,
    /// Numbers for people.
    pub(crate) stats: Arc<SourceStats>,
    /// Told what became of each event.
    pub(crate) traces: Traces,
    /// What was sent and is not settled, in the order of sending.
    pub(crate) sent: SentEvents,
}

/// What was sent and is not settled.
#[derive(Debug, Default)]
pub(crate) struct SentEvents {
    events: VecDeque<SentEvent>,
    /// How many of them were taken.
    taken: usize,
    /// How many were settled before them.
    settled: u64,
}

/// One of them.
#[derive(Debug)]
struct SentEvent {
    mark: LedgerMark,
    /// When the transport took it.
    taken: Option<Instant>,
    /// What people are told of it.
    told: Waiting,
}

impl SettledDelivery {
    /// Works until no more offers come and all that was sent is settled, or the client or the
    /// recorder is gone: then nothing more is settled.
    pub(crate) async fn run(mut self, mut offers: Offers) {
        let mut next: Option<Offer> = None;
        // Kept until it is done: to ask again with each look at the clock would be to ask for ever, where
        // an answer takes longer than that.
        let mut sending: Option<BoxFuture<'static, Option<()>>> = None;
        let mut more = true;
        let mut wake = None;
        let mut shown = None;
        while more || next.is_some() || !self.sent.events.is_empty() {
            self.sent.excuse(wake.take());
            self.sent.look(self.out.taken());
            wake = self.sent.wake(self.settle);
            self.note_pause(next.is_some());
            self.note_oldest(next.as_ref(), &mut shown);
            tokio::select! {
                biased;
                () = until(wake) => {
                    if self.out.is_closed() || self.settle_due(wake.take()).await.is_none() {
                        return;
                    }
                }
                sent = done(&mut sending) => {
                    if sent.is_none() {
                        return;
                    }
                    sending = None;
                    self.note_sent(next.take());
                }
                offer = offers.recv(), if more && next.is_none() => {
                    more = offer.is_some();
                    sending = offer.as_ref().map(|offer| self.send(offer));
                    next = offer;
                }
            }
        }
    }

    fn send(&self, offer: &Offer) -> BoxFuture<'static, Option<()>> {
        let announcement = Announcement::of(&self.place, offer);
        let (in_flight, out) = (Arc::clone(&self.in_flight), self.out.clone());
        let ownership = self.ownership.clone();
        Box::pin(async move {
            let permit = in_flight.acquire().await.ok()?;
            let room = out.room().await?;
            ownership.pass().await?;
            permit.forget();
            room.send(announcement);
            Some(())
        })
    }

    fn note_sent(&mut self, offer: Option<Offer>) {
        if let Some(offer) = offer {
            let now = OffsetDateTime::now_utc();
            let told = Waiting {
                first_sent: Some(now),
                attempts: 1,
                ..unsent(&offer)
            };
            self.note_event(&offer, now, &told.about);
            self.sent.events.push_back(SentEvent {
                mark: offer.mark(),
                taken: None,
                told,
            });
            self.stats.first_sent(&offer);
            self.note_in_flight();
        }
    }

    fn note_event(&self, offer: &Offer, now: OffsetDateTime, about: &str) {
        let id = id_of(&self.place, offer);
        self.traces.ended(id, || {
            let moment = Moment {
                at: Instant::now(),
                clock: now,
            };
            let sendings = Sendings {
                attempts: 1,
                first: moment,
                last: moment,
            };
            let outcome = traces::journey::Outcome::Sent;
            traced::journey(&self.place, id, offer, Some(sendings), outcome)
        });
        self.stats.last_events.add(LastEvent {
            at: now,
            outcome: Outcome::Sent,
            about: about.to_owned(),
            id: id.to_hex(),
            attempts: 1,
            first_sent: Some(now),
            made: Vec::new(),
            reason: None,
        });
    }

    // The place in the queue of records comes first: what is settled and not handed on would be
    // forgotten if the session were stopped in between.
    async fn settle_due(&mut self, wake: Option<Instant>) -> Option<()> {
        let place = self.records.reserve().await.ok()?;
        self.sent.excuse(wake);
        let settled = self.sent.take_due(self.settle);
        if settled.in_flight > 0 {
            place.send(Record::Done(settled));
            self.note_in_flight();
        }
        Some(())
    }

    fn note_pause(&self, waits: bool) {
        let full = waits && self.in_flight.available_permits() == 0;
        let pause = full.then(|| Pause::in_flight(self.most));
        self.stats.set_pause(pause);
    }

    // The event that waits longest is another one only when events were settled, or the first one comes.
    fn note_oldest(&self, next: Option<&Offer>, shown: &mut Option<(u64, bool, bool)>) {
        let is_empty = self.sent.events.is_empty();
        let now = (self.sent.settled, is_empty, is_empty && next.is_some());
        if shown.replace(now) != Some(now) {
            let sent = self.sent.events.front().map(|it| it.told.clone());
            *self.stats.oldest.lock() = sent.or_else(|| next.map(unsent));
        }
    }

    fn note_in_flight(&self) {
        let waiting = self.sent.events.len() as u64;
        self.stats.in_flight.store(waiting, Relaxed);
    }
}

impl SentEvents {
    /// Of all that was ever sent, the first `taken` have been taken by the transport.
    fn look(&mut self, taken: u64) {
        let taken = usize::try_from(taken - self.settled).unwrap_or(usize::MAX);
        let taken = taken.min(self.events.len());
        let now = Instant::now();
        for event in self.events.range_mut(self.taken.min(taken)..taken) {
            event.taken = Some(now);
        }
        self.taken = self.taken.max(taken);
    }

    /// When to look again: when the first event settles, and at short intervals before.
    fn wake(&self, settle: Duration) -> Option<Instant> {
        let first = self.events.front()?;
        let due = first.taken.map(|at| at + settle);
        let untaken = self.taken < self.events.len();
        let look = Instant::now() + if untaken { LOOK } else { HEARTBEAT };
        due.into_iter().chain([look]).min()
    }

    /// A process that was frozen, or got no processor, could not see that its client had gone: the
    /// time that it lost does not count as time in which a stream stayed healthy.
    fn excuse(&mut self, wake: Option<Instant>) {
        let lost = wake.map_or(Duration::ZERO, |wake| wake.elapsed());
        if lost > TOLERANCE {
            for event in self.events.range_mut(..self.taken) {
                event.taken = event.taken.map(|at| at + lost);
            }
        }
    }

    fn take_due(&mut self, settle: Duration) -> Done {
        let now = Instant::now();
        let due = |it: &&SentEvent| it.taken.is_some_and(|at| at + settle <= now);
        let count = self.events.iter().take_while(due).count();
        self.taken -= count;
        self.settled += count as u64;
        let mut done = Done {
            in_flight: count,
            ..Done::default()
        };
        self.events
            .drain(..count)
            .for_each(|event| done.add(event.mark));
        done
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(wake) => sleep_until(wake).await,
        None => pending().await,
    }
}

async fn done<T>(work: &mut Option<BoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}
