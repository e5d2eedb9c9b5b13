//! Whatever stands in the manifest of a batch, it is one that is written as it was read, or it is told.

use azure_blob_eventsource::batch::manifest::Manifest;
use bytes::Bytes;

use crate::feed::{Outcome, feed, is_a_sentence, mutated};

const MANIFESTS: [&str; 2] = [
    "{\"name\":\"day-1/a.csv\",\"eTag\":\"0x8DE2\",\"size\":412,\"lastModified\":\"2026-11-02T08:15:30Z\",\
     \"url\":\"https://lake7.blob.core.windows.net/raw/day-1/a.csv\"}\n{\"name\":\"day-1/b.csv\",\"eTag\":\"0x8DE3\",\
     \"size\":0,\"lastModified\":\"2026-11-02T08:15:31Z\",\"url\":\"https://lake7.blob.core.windows.net/raw/day-1/b.csv\"}\n",
    "",
];

const WORDS: [&str; 14] = [
    "{", "}", "\"", "\n", ",", ":", "null", "-1", "1e999", "\\ud83d", "\\u0000", "\u{feff}",
    "day-0", "\"eTag\"",
];

#[test]
fn whatever_a_manifest_holds_is_read_or_told_in_a_sentence() {
    feed(|rng| {
        let bytes = mutated(rng, &MANIFESTS, &WORDS);
        (bytes.clone(), move || {
            match Manifest::parse(Bytes::from(bytes)) {
                Ok(manifest) => {
                    let size: u64 = manifest
                        .blobs
                        .iter()
                        .fold(0, |sum, it| sum.saturating_add(it.size));
                    assert_eq!(manifest.size(), size);
                    Outcome::Read
                }
                Err(problem) => {
                    is_a_sentence(&problem);
                    Outcome::Refused
                }
            }
        })
    });
}
