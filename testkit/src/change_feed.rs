//! Who writes an account's change feed, as the service does: segments, shards, chunks of blocks, and `lastConsumable`
//! that comes late.
//!
//! Facts: "Change feed in Azure Blob Storage" (Azure Storage documentation), and the recorded answers of the
//! service in the tests of Microsoft's readers. Microsoft's own reader judges what is written here
//! (`make test-feed`).

use std::collections::BTreeMap;

use apache_avro::Schema;
use azure_blob_eventsource::feed::{CONTAINER, hour::Hour, segments, shard::Shard};
use bytes::Bytes;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::account::{FakeAccount, MAX_APPEND, NewBlob};

mod container_file;
mod event;
mod schema;
mod service;

pub use container_file::Packing;
pub use event::FeedEvent;
pub use schema::{LATER, PUBLISHED};
pub use service::FeedService;

/// Writes the feed of one account.
pub struct FeedWriter {
    account: FakeAccount,
    version: u32,
    schema: Schema,
    packing: Packing,
    shards: u32,
    chunk_bytes: u64,
    segments: BTreeMap<Hour, Segment>,
}

/// A segment that was begun.
#[derive(Default)]
struct Segment {
    is_final: bool,
    /// How many shards it has. One that comes later has its manifest written again.
    shards: u32,
    /// The last chunk of each shard that has one: its number and its bytes.
    chunks: BTreeMap<u32, (u32, u64)>,
}

impl FeedWriter {
    /// Switches the feed on: the container is there with the initial segment, and nothing may be read yet.
    pub fn enable(account: &FakeAccount) -> Self {
        account
            .create_container(CONTAINER)
            .expect("an account whose feed is off");
        let mut writer = Self {
            account: account.clone(),
            version: 5,
            schema: schema::parsed(5),
            packing: Packing::Null,
            shards: 1,
            chunk_bytes: u64::MAX,
            segments: BTreeMap::new(),
        };
        writer.begin(Hour::INITIAL);
        writer.finalize(Hour::INITIAL);
        writer
    }

    /// How many shards segments have that begin from now on (the service decides that).
    pub fn set_shards(&mut self, shards: u32) {
        self.shards = shards;
    }

    /// Which version of the schema chunks have that begin from now on: one of [`PUBLISHED`], or [`LATER`].
    pub fn set_schema(&mut self, version: u32) {
        self.version = version;
        self.schema = schema::parsed(version);
    }

    /// How blocks are packed in chunks that begin from now on.
    pub fn set_packing(&mut self, packing: Packing) {
        self.packing = packing;
    }

    /// From how many bytes on a chunk is full, so that the next block begins another.
    pub fn set_chunk_bytes(&mut self, bytes: u64) {
        self.chunk_bytes = bytes;
    }

    /// Writes each event into the segment of its time and the shard of its blob: one block a shard.
    pub fn write(&mut self, events: &[FeedEvent]) {
        let mut blocks: BTreeMap<(Hour, u32), Vec<&FeedEvent>> = BTreeMap::new();
        for event in events {
            let hour = Hour::of(event.time());
            self.begin(hour);
            let shard = event.shard(self.segments[&hour].shards);
            blocks.entry((hour, shard)).or_default().push(event);
        }
        for ((hour, shard), events) in blocks {
            self.write_block(hour, shard, &events);
        }
    }

    /// Begins a segment, with the shards that are set, unless it was begun. An hour without changes may have one.
    pub fn begin(&mut self, hour: Hour) {
        if !self.segments.contains_key(&hour) {
            let shards = self.shards;
            let segment = Segment {
                shards,
                ..Segment::default()
            };
            self.segments.insert(hour, segment);
            self.write_manifest(hour);
        }
    }

    /// Gives a segment that is under way more shards.
    pub fn add_shards(&mut self, hour: Hour, more: u32) {
        let segment = self
            .segments
            .get_mut(&hour)
            .expect("a segment that was begun");
        segment.shards += more;
        self.write_manifest(hour);
    }

    /// Says that nothing is added to a segment any more.
    pub fn finalize(&mut self, hour: Hour) {
        let segment = self
            .segments
            .get_mut(&hour)
            .expect("a segment that was begun");
        segment.is_final = true;
        self.write_manifest(hour);
    }

    /// Says that the feed may be read up to the segment that begins at `last`.
    pub fn set_consumable(&self, last: OffsetDateTime) {
        let document = json!({
            "version": 0,
            "lastConsumable": text(last),
            "storageDiagnostics": {
                "version": 0,
                "lastModifiedTime": text(self.account.now()),
                "data": {"aid": "a6b895a0-7006-0041-0049-22cadf06029a"},
            },
        });
        self.put(segments::NAME, document.to_string());
    }

    /// Removes a segment and its chunks, as retention does.
    pub fn expire(&mut self, hour: Hour) {
        let folder = format!("/{hour}/");
        for name in self.account.names(CONTAINER) {
            if name.contains(&folder) {
                self.account
                    .delete(CONTAINER, &name)
                    .expect("a blob that is there");
            }
        }
        self.segments.remove(&hour);
    }

    fn write_block(&mut self, hour: Hour, shard: u32, events: &[&FeedEvent]) {
        let segment = self
            .segments
            .get_mut(&hour)
            .expect("a segment that was begun");
        let folder = Shard {
            hour,
            number: shard,
        };
        let last = segment.chunks.get(&shard).copied();
        let (number, size) = match last {
            Some((number, size)) if size < self.chunk_bytes => (number, size),
            Some((number, _)) => (number + 1, 0),
            None => (0, 0),
        };
        let name = folder.chunk(number);
        let mut bytes = Vec::new();
        if size == 0 {
            let blob = NewBlob::append().content_type("avro/binary");
            self.account
                .put(CONTAINER, &name, blob)
                .expect("a container");
            bytes = container_file::header(self.version, self.packing);
        }
        let records = events
            .iter()
            .map(|event| event.encode(self.version, &self.schema));
        bytes.extend(container_file::block(records, self.packing));
        for part in bytes.chunks(MAX_APPEND) {
            self.account
                .append(CONTAINER, &name, None, part)
                .expect("an append blob");
        }
        segment
            .chunks
            .insert(shard, (number, size + bytes.len() as u64));
    }

    fn write_manifest(&self, hour: Hour) {
        let segment = &self.segments[&hour];
        let paths =
            (0..segment.shards).map(|number| format!("{CONTAINER}/{}", Shard { hour, number }));
        let document = json!({
            "version": 0,
            "begin": text(hour.start()),
            "intervalSecs": 3600,
            "status": if segment.is_final { "Finalized" } else { "Publishing" },
            "config": {
                "version": 1,
                "configVersionEtag": "0x8dad189bd5c84f6",
                "numShards": segment.shards,
                "recordsFormat": "avro",
                "formatSchemaVersion": self.version,
                "shardDistFnVersion": 1,
                "streamAppendType": 3,
            },
            "chunkFilePaths": paths.collect::<Vec<_>>(),
            "storageDiagnostics": {
                "version": 0,
                "lastModifiedTime": text(self.account.now()),
                "data": {"aid": "77cb7abe-2006-0000-0072-03e5680628a7"},
            },
        });
        self.put(&hour.name(), document.to_string());
    }

    fn put(&self, name: &str, text: String) {
        let blob = NewBlob::new(Bytes::from(text)).content_type("application/json");
        self.account
            .put(CONTAINER, name, blob)
            .expect("a container");
    }
}

/// How many bytes stand before the first block of a chunk.
pub fn header_length(version: u32, packing: Packing) -> usize {
    container_file::header(version, packing).len()
}

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).expect("a time of this era")
}
