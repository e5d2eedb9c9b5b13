//! The stream that a client reads.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::sync::oneshot;
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::Status;

use super::{contract::Event, status::End};
use crate::{
    delivery::event_channel::{Announcement, EventReceiver},
    listener::connections::Live,
};

/// A session's announcements, and at last the status with which the session ended.
///
/// It holds no event back and none ahead: the session takes an event as handed to the transport
/// when the next one is asked for. Dropping it, when the client has gone, closes the channel, which ends
/// the session.
#[derive(Debug)]
pub struct EventStream {
    name: String,
    /// Whether events are filled up, so that the client's flow control shows each that it reads.
    filled: bool,
    events: EventReceiver,
    end: EndOf,
    shutdown: CancellationToken,
    _client_gone: DropGuard,
    _live: Option<Live>,
}

#[derive(Debug)]
enum EndOf {
    /// The session runs, or has not said yet how it ended.
    Running(oneshot::Receiver<Result<(), Status>>),
    /// It ended in peace; what is in the channel is still to be delivered.
    Peace,
    /// All is said.
    Over,
}

impl EventStream {
    /// A stream of events that bear `name`, filled up if they are to be; `client_gone` is told when
    /// it is dropped.
    pub fn new(
        name: String,
        filled: bool,
        events: EventReceiver,
        end: oneshot::Receiver<Result<(), Status>>,
        shutdown: CancellationToken,
        client_gone: DropGuard,
    ) -> Self {
        Self {
            name,
            filled,
            events,
            end: EndOf::Running(end),
            shutdown,
            _client_gone: client_gone,
            _live: None,
        }
    }

    /// The same, and its connection is kept for it.
    pub fn keeping(self, live: Option<Live>) -> Self {
        Self {
            _live: live,
            ..self
        }
    }

    fn event(&self, announcement: Announcement) -> Event {
        let event = Event::new(self.name.clone(), announcement.payload.into());
        let event = if self.filled { event.filled() } else { event };
        self.events.sent(event.bytes());
        event
    }

    // An error goes before what is left in the channel: nobody has recorded that as done, so it
    // will be announced again, and to deliver it here as well would be to deliver it twice.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Option<Status> {
        let EndOf::Running(end) = &mut self.end else {
            return None;
        };
        let Poll::Ready(end) = Pin::new(end).poll(cx) else {
            return None;
        };
        match end.unwrap_or_else(|_| Err(self.cut_short())) {
            Ok(()) => {
                self.end = EndOf::Peace;
                None
            }
            Err(status) => {
                self.end = EndOf::Over;
                self.events.close();
                Some(status)
            }
        }
    }

    // Only a shutdown that lost patience, or a defect, ends a session without a word.
    fn cut_short(&self) -> Status {
        Status::from(if self.shutdown.is_cancelled() {
            &End::ShuttingDown
        } else {
            &End::Defect
        })
    }
}

impl Stream for EventStream {
    type Item = Result<Event, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(status) = self.poll_end(cx) {
            return Poll::Ready(Some(Err(status)));
        }
        if matches!(self.end, EndOf::Over) {
            return Poll::Ready(None);
        }
        match self.events.poll_recv(cx) {
            Poll::Ready(Some(announcement)) => Poll::Ready(Some(Ok(self.event(announcement)))),
            // The session has let go of the channel a moment before it says how it ended.
            Poll::Ready(None) if matches!(self.end, EndOf::Running(..)) => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use bytes::Bytes;
    use tokio_stream::StreamExt;
    use tonic::Code;

    use super::*;
    use crate::delivery::event_channel::{EventSender, event_channel};

    struct Parts {
        stream: EventStream,
        events: EventSender,
        end: oneshot::Sender<Result<(), Status>>,
        client_gone: CancellationToken,
        shutdown: CancellationToken,
    }

    fn parts() -> Parts {
        let (events, receiver) = event_channel(4);
        let (end, ended) = oneshot::channel();
        let client_gone = CancellationToken::new();
        let guard = client_gone.clone().drop_guard();
        let shutdown = CancellationToken::new();
        Parts {
            stream: EventStream::new("e".into(), false, receiver, ended, shutdown.clone(), guard),
            shutdown,
            events,
            end,
            client_gone,
        }
    }

    async fn send(outlet: &EventSender, text: &'static str) {
        let payload = Bytes::from_static(text.as_bytes());
        outlet.room().await.unwrap().send(Announcement { payload });
    }

    #[tokio::test]
    async fn events_bear_the_requests_name_and_peace_delivers_all() {
        let mut p = parts();
        send(&p.events, "1").await;
        send(&p.events, "2").await;
        drop(p.events);
        p.end.send(Ok(())).unwrap();
        let first = p.stream.next().await.unwrap().unwrap();
        assert_eq!(
            (first.name.as_str(), first.payload.as_slice()),
            ("e", &b"1"[..])
        );
        assert_eq!(p.stream.next().await.unwrap().unwrap().payload, b"2");
        assert!(p.stream.next().await.is_none());
    }

    #[tokio::test]
    async fn an_error_is_the_last_item_and_goes_first() {
        let mut p = parts();
        send(&p.events, "1").await;
        p.end.send(Err(Status::aborted("why"))).unwrap();
        let status = p.stream.next().await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Aborted);
        assert!(p.stream.next().await.is_none());
        assert!(p.events.is_closed());
    }

    #[tokio::test]
    async fn the_end_may_come_after_the_channel_closed() {
        let mut p = parts();
        drop(p.events);
        let reader = tokio::spawn(async move { p.stream.next().await.unwrap().unwrap_err() });
        tokio::task::yield_now().await;
        p.end.send(Err(Status::unavailable("later"))).unwrap();
        assert_eq!(reader.await.unwrap().message(), "later");
    }

    #[tokio::test]
    async fn a_session_that_vanishes_is_told_of() {
        let mut p = parts();
        drop(p.end);
        drop(p.events);
        let status = p.stream.next().await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Internal);
    }

    #[tokio::test]
    async fn a_session_that_a_shutdown_cut_short_was_shut_down() {
        let mut p = parts();
        p.shutdown.cancel();
        drop(p.end);
        let status = p.stream.next().await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
    }

    #[tokio::test]
    async fn nothing_is_taken_from_the_channel_unasked() {
        let mut p = parts();
        send(&p.events, "1").await;
        send(&p.events, "2").await;
        p.stream.next().await.unwrap().unwrap();
        assert_eq!(p.events.taken(), 0);
        p.stream.next().await.unwrap().unwrap();
        assert_eq!(p.events.taken(), 1);
    }

    #[tokio::test]
    async fn a_client_that_goes_is_noticed() {
        let p = parts();
        drop(p.stream);
        assert!(p.client_gone.is_cancelled());
        assert!(p.events.is_closed());
    }
}
