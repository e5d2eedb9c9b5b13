//! The announcement of a blob version: its id for ever, its names in Kubernetes, its payload.

use std::borrow::Cow;

use serde::Serialize;
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::blob::{Blob, url::blob_url};

pub mod encoded;
pub mod slug;
pub mod trace_context;

use encoded::{encoded, flat};
pub use slug::slug;
use trace_context::{Sampling, traceparent};

/// The `type` of the event of one blob, which is Event Grid's.
const BLOB_CREATED: &str = "Microsoft.Storage.BlobCreated";
/// The `type` of the event of a batch of blobs.
pub const BATCH_CLOSED: &str = "AzureBlobEventSource.BatchClosed";

/// The identity of one blob version as one source announces it: the same for ever, on every machine
/// and after every restart.
///
/// It is the first 128 bits of SHA-256 over the source's id, the account's endpoint, the container,
/// the blob's name and [what tells its version](crate::blob::Version::text) (its ETag, by default),
/// each behind its length, so that no two different events can be spelled alike. Two sources over the
/// same blobs have events, and so Workflows, of their own. When the blob version is asked for again,
/// the replay's name is a sixth field, so that it has another id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub u128);

impl EventId {
    /// The id of a blob version at `place`, for its own event or for that of a replay.
    pub fn of(place: &Place, name: &str, version: &str, replay: Option<&str>) -> Self {
        let Place {
            source_id,
            endpoint,
            container,
            ..
        } = place;
        let mut hasher = Sha256::new();
        let fields = [source_id, endpoint, container, name, version];
        for field in fields.into_iter().chain(replay) {
            hasher.update((field.len() as u64).to_be_bytes());
            hasher.update(field);
        }
        let digest = hasher.finalize();
        let mut first = [0; 16];
        first.copy_from_slice(&digest[..16]);
        Self(u128::from_be_bytes(first))
    }

    /// 32 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        format!("{:032x}", self.0)
    }

    /// The id that [`EventId::to_hex`] wrote.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let id = u128::from_str_radix(text, 16).ok().map(Self);
        id.filter(|_| digits && text.len() == 32)
    }

    /// The id's first 60 bits as 12 characters of RFC 4648's base32 alphabet in lower case, for
    /// names of at most 63 characters in which a slug alone could collide.
    pub fn short(self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        (0..12)
            .map(|at| char::from(ALPHABET[(self.0 >> (123 - 5 * at)) as usize & 31]))
            .collect()
    }
}

/// A source and where its blobs live, as events tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The source's id: [`source_id`](crate::config::source_id::source_id).
    pub source_id: String,
    /// The URL of the account's blob service, without a trailing slash.
    pub endpoint: String,
    /// The container's name.
    pub container: String,
    /// Of which events traces are kept, where traces are on: then each event says its `traceparent`.
    pub sampling: Option<Sampling>,
}

impl Place {
    /// The container's URL.
    pub fn url(&self) -> String {
        format!("{}/{}", self.endpoint, self.container)
    }

    /// The id of a blob version here, announced for itself or by a replay.
    pub fn id_of(&self, blob: &Blob, replay: Option<&str>) -> EventId {
        EventId::of(self, &blob.name, &blob.version, replay)
    }

    /// What ties what is done for an event to its trace; `None` where traces are off.
    pub(crate) fn traceparent(&self, id: EventId) -> Option<String> {
        self.sampling.map(|sampling| traceparent(id.0, sampling))
    }

    /// The payload of the event that announces `blob`: CloudEvents 1.0 in JSON, with the `type`,
    /// `subject` and `data` of Event Grid's `Microsoft.Storage.BlobCreated`, and beside them the
    /// names that a Sensor's templates use. That of a replay says so in `replay`.
    ///
    /// Every field is safe in a template: what the uploader chose is [`encoded`](fn@encoded).
    pub fn payload(&self, blob: &Blob, replay: Option<&str>) -> Vec<u8> {
        let id = self.id_of(blob, replay);
        let name = encoded(&blob.name);
        let event = CloudEvent {
            specversion: "1.0",
            id: id.to_hex(),
            kind: BLOB_CREATED,
            source: self.url(),
            subject: format!(
                "/blobServices/default/containers/{}/blobs/{name}",
                self.container
            ),
            time: seconds_rfc3339(blob.last_modified),
            datacontenttype: "application/json",
            sourceid: &self.source_id,
            container: &self.container,
            blobname: Some(&name),
            dirname: name.rsplit_once('/').map_or("", |(dir, _)| dir),
            flatname: Some(flat(&name, &id.short())),
            slug: slug(&blob.name),
            shortid: id.short(),
            replay: replay.map(encoded),
            traceparent: self.traceparent(id),
            data: BlobCreated {
                api: "listing",
                url: blob_url(&self.endpoint, &self.container, &blob.name),
                etag: encoded(&blob.etag),
                content_length: blob.size,
                content_type: encoded(&blob.content_type),
                blob_type: blob.blob_type.as_str(),
            },
        };
        event.to_json()
    }
}

/// CloudEvents 1.0, and the names that a Sensor's templates use.
#[derive(Serialize)]
pub(crate) struct CloudEvent<'a, D> {
    pub(crate) specversion: &'static str,
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) source: String,
    pub(crate) subject: String,
    pub(crate) time: String,
    pub(crate) datacontenttype: &'static str,
    pub(crate) sourceid: &'a str,
    pub(crate) container: &'a str,
    /// Of the event of one blob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blobname: Option<&'a str>,
    pub(crate) dirname: &'a str,
    /// Of the event of one blob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) flatname: Option<String>,
    pub(crate) slug: String,
    pub(crate) shortid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) replay: Option<Cow<'a, str>>,
    /// CloudEvents' extension "Distributed Tracing".
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) traceparent: Option<String>,
    pub(crate) data: D,
}

impl<D: Serialize> CloudEvent<'_, D> {
    /// As it is sent.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Strings and numbers always have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BlobCreated<'a> {
    api: &'static str,
    url: String,
    #[serde(rename = "eTag")]
    etag: Cow<'a, str>,
    content_length: u64,
    content_type: Cow<'a, str>,
    blob_type: &'static str,
}

/// A moment as people and CloudEvents write it.
pub fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

fn seconds_rfc3339(seconds: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds);
    rfc3339(moment.unwrap_or(OffsetDateTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::Value;

    use super::*;

    fn place() -> Place {
        Place {
            source_id: "datasets-raw".into(),
            endpoint: "https://mlpipelinestore.blob.core.windows.net".into(),
            container: "datasets".into(),
            sampling: None,
        }
    }

    fn blob(name: &str) -> Blob {
        Blob {
            name: name.into(),
            version: "0x8D4BCC2E4835CD0".into(),
            etag: "0x8D4BCC2E4835CD0".into(),
            last_modified: 1_700_000_000,
            size: 1234,
            content_type: "text/csv".into(),
            ..Blob::default()
        }
    }

    #[test]
    fn the_payload_is_what_the_design_promises() {
        let json: Value =
            serde_json::from_slice(&place().payload(&blob("raw/my data.csv"), None)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "specversion": "1.0",
                "id": "c766f2ff3a1c2c312cc83057e50d5f79",
                "type": "Microsoft.Storage.BlobCreated",
                "source": "https://mlpipelinestore.blob.core.windows.net/datasets",
                "subject": "/blobServices/default/containers/datasets/blobs/raw/my data.csv",
                "time": "2023-11-14T22:13:20Z",
                "datacontenttype": "application/json",
                "sourceid": "datasets-raw",
                "container": "datasets",
                "blobname": "raw/my data.csv",
                "dirname": "raw",
                "flatname": "raw-my data.csv",
                "slug": "raw-my-data-csv",
                "shortid": "y5tpf7z2dqwd",
                "data": {
                    "api": "listing",
                    "url": "https://mlpipelinestore.blob.core.windows.net/datasets/raw/my%20data.csv",
                    "eTag": "0x8D4BCC2E4835CD0",
                    "contentLength": 1234,
                    "contentType": "text/csv",
                    "blobType": "BlockBlob"
                }
            })
        );
    }

    #[test]
    fn a_blob_at_the_top_has_no_dirname() {
        let json: Value = serde_json::from_slice(&place().payload(&blob("a.csv"), None)).unwrap();
        assert_eq!(json["dirname"], "");
    }

    #[test]
    fn nothing_that_an_uploader_chooses_reaches_a_template_as_code() {
        let hostile = "{{=1+1}}\",\"x\":\"$(HOME)\\`\u{1}\u{7f}\n";
        let mut blob = blob(&format!("{hostile}/{hostile}.csv"));
        blob.etag = hostile.into();
        blob.content_type = hostile.into();
        let payload = place().payload(&blob, Some(hostile));
        let json: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(
            encoded::decoded(json["blobname"].as_str().unwrap()),
            blob.name
        );
        // What a template would evaluate is neither in a text nor in the escaped form of one.
        let texts = [&json, &json["data"]]
            .into_iter()
            .flat_map(|it| it.as_object().unwrap().values());
        for text in texts.filter_map(Value::as_str) {
            assert!(
                !text.contains(['{', '}', '"', '\\', '$', '`', '\u{1}', '\u{7f}', '\n']),
                "{text}"
            );
        }
    }

    #[test]
    fn fields_that_flow_together_have_different_ids() {
        let at = |container: &str| Place {
            container: container.into(),
            ..place()
        };
        let one = EventId::of(&at("bc"), "d", "e", None);
        let other = EventId::of(&at("b"), "cd", "e", None);
        assert_ne!(one, other);
    }

    #[test]
    fn two_sources_over_the_same_blobs_have_events_of_their_own() {
        let other = Place {
            source_id: "audit".into(),
            ..place()
        };
        let ids = [&place(), &other].map(|place| place.id_of(&blob("a"), None));
        assert_ne!(ids[0], ids[1]);
        assert_ne!(ids[0].short(), ids[1].short());
    }

    #[test]
    fn a_replay_has_an_id_of_its_own_and_says_so() {
        let one = place().id_of(&blob("a"), None);
        let again = place().id_of(&blob("a"), Some("r1"));
        let once_more = place().id_of(&blob("a"), Some("r2"));
        assert!(one != again && again != once_more);
        let json: Value = serde_json::from_slice(&place().payload(&blob("a"), Some("r1"))).unwrap();
        assert_eq!(json["id"], again.to_hex());
        assert_eq!(json["replay"], "r1");
    }

    #[test]
    fn an_id_is_read_as_it_is_written_and_nothing_else_is() {
        let id = EventId(0xabc);
        assert_eq!(EventId::from_hex(&id.to_hex()), Some(id));
        for bad in [
            "",
            "abc",
            "+0000000000000000000000000000abc",
            &id.to_hex().to_uppercase(),
        ] {
            assert_eq!(EventId::from_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn short_ids_are_names() {
        let short = EventId(u128::MAX).short();
        assert_eq!(short, "777777777777");
        assert_eq!(EventId(0).short(), "aaaaaaaaaaaa");
    }
}
