//! Documents that nobody would write, made of those that somebody did: whatever a queue holds, its reader gives
//! notifications that make sense, or one sentence.
//!
//! It runs for two seconds, or for as many as `FUZZ_SECONDS` says, from one seed (`FUZZ_SEED`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::{
    panic::catch_unwind,
    time::{Duration, Instant},
};

use azure_blob_eventsource::{blob::is_name, notification::parse};
use base64::{Engine, engine::general_purpose::STANDARD};
use testkit::{rng::Rng, seeds};

/// What mutations begin with: one document of each form.
const DOCUMENTS: [&str; 4] = [
    r#"{"topic":"/subscriptions/1/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/lake7","subject":"/blobServices/default/containers/raw/blobs/in/a.csv","eventType":"Microsoft.Storage.BlobCreated","eventTime":"2026-11-02T08:15:30.1234567Z","id":"5a2c","data":{"api":"PutBlob","eTag":"\"0x8DE2\"","url":"https://lake7.blob.core.windows.net/raw/in/a.csv","sequencer":"00A1"},"dataVersion":"","metadataVersion":"1"}"#,
    r#"[{"specversion":"1.0","source":"/s/storageAccounts/lake7","subject":"","type":"Microsoft.Storage.BlobRenamed","time":"2026-11-02T08:15:30Z","id":"6b","data":{"api":"RenameFile","destinationUrl":"https://lake7.dfs.core.windows.net/raw/%F0%9F%92%8E.csv","sourceUrl":"https://lake7.dfs.core.windows.net/raw/b"}}]"#,
    r#"[{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"7F"}},{"eventType":"Microsoft.Storage.BlobCreated","data":{"api":"CreateFile","url":"http://127.0.0.1:10000/devstoreaccount1/raw/a%20b"}}]"#,
    r#"{"type":"Microsoft.Storage.DirectoryDeleted","specversion":"1.0","data":null}"#,
];

/// What means something to a reader.
const WORDS: [&str; 20] = [
    "{", "}", "[", "]", "\"", ",", ":", "null", "true", "1e999", "\\ud83d", "\\u0000", "%", "%2F",
    "//", "/blobs/", "\u{feff}", "data", "subject", "=",
];

fn mutated(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = rng.pick(&DOCUMENTS).as_bytes().to_vec();
    for _ in 0..=rng.below(6) {
        let at = rng.below(bytes.len() as u64 + 1) as usize;
        let end = (at + rng.below(24) as usize).min(bytes.len());
        match rng.below(6) {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.truncate(at),
            2 => bytes
                .splice(at..at, rng.pick(&WORDS).bytes())
                .for_each(drop),
            3 => bytes
                .splice(at..end, rng.pick(&WORDS).bytes())
                .for_each(drop),
            4 => {
                let part = bytes[at..end].repeat(1 + rng.below(300) as usize);
                bytes.splice(at..at, part).for_each(drop);
            }
            _ => bytes[at..end]
                .iter_mut()
                .for_each(|byte| *byte ^= 1 << rng.below(8)),
        }
    }
    bytes
}

fn put(rng: &mut Rng, bytes: &[u8]) -> String {
    match rng.below(3) {
        0 => STANDARD.encode(bytes),
        1 => STANDARD.encode(STANDARD.encode(bytes)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Reads a text, and says whether it held notifications.
fn read(text: &str) -> bool {
    match parse(text, "/devstoreaccount1") {
        Ok(all) => {
            assert!(!all.is_empty());
            for it in all.iter().filter(|it| it.kind.announces()) {
                assert!(is_name(&it.name) && !it.container.is_empty());
                assert!(!it.container.contains('/'), "{it:?}");
                assert!(it.etag.as_ref().is_none_or(|etag| !etag.is_empty()));
            }
            true
        }
        Err(problem) => {
            let problem = problem.to_string();
            assert!(problem.len() < 300 && !problem.contains('\n'), "{problem}");
            false
        }
    }
}

#[test]
fn whatever_a_queue_holds_is_read_or_told_in_a_sentence() {
    let seed = seeds::number("FUZZ_SEED").unwrap_or(1);
    let time = Duration::from_secs(seeds::number("FUZZ_SECONDS").unwrap_or(2));
    let (mut rng, start, mut counts) = (Rng::new(seed), Instant::now(), [0_u64; 2]);
    while start.elapsed() < time {
        let bytes = mutated(&mut rng);
        let text = put(&mut rng, &bytes);
        match catch_unwind(|| read(&text)) {
            Ok(was_read) => counts[usize::from(was_read)] += 1,
            Err(_) => panic!("seed {seed}, after {counts:?}: {text:?}"),
        }
    }
    println!("seed {seed}: {} refused, {} read", counts[0], counts[1]);
    assert!(
        counts.iter().all(|count| *count > 0),
        "it tries one side only: {counts:?}"
    );
}
