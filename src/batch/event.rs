//! The event of a batch. Pure.

use std::sync::Arc;

use serde::Serialize;
use time::OffsetDateTime;

use super::manifest::{Entry, Manifest};
use crate::{
    blob::url::blob_url,
    event::{BATCH_CLOSED, CloudEvent, EventId, Place, encoded::encoded, rfc3339, slug},
    ledger::{batches::FixedBatch, offer::BatchOffer},
};

/// A batch of so many blobs has them in its event, where they fit.
const MOST_INLINE: usize = 100;
/// In so many bytes of JSON: a parameter of a Workflow, a message of the bus and an object of the cluster have bounds.
const LONGEST_INLINE: usize = 32 << 10;

/// Where manifests are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestPlace {
    /// The state container's name.
    pub container: String,
    /// The manifest's name in it.
    pub name: String,
}

/// The offer of a batch: the same for ever, however often it is sent.
pub fn offer_of(
    place: &Place,
    batch: &FixedBatch,
    manifest: &Manifest,
    at: &ManifestPlace,
) -> BatchOffer {
    BatchOffer {
        id: batch.id,
        group: Arc::clone(&batch.group),
        count: manifest.blobs.len(),
        payload: payload(place, batch, manifest, at),
    }
}

// CloudEvents 1.0 in JSON. Every field is safe in a template: what uploaders chose is encoded.
fn payload(place: &Place, batch: &FixedBatch, manifest: &Manifest, at: &ManifestPlace) -> Vec<u8> {
    let id = EventId(batch.id.0);
    let names = || manifest.blobs.iter().map(|it| it.name.as_str());
    let last = manifest.blobs.iter().map(|it| it.last_modified).max();
    let readable = match batch.group.is_empty() {
        true => names().next().unwrap_or_default(),
        false => &*batch.group,
    };
    let name = |name: Option<&str>| encoded(name.unwrap_or_default()).into_owned();
    let event = CloudEvent {
        specversion: "1.0",
        id: id.to_hex(),
        kind: BATCH_CLOSED,
        source: place.url(),
        subject: format!(
            "/blobServices/default/containers/{}/batches/{}",
            place.container,
            id.to_hex()
        ),
        time: rfc3339(last.unwrap_or(OffsetDateTime::UNIX_EPOCH)),
        datacontenttype: "application/json",
        sourceid: &place.source_id,
        container: &place.container,
        blobname: None,
        dirname: &encoded(&batch.group),
        flatname: None,
        slug: slug(readable),
        shortid: id.short(),
        replay: batch.replay.as_deref().map(encoded),
        traceparent: place.traceparent(id),
        data: BatchClosed {
            manifest: Where {
                url: blob_url(&place.endpoint, &at.container, &at.name),
                container: &at.container,
                name: &at.name,
            },
            count: manifest.blobs.len(),
            bytes: manifest.size(),
            first_name: name(names().next()),
            last_name: name(names().next_back()),
            closed_by: batch.closed_by.as_str(),
            blobs: inline(&manifest.blobs),
        },
    };
    event.to_json()
}

fn inline(blobs: &[Entry]) -> Option<Vec<Inline>> {
    if blobs.len() > MOST_INLINE {
        return None;
    }
    let inline = |entry: &Entry| Inline {
        name: encoded(&entry.name).into_owned(),
        url: entry.url.clone(),
        etag: encoded(&entry.etag).into_owned(),
        size: entry.size,
    };
    let blobs: Vec<_> = blobs.iter().map(inline).collect();
    let length = serde_json::to_vec(&blobs).map_or(usize::MAX, |it| it.len());
    (length <= LONGEST_INLINE).then_some(blobs)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchClosed<'a> {
    manifest: Where<'a>,
    count: usize,
    bytes: u64,
    first_name: String,
    last_name: String,
    closed_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    blobs: Option<Vec<Inline>>,
}

#[derive(Serialize)]
struct Where<'a> {
    url: String,
    container: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Inline {
    name: String,
    url: String,
    #[serde(rename = "eTag")]
    etag: String,
    size: u64,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        blob::Blob,
        ledger::batches::{BatchId, ClosedBy},
    };

    fn event(group: &str, names: &[&str]) -> Value {
        let place = Place {
            source_id: "datasets".into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            container: "datasets".into(),
            sampling: None,
        };
        let blob = |(at, name): (usize, &&str)| Blob {
            name: (*name).into(),
            etag: "0x8D".into(),
            last_modified: 1_700_000_000 + at as i64,
            size: 10,
            ..Blob::default()
        };
        let blobs: Vec<_> = names.iter().enumerate().map(blob).collect();
        let manifest = Manifest::of(&place, &blobs);
        let batch = FixedBatch {
            id: BatchId(0xabc),
            group: group.into(),
            replay: None,
            closed_by: ClosedBy::Quiet,
            members: Vec::new(),
        };
        let at = ManifestPlace {
            container: "eventsource-state".into(),
            name: "datasets/batches/abc.ndjson".into(),
        };
        let offer = offer_of(&place, &batch, &manifest, &at);
        assert_eq!(offer.count, names.len());
        serde_json::from_slice(&offer.payload).unwrap()
    }

    #[test]
    fn the_event_says_which_blobs_and_where_their_list_is() {
        assert_eq!(
            event("raw/2026 11", &["raw/2026 11/a.csv", "raw/2026 11/b.csv"]),
            json!({
                "specversion": "1.0",
                "id": "00000000000000000000000000000abc",
                "type": "AzureBlobEventSource.BatchClosed",
                "source": "https://account.blob.core.windows.net/datasets",
                "subject": "/blobServices/default/containers/datasets/batches/00000000000000000000000000000abc",
                "time": "2023-11-14T22:13:21Z",
                "datacontenttype": "application/json",
                "sourceid": "datasets",
                "container": "datasets",
                "dirname": "raw/2026 11",
                "slug": "raw-2026-11",
                "shortid": "aaaaaaaaaaaa",
                "data": {
                    "manifest": {
                        "url": "https://account.blob.core.windows.net/eventsource-state/datasets/batches/abc.ndjson",
                        "container": "eventsource-state",
                        "name": "datasets/batches/abc.ndjson",
                    },
                    "count": 2,
                    "bytes": 20,
                    "firstName": "raw/2026 11/a.csv",
                    "lastName": "raw/2026 11/b.csv",
                    "closedBy": "quiet",
                    "blobs": [
                        {"name": "raw/2026 11/a.csv", "url": "https://account.blob.core.windows.net/datasets/raw/2026%2011/a.csv", "eTag": "0x8D", "size": 10},
                        {"name": "raw/2026 11/b.csv", "url": "https://account.blob.core.windows.net/datasets/raw/2026%2011/b.csv", "eTag": "0x8D", "size": 10},
                    ],
                },
            })
        );
    }

    #[test]
    fn blobs_are_in_the_event_only_where_they_are_few_and_fit() {
        let names: Vec<_> = (0..101).map(|n| format!("{n:03}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(
            event("", &names[..100])["data"]["blobs"]
                .as_array()
                .unwrap()
                .len(),
            100
        );
        assert_eq!(event("", &names)["data"].get("blobs"), None);
        let long: Vec<_> = (0..50)
            .map(|n| format!("{n}{}", "x".repeat(1000)))
            .collect();
        let long: Vec<_> = long.iter().map(String::as_str).collect();
        assert_eq!(event("", &long)["data"].get("blobs"), None);
    }

    #[test]
    fn nothing_that_an_uploader_chooses_reaches_a_template_as_code() {
        let hostile = "{{=1+1}}\",$(HOME)\\`\u{1}";
        let event = event(hostile, &[&format!("{hostile}/a"), &format!("{hostile}/b")]);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut texts = vec![text(&event["dirname"]), text(&event["slug"])];
        for key in ["firstName", "lastName"] {
            texts.push(text(&event["data"][key]));
        }
        for blob in event["data"]["blobs"].as_array().unwrap() {
            texts.extend([text(&blob["name"]), text(&blob["url"])]);
        }
        for text in texts {
            assert!(
                !text.contains(['{', '}', '"', '\\', '$', '`', '\u{1}']),
                "{text}"
            );
        }
    }
}
