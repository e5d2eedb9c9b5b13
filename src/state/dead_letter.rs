//! An event that was given up: kept in the source's folder until a person retries or drops it.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::{
    blob::{Blob, BlobType},
    event::{BATCH_CLOSED, EventId, Place, encoded::decoded, rfc3339},
};

/// The version of the blob's form that this program writes, and the only one it reads.
const FORMAT: u32 = 2;

/// An event that was sent again and again and of which nothing came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The account and the container.
    pub place: Place,
    /// What was announced.
    pub about: About,
    /// By which replay, when it was one.
    pub replay: Option<String>,
    /// How many times it was sent by this stream.
    pub attempts: u32,
    /// When it was first sent by this stream.
    pub first_sent: OffsetDateTime,
    /// When it was last sent.
    pub last_sent: OffsetDateTime,
    /// Why it was given up, in one sentence.
    pub last_reason: String,
}

/// What the event of a dead letter announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A blob version.
    Blob(Blob),
    /// A batch.
    Batch(LostBatch),
}

/// A batch that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostBatch {
    /// Its event's id.
    pub id: EventId,
    /// What the names of its blobs start with.
    pub group: String,
    /// How many blobs it has.
    pub count: usize,
    /// Its event.
    pub payload: Vec<u8>,
}

impl Display for About {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(blob) => f.write_str(&blob.name),
            Self::Batch(batch) if batch.group.is_empty() => {
                write!(f, "batch of {} blobs", batch.count)
            }
            Self::Batch(batch) => write!(f, "batch of {} blobs in {}", batch.count, batch.group),
        }
    }
}

impl About {
    /// The blob version, if it was one.
    pub fn blob(&self) -> Option<&Blob> {
        match self {
            Self::Blob(blob) => Some(blob),
            Self::Batch(_) => None,
        }
    }
}

impl DeadLetter {
    /// More bytes than any letter has: it is read with one call.
    pub const LONGEST: u64 = 1 << 20;

    /// The event's id.
    pub fn id(&self) -> EventId {
        match &self.about {
            About::Blob(blob) => self.place.id_of(blob, self.replay.as_deref()),
            About::Batch(batch) => batch.id,
        }
    }

    /// What the blob in the state container says, which has the name of the event `id`.
    ///
    /// # Errors
    /// What is wrong with it, in words: it was edited, and the event that it speaks of is another.
    pub fn from_json(id: EventId, json: &[u8]) -> Result<Self, String> {
        let written: Written = serde_json::from_slice(json)
            .map_err(|error| format!("its content was changed: {error}"))?;
        if written.format != FORMAT {
            let found = written.format;
            return Err(format!(
                "it has format {found}, and this version reads {FORMAT}"
            ));
        }
        let letter = written.letter()?;
        if written.id != id.to_hex() || letter.id() != id {
            return Err(format!(
                "its content does not belong to the event {}: undo the change, or drop it",
                id.to_hex()
            ));
        }
        Ok(letter)
    }

    /// The blob in the state container, indented for people.
    pub fn to_json(&self) -> Vec<u8> {
        let payload = match &self.about {
            About::Blob(blob) => self.place.payload(blob, self.replay.as_deref()),
            About::Batch(batch) => batch.payload.clone(),
        };
        let payload: Value = serde_json::from_slice(&payload).unwrap_or_default();
        let mut letter = json!({
            "format": FORMAT,
            "id": self.id().to_hex(),
            "attempts": self.attempts,
            "firstSent": rfc3339(self.first_sent),
            "lastSent": rfc3339(self.last_sent),
            "lastReason": self.last_reason,
            "payload": payload,
        });
        if let About::Blob(blob) = &self.about {
            letter["version"] = blob.version.clone().into();
        }
        // Values always have a JSON form.
        serde_json::to_vec_pretty(&letter).unwrap_or_default()
    }
}

/// A letter as it stands in its blob.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    format: u32,
    id: String,
    attempts: u32,
    #[serde(with = "time::serde::rfc3339")]
    first_sent: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    last_sent: OffsetDateTime,
    last_reason: String,
    /// What tells the blob version from others of its name; its ETag where nothing is said.
    version: Option<String>,
    payload: Value,
}

/// What every payload says.
#[derive(Deserialize)]
struct Payload {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    source: String,
    sourceid: String,
    container: String,
    replay: Option<String>,
}

/// What a payload says of a blob version.
#[derive(Deserialize)]
struct OfBlob {
    #[serde(with = "time::serde::rfc3339")]
    time: OffsetDateTime,
    blobname: String,
    data: Data,
}

/// What a payload says of a batch.
#[derive(Deserialize)]
struct OfBatch {
    dirname: String,
    data: Count,
}

#[derive(Deserialize)]
struct Count {
    count: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(rename = "eTag")]
    etag: String,
    content_length: u64,
    content_type: String,
    blob_type: String,
}

impl Written {
    fn letter(&self) -> Result<DeadLetter, String> {
        let payload: Payload = part(&self.payload)?;
        let endpoint = payload.source.strip_suffix(&payload.container);
        let endpoint = endpoint.and_then(|it| it.strip_suffix('/'));
        let endpoint =
            endpoint.ok_or("its payload's `source` does not end with its `container`")?;
        let replay = payload.replay.as_deref();
        Ok(DeadLetter {
            place: Place {
                source_id: payload.sourceid.clone(),
                endpoint: endpoint.to_owned(),
                container: payload.container.clone(),
                sampling: None,
            },
            about: match payload.kind == BATCH_CLOSED {
                true => About::Batch(self.batch(&payload)?),
                false => About::Blob(self.blob()?),
            },
            replay: replay.map(|replay| decoded(replay).into_owned()),
            attempts: self.attempts,
            first_sent: self.first_sent,
            last_sent: self.last_sent,
            last_reason: self.last_reason.clone(),
        })
    }

    fn blob(&self) -> Result<Blob, String> {
        let OfBlob {
            time,
            blobname,
            data,
        } = part(&self.payload)?;
        let etag = decoded(&data.etag).into_owned();
        let blob_type = BlobType::from_name(&data.blob_type)
            .ok_or("its payload's `data.blobType` is not a known type")?;
        Ok(Blob {
            name: decoded(&blobname).into_owned(),
            version: self.version.clone().unwrap_or_else(|| etag.clone()),
            etag,
            last_modified: time.unix_timestamp(),
            size: data.content_length,
            content_type: decoded(&data.content_type).into_owned(),
            blob_type,
            ..Blob::default()
        })
    }

    fn batch(&self, payload: &Payload) -> Result<LostBatch, String> {
        let OfBatch { dirname, data } = part(&self.payload)?;
        let id = EventId::from_hex(&payload.id).ok_or("its payload's `id` is not an id")?;
        Ok(LostBatch {
            id,
            group: decoded(&dirname).into_owned(),
            count: data.count,
            // A value always has a JSON form.
            payload: serde_json::to_vec(&self.payload).unwrap_or_default(),
        })
    }
}

fn part<T: DeserializeOwned>(payload: &Value) -> Result<T, String> {
    T::deserialize(payload).map_err(|error| format!("its payload was changed: {error}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use crate::state::dead_letter::*;

    prop_compose! {
        fn letters()(
            name in any::<String>(),
            etag in "0x[0-9A-F]{16}",
            version in "0x[0-9A-F]{16}|md5:[a-z]{5}:1|",
            replay in prop::option::of("[a-z0-9]{16}"),
            seconds in 0..4_000_000_000_i64,
            size in any::<u64>(),
            attempts in any::<u32>(),
        ) -> DeadLetter {
            let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            DeadLetter {
                place: Place {
                    source_id: "datasets".into(),
                    endpoint: "https://account.blob.core.windows.net".into(),
                    container: "datasets".into(),
                    sampling: None,
                },
                about: About::Blob(Blob {
                    name,
                    version,
                    etag,
                    last_modified: seconds,
                    size,
                    content_type: "text/csv".into(),
                    blob_type: BlobType::AppendBlob,
                    ..Blob::default()
                }),
                replay,
                attempts,
                first_sent: moment,
                last_sent: moment,
                last_reason: "no object was created for this event".into(),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(letter in letters()) {
            let read = DeadLetter::from_json(letter.id(), &letter.to_json());
            prop_assert_eq!(read, Ok(letter));
        }

        #[test]
        fn a_batch_that_was_written_is_read(letter in letters(), group in "[a-z/]{0,9}", count in 1..999_usize) {
            let id = EventId(0xabc);
            let payload = json!({
                "id": id.to_hex(),
                "type": BATCH_CLOSED,
                "source": letter.place.url(),
                "sourceid": letter.place.source_id,
                "container": letter.place.container,
                "dirname": group,
                "data": {"count": count},
            });
            let letter = DeadLetter {
                about: About::Batch(LostBatch {
                    id,
                    group,
                    count,
                    payload: serde_json::to_vec(&payload).unwrap(),
                }),
                replay: None,
                ..letter
            };
            let read = DeadLetter::from_json(id, &letter.to_json());
            prop_assert_eq!(read, Ok(letter.clone()));
            prop_assert!(DeadLetter::from_json(EventId(1), &letter.to_json()).is_err());
        }

        #[test]
        fn what_another_event_would_be_is_refused(letter in letters(), name in "[a-z]{41}") {
            let mut json: Value = serde_json::from_slice(&letter.to_json()).unwrap();
            json["payload"]["blobname"] = name.into();
            let problem = DeadLetter::from_json(letter.id(), json.to_string().as_bytes());
            prop_assert!(problem.unwrap_err().contains("does not belong to the event"));
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(DeadLetter::from_json(EventId(1), &bytes).is_err());
        }
    }
}
