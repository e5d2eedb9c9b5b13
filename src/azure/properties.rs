//! The properties of one blob, as a listing would show it.
//!
//! Facts: "Get Blob Properties", Azure Storage REST API, version 2026-02-06.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::http::{
    Method, Url,
    headers::{HeaderName, Headers},
};
use bytes::Bytes;
use percent_encoding::utf8_percent_encode;

use super::{
    date,
    download::NAME,
    failure::Call,
    list_page::{blob_type, is_directory},
    pipeline::{PATIENCE, Service, within},
};
use crate::{
    blob::{Access, BlobRef, url::container_url},
    ports::error::{
        StorageError,
        StorageErrorKind::{Protocol, Rejected},
    },
    ports::properties::{BlobProperties, Properties},
};

/// A container whose blobs are looked at one by one.
pub(super) struct Blobs {
    service: Arc<Service>,
    container: String,
}

impl Blobs {
    /// Those of `container`.
    pub(super) fn new(service: Arc<Service>, container: &str) -> Self {
        Self {
            service,
            container: container.to_owned(),
        }
    }

    // A name that is `.` or `..` would become the container's URL, or the account's.
    fn url(&self, call: Call<'_>, name: &str) -> Result<String, StorageError> {
        let container = container_url(self.service.endpoint(), &self.container);
        let text = format!("{container}/{}", utf8_percent_encode(name, NAME));
        let is_exact = Url::parse(&text).is_ok_and(|url| url.as_str() == text);
        match is_exact && !name.is_empty() {
            true => Ok(text),
            false => Err(call.error(Rejected, "a blob with this name has no URL")),
        }
    }

    async fn look(&self, call: Call<'_>, name: &str) -> Result<Option<Properties>, StorageError> {
        let url = self.url(call, name)?;
        let answer = self
            .service
            .send(call, Method::Head, &url, &[], Bytes::new());
        let answer = answer.await?;
        // The answer to a HEAD has no body, so that only the code tells a blob from a container.
        if let (404, Some("BlobNotFound" | "ResourceNotFound")) = answer.refusal() {
            return Ok(None);
        }
        let (headers, _) = answer.success(call)?;
        let seen = properties(name, &headers);
        seen.map(Some).ok_or_else(|| {
            let what =
                "the answer lacks a property that each blob has: is it the blob service's URL?";
            call.error(Protocol, what)
        })
    }
}

#[async_trait]
impl BlobProperties for Blobs {
    async fn properties(&self, name: &str) -> Result<Option<Properties>, StorageError> {
        let operation = format!("looking at `{name}` in container `{}`", self.container);
        let call = self.service.call(&operation, false);
        within(call, PATIENCE, self.look(call, name)).await
    }
}

fn properties(name: &str, headers: &Headers) -> Option<Properties> {
    let text = |name: &'static str| {
        let value = headers.get_optional_str(&HeaderName::from_static(name));
        value.unwrap_or_default().trim()
    };
    let size = text("content-length").parse().ok()?;
    let is_folder = text("x-ms-meta-hdi_isfolder").eq_ignore_ascii_case("true");
    let is_directory = is_directory(text("x-ms-resource-type") == "directory", is_folder, size);
    let etag = text("etag").trim_matches('"');
    let last_modified = date::parse(text("last-modified"));
    if !is_directory && (etag.is_empty() || last_modified.is_none()) {
        return None;
    }
    let blob = BlobRef {
        name,
        etag,
        last_modified: last_modified.unwrap_or_default(),
        size,
        content_type: text("content-type"),
        blob_type: blob_type(text("x-ms-blob-type")),
        content_md5: text("content-md5"),
        access: Access::of(
            text("x-ms-copy-status"),
            text("x-ms-access-tier"),
            text("x-ms-archive-status"),
        ),
        is_directory,
    };
    Some(Properties::new(blob, date::of(headers)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::BlobType;

    fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in [
            ("date", "Fri, 09 Oct 2009 21:04:31 GMT"),
            ("last-modified", "Fri, 09 Oct 2009 21:04:30 GMT"),
            ("etag", "\"0x8DE1\""),
            ("content-length", "0"),
            ("x-ms-blob-type", "AppendBlob"),
        ] {
            headers.insert(name, value);
        }
        for &(name, value) in pairs {
            headers.insert(name, value);
        }
        headers
    }

    fn seen(pairs: &[(&'static str, &'static str)]) -> Option<Properties> {
        properties("a.csv", &headers(pairs))
    }

    #[test]
    fn copy_and_tier_tell_whether_it_can_be_read() {
        let access = |name, value| seen(&[(name, value)]).map(|it| it.blob().access);
        assert_eq!(access("x-ms-copy-status", "pending"), Some(Access::Copying));
        assert_eq!(
            access("x-ms-access-tier", "Archive"),
            Some(Access::Archived)
        );
        let status = ("x-ms-archive-status", "rehydrate-pending-to-cool");
        assert_eq!(access(status.0, status.1), Some(Access::Rehydrating));
        assert_eq!(access("x-ms-access-tier", "Hot"), Some(Access::Readable));
    }

    #[test]
    fn directories_are_told_by_type_and_by_metadata() {
        let directory = |pairs| seen(pairs).map(|it| it.blob().is_directory);
        assert_eq!(directory(&[]), Some(false));
        assert_eq!(
            directory(&[("x-ms-resource-type", "directory")]),
            Some(true)
        );
        assert_eq!(directory(&[("x-ms-resource-type", "file")]), Some(false));
        assert_eq!(directory(&[("x-ms-meta-hdi_isfolder", "TRUE")]), Some(true));
        let bytes = [("x-ms-meta-hdi_isfolder", "true"), ("content-length", "1")];
        assert_eq!(directory(&bytes), Some(false));
    }

    #[test]
    fn what_is_no_blobs_answer_is_none() {
        for (name, value) in [
            ("etag", ""),
            ("last-modified", "yesterday"),
            ("content-length", "-1"),
            ("date", ""),
        ] {
            assert!(seen(&[(name, value)]).is_none(), "{name}");
        }
        let blob_type = seen(&[]).map(|it| it.blob().blob_type);
        assert_eq!(blob_type, Some(BlobType::AppendBlob));
    }
}
