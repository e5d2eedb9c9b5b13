//! Events of a change feed a second, from the bytes of a chunk to the gate: with its answer whether the blob is wanted and
//! whether this version of it is done, for which no call is made.
//!
//! `cargo bench --bench feed`
//!
//! In memory, in CPU time: 20,000 events of the schema's version 5, in blocks of 200, read ten times over in each of seven rounds.
//! The baseline is the reader in Microsoft's `azure-storage-blob` for Python, on the same bytes in the same rounds, where
//! `make test-feed` has installed it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use azure_blob_eventsource::{
    config::SourceConfig,
    feed::{CONTAINER, change::Kind, chunk::ChunkReader, hour::Hour, shard::Shard},
    gate::{Gate, Policy},
    ledger::{facts::Facts, fingerprint::FingerprintKey},
};
use support::{cpu, median, print_table, row, size, spread, verdict};
use testkit::{
    account::FakeAccount,
    change_feed::{FeedEvent, FeedWriter},
};
use time::macros::datetime;
use tokio::sync::mpsc;

mod support;

const EVENTS: usize = 20_000;
const BLOCK: usize = 200;
const TIMES: usize = 10;
const ROUNDS: usize = 7;
/// Events a second.
const TARGET: f64 = 200_000.0;

/// From a file to events, as Microsoft's reader of the feed does it, without the network.
const THEIRS: &str = "
import io, sys, time
from azure.storage.blob._shared.avro.avro_io import DatumReader
from azure.storage.blob._shared.avro.datafile import DataFileReader
class Stream(io.BytesIO):
    def track_object_position(self): pass
    def set_object_index(self, index): pass
stream = Stream(open(sys.argv[1], 'rb').read())
began = time.process_time()
count = sum(1 for _ in DataFileReader(stream, DatumReader()))
print(count / (time.process_time() - began))
";

fn main() {
    let bytes = chunk(size(EVENTS, BLOCK));
    let gate = gate();
    let python = python();
    let (mut ours, mut ratios) = (Vec::new(), Vec::new());
    for _ in 0..size(ROUNDS, 1) {
        let rate = rate(&bytes, &gate);
        ours.push(rate / 1000.0);
        ratios.extend(
            python
                .as_deref()
                .map(|python| rate / theirs(python, &bytes)),
        );
    }
    let met = median(&ours) * 1000.0 >= TARGET;
    let mut table = vec![
        row(["what", "target", "measured", ""]),
        row([
            "thousand events of the change feed per second of CPU",
            &format!(">= {:.0}", TARGET / 1000.0),
            &spread(&ours),
            verdict(met),
        ]),
    ];
    if ratios.is_empty() {
        println!("Microsoft's reader is not installed: `make test-feed` does that");
    } else {
        let against = "the same, ours / Microsoft's reader for Python";
        table.push(row([against, "", &spread(&ratios), ""]));
    }
    print_table("From the bytes of a chunk to the gate", &table);
}

fn chunk(events: usize) -> Vec<u8> {
    let account = FakeAccount::new();
    let mut writer = FeedWriter::enable(&account);
    let start = datetime!(2026-11-29 14:00 UTC);
    let events: Vec<FeedEvent> = (0..events as u32)
        .map(|number| {
            let name = format!("raw/2026/11/29/part-{number:06}.csv");
            let time = start + Duration::from_millis(100) * number;
            FeedEvent::created("datasets", &name, &format!("0x8D{number:012X}"), time)
        })
        .collect();
    events.chunks(BLOCK).for_each(|part| writer.write(part));
    let shard = Shard {
        hour: Hour::of(start),
        number: 0,
    };
    account
        .get(CONTAINER, &shard.chunk(0))
        .unwrap()
        .content()
        .to_vec()
}

/// That of a source with a pattern, whose blobs are all new.
fn gate() -> Gate {
    let config =
        "account: lake\ncontainer: datasets\npattern: 'raw/**/*.csv'\nstate: {container: ledger}\n";
    let config = SourceConfig::parse(config.as_bytes()).expect("a configuration");
    let (spec, key) = (config.filter.spec().clone(), FingerprintKey(1, 2));
    let facts = Facts::new("c".to_owned(), key, spec, "raw/", 0).baseline_complete();
    let policy = Policy::new(config.rules(), &facts);
    let ledger = (Default::default(), Default::default());
    Gate::new(policy, ledger, mpsc::channel(1).0, mpsc::channel(1).0)
}

/// Events per second of CPU.
fn rate(bytes: &[u8], gate: &Gate) -> f64 {
    let began = cpu();
    let mut count = 0_u64;
    for _ in 0..TIMES {
        let mut reader = ChunkReader::new();
        // As the port answers: 4 MiB at a time.
        for piece in bytes.chunks(4 << 20) {
            reader.push(piece);
            while let Some(block) = reader.block().expect("a chunk") {
                for change in block.changes() {
                    let change = change.expect("an event");
                    count += u64::from(change.kind == Kind::BlobCreated);
                    let (Some(blob), Some(time)) = (change.blob, change.time()) else {
                        continue;
                    };
                    let is_old = gate.was_before(blob.name, time);
                    let is_new = gate.wants(blob.name) && !gate.knows(blob.name, change.etag);
                    assert!(is_new && !is_old, "{}", blob.name);
                }
            }
        }
    }
    count as f64 / (cpu() - began).as_secs_f64()
}

fn python() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| env::home_dir().map(|home| home.join(".cache")))?;
    let python = cache.join("azure-blob-eventsource/change-feed-python/bin/python");
    python.exists().then_some(python)
}

fn theirs(python: &Path, bytes: &[u8]) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("00000.avro");
    fs::write(&file, bytes).expect("a file");
    let output = Command::new(python)
        .args(["-c", THEIRS])
        .arg(&file)
        .output();
    let output = output.expect("Python");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| {
        panic!("{}", String::from_utf8_lossy(&output.stderr));
    })
}
