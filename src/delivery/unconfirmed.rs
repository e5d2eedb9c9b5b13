//! What was sent and is not confirmed: when each event is sent again, when it is given up, and
//! whether anything gets through at all. Pure: it is told what happens and when.
//!
//! An attempt counts against an event only when events that were first sent after it were confirmed:
//! then the path works and this event does not. While nothing at all is confirmed the source is
//! *stalled*: it probes with one event at a time, and no probe counts. What was under way when several
//! events came to wait at once may have been lost with the path: that alone is never what an event is
//! given up for.

use std::{collections::BTreeMap, time::Duration};

use time::OffsetDateTime;
use tokio::time::Instant;

use super::{expected::Seen, policy::Redelivery};
use crate::{event::EventId, ledger::offer::Offer};

/// The longest time between two probes of a stalled source.
const SLOWEST_PROBE: Duration = Duration::from_secs(300);
/// How long a stalled source keeps an event waiting that was never sent, at most.
const FRESH_PROBE: Duration = Duration::from_secs(10);
/// However slow confirmations become, a deadline grows no further by itself.
const LONGEST_DEADLINE: Duration = Duration::from_secs(3600);
/// How many deadlines an event waits between attempts, at most.
const MOST_PATIENCE: f64 = 32.0;

/// A moment by both clocks: one for durations, one for people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) clock: OffsetDateTime,
}

/// An event that was sent and is not confirmed.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) offer: Offer,
    pub(crate) first_sent: Moment,
    pub(crate) last_sent: Moment,
    /// The outcome of it so far, whether or not it is still there.
    pub(crate) seen: Seen,
    /// Attempts that failed while later events were confirmed.
    pub(crate) failed: u32,
    /// How often it was sent.
    sends: u32,
    first_number: u64,
    last_number: u64,
    /// The number of the last sending that may count, until it has.
    counts: Option<u64>,
    /// From when on it waits: the last sending, moved by what does not count as waiting.
    waits_since: Instant,
    /// How many deadlines it waits.
    patience: f64,
}

impl Sent {
    /// How often it was sent.
    pub(crate) fn attempts(&self) -> u32 {
        self.sends
    }

    /// When it was sent, and how often.
    pub(crate) fn sendings(&self) -> Sendings {
        Sendings {
            attempts: self.sends,
            first: self.first_sent,
            last: self.last_sent,
        }
    }
}

/// When an event was sent, and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sendings {
    pub(crate) attempts: u32,
    pub(crate) first: Moment,
    pub(crate) last: Moment,
}

/// What happens to an event whose deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// It is sent again.
    Resend,
    /// It is given up: others were confirmed again and again, and it was not.
    Failed,
    /// It is given up: it has been alone and unconfirmed for too long.
    Alone,
    /// It is given up: a part of its outcome is gone again, and to send it again would make that
    /// part a second time.
    Spent,
}

/// A time in which nothing was confirmed.
#[derive(Debug)]
pub(crate) struct Stall {
    /// Since when.
    pub(crate) since: OffsetDateTime,
    /// Whether it is worth a word: one event that got lost on a quiet day is not.
    pub(crate) declared: bool,
    /// Whether several events waited when it began.
    several: bool,
    last_send: Instant,
    next_probe: Instant,
    probe_wait: Duration,
}

/// All events that were sent and are not confirmed.
#[derive(Debug)]
pub(crate) struct Unconfirmed {
    rules: Redelivery,
    events: BTreeMap<EventId, Sent>,
    /// The entries of `confirm` that are Workflows.
    workflows: Seen,
    /// How many Workflows these events have.
    come: usize,
    number: u64,
    /// The number of the latest first sending of an event that was confirmed.
    proven: u64,
    latency: Option<Duration>,
    /// Latencies of what was first sent before say nothing.
    steady_since: Option<Instant>,
    last_confirmed: Option<Moment>,
    stall: Option<Stall>,
    dice: u64,
}

impl Unconfirmed {
    pub(crate) fn new(rules: Redelivery, workflows: Seen, seed: u64) -> Self {
        Self {
            rules,
            events: BTreeMap::new(),
            workflows,
            come: 0,
            number: 0,
            proven: 0,
            latency: None,
            steady_since: None,
            last_confirmed: None,
            stall: None,
            dice: seed,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// How many Workflows these events are about to make.
    pub(crate) fn coming(&self) -> usize {
        self.events.len() * self.workflows.count() - self.come
    }

    pub(crate) fn contains(&self, id: EventId) -> bool {
        self.events.contains_key(&id)
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = EventId> {
        self.events.keys().copied()
    }

    pub(crate) fn get(&self, id: EventId) -> Option<&Sent> {
        self.events.get(&id)
    }

    /// The event that was sent first.
    pub(crate) fn oldest(&self) -> Option<&Sent> {
        self.events.values().min_by_key(|sent| sent.first_sent.at)
    }

    /// The smoothed time from sending to confirmation.
    pub(crate) fn latency(&self) -> Option<Duration> {
        self.latency
    }

    pub(crate) fn last_confirmed(&self) -> Option<OffsetDateTime> {
        self.last_confirmed.map(|moment| moment.clock)
    }

    pub(crate) fn stall(&self) -> Option<&Stall> {
        self.stall.as_ref()
    }

    /// How long an event waits for its confirmation: as long as configured, or four times what it
    /// takes now.
    pub(crate) fn deadline(&self) -> Duration {
        let least = self.rules.deadline;
        let measured = self.latency.unwrap_or_default() * 4;
        measured.min(LONGEST_DEADLINE).max(least)
    }

    /// Whether an event that was never sent may be sent now.
    pub(crate) fn takes_fresh(&self, now: Instant) -> bool {
        let pace = FRESH_PROBE.min(self.rules.deadline);
        let stall = self.stall.as_ref();
        stall.is_none_or(|stall| now >= stall.last_send + pace)
    }

    /// An event was sent for the first time.
    pub(crate) fn sent(&mut self, id: EventId, offer: Offer, seen: Seen, moment: Moment) {
        let number = self.next_number(moment);
        let patience = self.jitter(1.0);
        self.remove(id);
        self.come += seen.among(self.workflows).count();
        self.events.insert(
            id,
            Sent {
                offer,
                first_sent: moment,
                last_sent: moment,
                seen,
                failed: 0,
                sends: 1,
                first_number: number,
                last_number: number,
                counts: Some(number),
                waits_since: moment.at,
                patience,
            },
        );
    }

    /// An event was sent again.
    pub(crate) fn sent_again(&mut self, id: EventId, moment: Moment) {
        let number = self.next_number(moment);
        let flows = self.stall.is_none();
        let sends = self.events.get(&id).map_or(1, |sent| sent.sends);
        let patience = 2_f64.powi(sends.min(16) as i32).min(MOST_PATIENCE);
        let patience = self.jitter(patience);
        if let Some(sent) = self.events.get_mut(&id) {
            sent.last_sent = moment;
            sent.last_number = number;
            if flows {
                sent.counts = Some(number);
            }
            sent.sends += 1;
            sent.waits_since = moment.at;
            sent.patience = patience;
        }
    }

    /// An event has objects, if it is one of these: all that it has by now.
    pub(crate) fn saw(&mut self, id: EventId, new: Seen) -> Option<Seen> {
        let sent = self.events.get_mut(&id)?;
        let fresh = new.without(sent.seen);
        self.come += fresh.among(self.workflows).count();
        sent.seen = sent.seen.and(new);
        Some(sent.seen)
    }

    /// The outcome of all events that wait.
    pub(crate) fn seen_of_any(&self) -> Seen {
        let each = self.events.values().map(|sent| sent.seen);
        each.fold(Seen::NONE, Seen::and)
    }

    /// An event waits once more without being sent again.
    pub(crate) fn wait_again(&mut self, id: EventId, now: Instant) {
        self.number += 1;
        if let Some(sent) = self.events.get_mut(&id) {
            sent.last_number = self.number;
            sent.waits_since = now;
        }
    }

    /// Whether an event was first sent longer ago than an event may wait.
    pub(crate) fn is_too_old(&self, id: EventId, now: Instant) -> bool {
        let patience = self.rules.give_up_after;
        let sent = self.events.get(&id);
        sent.is_some_and(|sent| now >= sent.first_sent.at + patience)
    }

    /// An event was confirmed, if it is one of these. A stall is over with it.
    pub(crate) fn confirmed(&mut self, id: EventId, moment: Moment) -> Option<Sent> {
        let sent = self.remove(id)?;
        self.proven = self.proven.max(sent.first_number);
        self.last_confirmed = Some(moment);
        if let Some(stall) = self.stall.take() {
            self.flow_again(stall.several, moment.at);
        } else if self
            .steady_since
            .is_none_or(|since| sent.first_sent.at >= since)
        {
            // Of an event that was sent more than once nobody knows which sending it was.
            let latency = (moment.at - sent.first_sent.at) / sent.sends;
            let smoothed = self.latency.map_or(latency, |old| (old * 7 + latency) / 8);
            self.latency = Some(smoothed);
        }
        Some(sent)
    }

    /// Takes an event out, as if it had never been sent.
    pub(crate) fn take_out(&mut self, id: EventId) -> Option<Sent> {
        let sent = self.remove(id)?;
        if self.events.is_empty() {
            self.stall = None;
        }
        Some(sent)
    }

    fn remove(&mut self, id: EventId) -> Option<Sent> {
        let sent = self.events.remove(&id)?;
        self.come -= sent.seen.among(self.workflows).count();
        Some(sent)
    }

    /// Whether an event has waited for two deadlines since it was last sent.
    pub(crate) fn has_waited(&self, id: EventId, now: Instant) -> bool {
        let deadline = self.deadline() * 2;
        let sent = self.events.get(&id);
        sent.is_some_and(|sent| now >= sent.waits_since + deadline)
    }

    /// The time until now does not count as waiting: the cluster could not be asked.
    pub(crate) fn wait_anew(&mut self, now: Instant) {
        self.steady_since = Some(now);
        self.events
            .values_mut()
            .for_each(|sent| sent.waits_since = now);
    }

    /// So much time does not count as waiting: the process stood still.
    pub(crate) fn excuse(&mut self, lost: Duration) {
        self.events
            .values_mut()
            .for_each(|sent| sent.waits_since += lost);
    }

    /// The events to be judged now, those first that were sent first: in a stall one at a time.
    pub(crate) fn overdue(&mut self, moment: Moment) -> Vec<EventId> {
        if self.stall.is_some() {
            return self.probe(moment.at).into_iter().collect();
        }
        let deadline = self.deadline();
        let due = |sent: &Sent| moment.at >= sent.waits_since + deadline.mul_f64(sent.patience);
        let mut overdue: Vec<_> = self
            .events
            .iter()
            .filter(|(_, sent)| due(sent))
            .map(|(id, sent)| (sent.last_number, *id))
            .collect();
        overdue.sort_unstable();
        let overdue: Vec<_> = overdue.into_iter().map(|(_, id)| id).collect();
        if overdue.iter().any(|id| self.nothing_since(*id)) {
            self.begin_stall(moment);
            return self.probe(moment.at).into_iter().collect();
        }
        overdue
    }

    /// What happens to an overdue event. Counts the attempt, if it counts.
    pub(crate) fn judge(&mut self, id: EventId, now: Instant) -> Overdue {
        let (stalled, alone) = (self.stall.is_some(), self.events.len() == 1);
        let Some(sent) = self.events.get_mut(&id) else {
            return Overdue::Resend;
        };
        if stalled {
            let patience = self.rules.give_up_after;
            let long = now >= sent.first_sent.at + patience;
            return if alone && long {
                Overdue::Alone
            } else {
                Overdue::Resend
            };
        }
        let counts = sent.counts.take_if(|number| self.proven > *number);
        sent.failed += u32::from(counts.is_some());
        match sent.failed >= self.rules.max_attempts {
            true => Overdue::Failed,
            false => Overdue::Resend,
        }
    }

    fn next_number(&mut self, moment: Moment) -> u64 {
        if let Some(stall) = &mut self.stall {
            stall.last_send = moment.at;
        }
        self.number += 1;
        self.number
    }

    fn nothing_since(&self, id: EventId) -> bool {
        let last = self.last_confirmed.map(|moment| moment.at);
        let sent = self.events.get(&id);
        sent.is_some_and(|sent| last.is_none_or(|last| last < sent.waits_since))
    }

    fn begin_stall(&mut self, moment: Moment) {
        let first = self.events.values().map(|sent| sent.first_sent.clock).min();
        self.stall = Some(Stall {
            since: self.last_confirmed().or(first).unwrap_or(moment.clock),
            declared: self.events.len() > 1,
            several: self.events.len() > 1,
            last_send: moment.at,
            next_probe: moment.at,
            probe_wait: self.deadline(),
        });
    }

    // The event that was sent longest ago, when it is time for one.
    fn probe(&mut self, now: Instant) -> Option<EventId> {
        let next = self.events.iter().min_by_key(|(_, sent)| sent.last_number);
        let next = next.map(|(id, sent)| (*id, sent.sends));
        let (id, sends) = next?;
        let stall = self
            .stall
            .as_mut()
            .filter(|stall| now >= stall.next_probe)?;
        stall.declared |= sends > 1;
        stall.next_probe = now + stall.probe_wait;
        stall.probe_wait = (stall.probe_wait * 2).min(SLOWEST_PROBE.max(self.rules.deadline));
        Some(id)
    }

    // What got lost is sent again soon, but not all of it at once.
    fn flow_again(&mut self, several: bool, now: Instant) {
        self.steady_since = Some(now);
        let mut dice = self.dice;
        for sent in self.events.values_mut() {
            sent.waits_since = now;
            sent.patience = 0.25 + 0.25 * roll(&mut dice);
            if several && self.rules.max_attempts == 1 {
                sent.counts = None;
            }
        }
        self.dice = dice;
    }

    fn jitter(&mut self, patience: f64) -> f64 {
        patience * (1.0 + 0.25 * roll(&mut self.dice))
    }
}

// SplitMix64, of which a few bits are enough to keep events from coming due together; from 0 to 1.
fn roll(dice: &mut u64) -> f64 {
    *dice = dice.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*dice ^ (*dice >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as f64 / (1_u64 << 24) as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
