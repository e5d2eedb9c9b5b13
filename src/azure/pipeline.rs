//! The way of every request to an account: signed, one try, bounded in time and bytes.

use std::{future::Future, ops::RangeInclusive, sync::Arc, time::Duration};

use azure_core::http::{
    AsyncResponseBody, ClientOptions, Context, Method, Pipeline, PipelineStreamOptions, Request,
    RetryOptions, Transport, Url,
    headers::{HeaderName, Headers},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;

use super::{
    endpoint::Endpoint,
    failure::{Call, Serves, error_code},
    sign_in::SignIn,
};
use crate::{
    net::proxy::Proxies,
    ports::error::{StorageError, StorageErrorKind},
};

/// The version of the REST API that we speak: the first whose List Blobs knows `startFrom`.
pub(super) const VERSION: &str = "2026-02-06";

/// How long a call may take from its first byte to its last.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How much of an answer that is too long is kept, to see what it is.
const START: usize = 1024;

const HEADER_VERSION: HeaderName = HeaderName::from_static("x-ms-version");
const HEADER_RANGE: HeaderName = HeaderName::from_static("x-ms-range");

/// A service of an account, ready to be called.
pub(super) struct Service {
    endpoint: Endpoint,
    serves: Serves,
    host: String,
    /// The variable that names the proxy that all calls go through.
    via: Option<&'static str>,
    options: ClientOptions,
    pipeline: Pipeline,
}

impl Service {
    /// The blob service at `endpoint`, called by way of `transport`.
    pub(super) fn new(endpoint: Endpoint, sign_in: SignIn, transport: Transport) -> Self {
        let options = ClientOptions {
            per_try_policies: vec![Arc::new(sign_in)],
            // The callers retry, and an append whose answer was lost must not be repeated blindly.
            retry: RetryOptions::none(),
            transport: Some(transport),
            ..Default::default()
        };
        Self::with(endpoint, Serves::Blobs, options)
    }

    /// Another service of the same account, with the same sign-in and the same pool of connections.
    pub(super) fn beside(&self, endpoint: Endpoint, serves: Serves) -> Self {
        Self::with(endpoint, serves, self.options())
    }

    fn with(endpoint: Endpoint, serves: Serves, options: ClientOptions) -> Self {
        let pipeline = Pipeline::new(
            option_env!("CARGO_PKG_NAME"),
            option_env!("CARGO_PKG_VERSION"),
            options.clone(),
            Vec::new(),
            Vec::new(),
            None,
        );
        let url = endpoint.as_str().parse().ok();
        let way = url.and_then(|url| Proxies::from_env().way_to(&url));
        Self {
            host: endpoint.authority(),
            via: way.map(|way| way.named_by),
            endpoint,
            serves,
            options,
            pipeline,
        }
    }

    /// The URL of the service, without a trailing slash.
    pub(super) fn endpoint(&self) -> &str {
        self.endpoint.as_str()
    }

    /// What an official client needs to go the same way.
    pub(super) fn options(&self) -> ClientOptions {
        self.options.clone()
    }

    /// A name for a call, for the messages of its failures.
    pub(super) fn call<'a>(&'a self, operation: &'a str, continues: bool) -> Call<'a> {
        Call {
            operation,
            host: &self.host,
            via: self.via,
            continues,
            serves: self.serves,
        }
    }

    /// The answer to a GET, of the bytes of `range` alone if there is one, with its body yet to be
    /// read. Of a refusal there is no body.
    pub(super) async fn get(
        &self,
        call: Call<'_>,
        url: &str,
        range: Option<RangeInclusive<u64>>,
    ) -> Result<Answer, StorageError> {
        let range = range.map(|range| format!("bytes={}-{}", range.start(), range.end()));
        let range = range.map(|range| (HEADER_RANGE, range));
        self.ask(call, url, range.as_slice()).await
    }

    /// As [`Self::get`], with whatever headers say what is wanted.
    pub(super) async fn ask(
        &self,
        call: Call<'_>,
        url: &str,
        wanted: &[(HeaderName, String)],
    ) -> Result<Answer, StorageError> {
        self.send(call, Method::Get, url, wanted, Bytes::new())
            .await
    }

    /// The answer to any request, with `body` if it has one.
    pub(super) async fn send(
        &self,
        call: Call<'_>,
        method: Method,
        url: &str,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> Result<Answer, StorageError> {
        let url = Url::parse(url)
            .map_err(|_| call.error(StorageErrorKind::Rejected, "this is not a URL"))?;
        let mut request = Request::new(url, method);
        request.insert_header(HEADER_VERSION, VERSION);
        for (name, value) in headers {
            request.insert_header(name.clone(), value.clone());
        }
        request.set_body(body);
        // A refusal is no failure of the call: whoever asks knows what it means.
        let unchecked = PipelineStreamOptions {
            skip_checks: true,
            ..Default::default()
        };
        let answer = self
            .pipeline
            .stream(&Context::new(), &mut request, Some(unchecked))
            .await
            .map_err(|error| call.failed(&error))?;
        let (status, headers, body) = answer.deconstruct();
        Ok(Answer {
            status: u16::from(status),
            headers,
            body,
        })
    }
}

/// What the service answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) body: AsyncResponseBody,
}

impl Answer {
    /// Status and error code.
    pub(super) fn refusal(&self) -> (u16, Option<&str>) {
        (self.status, error_code(&self.headers))
    }

    /// The headers and the body of a success.
    pub(super) fn success(
        self,
        call: Call<'_>,
    ) -> Result<(Headers, AsyncResponseBody), StorageError> {
        match self.status {
            200..=299 => Ok((self.headers, self.body)),
            status => Err(call.refused(status, &self.headers)),
        }
    }
}

/// The whole of `body`, as [`read_up_to`].
///
/// # Errors
/// `Protocol` when it has more, `Transient` when it breaks off.
pub(super) async fn read(
    call: Call<'_>,
    body: AsyncResponseBody,
    expected: usize,
    limit: usize,
) -> Result<Bytes, StorageError> {
    match read_up_to(call, body, expected, limit).await? {
        Read::Whole(bytes) => Ok(bytes),
        Read::TooMuch(_) => Err(too_much(call, limit)),
    }
}

/// That an answer has more bytes than it may have.
pub(super) fn too_much(call: Call<'_>, limit: usize) -> StorageError {
    let what = format!(
        "the answer has more than {}: is it the {} service's URL?",
        size(limit),
        match call.serves {
            Serves::Blobs => "blob",
            Serves::Queues => "queue",
        }
    );
    call.error(StorageErrorKind::Protocol, &what)
}

/// The outcome of reading a body.
pub(super) enum Read {
    /// All of it.
    Whole(Bytes),
    /// It has more bytes than it may have: what it begins with.
    TooMuch(Bytes),
}

/// The whole of `body`, which may have at most `limit` bytes and has about `expected`. What goes beyond is kept in
/// pieces until the end: a buffer that grows is copied on its way, and the memory of each copy stays with us.
///
/// # Errors
/// `Transient` when it breaks off.
pub(super) async fn read_up_to(
    call: Call<'_>,
    mut body: AsyncResponseBody,
    expected: usize,
    limit: usize,
) -> Result<Read, StorageError> {
    let mut start = BytesMut::new();
    let mut whole = BytesMut::with_capacity(expected.min(limit));
    let (mut more, mut length) = (Vec::<Bytes>::new(), 0);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| call.failed(&error))?;
        let room = START.saturating_sub(start.len());
        start.extend_from_slice(&piece[..piece.len().min(room)]);
        length += piece.len();
        if length > limit {
            return Ok(Read::TooMuch(start.freeze()));
        }
        if more.is_empty() && length <= whole.capacity() {
            whole.extend_from_slice(&piece);
        } else {
            more.push(piece);
        }
    }
    whole.reserve(length - whole.len());
    more.iter().for_each(|piece| whole.extend_from_slice(piece));
    Ok(Read::Whole(whole.freeze()))
}

fn size(bytes: usize) -> String {
    match bytes >> 20 {
        0 => format!("{bytes} bytes"),
        mebibytes => format!("{mebibytes} MiB"),
    }
}

/// What `work` makes of it within `limit`.
pub(super) async fn within<T>(
    call: Call<'_>,
    limit: Duration,
    work: impl Future<Output = Result<T, StorageError>>,
) -> Result<T, StorageError> {
    match tokio::time::timeout(limit, work).await {
        Ok(outcome) => outcome,
        Err(_) => Err(call.timed_out(limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_without_end_is_given_up() {
        let call = Call {
            operation: "listing container `datasets`",
            host: "store.blob.core.windows.net",
            via: None,
            continues: false,
            serves: Serves::Blobs,
        };
        let outcome = within::<()>(call, PATIENCE, std::future::pending()).await;
        let message = "listing container `datasets` at store.blob.core.windows.net: no complete answer within 60 s";
        assert!(outcome.is_err_and(|error| error.is_transient() && error.message == message));
    }
}
