//! The manifest of a batch: which blobs are in it, written once and never changed. Pure.
//!
//! It is NDJSON: one JSON object a line, `{"name", "eTag", "size", "lastModified", "url"}`, sorted by name. The batch's
//! id is made of these bytes, so that two batches with one id are the same batch.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::{
    blob::{Blob, url::blob_url},
    event::{EventId, Place},
    ledger::batches::BatchId,
    text::hex::hex,
};

/// A manifest is read with one call: 10,000 lines with names and URLs of the greatest length, each character of which
/// takes twelve bytes in a URL.
pub(super) const LONGEST: u64 = 256 << 20;

/// A manifest as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The lines.
    pub bytes: Bytes,
    /// What they are about.
    pub blobs: Vec<Entry>,
}

/// How many characters of what is wrong with a line are told.
const WORDS: usize = 200;

/// A line of a manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The whole name, as it was written.
    pub name: String,
    /// The version's ETag without quotes.
    #[serde(rename = "eTag")]
    pub etag: String,
    /// Bytes.
    pub size: u64,
    /// When the content was last modified.
    #[serde(with = "time::serde::rfc3339")]
    pub last_modified: OffsetDateTime,
    /// Where it is.
    pub url: String,
}

impl From<Entry> for Blob {
    fn from(entry: Entry) -> Self {
        Self {
            name: entry.name,
            etag: entry.etag,
            last_modified: entry.last_modified.unix_timestamp(),
            size: entry.size,
            ..Self::default()
        }
    }
}

impl Manifest {
    /// That of these blobs, which are sorted by name.
    pub fn of(place: &Place, blobs: &[Blob]) -> Self {
        let entry = |blob: &Blob| Entry {
            name: blob.name.clone(),
            etag: blob.etag.clone(),
            size: blob.size,
            last_modified: OffsetDateTime::from_unix_timestamp(blob.last_modified)
                .unwrap_or(OffsetDateTime::UNIX_EPOCH),
            url: blob_url(&place.endpoint, &place.container, &blob.name),
        };
        let blobs: Vec<_> = blobs.iter().map(entry).collect();
        let mut bytes = Vec::new();
        for entry in &blobs {
            // A struct of strings and numbers always has a JSON form.
            bytes.extend(serde_json::to_vec(entry).unwrap_or_default());
            bytes.push(b'\n');
        }
        Self {
            bytes: bytes.into(),
            blobs,
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(bytes: Bytes) -> Result<Self, String> {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        let lines = lines.filter(|(_, line)| !line.is_empty());
        let read = |(at, line)| -> Result<Entry, String> {
            serde_json::from_slice(line).map_err(|error| {
                // It repeats what it did not expect, however long that is.
                let error: String = error.to_string().chars().take(WORDS).collect();
                format!("line {}: {error}", at + 1)
            })
        };
        let blobs = lines.map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { bytes, blobs })
    }

    /// The id of the batch that has this manifest, found by `place`'s source or, when there is a name, by a replay.
    pub fn id(&self, place: &Place, replay: Option<&str>) -> BatchId {
        let digest = hex(&Sha256::digest(&self.bytes));
        // No blob has an empty name, so no event of one blob has this id.
        BatchId(EventId::of(place, "", &digest, replay).0)
    }

    /// The bytes of all its blobs.
    pub fn size(&self) -> u64 {
        self.blobs
            .iter()
            .map(|it| it.size)
            .fold(0, u64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn place() -> Place {
        Place {
            source_id: "datasets".into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            container: "datasets".into(),
            sampling: None,
        }
    }

    fn blob(name: &str) -> Blob {
        Blob {
            name: name.into(),
            etag: "0x8D".into(),
            last_modified: 1_700_000_000,
            size: 12,
            ..Blob::default()
        }
    }

    #[test]
    fn a_line_says_what_a_blob_is_and_where() {
        let manifest = Manifest::of(&place(), &[blob("raw/my data.csv")]);
        assert_eq!(
            manifest.bytes,
            "{\"name\":\"raw/my data.csv\",\"eTag\":\"0x8D\",\"size\":12,\"lastModified\":\"2023-11-14T22:13:20Z\",\
             \"url\":\"https://account.blob.core.windows.net/datasets/raw/my%20data.csv\"}\n"
        );
    }

    #[test]
    fn an_id_is_of_the_source_the_members_and_the_replay() {
        let one = Manifest::of(&place(), &[blob("a")]);
        let id = one.id(&place(), None);
        assert_eq!(id, Manifest::of(&place(), &[blob("a")]).id(&place(), None));
        let audit = Place {
            source_id: "audit".into(),
            ..place()
        };
        let others = [
            Manifest::of(&place(), &[blob("a"), blob("b")]).id(&place(), None),
            one.id(&audit, None),
            one.id(&place(), Some("r1")),
        ];
        assert!(others.iter().all(|other| *other != id));
    }

    proptest! {
        #[test]
        fn any_names_come_back(names in prop::collection::btree_set(".{1,20}", 1..5)) {
            let blobs: Vec<_> = names.iter().map(|name| blob(name)).collect();
            let manifest = Manifest::of(&place(), &blobs);
            prop_assert_eq!(manifest.bytes.iter().filter(|byte| **byte == b'\n').count(), blobs.len());
            prop_assert_eq!(Manifest::parse(manifest.bytes.clone()), Ok(manifest));
        }
    }
}
