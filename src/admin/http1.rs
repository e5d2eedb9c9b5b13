//! The admin port's connections: HTTP/1.1, for probes, Prometheus and browsers.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use http::{Request, Response, StatusCode};
use hyper::{body::Incoming, server::conn::http1, service::Service as HyperService};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::codegen::Service;

use crate::listener::{
    accept::accept,
    activity::Times,
    connections::{Connection, Connections, Open, Slot},
    drive::drive,
    fair::Fair,
    held::Held,
};

/// How long a connection may take, or do nothing.
const TIMES: Times = Times {
    // Probes send their few bytes at once.
    hello: Duration::from_secs(5),
    // Browsers ask again after 5 s; Prometheus, which asks less often, connects again.
    idle: Duration::from_secs(15),
    // The longest answer is some megabytes; who takes longer for it does not read.
    busy: Duration::from_secs(15),
};
/// How long the headers of a request may take.
const HEADERS: Duration = Duration::from_secs(5);
/// The longest headers of a request, and what of an answer is kept for a slow reader, in bytes.
const BUFFER: usize = 16 * 1024;

/// Serves on `listener` until `stop` is cancelled and the last connection has closed.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    connections: Arc<Connections>,
    stop: CancellationToken,
) {
    let serve = |socket, place| connection(router.clone(), socket, place, stop.clone());
    accept(listener, connections, stop.clone(), serve).await;
}

async fn connection(router: Router, socket: TcpStream, place: Slot, stop: CancellationToken) {
    let requests = Requests {
        router,
        connection: place.connection(),
    };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(BUFFER)
        .serve_connection(
            TokioIo::new(Fair::new(socket, place.connection())),
            requests,
        );
    let finish = |connection: Pin<&mut _>| http1::Connection::graceful_shutdown(connection);
    drive(connection, finish, &place, &TIMES, &stop).await;
}

/// The requests of one connection. None has a body that anybody reads.
struct Requests {
    router: Router,
    connection: Arc<Connection>,
}

/// An answer counts as open until it has been sent.
type Answer = Held<Body, Option<Open>>;
type Answering = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

impl HyperService<Request<Incoming>> for Requests {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let Some(open) = self.connection.open() else {
            let mut answer = Response::new(Held::new(Body::empty(), None));
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Box::pin(async { Ok(answer) });
        };
        let answer = self.router.clone().call(request);
        Box::pin(async { Ok(answer.await?.map(|body| Held::new(body, Some(open)))) })
    }
}
