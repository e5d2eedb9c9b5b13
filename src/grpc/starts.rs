//! Requests for streams wait for their turn, because each may bring a large configuration.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    time::{error::Elapsed, timeout},
};
use tonic::{Status, body::Body, codegen::Service, server::NamedService};

use super::limits::{REQUEST, STARTS, STARTS_WAITING};

/// A service of which so many requests are read and begun at once; the others wait, unread.
#[derive(Debug, Clone)]
pub struct Starts<S> {
    service: S,
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl<S> Starts<S> {
    /// Puts a queue before `service`.
    pub fn new(service: S) -> Self {
        Self {
            service,
            turns: Arc::new(Semaphore::new(STARTS)),
            waiting: Arc::new(Semaphore::new(STARTS_WAITING)),
        }
    }
}

impl<S: NamedService> NamedService for Starts<S> {
    const NAME: &'static str = S::NAME;
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Starts<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Answering {
        let mut service = self.service.clone();
        let Ok(waiting) = self.waiting.clone().try_acquire_owned() else {
            return Box::pin(async { Ok(busy()) });
        };
        let turn = timeout(REQUEST, self.turns.clone().acquire_owned());
        Box::pin(async move {
            let Some(_turn) = granted(turn.await) else {
                return Ok(busy());
            };
            drop(waiting);
            service.call(request).await
        })
    }
}

type Turn = Result<Result<OwnedSemaphorePermit, AcquireError>, Elapsed>;

fn granted(turn: Turn) -> Option<OwnedSemaphorePermit> {
    turn.ok()?.ok()
}

fn busy() -> Response<Body> {
    let words =
        format!("{STARTS} other streams are starting at the moment; try again in some seconds");
    Status::resource_exhausted(words).into_http()
}

#[cfg(test)]
mod tests;
