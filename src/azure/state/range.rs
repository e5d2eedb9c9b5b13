//! Reading a part of a blob: what is asked for, and what the answer holds.

use std::num::NonZero;

use azure_core::http::headers::{HeaderName, Headers};
use azure_storage_blob::models::{BlobClientDownloadOptions, BlobClientDownloadResult};

use crate::{
    azure::{failure::Call, pipeline::read},
    ledger::store::Chunk,
    storage::{
        StorageError,
        StorageErrorKind::{Protocol, Transient},
    },
};

pub(super) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("content-length");
const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

// One request: the client would otherwise fetch parts in parallel, and a journal may grow between them.
pub(super) fn range(from: u64, limit: u64) -> BlobClientDownloadOptions<'static> {
    let from = from.min(1 << 62);
    let length = limit.clamp(1, 1 << 62);
    BlobClientDownloadOptions {
        range: Some((from..from + length).into()),
        partition_size: usize::try_from(length).ok().and_then(NonZero::new),
        parallel: NonZero::new(1),
        ..Default::default()
    }
}

pub(super) async fn chunk(
    call: Call<'_>,
    answer: BlobClientDownloadResult,
    from: u64,
    limit: u64,
) -> Result<Chunk, StorageError> {
    let total = total(&answer.headers)
        .ok_or_else(|| call.error(Protocol, "the answer does not tell the blob's length"))?;
    let due = total.saturating_sub(from).min(limit.max(1));
    let most = usize::try_from(due).unwrap_or(usize::MAX);
    let mut bytes = read(call, answer.body, 0, most).await?;
    if bytes.len() != most {
        return Err(call.error(Transient, "the answer is cut short"));
    }
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Chunk { bytes, total })
}

// "bytes 0-9/100", or no range at all for a blob of no bytes.
fn total(headers: &Headers) -> Option<u64> {
    match headers.get_optional_str(&CONTENT_RANGE) {
        Some(range) => range.rsplit('/').next()?.trim().parse().ok(),
        None => number(headers, &CONTENT_LENGTH),
    }
}

pub(super) fn number(headers: &Headers, name: &HeaderName) -> Option<u64> {
    headers.get_optional_str(name)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_told_by_the_range_or_by_itself() {
        let total_of = |name: &'static str, value: &'static str| {
            let mut headers = Headers::new();
            headers.insert(name, value);
            total(&headers)
        };
        assert_eq!(total_of("content-range", "bytes 0-9/100"), Some(100));
        assert_eq!(total_of("content-range", "bytes 0-9/*"), None);
        assert_eq!(total_of("content-length", "0"), Some(0));
        assert_eq!(total_of("content-type", "text/plain"), None);
    }
}
