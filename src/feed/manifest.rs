//! What the two kinds of JSON files of the feed have in common.

use serde::de::DeserializeOwned;
use thiserror::Error;

/// The largest manifest that is read, in bytes. One of three shards has 538; each shard adds about 45.
pub const LARGEST: usize = 1 << 20;

/// Why a manifest cannot be used, in one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{file}` of the change feed cannot be read: {problem}")]
pub struct ManifestError {
    /// Which file, as `meta/segments.json`.
    pub file: String,
    /// What was found, and what belongs there.
    pub problem: String,
}

/// Reads `bytes`, the content of `file`, as JSON. Fields that `T` does not have are passed over.
pub(super) fn read<T: DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, ManifestError> {
    if bytes.len() > LARGEST {
        return Err(wrong(file, "it has more than 1 MiB".to_owned()));
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    serde_json::from_slice(bytes).map_err(|error| wrong(file, shortened(&error.to_string())))
}

/// That `file` has this problem.
pub(super) fn wrong(file: &str, problem: String) -> ManifestError {
    ManifestError {
        file: file.to_owned(),
        problem,
    }
}

/// At most 100 characters of a text from outside, without control characters.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text
        .chars()
        .filter(|it| !it.is_control())
        .take(100)
        .collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
