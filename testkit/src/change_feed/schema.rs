//! The schema of the records, version by version.
//!
//! Versions 4 and 5 are as in recorded chunks of the service. Of the others only the fields are known, from the events in the
//! tests of Microsoft's reader for .NET; they have the types here that such fields have in version 5.

use apache_avro::Schema;
use serde_json::{Value, json};

/// The versions that the service has written so far.
pub const PUBLISHED: [u32; 7] = [1, 3, 4, 5, 6, 7, 8];

/// A version that there is not yet, with more fields, of every type that Avro has.
pub const LATER: u32 = 99;

/// The schema as it stands in a chunk.
pub(super) fn text(version: u32) -> String {
    let symbols = |name: &str, symbols: &[&str]| json!({"type": "enum", "name": name, "symbols": symbols, "default": symbols[0]});
    // Version 1 is the oldest: it may as well have had texts.
    let kind = |of: Value| if version == 1 { json!("string") } else { of };
    let event_type = kind(symbols("EventTypeEnum", &EVENT_TYPES));
    let mut fields = vec![
        json!({"name": "schemaVersion", "type": "long", "default": 4}),
        text_field("topic"),
        text_field("subject"),
        json!({"name": "eventType", "type": event_type}),
        text_field("eventTime"),
        text_field("id"),
    ];
    let api = kind(symbols("ApiEnum", &APIS));
    let blob_type = kind(symbols("BlobTypeEnum", &BLOB_TYPES));
    let tier = symbols(
        "BlobTierEnum",
        &["UnspecifiedBlobTier", "Hot", "Cool", "Archive"],
    );
    let texts = json!({"type": "map", "values": "string"});
    let both = json!({"type": "record", "name": "values", "fields": [text_field("current"), text_field("previous")]});
    let data: Vec<(u32, Value)> = vec![
        (1, json!({"name": "api", "type": api})),
        (1, text_field("clientRequestId")),
        (1, text_field("requestId")),
        (1, text_field("etag")),
        (1, text_field("contentType")),
        (
            1,
            json!({"name": "contentLength", "type": "long", "default": 0}),
        ),
        (1, json!({"name": "blobType", "type": blob_type})),
        (4, optional("blobVersion", json!("string"))),
        (4, optional("containerVersion", json!("string"))),
        (7, optional("restoredContainerVersion", json!("string"))),
        (4, optional("blobTier", tier)),
        (1, text_field("url")),
        (1, text_field("sequencer")),
        (3, optional("previousInfo", texts.clone())),
        (3, optional("snapshot", json!("string"))),
        (
            3,
            optional(
                "blobPropertiesUpdated",
                json!({"type": "map", "values": both}),
            ),
        ),
        (4, optional("asyncOperationInfo", texts.clone())),
        (
            5,
            optional("blobTagsUpdated", json!({"type": "map", "values": texts})),
        ),
        (5, optional("restorePointMarker", texts.clone())),
        (6, optional("contentOffset", json!("long"))),
        (6, optional("createTime", json!("string"))),
        (8, optional("lastAccessTime", json!("string"))),
        (
            1,
            json!({"name": "storageDiagnostics", "type": texts, "default": {}}),
        ),
    ];
    let data = data.into_iter().filter(|(since, _)| *since <= version);
    let mut data: Vec<Value> = data.map(|(_, field)| field).collect();
    if version == LATER {
        let at = data.len() / 2;
        data.splice(at..at, later());
    }
    let data = json!({"type": "record", "name": "BlobChangeEventData", "fields": data});
    fields.push(json!({"name": "data", "type": data}));
    if version == LATER {
        fields.splice(2..2, [json!({"name": "first", "type": ["int", "boolean"]})]);
    }
    json!({"type": "record", "name": "BlobChangeEvent", "namespace": "Microsoft.Storage", "fields": fields}).to_string()
}

/// The same, for a writer.
pub(super) fn parsed(version: u32) -> Schema {
    Schema::parse_str(&text(version)).expect("a schema")
}

/// What [`later`] holds, in each event.
pub(super) fn later_values() -> Value {
    json!({
        "none": null,
        "flags": [true, false],
        "ratio": 0.5,
        "exact": 0.25,
        "raw": "abc",
        "hash": "abcd",
        "counts": {"a": [1, 2], "b": []},
        "chain": {"value": 1, "next": {"value": 2, "next": null}},
    })
}

fn later() -> Vec<Value> {
    let next = json!(["null", "Chain"]);
    vec![
        json!({"name": "none", "type": "null"}),
        json!({"name": "flags", "type": {"type": "array", "items": "boolean"}}),
        json!({"name": "ratio", "type": "float"}),
        json!({"name": "exact", "type": "double"}),
        json!({"name": "raw", "type": "bytes"}),
        json!({"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}}),
        json!({"name": "counts", "type": {"type": "map", "values": {"type": "array", "items": "int"}}}),
        json!({"name": "chain", "type": {"type": "record", "name": "Chain", "fields": [
            {"name": "value", "type": "long"},
            {"name": "next", "type": next},
        ]}}),
    ]
}

const EVENT_TYPES: [&str; 9] = [
    "UnspecifiedEventType",
    "BlobCreated",
    "BlobDeleted",
    "BlobPropertiesUpdated",
    "BlobSnapshotCreated",
    "Control",
    "BlobTierChanged",
    "BlobAsyncOperationInitiated",
    "RestorePointMarkerCreated",
];

const APIS: [&str; 14] = [
    "UnspecifiedApi",
    "PutBlob",
    "PutBlockList",
    "CopyBlob",
    "DeleteBlob",
    "SetBlobMetadata",
    "ControlEvent",
    "UndeleteBlob",
    "SetBlobProperties",
    "SnapshotBlob",
    "SetBlobTier",
    "AbortCopyBlob",
    "SetBlobTags",
    "CreateRestorePointMarker",
];

const BLOB_TYPES: [&str; 4] = ["UnspecifiedBlobType", "BlockBlob", "PageBlob", "AppendBlob"];

fn text_field(name: &str) -> Value {
    json!({"name": name, "type": "string", "default": ""})
}

fn optional(name: &str, kind: Value) -> Value {
    json!({"name": name, "type": ["null", kind], "default": null})
}
