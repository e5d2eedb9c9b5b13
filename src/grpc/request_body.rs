//! A request's body, which has to come in time.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tonic::Status;

/// A body that fails with `DEADLINE_EXCEEDED` when it is not complete in time. Somebody who sends
/// headers and then nothing would otherwise hold a stream for ever.
#[derive(Debug)]
pub struct InTime<B> {
    body: B,
    time: Duration,
    end: Pin<Box<Sleep>>,
}

impl<B> InTime<B> {
    /// `body`, of which all must have come once `time` has passed.
    pub fn new(body: B, time: Duration) -> Self {
        let end = Box::pin(sleep(time));
        Self { body, time, end }
    }
}

impl<B> Body for InTime<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::fmt::Display,
{
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let broken = |error| Status::unavailable(format!("the request ended early: {error}"));
            return Poll::Ready(frame.map(|frame| frame.map_err(broken)));
        }
        match self.end.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => Poll::Ready(Some(Err(Status::deadline_exceeded(format!(
                "the request was not complete within {:?}",
                self.time
            ))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt, Full, StreamBody};
    use tokio_stream::{StreamExt, iter, pending};
    use tonic::Code;

    use super::*;

    const TIME: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_body_without_an_end_is_given_up() {
        let first = iter([Ok::<_, Infallible>(Frame::data(Bytes::from("x")))]);
        let mut body = InTime::new(StreamBody::new(first.chain(pending())), TIME);
        assert_eq!(
            body.frame().await.unwrap().unwrap().into_data().unwrap(),
            "x"
        );
        let status = body.frame().await.unwrap().unwrap_err();
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(status.message().contains("within 10s"), "{status:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_is_there_is_read_however_late() {
        let body = InTime::new(Full::new(Bytes::from("x")), TIME);
        tokio::time::advance(2 * TIME).await;
        assert_eq!(body.collect().await.unwrap().to_bytes(), "x");
    }
}
