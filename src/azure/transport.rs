//! The last step of each request: what the network may send is bounded here, whoever reads it.
//!
//! The client library reads the whole body of each answer but a download's, and makes a message of
//! that of a refusal. We need neither: what a refusal means is in its status and its headers.
//!
//! A connection that was idle may have been closed by the service in the moment in which it is used again. That is
//! no fault: the request is made again at once, on a new connection, and nobody is told.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use azure_core::{
    Error,
    error::ErrorKind,
    http::{AsyncRawResponse, AsyncResponseBody, HttpClient, Method, Request, Transport},
};
use bytes::BytesMut;
use futures::StreamExt;
use reqwest::redirect::Policy;
use tokio::time::timeout;
use tracing::debug;

use super::unanswered::is_unanswered;
use crate::net::proxy::Proxies;

/// What is read of a body that is not needed, so that its connection can be used again. All of a
/// token's answer is within it: tokens have some kilobytes.
const LEFTOVER: usize = 64 * 1024;
/// How long that may take once the headers are there.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a connection may take to be made, and how long it may then say nothing: as the client
/// library's own.
const CONNECT: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Blobs and listings: the body of a GET that succeeds is for whoever asked, who knows how much
    /// of it there may be. Others are passed over.
    Blobs,
    /// Tokens: the start of each body is kept.
    Tokens,
}

/// The ways to storage accounts and to tokens that all sources of a server share: for each one pool of connections, and one
/// copy of the certificates of authorities. Each of its own would take a megabyte for each source.
///
/// Each is made when it is used for the first time, and belongs to the runtime that this happens in.
#[derive(Debug, Clone, Default)]
pub struct Network(Arc<Ways>);

#[derive(Debug, Default)]
struct Ways {
    blobs: OnceLock<Transport>,
    tokens: OnceLock<Transport>,
}

impl Network {
    /// A way to the network whose answers have an end.
    ///
    /// # Errors
    /// A sentence: there are no certificates of authorities to trust.
    pub(super) fn transport(&self, kind: Kind) -> Result<Transport, String> {
        let way = match kind {
            Kind::Blobs => &self.0.blobs,
            Kind::Tokens => &self.0.tokens,
        };
        if let Some(transport) = way.get() {
            return Ok(transport.clone());
        }
        let http = client(Connections::Kept)?;
        let transport = Transport::new(Arc::new(Bounded::new(http, kind)));
        Ok(way.get_or_init(|| transport).clone())
    }
}

/// What happens to a connection after its request.
#[derive(Clone, Copy)]
enum Connections {
    /// It waits for the next one.
    Kept,
    /// It is closed, so that each request has a new one.
    New,
}

fn client(connections: Connections) -> Result<Arc<dyn HttpClient>, String> {
    let mut client = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        // The service never sends anybody elsewhere, and a signature is for one URL.
        .redirect(Policy::none());
    if let Connections::New = connections {
        client = client.pool_max_idle_per_host(0);
    }
    // It reads the variables itself, and takes `NO_PROXY=*` for names alone.
    if Proxies::from_env().are_off() {
        client = client.no_proxy();
    }
    // All that is left to fail is reading the certificates.
    let client = client.build().map_err(|_| NO_AUTHORITIES.to_owned())?;
    Ok(Arc::new(client))
}

const NO_AUTHORITIES: &str = "this server trusts no certificate authority: no certificate was found where \
    `SSL_CERT_FILE` and `SSL_CERT_DIR` point to or, where neither is set, in the system's own files. \
    `SSL_CERT_FILE` must name a file of certificates in PEM form (`-----BEGIN CERTIFICATE-----`)";

struct Bounded {
    http: Arc<dyn HttpClient>,
    /// As `http`, but each request has a new connection. Made when it is wanted for the first time.
    fresh: OnceLock<Arc<dyn HttpClient>>,
    kind: Kind,
}

impl Bounded {
    fn new(http: Arc<dyn HttpClient>, kind: Kind) -> Self {
        Self {
            http,
            fresh: OnceLock::new(),
            kind,
        }
    }

    async fn answer(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        match self.http.execute_request(request).await {
            Err(error) if may_be_repeated(request) && is_unanswered(&error) => {
                let Some(fresh) = self.fresh() else {
                    return Err(error);
                };
                debug!("the service closed an idle connection; asking again on a new one");
                fresh.execute_request(request).await
            }
            answer => answer,
        }
    }

    fn fresh(&self) -> Option<Arc<dyn HttpClient>> {
        if let Some(fresh) = self.fresh.get() {
            return Some(Arc::clone(fresh));
        }
        let fresh = client(Connections::New).ok()?;
        Some(Arc::clone(self.fresh.get_or_init(|| fresh)))
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bounded({:?})", self.kind)
    }
}

/// Whether it is harmless that a request whose answer was lost is made again at once. Reads change nothing, a token is
/// asked for as often as one likes, and writes and deletions leave what the first of them left: those that make a blob
/// say that there must be none. An append would be refused the second time, and that reads like another writer: whoever
/// appends looks at the blob first.
fn may_be_repeated(request: &Request) -> bool {
    let mut query = request.url().query_pairs();
    !query.any(|(name, value)| name == "comp" && value == "appendblock")
}

#[async_trait]
impl HttpClient for Bounded {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let answer = self.answer(request).await?;
        let (status, headers, body) = answer.deconstruct();
        let is_download = request.method() == Method::Get && status.is_success();
        if self.kind == Kind::Blobs && is_download {
            return Ok(AsyncRawResponse::new(status, headers, Box::pin(body)));
        }
        let start = start_of(body).await;
        let body = match self.kind {
            Kind::Blobs => Ok(BytesMut::new()),
            // An incomplete token would be reported as one that is wrong.
            Kind::Tokens if status.is_success() => start.whole(),
            Kind::Tokens => Ok(start.bytes),
        };
        Ok(AsyncRawResponse::from_bytes(status, headers, body?))
    }
}

struct Start {
    bytes: BytesMut,
    problem: Option<Error>,
}

impl Start {
    fn whole(self) -> azure_core::Result<BytesMut> {
        match self.problem {
            None => Ok(self.bytes),
            Some(problem) => Err(problem),
        }
    }
}

// What has arrived when there is enough of it, when it took too long, or when it broke off.
async fn start_of(mut body: AsyncResponseBody) -> Start {
    let mut bytes = BytesMut::new();
    let read = async {
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(&piece?);
            if bytes.len() > LEFTOVER {
                bytes.truncate(LEFTOVER);
                return Err(problem("the answer has more than 64 KiB"));
            }
        }
        Ok(())
    };
    let outcome = timeout(PATIENCE, read).await;
    let problem = outcome.unwrap_or_else(|_| Err(problem("the answer does not end")));
    Start {
        bytes,
        problem: problem.err(),
    }
}

fn problem(what: &'static str) -> Error {
    Error::with_message(ErrorKind::Io, what)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use azure_core::{
        Bytes,
        http::{StatusCode, Url, headers::Headers},
    };
    use futures::stream;

    use super::*;

    /// Answers each request with a status and a body without end: of bytes, or of waiting.
    #[derive(Debug)]
    struct Endless {
        status: u16,
        silent: bool,
    }

    #[async_trait]
    impl HttpClient for Endless {
        async fn execute_request(&self, _: &Request) -> azure_core::Result<AsyncRawResponse> {
            let piece = Bytes::from_static(&[b'x'; 1000]);
            let status = StatusCode::from(self.status);
            let pieces = stream::repeat_with(move || Ok(piece.clone()));
            let headers = Headers::new();
            Ok(match self.silent {
                true => AsyncRawResponse::new(
                    status,
                    headers,
                    Box::pin(pieces.take(1).chain(stream::pending())),
                ),
                false => AsyncRawResponse::new(status, headers, Box::pin(pieces)),
            })
        }
    }

    async fn kept(
        kind: Kind,
        method: Method,
        status: u16,
        silent: bool,
    ) -> azure_core::Result<usize> {
        let http = Arc::new(Endless { status, silent });
        let request = Request::new(Url::parse("http://store/x").unwrap(), method);
        let answer = Bounded::new(http, kind).execute_request(&request).await?;
        Ok(answer.into_body().collect().await?.len())
    }

    #[tokio::test(start_paused = true)]
    async fn of_refusals_and_writes_nothing_is_kept_however_long_they_are() {
        for (method, status) in [
            (Method::Get, 503),
            (Method::Get, 302),
            (Method::Put, 201),
            (Method::Put, 412),
            (Method::Delete, 202),
            (Method::Delete, 404),
            (Method::Head, 200),
        ] {
            for silent in [false, true] {
                let kept = kept(Kind::Blobs, method, status, silent).await.unwrap();
                assert_eq!(kept, 0, "{method} {status}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_tokens_the_start_is_kept_and_one_without_end_is_none() {
        for method in [Method::Post, Method::Get] {
            assert_eq!(
                kept(Kind::Tokens, method, 400, false).await.unwrap(),
                LEFTOVER
            );
            assert_eq!(kept(Kind::Tokens, method, 400, true).await.unwrap(), 1000);
            for silent in [false, true] {
                assert!(kept(Kind::Tokens, method, 200, silent).await.is_err());
            }
        }
    }
}
