//! One blob that somebody tells of: it is looked at, and what is there now goes to the gate.

use std::time::Duration;

use time::OffsetDateTime;

use super::stop::Stop;
use crate::{
    calls::retry::Retry,
    gate::{Gate, sighting::Taken},
    ports::properties::BlobProperties,
};

/// For how long a version is left alone whose event was taken back.
pub(super) const PUT_BACK: Duration = Duration::from_secs(30);

/// What somebody tells of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// The blob's name, as in a listing.
    pub(super) name: &'a str,
    /// The version's ETag, without quotes, where it is told.
    pub(super) etag: Option<&'a str>,
    /// When the blob came to be where it is, where that may be later than its own time.
    pub(super) time: Option<OffsetDateTime>,
}

/// The outcome.
#[derive(Debug)]
pub(super) enum Looked {
    /// There is no such blob any more.
    Gone,
    /// What is there now was taken.
    Taken {
        /// The gate's answer.
        taken: Taken,
        /// Whether it is another version than was told. Nobody may ever tell of it, so it is taken in its place.
        is_newer: bool,
        /// How long ago it was written.
        age: Duration,
    },
}

/// Looks at the blob and takes what is there.
pub(super) async fn look(
    told: Told<'_>,
    gate: &Gate,
    (properties, retry): (&dyn BlobProperties, Retry),
) -> Result<Looked, Stop> {
    let ask = || properties.properties(told.name);
    let Some(seen) = retry.run(ask).await? else {
        return Ok(Looked::Gone);
    };
    let blob = seen.blob();
    let is_newer = told.etag.is_some_and(|etag| etag != blob.etag);
    let age = seen.service_time().unix_timestamp() - blob.last_modified;
    Ok(Looked::Taken {
        taken: gate.sighted(&seen, told.time).await?,
        is_newer,
        age: Duration::from_secs(age.try_into().unwrap_or(0)),
    })
}
