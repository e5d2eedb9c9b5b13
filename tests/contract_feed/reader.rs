//! The reader of chunks, on what a feed's writer wrote: in every version, cut anywhere, while it grows, and damaged.

use azure_blob_eventsource::feed::{
    CONTAINER,
    chunk::{Block, ChunkReader},
    hour::Hour,
    shard::Shard,
};
use proptest::prelude::*;
use testkit::{
    account::FakeAccount,
    change_feed::{FeedEvent, FeedWriter, LATER, PUBLISHED, Packing},
};

use crate::told::{Told, all_of, at, blocks, some};

/// One chunk with these blocks, and the bytes at which each ends.
fn chunk(version: u32, packing: Packing, parts: &[&[FeedEvent]]) -> (Vec<u8>, Vec<usize>) {
    let account = FakeAccount::new();
    let mut writer = FeedWriter::enable(&account);
    writer.set_schema(version);
    writer.set_packing(packing);
    let hour = Hour::of(at(0));
    let name = Shard { hour, number: 0 }.chunk(0);
    let mut ends = Vec::new();
    for part in parts {
        writer.write(part);
        ends.push(account.get(CONTAINER, &name).unwrap().size() as usize);
    }
    (
        account.get(CONTAINER, &name).unwrap().content().to_vec(),
        ends,
    )
}

fn told(events: &[FeedEvent]) -> Vec<Told> {
    events.iter().map(Told::in_event).collect()
}

/// What a block says of itself and of its changes.
fn seen(block: &Block) -> (u64, u64, Vec<Told>) {
    (
        block.at,
        block.events,
        all_of(std::slice::from_ref(block)).unwrap(),
    )
}

fn whole(bytes: &[u8]) -> Vec<Block> {
    let mut reader = ChunkReader::new();
    reader.push(bytes);
    let blocks = blocks(&mut reader).unwrap();
    assert_eq!(reader.wanted().from, bytes.len() as u64);
    blocks
}

#[test]
fn every_version_and_packing_says_the_same() {
    let events = some(40);
    for version in PUBLISHED.into_iter().chain([LATER]) {
        for packing in [Packing::Null, Packing::Deflate] {
            let (bytes, _) = chunk(
                version,
                packing,
                &[&events[..7], &events[7..8], &events[8..]],
            );
            let blocks = whole(&bytes);
            assert_eq!(
                all_of(&blocks).unwrap(),
                told(&events),
                "{version} {packing:?}"
            );
            let counts: Vec<u64> = blocks.iter().map(|it| it.events).collect();
            assert_eq!(counts, [7, 1, 32]);
        }
    }
}

#[test]
fn a_chunk_that_is_cut_anywhere_has_the_blocks_before_and_wants_more() {
    let events = some(12);
    let (bytes, ends) = chunk(
        5,
        Packing::Null,
        &[&events[..3], &events[3..4], &events[4..]],
    );
    let all: Vec<_> = whole(&bytes).iter().map(seen).collect();
    for cut in 0..=bytes.len() {
        let mut reader = ChunkReader::new();
        reader.push(&bytes[..cut]);
        let mut found: Vec<_> = blocks(&mut reader).unwrap().iter().map(seen).collect();
        let due = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(found, all[..due], "cut at {cut}");
        assert_eq!(reader.wanted().from, cut as u64);
        // It goes on where it was cut.
        reader.push(&bytes[cut..]);
        found.extend(blocks(&mut reader).unwrap().iter().map(seen));
        assert_eq!(found, all, "cut at {cut}");
    }
}

#[test]
fn any_block_can_be_the_first_and_is_found_again_by_where_it_begins() {
    let events = some(30);
    let parts: Vec<&[FeedEvent]> = events.chunks(7).collect();
    let (bytes, _) = chunk(5, Packing::Null, &parts);
    let all: Vec<_> = whole(&bytes).iter().map(seen).collect();
    for (index, (start, ..)) in all.iter().enumerate() {
        let mut reader = ChunkReader::at(*start);
        let mut found = Vec::new();
        loop {
            let wanted = reader.wanted();
            let from = (wanted.from as usize).min(bytes.len());
            let part = &bytes[from..(from + wanted.most.min(500) as usize).min(bytes.len())];
            if part.is_empty() {
                break;
            }
            reader.push(part);
            found.extend(blocks(&mut reader).unwrap().iter().map(seen));
        }
        assert_eq!(found, all[index..]);
    }
    // At the end there is nothing yet; within a block nobody can read on.
    let mut reader = ChunkReader::at(bytes.len() as u64);
    reader.push(&bytes);
    assert!(reader.block().unwrap().is_none());
    let mut reader = ChunkReader::at(all[1].0 + 12);
    reader.push(&bytes);
    assert!(reader.block().is_err() && reader.block().is_err());
}

#[test]
fn a_block_that_is_not_what_it_says_ends_with_one_error() {
    let events = some(4);
    let (bytes, ends) = chunk(5, Packing::Null, &[&events]);
    let start = whole(&bytes)[0].at as usize;
    // The count stands in ten bytes: one more event than there are, and one fewer.
    for (count, message) in [
        (10, "an event does not end within its block"),
        (6, "a block has bytes after its last event"),
    ] {
        let mut bytes = bytes[..ends[0]].to_vec();
        bytes[start] = 0x80 | count;
        let block = whole(&bytes).remove(0);
        let outcomes: Vec<_> = block.changes().collect();
        let (last, before) = outcomes.split_last().unwrap();
        assert_eq!(last.as_ref().unwrap_err().problem, message);
        assert!(before.iter().all(Result::is_ok));
    }
}

#[test]
fn what_would_take_time_or_memory_without_end_is_refused() {
    let text = |fields: &str| {
        format!(
            r#"{{"type":"record","name":"E","fields":[{{"name":"subject","type":"string"}},{{"name":"eventType","type":"string"}},{fields}]}}"#
        )
    };
    let with = |codec: &str, fields: &str, records: i64, data: &[u8]| {
        let mut bytes = b"Obj\x01".to_vec();
        let number = |bytes: &mut Vec<u8>, number: i64| {
            let mut left = ((number << 1) ^ (number >> 63)) as u64;
            while left > 0x7f {
                bytes.push(left as u8 | 0x80);
                left >>= 7;
            }
            bytes.push(left as u8);
        };
        number(&mut bytes, 2);
        for part in ["avro.codec", codec, "avro.schema", &text(fields)] {
            number(&mut bytes, part.len() as i64);
            bytes.extend(part.bytes());
        }
        number(&mut bytes, 0);
        bytes.extend([1; 16]);
        number(&mut bytes, records);
        number(&mut bytes, data.len() as i64);
        bytes.extend(data);
        bytes.extend([1; 16]);
        bytes
    };
    let problem = |bytes: &[u8]| {
        let mut reader = ChunkReader::new();
        reader.push(bytes);
        match blocks(&mut reader) {
            Err(error) => error.problem,
            Ok(blocks) => all_of(&blocks).unwrap_err().problem,
        }
    };
    // A schema that doubles in each line, and items of no byte, 2^62 of them.
    let mut doubling = r#"{"name":"r0","type":{"type":"record","name":"R0","fields":[{"name":"a","type":"null"}]}}"#.to_owned();
    for number in 1..60 {
        let before = number - 1;
        doubling += &format!(
            r#",{{"name":"r{number}","type":{{"type":"record","name":"R{number}","fields":[{{"name":"a","type":"R{before}"}},{{"name":"b","type":"R{before}"}}]}}}}"#
        );
    }
    doubling += r#",{"name":"many","type":{"type":"array","items":"R59"}}"#;
    let endless = b"\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00rest";
    assert_eq!(
        problem(&with("null", &doubling, 1, endless)),
        "a block has bytes after its last event"
    );
    // A record that holds itself has no end.
    let itself =
        r#"{"name":"a","type":{"type":"record","name":"A","fields":[{"name":"a","type":"A"}]}}"#;
    assert_eq!(
        problem(&with("null", itself, 1, b"\x00\x00")),
        "values are nested more than 64 deep"
    );
    let deep = r#"{"name":"a","type":{"type":"record","name":"A","fields":[{"name":"a","type":["null","A"]}]}}"#;
    assert_eq!(
        problem(&with("null", deep, 1, &[2; 1000])),
        "values are nested more than 64 deep"
    );
    // More events than bytes.
    let nothing = r#"{"name":"n","type":"null"}"#;
    assert_eq!(
        problem(&with("null", nothing, i64::MAX, b"\x00\x00")),
        "a block says that it has more events than bytes"
    );
    let bomb = with("deflate", nothing, 1, &bomb());
    assert_eq!(
        problem(&bomb),
        "a block has more than 32 MiB when it is unpacked"
    );
    assert_eq!(
        problem(&with("deflate", nothing, 1, b"\xff\xff")),
        "a block cannot be unpacked as `deflate`"
    );
    let codec = problem(&with("snappy", nothing, 1, b""));
    assert_eq!(
        codec,
        "its codec is `snappy`, and only `null` and `deflate` can be read"
    );
}

/// 64 MiB of zeros, packed.
fn bomb() -> Vec<u8> {
    let account = FakeAccount::new();
    let mut writer = FeedWriter::enable(&account);
    writer.set_packing(Packing::Deflate);
    let name = "x".repeat(64 << 20);
    writer.write(&[FeedEvent::created("datasets", &name, "0x1", at(0))]);
    let shard = Shard {
        hour: Hour::of(at(0)),
        number: 0,
    };
    let chunk = account.get(CONTAINER, &shard.chunk(0)).unwrap();
    let bytes = chunk.content();
    let header = testkit::change_feed::header_length(5, Packing::Deflate);
    bytes[header + 20..bytes.len() - 16].to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn bytes_that_come_in_any_pieces_are_the_same_blocks(
        version in prop::sample::select(vec![1, 3, 5, 8, LATER]),
        deflate in any::<bool>(),
        sizes in prop::collection::vec(1..9_usize, 1..6),
        pieces in prop::collection::vec(1..700_usize, 1..40),
    ) {
        let events = some(sizes.iter().sum::<usize>() as i64);
        let mut rest = &events[..];
        let mut parts = Vec::new();
        for size in sizes {
            let (part, others) = rest.split_at(size);
            parts.push(part);
            rest = others;
        }
        let packing = if deflate { Packing::Deflate } else { Packing::Null };
        let (bytes, _) = chunk(version, packing, &parts);
        let mut reader = ChunkReader::new();
        let (mut left, mut found) = (&bytes[..], Vec::new());
        for piece in pieces.iter().cycle() {
            let (piece, others) = left.split_at((*piece).min(left.len()));
            prop_assert_eq!(reader.wanted().from as usize, bytes.len() - left.len());
            reader.push(piece);
            found.extend(blocks(&mut reader).unwrap());
            left = others;
            if left.is_empty() {
                break;
            }
        }
        prop_assert_eq!(all_of(&found).unwrap(), told(&events));
        let places: Vec<_> = found.iter().map(|it| it.at).collect();
        prop_assert_eq!(places, whole(&bytes).iter().map(|it| it.at).collect::<Vec<_>>());
    }

    #[test]
    fn a_chunk_with_any_byte_changed_is_no_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), deflate in any::<bool>()) {
        let events = some(9);
        let packing = if deflate { Packing::Deflate } else { Packing::Null };
        let (mut bytes, _) = chunk(LATER, packing, &[&events]);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let mut reader = ChunkReader::new();
        reader.push(&bytes);
        if let Ok(blocks) = blocks(&mut reader) {
            let _ = all_of(&blocks);
        }
    }

    #[test]
    fn any_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), begins in any::<bool>()) {
        let mut reader = ChunkReader::new();
        if begins {
            reader.push(b"Obj\x01");
        }
        reader.push(&bytes);
        let _ = reader.block();
    }
}
