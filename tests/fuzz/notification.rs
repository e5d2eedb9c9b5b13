//! Whatever a queue holds, its reader gives notifications that make sense, or one sentence.

use azure_blob_eventsource::{blob::is_name, notification::parse};
use base64::{Engine, engine::general_purpose::STANDARD};
use testkit::rng::Rng;

use crate::feed::{Outcome, feed, is_a_sentence, mutated};

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

fn put(rng: &mut Rng, bytes: &[u8]) -> String {
    match rng.below(3) {
        0 => STANDARD.encode(bytes),
        1 => STANDARD.encode(STANDARD.encode(bytes)),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn read(text: &str) -> Outcome {
    match parse(text, "/devstoreaccount1") {
        Ok(all) => {
            assert!(!all.is_empty());
            for it in all.iter().filter(|it| it.kind.announces()) {
                assert!(is_name(&it.name) && !it.container.is_empty());
                assert!(!it.container.contains('/'), "{it:?}");
                assert!(it.etag.as_ref().is_none_or(|etag| !etag.is_empty()));
            }
            Outcome::Read
        }
        Err(problem) => {
            is_a_sentence(&problem.to_string());
            Outcome::Refused
        }
    }
}

#[test]
fn whatever_a_queue_holds_is_read_or_told_in_a_sentence() {
    feed(|rng| {
        let bytes = mutated(rng, &DOCUMENTS, &WORDS);
        let text = put(rng, &bytes);
        (text.clone().into_bytes(), move || read(&text))
    });
}
