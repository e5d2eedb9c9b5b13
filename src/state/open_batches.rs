//! Which blobs wait in open batches, as the live session says it in the source's folder.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The open batches of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenBatchList {
    /// When this was so.
    #[serde(with = "time::serde::rfc3339")]
    pub written: OffsetDateTime,
    /// How many there are beside those that are named.
    pub more: usize,
    /// Those that have waited longest.
    pub batches: Vec<OpenBatch>,
}

/// A batch that still takes blobs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenBatch {
    /// What the names of its blobs start with.
    pub group: String,
    /// The replay that it is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// How many blobs wait in it.
    pub blobs: usize,
    /// Since when the first waits.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When it closes, if no more blobs come.
    #[serde(with = "time::serde::rfc3339")]
    pub closes: OffsetDateTime,
}

impl OpenBatchList {
    /// The file in the source's folder.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of numbers, strings and times always has a JSON form.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// What the file says; `None` when it is not as it was written.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}
