//! What people are told while events are delivered: numbers, what is wrong, and what is waited for.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use time::OffsetDateTime;
use tracing::warn;

use super::ConfirmedDelivery;
use crate::{
    confirm::{
        index::WatchHealth,
        unfinished::{Holder, Workflows},
    },
    delivery::{expected::Seen, traced, unconfirmed::Sendings, waiting::unsent},
    event::EventId,
    ledger::offer::Offer,
    metrics::events::{LastEvent, Outcome, Waiting, shortened},
    state::dead_letter::DeadLetter,
};

impl ConfirmedDelivery {
    /// Keeps the numbers, and what is wrong with delivery, as they are.
    pub(super) fn note(&self) {
        let stats = &self.stats;
        let set = |gauge: &AtomicU64, value: usize| gauge.store(value as u64, Relaxed);
        set(&stats.in_flight, self.unconfirmed.len());
        set(&stats.active_workflows, self.confirm.unfinished());
        let latency = self.unconfirmed.latency().unwrap_or_default();
        set(&stats.confirm_millis, latency.as_millis() as usize);
        let reason = match (
            &self.health,
            self.marker.reason(&self.unconfirmed, self.missing()),
        ) {
            (WatchHealth::Lost(error), _) => Some(error.to_string()),
            (_, reason) => reason,
        };
        stats.set_stalled(self.marker.is_shown());
        stats.set_delivery_error(reason);
    }

    /// The objects that none of the waiting events has, in words; `None` when none has any.
    pub(super) fn missing(&self) -> Option<String> {
        let seen = self.unconfirmed.seen_of_any();
        (seen != Seen::NONE)
            .then(|| self.confirm.missing(seen))
            .flatten()
    }

    /// Says which Workflows have not finished, which of them nobody works on, and whether a limit makes
    /// the next event wait. While the cluster cannot be asked, what was seen before says nothing.
    pub(super) fn note_workflows(&self) {
        if self.health != WatchHealth::Live {
            self.stats.set_pause(None);
            return;
        }
        let now = OffsetDateTime::now_utc().unix_timestamp();
        let tell = |stuck: &Holder, among: &Workflows| self.warn_of(stuck, among);
        let workflows = self.confirm.survey(now, tell);
        self.stats.set_pause(self.pause(&workflows));
        self.stats.set_workflows(workflows);
    }

    /// Says which event has waited longest, and how many blobs are not done.
    pub(super) fn note_waiting(&self) {
        let backlog = self.ledger.lock().under_way() as u64;
        self.stats.backlog.store(backlog, Relaxed);
        let sent = self.unconfirmed.oldest();
        let sent = sent.map(|sent| Waiting {
            first_sent: Some(sent.first_sent.clock),
            attempts: sent.attempts(),
            ..unsent(&sent.offer)
        });
        let next = self.next.as_ref().map(|(_, offer)| unsent(offer));
        *self.stats.oldest.lock() = sent.or(next);
    }

    /// All objects of an event are there. `sent` says when this stream sent it, if it did.
    pub(super) fn note_confirmed(&self, id: EventId, offer: &Offer, sent: Option<Sendings>) {
        let made = self.confirm.made(id);
        let outcome = || traced::confirmed(made.clone());
        self.traces.ended(id, || {
            traced::journey(&self.place, id, offer, sent, outcome())
        });
        self.stats.last_events.add(LastEvent {
            at: OffsetDateTime::now_utc(),
            outcome: Outcome::Confirmed,
            about: shortened(&offer.subject.to_string()),
            id: id.to_hex(),
            attempts: sent.map_or(0, |it| it.attempts),
            first_sent: sent.map(|it| it.first.clock),
            made,
            reason: None,
        });
    }

    /// An event was given up.
    pub(super) fn note_given_up(&self, letter: &DeadLetter) {
        let id = letter.id();
        self.stats.last_events.add(LastEvent {
            at: OffsetDateTime::now_utc(),
            outcome: Outcome::DeadLetter,
            about: shortened(&letter.about.to_string()),
            id: id.to_hex(),
            attempts: letter.attempts,
            first_sent: Some(letter.first_sent),
            made: self.confirm.made(id),
            reason: Some(shortened(&letter.last_reason)),
        });
    }

    fn warn_of(&self, stuck: &Holder, among: &Workflows) {
        let Some(trouble) = stuck.trouble() else {
            return;
        };
        let Workflows { namespace, survey } = among;
        let counts = self.limits.active_workflows.map(|most| {
            let taken = survey.count;
            format!(" it counts against `limits.activeWorkflows` ({taken} of {most}).")
        });
        warn!(
            namespace,
            "workflow {} {trouble}.{} {}",
            stuck.name,
            counts.unwrap_or_default(),
            stuck.cure(namespace),
        );
    }
}
