//! What became of an event, as its trace tells it.

use time::OffsetDateTime;
use tokio::time::Instant;

use super::unconfirmed::Sendings;
use crate::{
    event::{EventId, Place},
    ledger::offer::{Offer, Origin, Subject},
    metrics::events::Made,
    traces::journey::{Journey, Outcome},
};

/// The way of an event that has just ended; `sendings` says when this stream sent it, if it did.
pub(super) fn journey(
    place: &Place,
    id: EventId,
    offer: &Offer,
    sendings: Option<Sendings>,
    outcome: Outcome,
) -> Journey {
    let ended = OffsetDateTime::now_utc();
    let clock = |at: Instant| ended - at.elapsed();
    // Of a blob that is announced again nobody waited for the detection.
    let modified = match (&offer.subject, &offer.origin) {
        (Subject::Blob { blob, .. }, Origin::Found) => {
            OffsetDateTime::from_unix_timestamp(blob.last_modified).ok()
        }
        _ => None,
    };
    let mut sent: Vec<_> = sendings
        .iter()
        .flat_map(|it| [it.first.at, it.last.at])
        .collect();
    sent.dedup();
    Journey {
        id,
        source: place.source_id.clone(),
        container: place.url(),
        about: offer.subject.to_string(),
        modified,
        sent: sent.into_iter().map(clock).collect(),
        attempts: sendings.map_or(0, |it| it.attempts),
        ended,
        outcome,
    }
}

/// The end of an event that has all its objects.
pub(super) fn confirmed(made: Vec<Made>) -> Outcome {
    let name = |it: Made| format!("{} {}/{}", it.what, it.namespace, it.name);
    Outcome::Confirmed(made.into_iter().map(name).collect())
}
