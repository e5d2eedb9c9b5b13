//! Whatever stands in a file of a change feed, its reader understands it or says in a sentence why not, in bounded time and
//! memory.

use azure_blob_eventsource::feed::{
    CONTAINER,
    chunk::ChunkReader,
    cursor::Cursor,
    hour::Hour,
    segment::{MOST_SHARDS, SegmentManifest},
    segments::Segments,
    shard::Shard,
};
use testkit::{
    account::FakeAccount,
    change_feed::{FeedEvent, FeedWriter, LATER, Packing},
};
use time::macros::datetime;

use crate::feed::{Outcome, feed, is_a_sentence, mutate, mutated};

const MANIFESTS: [&str; 4] = [
    r#"{"version":0,"lastConsumable":"2026-11-29T14:00:00.000Z","storageDiagnostics":{"version":0,"data":{"aid":"a6"}}}"#,
    r#"{"version":0,"begin":"2026-11-29T14:00:00.000Z","intervalSecs":3600,"status":"Finalized","chunkFilePaths":["$blobchangefeed/log/00/2026/11/29/1400/","$blobchangefeed/log/01/2026/11/29/1400/"]}"#,
    r#"{"lastConsumable":"2026-11-29T14:00:00Z","intervalSecs":1,"status":"Publishing","chunkFilePaths":[]}"#,
    r#"{"from":"2026/11/29/1400","closed":["2026/11/29/1400"],"open":{"2026/11/29/1500":{"0":[0,7275,12]}}}"#,
];

const WORDS: [&str; 16] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "-1",
    "1e999",
    "/",
    "..",
    "\u{feff}",
    "9999",
    "Z",
    "$blobchangefeed/log/00/2026/11/29/1400/",
];

const BYTES: [&str; 10] = [
    "\0",
    "\u{1}",
    "\u{2}",
    "\u{7f}\u{7f}\u{7f}",
    "\u{7ff}\u{7ff}",
    "null",
    "string",
    "[",
    "\"type\"",
    "Microsoft.Storage.",
];

#[test]
fn whatever_a_manifest_of_the_feed_holds_is_read_or_told_in_a_sentence() {
    let hour = Hour::of(datetime!(2026-11-29 14:00 UTC));
    feed(|rng| {
        let bytes = mutated(rng, &MANIFESTS, &WORDS);
        (bytes.clone(), move || {
            let segments = Segments::parse(&bytes);
            let segment = SegmentManifest::parse(hour, &bytes);
            for problem in [segments.as_ref().err(), segment.as_ref().err()]
                .into_iter()
                .flatten()
            {
                is_a_sentence(&problem.to_string());
            }
            if let Ok(segment) = &segment {
                assert!(
                    segment.shards.len() <= MOST_SHARDS
                        && segment.shards.is_sorted_by_key(|it| it.number)
                );
            }
            let cursor = Cursor::from_json(&bytes);
            if let Some(cursor) = &cursor {
                assert_eq!(Cursor::from_json(&cursor.to_json()).as_ref(), Some(cursor));
            }
            match segments.is_ok() || segment.is_ok() || cursor.is_some() {
                true => Outcome::Read,
                false => Outcome::Refused,
            }
        })
    });
}

#[test]
fn whatever_a_chunk_holds_is_read_or_told_in_a_sentence() {
    let chunks: Vec<Vec<u8>> = [
        (1, Packing::Null),
        (5, Packing::Deflate),
        (LATER, Packing::Null),
    ]
    .map(|(version, packing)| chunk(version, packing))
    .into();
    feed(|rng| {
        let bytes = rng.pick(&chunks).clone();
        let bytes = mutate(rng, bytes, &BYTES);
        let cut = rng.below(bytes.len() as u64 + 1) as usize;
        (bytes.clone(), move || read(&bytes, cut))
    });
}

fn chunk(version: u32, packing: Packing) -> Vec<u8> {
    let account = FakeAccount::new();
    let mut writer = FeedWriter::enable(&account);
    writer.set_schema(version);
    writer.set_packing(packing);
    let time = datetime!(2026-11-29 14:00 UTC);
    for name in ["a.csv", "größe.csv"] {
        let updated = FeedEvent::properties_updated("datasets", name, "0x2", time);
        writer.write(&[
            FeedEvent::created("datasets", name, "\"0x1\"", time),
            updated,
        ]);
    }
    let shard = Shard {
        hour: Hour::of(time),
        number: 0,
    };
    account
        .get(CONTAINER, &shard.chunk(0))
        .unwrap()
        .content()
        .to_vec()
}

fn read(bytes: &[u8], cut: usize) -> Outcome {
    let mut reader = ChunkReader::new();
    for part in [&bytes[..cut], &bytes[cut..]] {
        reader.push(part);
        loop {
            let block = match reader.block() {
                Ok(Some(block)) => block,
                Ok(None) => break,
                Err(problem) => {
                    is_a_sentence(&problem.to_string());
                    return Outcome::Refused;
                }
            };
            for change in block.changes() {
                match change {
                    Ok(change) => {
                        let _ = change.time();
                        assert!(
                            change
                                .blob
                                .is_none_or(|it| !it.container.is_empty() && !it.name.is_empty())
                        );
                    }
                    Err(problem) => {
                        is_a_sentence(&problem.to_string());
                        return Outcome::Refused;
                    }
                }
            }
        }
    }
    Outcome::Read
}
