//! Events that were sent beyond the limits of a stalled source and taken back, until the next sweep offers
//! them again: their objects may be made meanwhile, and be gone before that.

use std::collections::BTreeMap;

use crate::{delivery::expected::Seen, event::EventId};

/// So many are remembered. Where more have been taken back, no further one is sent beyond the limits.
const MOST: usize = 10_000;

/// The outcome of events that were taken back.
#[derive(Debug, Default)]
pub(crate) struct Returned(BTreeMap<EventId, Seen>);

impl Returned {
    /// Whether there is no room for one more.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// An event is taken back, of which so much has come.
    pub(crate) fn add(&mut self, id: EventId, seen: Seen) {
        self.0.insert(id, seen);
    }

    /// An event has these objects, if it is one of these events.
    pub(crate) fn saw(&mut self, id: EventId, seen: Seen) {
        if let Some(known) = self.0.get_mut(&id) {
            *known = known.and(seen);
        }
    }

    /// An event is offered again: the outcome of it, if it is one of these.
    pub(crate) fn take(&mut self, id: EventId) -> Option<Seen> {
        self.0.remove(&id)
    }
}
