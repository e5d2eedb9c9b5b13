#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use futures::{FutureExt, future::join_all};
use tokio::sync::Notify;
use tonic::Code;

use super::*;

/// A service that answers when it is told to.
#[derive(Debug, Clone, Default)]
struct Slow(Arc<Notify>);

impl Service<Request<Body>> for Slow {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Answering {
        let told = self.0.clone();
        Box::pin(async move {
            told.notified().await;
            Ok(Response::new(Body::empty()))
        })
    }
}

fn code(answer: Result<Response<Body>, Infallible>) -> Code {
    let status = answer.unwrap().extensions().get::<Status>().cloned();
    status.map_or(Code::Ok, |status| status.code())
}

#[tokio::test(start_paused = true)]
async fn those_that_wait_get_their_turn_and_too_many_are_refused() {
    let slow = Slow::default();
    let mut starts = Starts::new(slow.clone());
    let mut all = Vec::new();
    for _ in 0..STARTS + STARTS_WAITING {
        let mut start = starts.call(Request::default());
        // Each of the first takes its turn, and no longer waits.
        assert!((&mut start).now_or_never().is_none());
        all.push(start);
    }
    let refused = starts.call(Request::default()).await;
    assert_eq!(code(refused), Code::ResourceExhausted);
    let tell = async {
        loop {
            slow.0.notify_waiters();
            tokio::task::yield_now().await;
        }
    };
    let answers = tokio::select! {
        answers = join_all(all) => answers,
        () = tell => unreachable!(),
    };
    assert!(answers.into_iter().all(|answer| code(answer) == Code::Ok));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    let mut starts = Starts::new(Slow::default());
    let mut all: Vec<_> = (0..STARTS)
        .map(|_| starts.call(Request::default()))
        .collect();
    for start in &mut all {
        assert!(start.now_or_never().is_none());
    }
    let late = starts.call(Request::default()).await;
    assert_eq!(code(late), Code::ResourceExhausted);
}
