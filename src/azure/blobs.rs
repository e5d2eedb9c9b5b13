//! The listing of a container.
//!
//! Facts: "List Blobs", Azure Storage REST API, version 2026-02-06.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use async_trait::async_trait;
use azure_core::http::headers::{HeaderName, Headers};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use time::OffsetDateTime;
use tracing::info;

use super::{
    date,
    failure::Call,
    list_page::{self, PageError},
    pipeline::{PATIENCE, Read, Service, read_up_to, too_much, within},
};
use crate::{
    blob::{Continuation, ListPage, url::container_url},
    ports::{
        error::{
            StorageError,
            StorageErrorKind::{Protocol, Transient},
        },
        listing::BlobListing,
    },
};

/// The largest page, for an answer without end must not fill the memory. A usual page has 4 MB; 5,000 blobs with long
/// names and much metadata, which XML writes at up to six times its length, can have more: then a page is asked for
/// with fewer blobs. A sweep has several pages in hand at once, one for each range.
const LARGEST_PAGE: usize = 16 * 1024 * 1024;

/// The first element of every listing.
const ROOT: &[u8] = b"<EnumerationResults";

const CONTENT_TYPE: HeaderName = HeaderName::from_static("content-type");

/// A container's listing.
///
/// It goes through the client library's pipeline but not through its pager, which takes four times
/// the CPU a blob and answers "no more pages" after an error.
pub(super) struct Listing {
    service: Arc<Service>,
    operation: String,
    url: String,
    // Bytes of the last page before the end of a listing: the next one will have about as many.
    page_bytes: AtomicUsize,
    // How many blobs a page is asked for with: fewer, for good, once a page of so many was too large.
    most_blobs: AtomicUsize,
}

/// Which part of a container a page is of: what [`BlobListing::list_from`] is asked for.
#[derive(Clone, Copy)]
struct Part<'a> {
    prefix: &'a str,
    from: &'a str,
    after: Option<&'a Continuation>,
}

impl Listing {
    /// The listing of `container`.
    pub(super) fn new(service: Arc<Service>, container: &str) -> Self {
        let url = format!(
            "{}?restype=container&comp=list&include=copy,metadata",
            container_url(service.endpoint(), container)
        );
        Self {
            service,
            operation: format!("listing container `{container}`"),
            url,
            page_bytes: AtomicUsize::new(0),
            most_blobs: AtomicUsize::new(ListPage::MOST),
        }
    }

    fn url(&self, part: Part<'_>, most: usize) -> String {
        let mut url = format!("{}&maxresults={most}", self.url);
        let marker = part.after.map_or("", |marker| marker.0.as_str());
        for (name, value) in [
            ("prefix", part.prefix),
            ("startFrom", part.from),
            ("marker", marker),
        ] {
            if !value.is_empty() {
                let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
                url.push_str(&format!("&{name}={value}"));
            }
        }
        url
    }

    /// `None` when there is more on the page than a page may have.
    async fn page(&self, call: Call<'_>, url: &str) -> Result<Option<ListPage>, StorageError> {
        let (headers, body) = self.service.get(call, url, None).await?.success(call)?;
        must_be_xml(call, &headers)?;
        let service_time = service_time(call, &headers)?;
        let expected = self.page_bytes.load(Relaxed);
        let body = read_up_to(call, body, expected + expected / 16, LARGEST_PAGE).await?;
        let body = match body {
            Read::Whole(body) => body,
            Read::TooMuch(start) if is_listing(&start) => return Ok(None),
            Read::TooMuch(_) => return Err(too_much(call, LARGEST_PAGE)),
        };
        let page = list_page::parse(&body, service_time).map_err(|error| match error {
            // Without the place of the cut, which differs from try to try, and the log gets a line
            // when a fault changes.
            PageError::Cut(_) => call.error(Transient, "the page is incomplete"),
            PageError::Foreign(_) => {
                call.error(Protocol, &format!("{error}: is it the blob service's URL?"))
            }
        })?;
        if page.next.is_some() {
            self.page_bytes.store(body.len(), Relaxed);
        }
        Ok(Some(page))
    }

    /// A page with as many blobs as it has room for.
    async fn page_that_fits(
        &self,
        call: Call<'_>,
        part: Part<'_>,
    ) -> Result<ListPage, StorageError> {
        loop {
            let most = self.most_blobs.load(Relaxed);
            let url = self.url(part, most);
            if let Some(page) = within(call, PATIENCE, self.page(call, &url)).await? {
                return Ok(page);
            }
            let fewer = most / 2;
            if fewer == 0 {
                return Err(too_much(call, LARGEST_PAGE));
            }
            self.most_blobs.fetch_min(fewer, Relaxed);
            // The next one is another size than the last.
            self.page_bytes.store(0, Relaxed);
            info!(
                operation = self.operation,
                blobs = fewer,
                "a page has more than 16 MiB; asking for pages of fewer blobs from now on"
            );
        }
    }
}

#[async_trait]
impl BlobListing for Listing {
    async fn list_from(
        &self,
        prefix: &str,
        from: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        let call = self.service.call(&self.operation, after.is_some());
        let part = Part {
            prefix,
            from,
            after,
        };
        let page = self.page_that_fits(call, part).await?;
        // A sweep that followed it would go round for ever.
        if page.next.is_some() && page.next.as_ref() == after {
            return Err(call.error(
                Protocol,
                "the service names the same page again as the next page",
            ));
        }
        Ok(page)
    }
}

// The service's answer starts with a byte order mark and a declaration. Fewer blobs make nothing else shorter.
fn is_listing(start: &[u8]) -> bool {
    start.windows(ROOT.len()).any(|part| part == ROOT)
}

// No content type at all is left to the parser to judge.
fn must_be_xml(call: Call<'_>, headers: &Headers) -> Result<(), StorageError> {
    let Some(content_type) = headers.get_optional_str(&CONTENT_TYPE) else {
        return Ok(());
    };
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.is_empty() || kind.to_ascii_lowercase().ends_with("xml") {
        return Ok(());
    }
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || b"/+.-".contains(&byte);
    let shown = if kind.len() <= 64 && kind.bytes().all(harmless) {
        kind
    } else {
        "something other than XML"
    };
    let what = format!(
        "it answered with {shown} instead of a List Blobs page: is it the blob service's URL?"
    );
    Err(call.error(Protocol, &what))
}

// What is there "before the first start" is decided by this clock, so a guess is not good enough.
fn service_time(call: Call<'_>, headers: &Headers) -> Result<OffsetDateTime, StorageError> {
    date::of(headers).ok_or_else(|| call.error(Protocol, "the answer has no `Date`"))
}
