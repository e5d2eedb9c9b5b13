//! The channel from a session to whoever carries its events to the client, which tells the session
//! how far they have come.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::reading::Reading;
use crate::{
    event::{EventId, Place},
    ledger::offer::{Offer, Subject},
};

/// An event on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// A CloudEvents 1.0 event as JSON.
    pub payload: Bytes,
}

impl Announcement {
    /// The announcement of what is found at `place`.
    pub fn of(place: &Place, offer: &Offer) -> Self {
        let payload = match &offer.subject {
            Subject::Blob { blob, .. } => place.payload(blob, offer.replay()),
            Subject::Batch(batch) => batch.payload.clone(),
        };
        Self {
            payload: Bytes::from(payload),
        }
    }
}

/// The id of the event of an offer.
pub(crate) fn id_of(place: &Place, offer: &Offer) -> EventId {
    match &offer.subject {
        Subject::Blob { blob, .. } => place.id_of(blob, offer.replay()),
        Subject::Batch(batch) => EventId(batch.id.0),
    }
}

/// Makes a channel that holds at most `capacity` events.
pub fn event_channel(capacity: usize) -> (EventSender, EventReceiver) {
    event_channel_to(None, capacity)
}

/// As [`event_channel`], to a client of which is known how far it reads.
pub fn event_channel_to(
    reading: Option<Arc<Reading>>,
    capacity: usize,
) -> (EventSender, EventReceiver) {
    let (sender, receiver) = mpsc::channel(capacity);
    let taken = Arc::new(AtomicU64::new(0));
    let events = EventReceiver {
        receiver,
        received: 0,
        taken: Arc::clone(&taken),
        reading: reading.clone(),
    };
    let outlet = EventSender {
        sender,
        taken,
        reading,
    };
    (outlet, events)
}

/// The session's end.
#[derive(Debug, Clone)]
pub struct EventSender {
    sender: mpsc::Sender<Announcement>,
    taken: Arc<AtomicU64>,
    reading: Option<Arc<Reading>>,
}

impl EventSender {
    /// Room for one event, as soon as there is any; `None` when the other end is gone.
    pub async fn room(&self) -> Option<mpsc::Permit<'_, Announcement>> {
        self.sender.reserve().await.ok()
    }

    /// Room for one event, if there is any now.
    pub fn room_now(&self) -> Option<mpsc::Permit<'_, Announcement>> {
        self.sender.try_reserve().ok()
    }

    /// How many events have been taken, of all that were ever sent: by the client, if it shows how
    /// far it reads, and else by the transport.
    pub fn taken(&self) -> u64 {
        let taken = self.taken.load(Relaxed);
        let read = self.reading.as_ref().map(|reading| reading.done_with());
        read.map_or(taken, |read| read.min(taken))
    }

    /// Waits until the other end is gone.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Whether the other end is gone.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

/// The transport's end.
///
/// An event counts as taken when the transport asks for what comes after it: only then has it
/// found room for that event further down the line. So a client that does not read, and holds up
/// the line, keeps all but what its connection buffers from being taken.
#[derive(Debug)]
pub struct EventReceiver {
    receiver: mpsc::Receiver<Announcement>,
    received: u64,
    taken: Arc<AtomicU64>,
    reading: Option<Arc<Reading>>,
}

impl EventReceiver {
    /// The next event, after all before it have been taken; `None` when the session has let go.
    pub async fn recv(&mut self) -> Option<Announcement> {
        poll_fn(|context| self.poll_recv(context)).await
    }

    /// As [`EventReceiver::recv`]. Of a client that shows how far it reads, none while it does not read.
    pub fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Option<Announcement>> {
        self.take();
        let reading = self.reading.as_ref();
        if reading.is_some_and(|reading| !reading.has_room(context)) {
            return Poll::Pending;
        }
        let event = self.receiver.poll_recv(context);
        if let Poll::Ready(Some(_)) = event {
            self.received += 1;
        }
        event
    }

    /// The event that was received last takes so many bytes of the stream.
    pub fn sent(&self, bytes: u64) {
        if let Some(reading) = &self.reading {
            reading.sent(bytes);
        }
    }

    /// Says that everything that was received has been taken, without asking for more.
    pub fn take(&self) {
        self.taken.store(self.received, Relaxed);
    }

    /// Takes no more events; those that wait are lost.
    pub fn close(&mut self) {
        self.receiver.close();
    }
}

#[cfg(test)]
mod tests {
    use crate::delivery::event_channel::*;

    #[tokio::test]
    async fn an_event_is_taken_when_the_next_is_asked_for() {
        let (outlet, mut events) = event_channel(2);
        for _ in 0..2 {
            let payload = Bytes::from_static(b"{}");
            let room = outlet.room().await;
            room.into_iter().for_each(|room| {
                room.send(Announcement {
                    payload: payload.clone(),
                })
            });
        }
        events.recv().await;
        assert_eq!(outlet.taken(), 0);
        events.recv().await;
        assert_eq!(outlet.taken(), 1);
        events.take();
        assert_eq!(outlet.taken(), 2);
        drop(events);
        assert!(outlet.is_closed() && outlet.room().await.is_none());
    }
}
