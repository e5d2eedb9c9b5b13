//! What is counted: the work that each blob, event, notification or change of the feed costs.

use std::{fmt::Write, hint::black_box};

use azure_blob_eventsource::{
    azure::list_page,
    blob::Blob,
    event::Place,
    feed::{CONTAINER, chunk::ChunkReader, hour::Hour, shard::Shard},
    ledger::{Contents, Ledger, Standing, fingerprint::FingerprintKey, frame::Entry},
    notification,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use testkit::{
    account::{FakeAccount, Synthetic},
    change_feed::{FeedEvent, FeedWriter},
};
use time::OffsetDateTime;

/// The cases, as `figures.json` names them.
pub(crate) const NAMES: [&str; 5] = [
    "feed",
    "gate_look_up",
    "list_page",
    "notification",
    "payload",
];

/// How many blobs a page of a listing has ("List Blobs", `maxresults`).
const PAGE: u64 = 5_000;
/// How many events, notifications or changes a case makes or reads.
const EVENTS: u64 = 1_000;

/// Runs one of [`NAMES`].
///
/// # Panics
/// If there is no such case, or it does not do what it should.
pub(crate) fn run(case: &str) {
    match case {
        "feed" => feed(),
        "gate_look_up" => gate_look_up(),
        "list_page" => list_page(),
        "notification" => notification(),
        "payload" => payload(),
        _ => panic!("there is no case {case}"),
    }
}

fn list_page() {
    let page = page();
    assert_eq!(instructions_of_list_page(page.as_bytes()), PAGE as usize);
}

#[inline(never)]
fn instructions_of_list_page(xml: &[u8]) -> usize {
    let page = list_page::parse(black_box(xml), OffsetDateTime::UNIX_EPOCH).expect("a page");
    black_box(&page).len()
}

fn page() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"https://lake7.blob.core.windows.net/\" \
         ContainerName=\"raw\"><Blobs>",
    );
    for index in 0..PAGE {
        let (name, etag) = (Synthetic::name(index), Synthetic::etag(index));
        let size = Synthetic::size(index);
        write!(
            xml,
            "<Blob><Name>{name}</Name><Properties><Creation-Time>Mon, 02 Nov 2026 08:15:30 GMT</Creation-Time><Last-Modified>\
             Mon, 02 Nov 2026 08:15:30 GMT</Last-Modified><Etag>{etag}</Etag><Content-Length>{size}</Content-Length>\
             <Content-Type>text/csv</Content-Type><Content-MD5>1B2M2Y8AsgTpgAmY7PhCfg==</Content-MD5><BlobType>BlockBlob\
             </BlobType><AccessTier>Hot</AccessTier><LeaseStatus>unlocked</LeaseStatus></Properties></Blob>"
        )
        .expect("a text takes all");
    }
    xml + "</Blobs><NextMarker>2!76!MDAw</NextMarker></EnumerationResults>"
}

fn gate_look_up() {
    const KNOWN: u64 = 100_000;
    let key = FingerprintKey(0x6b65_7931, 0x6b65_7932);
    let name_and_etag = |index| (Synthetic::name(index), Synthetic::etag(index));
    let mut contents = Contents::default();
    let done = (0..KNOWN).map(|index| {
        let (name, etag) = name_and_etag(index);
        key.of(&name, &etag)
    });
    contents.apply(Entry::Done(done.collect()));
    let mut ledger = Ledger::new(contents);
    ledger.start_sweep();
    let page: Vec<_> = (0..PAGE).map(|index| name_and_etag(index * 20)).collect();
    assert_eq!(
        instructions_of_gate_look_up(&mut ledger, key, &page),
        PAGE as usize
    );
}

#[inline(never)]
fn instructions_of_gate_look_up(
    ledger: &mut Ledger,
    key: FingerprintKey,
    page: &[(String, String)],
) -> usize {
    page.iter()
        .filter(|(name, etag)| ledger.shown(key.of(black_box(name), etag)) == Standing::Done)
        .count()
}

fn payload() {
    let place = Place {
        source_id: "datasets".to_owned(),
        endpoint: "https://lake7.blob.core.windows.net".to_owned(),
        container: "raw".to_owned(),
        sampling: None,
    };
    let xml = page();
    let page = list_page::parse(xml.as_bytes(), OffsetDateTime::UNIX_EPOCH).expect("a page");
    let blobs: Vec<_> = page
        .blobs()
        .take(EVENTS as usize)
        .map(|it| Blob::of(&it, Default::default()))
        .collect();
    assert!(instructions_of_payload(&place, &blobs) > 400 * EVENTS as usize);
}

#[inline(never)]
fn instructions_of_payload(place: &Place, blobs: &[Blob]) -> usize {
    blobs
        .iter()
        .map(|blob| place.payload(black_box(blob), None).len())
        .sum()
}

fn notification() {
    let messages: Vec<_> = (0..EVENTS)
        .map(|index| {
            let (name, etag) = (Synthetic::name(index), Synthetic::etag(index));
            STANDARD.encode(format!(
                r#"{{"topic":"/subscriptions/1/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/lake7","subject":"/blobServices/default/containers/raw/blobs/{name}","eventType":"Microsoft.Storage.BlobCreated","eventTime":"2026-11-02T08:15:30.1234567Z","id":"5a2c","data":{{"api":"PutBlob","requestId":"9d","eTag":"{etag}","contentType":"text/csv","contentLength":412,"blobType":"BlockBlob","url":"https://lake7.blob.core.windows.net/raw/{name}","sequencer":"00A1","storageDiagnostics":{{"batchId":"5f"}}}},"dataVersion":"","metadataVersion":"1"}}"#
            ))
        })
        .collect();
    assert_eq!(instructions_of_notification(&messages), EVENTS as usize);
}

#[inline(never)]
fn instructions_of_notification(messages: &[String]) -> usize {
    messages
        .iter()
        .map(|text| notification::parse(black_box(text), "").map_or(0, |all| all.len()))
        .sum()
}

fn feed() {
    let time = Synthetic::last_modified();
    let account = FakeAccount::new();
    let events: Vec<_> = (0..EVENTS)
        .map(|index| {
            FeedEvent::created(
                "raw",
                &Synthetic::name(index),
                &Synthetic::etag(index),
                time,
            )
        })
        .collect();
    FeedWriter::enable(&account).write(&events);
    let shard = Shard {
        hour: Hour::of(time),
        number: 0,
    };
    let chunk = account.get(CONTAINER, &shard.chunk(0)).expect("the chunk");
    assert_eq!(instructions_of_feed(chunk.content()), EVENTS as usize);
}

#[inline(never)]
fn instructions_of_feed(bytes: &[u8]) -> usize {
    let mut reader = ChunkReader::new();
    reader.push(black_box(bytes));
    let mut count = 0;
    while let Some(block) = reader.block().expect("whole blocks") {
        for change in block.changes() {
            black_box(change.expect("a change"));
            count += 1;
        }
    }
    count
}
