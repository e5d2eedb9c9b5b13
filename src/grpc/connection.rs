//! A connection to the gRPC port: TLS if there is any, HTTP/2, and the requests on it.

use std::{convert::Infallible, future::Future, pin::Pin, sync::Arc};

use http::{HeaderMap, HeaderName, Request, Response};
use hyper::{body::Incoming, server::conn::http2, service::Service as HyperService};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::{
    Status, body::Body, codegen::Service, service::Routes, transport::server::TcpConnectInfo,
};
use tracing::debug;

use super::{
    bounds::{Bounds, Permits},
    limits::{
        CONNECTION_WINDOW, HANDSHAKE, HEADERS, KEEP_ALIVE, ONCE_METADATA, REQUEST, STREAM_WINDOW,
        STREAMS, TAKE_OVER_METADATA, TIMES, WATCH_METADATA,
    },
    peer::{Peer, Watched},
    request_body::InTime,
};
use crate::listener::{
    connections::{Connection, Open, Slot},
    drive::drive,
    fair::Fair,
    held::Held,
};

/// What serves each connection.
#[derive(Clone)]
pub struct Http2 {
    /// TLS, if it is served.
    pub tls: Option<TlsAcceptor>,
    /// The services.
    pub routes: Routes,
    /// What all connections share.
    pub bounds: Bounds,
    /// Cancelled when connections are to end.
    pub stop: CancellationToken,
}

impl Http2 {
    /// Serves a connection to its end.
    pub async fn serve(self, socket: TcpStream, place: Slot) {
        let Some(acceptor) = self.tls.clone() else {
            return self.speak(socket, place).await;
        };
        let handshake = timeout(HANDSHAKE, acceptor.accept(socket));
        let shaken = tokio::select! {
            biased;
            () = place.has_to_go() => return,
            () = self.stop.cancelled() => return,
            shaken = handshake => shaken,
        };
        match shaken {
            Ok(Ok(stream)) => self.speak(stream, place).await,
            Ok(Err(error)) => {
                debug!(peer = %place.connection().peer, %error, "no TLS with a client")
            }
            Err(_) => place.was_too_slow(),
        }
    }

    async fn speak<IO>(self, stream: IO, place: Slot)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Watched::new(stream, place.connection().peer);
        let requests = Requests {
            routes: self.routes,
            bounds: self.bounds.on_a_connection(),
            connection: place.connection(),
            peer: stream.peer(),
        };
        let connection = builder().serve_connection(
            TokioIo::new(Fair::new(stream, place.connection())),
            requests,
        );
        let finish = |connection: Pin<&mut _>| http2::Connection::graceful_shutdown(connection);
        drive(connection, finish, &place, &TIMES, &self.stop).await;
    }
}

fn builder() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    builder
}

/// The headers that anybody reads. A request waits with these alone: a kilobyte of small headers
/// takes six of memory.
const WANTED: [&str; 7] = [
    "authorization",
    "content-type",
    "grpc-accept-encoding",
    "grpc-encoding",
    ONCE_METADATA,
    TAKE_OVER_METADATA,
    WATCH_METADATA,
];

fn wanted(headers: &HeaderMap) -> HeaderMap {
    let wanted = WANTED.map(HeaderName::from_static);
    let found = |name: HeaderName| Some((name.clone(), headers.get(&name)?.clone()));
    wanted.into_iter().filter_map(found).collect()
}

const TOO_MANY: &str = "this server has too many unanswered requests, of which this connection has several; try again later";

/// The requests of one connection.
struct Requests {
    routes: Routes,
    bounds: Bounds,
    connection: Arc<Connection>,
    peer: Peer,
}

/// An answer counts as open until it has been sent.
type Answer = Held<Body, (Option<Open>, Permits)>;
type Answering = Pin<Box<dyn Future<Output = Result<Response<Answer>, Infallible>> + Send>>;

impl HyperService<Request<Incoming>> for Requests {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let Some(open) = self.connection.open() else {
            return self.refuse(Status::resource_exhausted(TOO_MANY), None);
        };
        let permits = match self.bounds.permit(request.uri().path()) {
            Ok(permits) => permits,
            Err(refusal) => return self.refuse(refusal, Some(open)),
        };
        let answer = self.routes.clone().call(self.prepare(request));
        Box::pin(async {
            let answer = answer.await?;
            Ok(answer.map(|body| Held::new(body, (Some(open), permits))))
        })
    }
}

impl Requests {
    fn refuse(&self, refusal: Status, open: Option<Open>) -> Answering {
        self.connection.refused(refusal.message());
        let answer = refusal.into_http::<Body>();
        let answer = answer.map(|body| Held::new(body, (open, Permits::default())));
        Box::pin(async { Ok(answer) })
    }

    // What services want to know of the connection goes along with the request.
    fn prepare(&self, request: Request<Incoming>) -> Request<InTime<Incoming>> {
        let mut request = request.map(|body| InTime::new(body, REQUEST));
        *request.headers_mut() = wanted(request.headers());
        let about = request.extensions_mut();
        about.insert(TcpConnectInfo {
            local_addr: None,
            remote_addr: Some(self.connection.peer),
        });
        about.insert(self.connection.clone());
        about.insert(self.peer.clone());
        request
    }
}
