//! One version of a blob, as a file.
//!
//! Facts: "Get Blob" and "Specifying conditional headers", Azure Storage REST API, version 2026-02-06.

use std::{collections::BTreeMap, io, path::Path, sync::Arc, time::Duration};

use azure_core::http::{
    AsyncResponseBody,
    headers::{HeaderName, Headers},
};
use futures::StreamExt;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    time::{Instant, timeout},
};

use super::{
    failure::Call,
    pipeline::{Answer, Service},
};
use crate::{
    blob::url::container_url,
    calls::retry::Retry,
    ports::error::{
        StorageError,
        StorageErrorKind::{NotFound, Protocol, Rejected, Transient},
    },
};

const ETAG: HeaderName = HeaderName::from_static("etag");
const IF_MATCH: HeaderName = HeaderName::from_static("if-match");
const RANGE: HeaderName = HeaderName::from_static("x-ms-range");
const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");
const CONTENT_LENGTH: HeaderName = HeaderName::from_static("content-length");
/// Header names are in lower case in `azure_core`.
const METADATA: &str = "x-ms-meta-";

/// How long the service may be silent in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// For how long a download is tried again while not one byte more arrives.
const PATIENCE: Duration = Duration::from_secs(600);

/// Everything but RFC 3986's unreserved characters. `/` too: what follows it could be `..`, which URL parsers
/// remove, and the service takes `%2F` for `/` in a blob's name.
pub(super) const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A download: tried again after each fault that passes, from the byte where it broke off, and always of one
/// version of the blob.
pub(super) struct Download<'a> {
    service: &'a Arc<Service>,
    operation: String,
    url: String,
    name: &'a str,
    /// The version that was asked for.
    asked: Option<&'a str>,
    /// The version of which the bytes so far are, with quotes as HTTP has them.
    etag: Option<String>,
    metadata: BTreeMap<String, String>,
    at: u64,
}

/// What was downloaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// Its bytes.
    pub bytes: u64,
    /// Its ETag, without quotes.
    pub etag: String,
    /// Its metadata; keys are in lower case.
    pub metadata: BTreeMap<String, String>,
}

/// Why a blob was not downloaded.
#[derive(Debug, Error)]
pub enum DownloadError {
    /// There is no such blob, or no such container.
    #[error("{0}")]
    Gone(StorageError),
    /// The blob was written again after the version that was asked for.
    #[error("the blob `{name}` was overwritten: its ETag was {asked} and is {now} now")]
    Overwritten {
        /// The blob's name.
        name: String,
        /// The ETag of the version that was asked for.
        asked: String,
        /// The ETag of the version that is there.
        now: String,
    },
    /// The storage account refuses, or did not answer for long.
    #[error(transparent)]
    Storage(StorageError),
    /// The file cannot be written.
    #[error("the file cannot be written: {0}")]
    File(#[from] io::Error),
}

impl<'a> Download<'a> {
    /// Of the version of `name` that has `etag` (without quotes), or of the one that is there.
    pub(super) fn new(
        service: &'a Arc<Service>,
        container: &str,
        name: &'a str,
        etag: Option<&'a str>,
    ) -> Self {
        let path = utf8_percent_encode(name, NAME);
        Self {
            service,
            operation: format!("reading the blob `{name}` in container `{container}`"),
            url: format!("{}/{path}", container_url(service.endpoint(), container)),
            name,
            asked: etag,
            etag: etag.map(|etag| format!("\"{etag}\"")),
            metadata: BTreeMap::new(),
            at: 0,
        }
    }

    /// Writes it to the file `to`, which is there only once it is whole.
    pub(super) async fn save(mut self, to: &Path) -> Result<Downloaded, DownloadError> {
        let part = to.with_added_extension("part");
        let mut file = File::create(&part).await?;
        let ended = self.download(&mut file).await;
        drop(file);
        if ended.is_err() {
            fs::remove_file(&part).await?;
            ended?;
        }
        fs::rename(&part, to).await?;
        let etag = self.etag.unwrap_or_default();
        Ok(Downloaded {
            bytes: self.at,
            etag: etag.trim_matches('"').to_owned(),
            metadata: self.metadata,
        })
    }

    async fn download(&mut self, file: &mut File) -> Result<(), DownloadError> {
        let stats = Arc::default();
        let fresh = || (Retry::new("read blob", 0, &stats), Instant::now());
        let (mut retry, mut since) = fresh();
        loop {
            let before = self.at;
            match self.attempt(file).await {
                Ok(()) => break,
                // The event source has listed this very container: what is not its answer, or no host, passes.
                Err(DownloadError::Storage(error)) if error.passes(true) => {
                    if self.at > before {
                        (retry, since) = fresh();
                    } else if since.elapsed() > PATIENCE {
                        return Err(DownloadError::Storage(error));
                    }
                    retry.wait(&error).await;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(file.sync_all().await?)
    }

    /// One request, from where the last one broke off.
    async fn attempt(&mut self, file: &mut File) -> Result<(), DownloadError> {
        let service = Arc::clone(self.service);
        let operation = self.operation.clone();
        let call = service.call(&operation, false);
        // A name that is `..` as a whole is not to be had by a URL.
        if matches!(self.name, "" | "." | "..") {
            let error = call.error(Rejected, "a blob with this name has no URL");
            return Err(DownloadError::Storage(error));
        }
        let conditions = self.conditions();
        let asked = timeout(SILENCE, service.ask(call, &self.url, &conditions)).await;
        let answer = asked.unwrap_or_else(|_| Err(call.timed_out(SILENCE)));
        let answer = answer.map_err(DownloadError::Storage)?;
        match answer.status {
            200 | 206 => {}
            // Of an empty blob, or one that was read to its end, there is no part.
            416 if self.is_whole(&answer.headers) => return Ok(()),
            412 => return Err(self.overwritten(call).await),
            _ => return Err(refused(call, &answer)),
        }
        self.keep(call, file, &answer.headers, answer.body).await
    }

    fn conditions(&self) -> Vec<(HeaderName, String)> {
        let etag = self.etag.clone().map(|etag| (IF_MATCH, etag));
        let range = (self.at > 0).then(|| (RANGE, format!("bytes={}-", self.at)));
        etag.into_iter().chain(range).collect()
    }

    fn is_whole(&self, headers: &Headers) -> bool {
        let total = headers.get_optional_str(&CONTENT_RANGE);
        total.and_then(|it| it.strip_prefix("bytes */")) == Some(&self.at.to_string())
    }

    async fn keep(
        &mut self,
        call: Call<'_>,
        file: &mut File,
        headers: &Headers,
        mut body: AsyncResponseBody,
    ) -> Result<(), DownloadError> {
        let protocol = |what| DownloadError::Storage(call.error(Protocol, what));
        let etag = headers.get_optional_str(&ETAG);
        let etag = etag.ok_or_else(|| protocol("the answer has no ETag"))?;
        self.etag.get_or_insert_with(|| etag.to_owned());
        self.metadata = metadata(headers);
        let expected: u64 = headers
            .get_optional_str(&CONTENT_LENGTH)
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| protocol("the answer has no Content-Length"))?;
        if self.at > 0 && !starts_at(headers, self.at) {
            return Err(protocol("the answer does not start at the requested byte"));
        }
        let end = self.at + expected;
        while self.at < end {
            let next = timeout(SILENCE, body.next()).await;
            let piece = match next {
                Ok(Some(piece)) => piece.map_err(|error| call.failed(&error)),
                Ok(None) => Err(call.error(Transient, "the answer is incomplete")),
                Err(_) => Err(call.timed_out(SILENCE)),
            };
            let piece = piece.map_err(DownloadError::Storage)?;
            if self.at + piece.len() as u64 > end {
                return Err(protocol("the answer is longer than its Content-Length"));
            }
            file.write_all(&piece).await?;
            self.at += piece.len() as u64;
        }
        Ok(())
    }

    // What is there instead, as far as the service says.
    async fn overwritten(&self, call: Call<'_>) -> DownloadError {
        let look = timeout(SILENCE, self.service.ask(call, &self.url, &[]));
        let now = match look.await {
            Ok(Ok(answer)) if answer.status == 404 => return refused(call, &answer),
            Ok(Ok(answer)) => answer.headers.get_optional_string(&ETAG),
            _ => None,
        };
        let now = now.map_or_else(
            || "another".to_owned(),
            |it| it.trim_matches('"').to_owned(),
        );
        let version = self.asked.or(self.etag.as_deref()).unwrap_or_default();
        DownloadError::Overwritten {
            name: self.name.to_owned(),
            asked: version.trim_matches('"').to_owned(),
            now,
        }
    }
}

fn refused(call: Call<'_>, answer: &Answer) -> DownloadError {
    let error = call.refused(answer.status, &answer.headers);
    match error.kind {
        NotFound => DownloadError::Gone(error),
        _ => DownloadError::Storage(error),
    }
}

/// What was set by whoever wrote the blob.
fn metadata(headers: &Headers) -> BTreeMap<String, String> {
    let pairs = headers.iter().filter_map(|(name, value)| {
        let key = name.as_str().strip_prefix(METADATA)?;
        Some((key.to_owned(), value.as_str().to_owned()))
    });
    pairs.collect()
}

fn starts_at(headers: &Headers, at: u64) -> bool {
    let range = headers.get_optional_str(&CONTENT_RANGE);
    range.is_some_and(|range| range.starts_with(&format!("bytes {at}-")))
}
