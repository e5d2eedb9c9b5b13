//! Whether one more event may be sent: what is in flight, what runs, and what a stall allows beyond.

use tokio::time::Instant;

use super::ConfirmedDelivery;
use crate::{
    confirm::{index::WatchHealth, unfinished::Workflows},
    event::EventId,
    ledger::offer::{Origin, Subject},
    metrics::Pause,
    recorder::receipts::Outcome,
};

impl ConfirmedDelivery {
    /// Whether the next event may be sent now.
    pub(super) fn may_send(&mut self, now: Instant) -> bool {
        if self.health != WatchHealth::Live || !self.unconfirmed.takes_fresh(now) {
            return false;
        }
        self.has_room() || self.has_room_for_extra(now)
    }

    // Events that are about to become Workflows count as such: nobody can call them back.
    fn has_room(&self) -> bool {
        self.in_flight.available_permits() > 0
            && !self.fills(self.confirm.unfinished() + self.unconfirmed.coming())
    }

    /// Whether this many Workflows leave no room for those of one more event. A limit that is smaller than
    /// the Workflows of one event lets events through one at a time.
    fn fills(&self, taken: usize) -> bool {
        let each = self.confirm.workflow_entries().count();
        let most = self.limits.active_workflows;
        taken > 0 && most.is_some_and(|most| taken + each > most)
    }

    /// Which limit makes the next event wait, if there is a next and one does. In a stall what is on its
    /// way makes nothing wait, and the stall has its own reason.
    pub(super) fn pause(&self, workflows: &Workflows) -> Option<Pause> {
        self.next.as_ref()?;
        let coming = self.unconfirmed.coming();
        let stalled = self.unconfirmed.stall().is_some();
        let taken = workflows.survey.count + if stalled { 0 } else { coming };
        match self.limits.active_workflows {
            Some(most) if self.fills(taken) => Some(Pause::active_workflows(
                most,
                workflows.places(most, self.unconfirmed.len()),
            )),
            _ if !stalled && self.in_flight.available_permits() == 0 => {
                Some(Pause::in_flight(self.limits.in_flight))
            }
            _ => None,
        }
    }

    // When everything in flight may be the one kind of event of which nothing ever comes, only
    // another event can tell. One that cannot either makes way for the next.
    fn has_room_for_extra(&mut self, now: Instant) -> bool {
        let full = self.fills(self.confirm.unfinished());
        if self.unconfirmed.stall().is_none() || full || self.returned.is_full() {
            return false;
        }
        if let Some(extra) = self.extra.filter(|id| self.unconfirmed.contains(*id)) {
            if !self.unconfirmed.has_waited(extra, now) {
                return false;
            }
            self.put_back(extra);
        }
        self.extra = self.next.as_ref().map(|(id, _)| *id);
        if self.in_flight.available_permits() == 0 {
            self.in_flight.add_permits(1);
            self.lent += 1;
        }
        true
    }

    // Whoever comes upon it next offers it again.
    fn put_back(&mut self, id: EventId) {
        let Some(sent) = self.unconfirmed.take_out(id) else {
            return;
        };
        self.in_flight.add_permits(1);
        self.returned.add(id, sent.seen);
        match (&sent.offer.origin, &sent.offer.subject) {
            (Origin::Retry(_), _) => self.letters.put_back(id),
            (_, Subject::Blob { fingerprint, .. }) => {
                self.ledger.lock().put_back(*fingerprint);
                self.receipts.redeem(*fingerprint, Outcome::PutBack);
            }
            (_, Subject::Batch(_)) => self.again.push_back(sent.offer),
        }
    }

    /// Takes permits back that were made for an event beyond the limits, once a stall is over.
    pub(super) fn take_lent_back(&mut self) {
        while self.lent > 0 && self.unconfirmed.stall().is_none() {
            let Ok(permit) = self.in_flight.try_acquire() else {
                return;
            };
            permit.forget();
            self.lent -= 1;
        }
    }
}
