//! A storage account with a change feed, as a process of its own, for readers of the feed that are not ours.
//!
//! It writes two files of JSON lines: what was written (`written.ndjson`), and what our reader reads over HTTP
//! (`read.ndjson`). It prints the account's connection string and serves until its input ends.

use std::{
    fs,
    io::{Read, stdin},
    path::PathBuf,
};

use azure_blob_eventsource::{
    feed::{
        change::{Change, Kind},
        chunk::ChunkReader,
        hour::Hour,
    },
    ports::feed::ChangeFeed,
};
use clap::Parser;
use serde_json::{Value, json};
use testkit::{
    account::FakeAccount,
    change_feed::{FeedEvent, FeedWriter, LATER, PUBLISHED, Packing},
    http::HttpFace,
    subject::connect,
};
use time::{Duration, OffsetDateTime, macros::datetime};

/// A fake Azure Blob Storage with a change feed.
#[derive(Parser)]
struct Args {
    /// The directory to write both files into
    folder: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let account = FakeAccount::new();
    let written = write(&account);
    let face = HttpFace::start(account).await;
    let (connected, _credentials) = connect(&face.endpoint(), &face.connection_string());
    let read = read(&*connected.feed()).await?;
    save(&args, "written.ndjson", &written)?;
    save(&args, "read.ndjson", &read)?;
    println!("{}", face.connection_string());
    // The parent's end of the pipe closes when the parent ends, however it ends.
    tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// A segment for each version of the schema, with shards that appear later, stay empty or have several chunks, hours
/// without changes, and a last segment to which more will be added.
fn write(account: &FakeAccount) -> Vec<Value> {
    let mut writer = FeedWriter::enable(account);
    let (start, mut all) = (datetime!(2026-11-29 20:00 UTC), Vec::new());
    for (index, version) in PUBLISHED.into_iter().chain([LATER]).enumerate() {
        // Every other hour has no segment, and the midnight of a month lies between.
        let hour = start + Duration::hours(2 * index as i64);
        writer.set_schema(version);
        writer.set_shards(1 + index as u32);
        writer.set_chunk_bytes(20_000);
        let packing = if index == 2 {
            Packing::Deflate
        } else {
            Packing::Null
        };
        writer.set_packing(packing);
        let events = events(hour, version);
        for part in events.chunks(17) {
            writer.write(part);
        }
        if version != LATER {
            writer.finalize(Hour::of(hour));
        }
        writer.set_consumable(hour);
        all.extend(events.iter().map(|event| event.json().clone()));
    }
    writer.begin(Hour::of(start + Duration::hours(16)));
    all
}

fn events(hour: OffsetDateTime, version: u32) -> Vec<FeedEvent> {
    let events = (0..100_u32).map(|number| {
        let name = format!("v{version}/größe ✓/{}#% 🦀.csv", number / 2);
        let etag = format!("0x8D{version:04X}{number:08X}");
        let time = hour + Duration::seconds(number.into()) + Duration::nanoseconds(123_456_700);
        let blob = ("datasets", name.as_str());
        match number % 10 {
            3 => FeedEvent::deleted("datasets", &name, &etag, time),
            4 => FeedEvent::properties_updated("datasets", &name, &etag, time),
            5 => FeedEvent::new(
                "BlobCreated",
                "CopyBlob",
                blob,
                &format!("\"{etag}\""),
                time,
            ),
            6 => FeedEvent::new("BlobCreated", "PutBlockList", blob, &etag, time),
            7 => FeedEvent::created("$logs", &name, &etag, time)
                .with("blobType", "AppendBlob".into()),
            8 => FeedEvent::new("BlobTierChanged", "SetBlobTier", blob, &etag, time)
                .with("previousInfo", json!({"PreviousTier": "Hot"})),
            9 => FeedEvent::control(time),
            _ => FeedEvent::created("datasets", &name, &etag, time),
        }
    });
    events.collect()
}

/// What our reader sees, all of a segment before the next.
async fn read(feed: &dyn ChangeFeed) -> anyhow::Result<Vec<Value>> {
    let last = feed
        .consumable()
        .await?
        .map(|it| Hour::of(it.last_consumable));
    let mut all = Vec::new();
    for hour in feed
        .segments(Hour::INITIAL, last.unwrap_or(Hour::INITIAL))
        .await?
    {
        let Some(segment) = feed.segment(hour).await? else {
            continue;
        };
        for shard in segment.shards {
            for chunk in feed.chunks(shard).await? {
                let mut reader = ChunkReader::new();
                loop {
                    let wanted = reader.wanted();
                    let bytes = feed.read(shard, chunk.number, wanted.from, wanted.most);
                    let bytes = bytes.await?.unwrap_or_default();
                    if bytes.is_empty() {
                        break;
                    }
                    reader.push(&bytes);
                    while let Some(block) = reader.block()? {
                        for change in block.changes() {
                            all.push(line(&change?));
                        }
                    }
                }
            }
        }
    }
    Ok(all)
}

fn line(change: &Change<'_>) -> Value {
    json!({
        "container": change.blob.map_or("", |it| it.container),
        "name": change.blob.map_or("", |it| it.name),
        "isCreation": change.kind == Kind::BlobCreated,
        "api": change.api,
        "etag": change.etag,
        "eventTime": change.event_time,
        "contentLength": change.size,
        "blobType": change.blob_type.map(|it| it.as_str()),
    })
}

fn save(args: &Args, name: &str, values: &[Value]) -> std::io::Result<()> {
    let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
    fs::write(args.folder.join(name), lines)
}
