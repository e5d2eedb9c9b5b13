//! What an event says, as it was written and as it was read.

use azure_blob_eventsource::{
    blob::BlobType,
    feed::{
        change::{Change, Kind},
        chunk::{Block, ChunkError, ChunkReader},
    },
};
use testkit::change_feed::FeedEvent;
use time::{Duration, OffsetDateTime, macros::datetime};

/// The parts of an event that the product uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Told {
    pub(crate) blob: Option<(String, String)>,
    is_creation: bool,
    api: String,
    etag: String,
    time: Option<OffsetDateTime>,
    size: Option<u64>,
    blob_type: Option<&'static str>,
}

impl Told {
    pub(crate) fn by(change: &Change<'_>) -> Self {
        let blob = change
            .blob
            .map(|it| (it.container.to_owned(), it.name.to_owned()));
        Self {
            blob,
            is_creation: change.kind == Kind::BlobCreated,
            api: change.api.to_owned(),
            etag: change.etag.to_owned(),
            time: change.time(),
            size: change.size,
            blob_type: change.blob_type.map(BlobType::as_str),
        }
    }

    pub(crate) fn in_event(event: &FeedEvent) -> Self {
        let json = event.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let subject = text(&json["subject"]);
        let blob = subject
            .strip_prefix("/blobServices/default/containers/")
            .map(|it| {
                let (container, name) = it.split_once("/blobs/").unwrap();
                (container.to_owned(), name.to_owned())
            });
        let data = &json["data"];
        Self {
            blob,
            is_creation: json["eventType"] == "BlobCreated",
            api: text(&data["api"]),
            etag: text(&data["etag"]).trim_matches('"').to_owned(),
            time: Some(event.time()),
            size: data["contentLength"].as_u64(),
            blob_type: BlobType::from_name(&text(&data["blobType"])).map(BlobType::as_str),
        }
    }
}

/// All that these blocks say.
pub(crate) fn all_of(blocks: &[Block]) -> Result<Vec<Told>, ChunkError> {
    let changes = blocks.iter().flat_map(Block::changes);
    changes
        .map(|change| change.map(|it| Told::by(&it)))
        .collect()
}

/// The blocks that are there as a whole.
pub(crate) fn blocks(reader: &mut ChunkReader) -> Result<Vec<Block>, ChunkError> {
    let mut blocks = Vec::new();
    while let Some(block) = reader.block()? {
        blocks.push(block);
    }
    Ok(blocks)
}

/// So many seconds after the beginning of an hour.
pub(crate) fn at(second: i64) -> OffsetDateTime {
    datetime!(2026-11-29 14:00 UTC) + Duration::seconds(second) + Duration::nanoseconds(123_456_700)
}

/// Events of every kind, of that many blobs.
pub(crate) fn some(count: i64) -> Vec<FeedEvent> {
    let names = [
        "raw/a.csv",
        "größe ✓/50% #?.csv",
        "/blobs/x/blobs/",
        "a b+c",
        "🦀",
    ];
    let events = (0..count).map(|number| {
        let name = format!("{}{number}", names[number as usize % names.len()]);
        let etag = format!("0x8D{number:012X}");
        let (name, etag, time) = (name.as_str(), etag.as_str(), at(number % 3600));
        match number % 8 {
            0 => FeedEvent::created("datasets", name, etag, time),
            1 => FeedEvent::new(
                "BlobCreated",
                "PutBlockList",
                ("datasets", name),
                etag,
                time,
            )
            .with("contentLength", (5_i64 << 40).into()),
            2 => FeedEvent::new(
                "BlobCreated",
                "CopyBlob",
                ("other", name),
                &format!("\"{etag}\""),
                time,
            ),
            3 => {
                FeedEvent::created("$logs", name, etag, time).with("blobType", "AppendBlob".into())
            }
            4 => FeedEvent::deleted("datasets", name, etag, time),
            5 => FeedEvent::properties_updated("datasets", name, etag, time),
            6 => FeedEvent::new(
                "BlobTierChanged",
                "SetBlobTier",
                ("datasets", name),
                etag,
                time,
            )
            .with("previousInfo", serde_json::json!({"PreviousTier": "Hot"})),
            _ => FeedEvent::control(time),
        }
    });
    events.collect()
}
