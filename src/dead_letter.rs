//! An event that was given up: kept in the source's folder until a person retries or drops it.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    blob::Blob,
    event::{EventId, Place},
};

/// An event that was sent again and again and of which nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The account and the container.
    pub place: Place,
    /// The blob version that was announced.
    pub blob: Blob,
    /// By which replay, when it was one.
    pub replay: Option<String>,
    /// How many times it was sent while others were confirmed.
    pub attempts: u32,
    /// When it was first sent by this stream.
    pub first_sent: OffsetDateTime,
    /// When it was last sent.
    pub last_sent: OffsetDateTime,
    /// Why it was given up, in one sentence.
    pub last_reason: String,
}

impl DeadLetter {
    /// The event's id.
    pub fn id(&self) -> EventId {
        self.place.id_of(&self.blob, self.replay.as_deref())
    }

    /// The blob in the state container, indented for people.
    pub fn to_json(&self) -> Vec<u8> {
        let payload = self.place.payload(&self.blob, self.replay.as_deref());
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let letter = json!({
            "format": 1,
            "id": self.id().to_hex(),
            "attempts": self.attempts,
            "firstSent": rfc3339(self.first_sent),
            "lastSent": rfc3339(self.last_sent),
            "lastReason": self.last_reason,
            "payload": payload,
        });
        // Values always have a JSON form.
        serde_json::to_vec_pretty(&letter).unwrap_or_default()
    }
}

fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}
