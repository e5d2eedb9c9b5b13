//! One event of a feed, as JSON that each version of the schema takes its fields from.

use apache_avro::{Schema, types::Value as Avro, writer::datum::GenericDatumWriter};
use serde_json::{Value, json};
use time::{OffsetDateTime, macros::format_description};

use super::schema::{LATER, later_values};

/// An event before it is written.
#[derive(Debug, Clone)]
pub struct FeedEvent {
    time: OffsetDateTime,
    /// All fields of all versions.
    json: Value,
}

impl FeedEvent {
    /// That something happened to a blob. `event_type` and `api` are the feed's names.
    pub fn new(
        event_type: &str,
        api: &str,
        (container, name): (&str, &str),
        etag: &str,
        time: OffsetDateTime,
    ) -> Self {
        let form = format_description!(
            "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7]Z"
        );
        let subject = format!("/blobServices/default/containers/{container}/blobs/{name}");
        let json = json!({
            "schemaVersion": 0,
            "topic": "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/datasets/providers/\
                      Microsoft.Storage/storageAccounts/devstoreaccount1",
            "subject": subject,
            "eventType": event_type,
            "eventTime": time.format(&form).expect("a time"),
            "id": format!("{:x}", hash(&format!("{subject}{etag}"))),
            "data": {
                "api": api,
                "clientRequestId": "b3f9b39a-ae5a-45ac-afad-95ac9e9f2791",
                "requestId": "62616073-8020-0000-00ff-233467000000",
                "etag": etag,
                "contentType": "application/octet-stream",
                "contentLength": 128,
                "blobType": "BlockBlob",
                "blobVersion": null,
                "containerVersion": "0000000000000001",
                "restoredContainerVersion": null,
                "blobTier": "Hot",
                "url": "",
                "sequencer": "00000000000000010000000000000002000000000000001d",
                "previousInfo": null,
                "snapshot": null,
                "blobPropertiesUpdated": null,
                "asyncOperationInfo": null,
                "blobTagsUpdated": null,
                "restorePointMarker": null,
                "contentOffset": null,
                "createTime": null,
                "lastAccessTime": null,
                "storageDiagnostics": {"bid": "9d726db1-8006-0000-00ff-233467000000", "seq": "(2,29,29)"},
            },
        });
        Self { time, json }
    }

    /// That the content of a blob was written, by Put Blob.
    pub fn created(container: &str, name: &str, etag: &str, time: OffsetDateTime) -> Self {
        Self::new("BlobCreated", "PutBlob", (container, name), etag, time)
    }

    /// That a blob was deleted.
    pub fn deleted(container: &str, name: &str, etag: &str, time: OffsetDateTime) -> Self {
        Self::new("BlobDeleted", "DeleteBlob", (container, name), etag, time)
    }

    /// That the content type of a blob was set.
    pub fn properties_updated(
        container: &str,
        name: &str,
        etag: &str,
        time: OffsetDateTime,
    ) -> Self {
        let updated =
            json!({"ContentType": {"current": "text/csv", "previous": "application/octet-stream"}});
        Self::new(
            "BlobPropertiesUpdated",
            "SetBlobProperties",
            (container, name),
            etag,
            time,
        )
        .with("blobPropertiesUpdated", updated)
    }

    /// An event of the feed itself, which is about no blob.
    pub fn control(time: OffsetDateTime) -> Self {
        let mut event = Self::new("Control", "ControlEvent", ("", ""), "", time);
        event.json["subject"] = json!("");
        event
    }

    /// With another value of a field of `data`.
    pub fn with(mut self, field: &str, value: Value) -> Self {
        self.json["data"][field] = value;
        self
    }

    /// When it happened.
    pub fn time(&self) -> OffsetDateTime {
        self.time
    }

    /// All that it says, with the fields of every version.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Which shard of so many its blob is in.
    pub(super) fn shard(&self, shards: u32) -> u32 {
        let subject = self.json["subject"].as_str().expect("a subject");
        (hash(subject) % u64::from(shards.max(1))) as u32
    }

    /// Its record, in the fields that this version has.
    pub(super) fn encode(&self, version: u32, schema: &Schema) -> Vec<u8> {
        let mut json = self.json.clone();
        json["schemaVersion"] = json!(version);
        if version == LATER {
            json["first"] = json!(7);
            let later = later_values();
            let later = later.as_object().expect("an object").clone();
            json["data"]
                .as_object_mut()
                .expect("an object")
                .extend(later);
        }
        let value = Avro::try_from(json).expect("numbers that fit");
        let value = value.resolve(schema).expect("a value of each field");
        let writer = GenericDatumWriter::builder(schema)
            .build()
            .expect("a schema");
        let mut bytes = Vec::new();
        writer.write_value(&mut bytes, value).expect("a record");
        bytes
    }
}

// FNV-1a: the same in each run.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}
