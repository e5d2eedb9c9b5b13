//! Whatever stands in the ledger, its reader gives the frames that were written, or says that there are others.

use azure_blob_eventsource::{
    filter::FilterSpec,
    ledger::{
        batches::{BatchId, ClosedBy, FixedBatch},
        chain::Chain,
        facts::Facts,
        fingerprint::{Fingerprint, FingerprintKey},
        frame::{BadFrame, Entry, Frame, FrameReader},
    },
};
use bytes::BytesMut;
use testkit::rng::Rng;

use crate::feed::{Outcome, feed, is_a_sentence};

/// Length and checksum of a frame.
const HEAD: usize = 8;

fn facts() -> Facts {
    let filter = FilterSpec {
        prefix: "raw/".to_owned(),
        patterns: vec!["**/*.csv".to_owned()],
    };
    Facts::new("raw".to_owned(), FingerprintKey(1, 2), filter, "raw/", 0)
}

fn some_fingerprints(rng: &mut Rng) -> Vec<Fingerprint> {
    let count = rng.below(5);
    (0..count)
        .map(|_| Fingerprint::from_bits(rng.below(u64::MAX)))
        .collect()
}

fn entry(rng: &mut Rng) -> Entry {
    match rng.below(8) {
        0 => Entry::Opened,
        1 => Entry::Facts(facts()),
        2 => Entry::Done(some_fingerprints(rng)),
        3 => Entry::Replayed(some_fingerprints(rng)),
        4 => Entry::Batch(FixedBatch {
            id: BatchId(rng.below(u64::MAX).into()),
            group: "day-1/\u{1F48E}".into(),
            replay: rng.chance(500).then(|| "again".into()),
            closed_by: ClosedBy::Quiet,
            members: some_fingerprints(rng),
        }),
        5 => Entry::BatchDone(BatchId(rng.below(u64::MAX).into()), -1),
        6 => Entry::BatchesGone(vec![BatchId(rng.below(u64::MAX).into())]),
        _ => Entry::End(rng.below(u64::MAX)),
    }
}

/// A frame, changed behind its checksum as often as not: then the checksum is made right again, so that the content is
/// looked at.
fn frame(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    let frame = Frame {
        writer: rng.below(u64::MAX),
        entry: entry(rng),
    };
    frame.encode(&mut bytes);
    let mut bytes = bytes.to_vec();
    if rng.chance(500) {
        return bytes;
    }
    for _ in 0..=rng.below(3) {
        let at = HEAD + rng.below((bytes.len() - HEAD) as u64) as usize;
        match rng.below(4) {
            0 if bytes.len() > HEAD + 9 => drop(bytes.remove(at)),
            1 => bytes.insert(at, rng.below(256) as u8),
            2 => bytes[at] = rng.below(13) as u8,
            _ => bytes[at] ^= 1 << rng.below(8),
        }
    }
    if rng.chance(900) {
        let length = ((bytes.len() - HEAD) as u32).to_le_bytes();
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&length), &bytes[HEAD..]);
        bytes[..4].copy_from_slice(&length);
        bytes[4..HEAD].copy_from_slice(&checksum.to_le_bytes());
    }
    bytes
}

#[test]
fn whatever_stands_in_a_ledger_is_read_or_told_in_a_sentence() {
    feed(|rng| {
        let count = 1 + rng.below(4);
        let bytes: Vec<u8> = (0..count).flat_map(|_| frame(rng)).collect();
        let cut = rng.below(bytes.len() as u64 + 1) as usize;
        (bytes.clone(), move || read(&bytes, cut))
    });
}

fn read(bytes: &[u8], cut: usize) -> Outcome {
    let mut reader = FrameReader::new(Chain::of("journal"));
    for piece in [&bytes[..cut], &bytes[cut..]] {
        reader.push(piece);
        loop {
            match reader.read() {
                Ok(Some(frame)) => assert_eq!(written_and_read(&frame), Ok(Some(frame))),
                Ok(None) => break,
                Err(problem) => {
                    is_a_sentence(&problem.to_string());
                    return Outcome::Refused;
                }
            }
        }
    }
    Outcome::Read
}

fn written_and_read(frame: &Frame) -> Result<Option<Frame>, BadFrame> {
    let mut bytes = BytesMut::new();
    frame.encode(&mut bytes);
    let mut reader = FrameReader::new(Chain::of("journal"));
    reader.push(&bytes);
    reader.read()
}
