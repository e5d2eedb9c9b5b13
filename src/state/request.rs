//! What people ask of a source while it streams: written into its folder in the state container,
//! taken up by the live stream at its next tick, and removed once done.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{blob::BlobRef, event::EventId};

/// How often a live stream looks for requests that sweeps every `interval`.
pub fn every(interval: Duration) -> Duration {
    interval.min(Duration::from_secs(30))
}

/// Something asked of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Announce blobs again.
    Replay(Replay),
    /// Send a dead letter again.
    Retry(EventId),
}

/// Blobs to announce again: those that are done, whose names start with `prefix` (or are `blob`), and
/// that were last modified from `since` on and before `until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replay {
    /// What makes the ids of this replay's events its own: 16 lower-case letters and digits.
    pub name: String,
    /// What the names start with.
    pub prefix: String,
    /// The only blob, when there is one.
    pub blob: Option<String>,
    /// The batch whose blobs are to be one again, when there is one: the id of its event. Then `prefix` is its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// Last modified at or after this moment.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
    /// Last modified before this moment: that of the request itself at the latest, so that what
    /// arrives later is not announced twice.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// When it was asked for. Earlier versions did not say so: then it was `until`, or later.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub asked: Option<OffsetDateTime>,
}

impl Replay {
    /// Whether the replay is about this blob, of those that its source announces.
    pub fn asks_for(&self, blob: &BlobRef<'_>) -> bool {
        if self.batch.is_some() {
            return false;
        }
        let named = match &self.blob {
            Some(name) => blob.name == name,
            None => blob.name.starts_with(&self.prefix),
        };
        let since = self.since.map_or(i64::MIN, OffsetDateTime::unix_timestamp);
        named && (since..self.until.unix_timestamp()).contains(&blob.last_modified)
    }

    /// When it was asked for, in seconds since 1970; by an earlier version at this moment or later.
    pub fn asked(&self) -> i64 {
        self.asked.unwrap_or(self.until).unix_timestamp()
    }

    /// The request's blob.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of texts and moments of our time always has a JSON form.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// What a request's blob says.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn from_json(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| format!("it is no replay: {error}"))
    }
}
