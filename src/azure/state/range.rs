//! Reading a part of a blob: what is asked for, and what the answer holds.

use std::ops::RangeInclusive;

use azure_core::http::{
    AsyncResponseBody,
    headers::{HeaderName, Headers},
};

use crate::{
    azure::{failure::Call, pipeline::read},
    ports::{
        error::{
            StorageError,
            StorageErrorKind::{Protocol, Transient},
        },
        state::Chunk,
    },
};

pub(super) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("content-length");
const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

/// The bytes that are asked for. A blob has less than 2^62.
pub(super) fn range(from: u64, limit: u64) -> RangeInclusive<u64> {
    let from = from.min(1 << 62);
    from..=from + limit.clamp(1, 1 << 62) - 1
}

pub(super) async fn chunk(
    call: Call<'_>,
    headers: &Headers,
    body: AsyncResponseBody,
    from: u64,
    limit: u64,
) -> Result<Chunk, StorageError> {
    let total = total(headers, from).ok_or_else(|| {
        let what = "the answer has no length of the blob, or has another part of the blob";
        call.error(Protocol, what)
    })?;
    let due = total.saturating_sub(from).min(limit.max(1));
    let most = usize::try_from(due).unwrap_or(usize::MAX);
    let mut bytes = read(call, body, 0, most).await?;
    if bytes.len() != most {
        return Err(call.error(Transient, "the answer is incomplete"));
    }
    bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Chunk { bytes, total })
}

// "bytes 0-9/100", or no range at all for the whole blob.
fn total(headers: &Headers, from: u64) -> Option<u64> {
    let Some(range) = headers.get_optional_str(&CONTENT_RANGE) else {
        return number(headers, &CONTENT_LENGTH);
    };
    let (range, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    let is_asked_for = start.trim().parse() == Ok(from);
    total.trim().parse().ok().filter(|_| is_asked_for)
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
            total(&headers, 7)
        };
        assert_eq!(total_of("content-range", "bytes 7-9/100"), Some(100));
        for wrong in [
            "bytes 7-9/*",
            "bytes 0-9/100",
            "bytes */100",
            "7-9/100",
            "bytes 7-9",
            "bytes 7-9/-1",
            "",
        ] {
            assert_eq!(total_of("content-range", wrong), None, "{wrong}");
        }
        assert_eq!(total_of("content-length", "0"), Some(0));
        assert_eq!(total_of("content-type", "text/plain"), None);
    }
}
