//! The contract of the port, for each face of a feed.

use std::sync::Arc;

use azure_blob_eventsource::{
    feed::{
        CONTAINER,
        chunk::ChunkReader,
        hour::Hour,
        position::Position,
        segment::Status,
        shard::{ChunkFile, Shard},
    },
    ports::{
        error::StorageErrorKind,
        feed::{ChangeFeed, MOST_BYTES},
    },
};
use tempfile::TempDir;
use testkit::{
    account::{FakeAccount, NewBlob},
    change_feed::{FeedEvent, FeedWriter, LATER, PUBLISHED},
    faults::FaultSource,
    http::{HttpFace, HttpFault, HttpOp},
    ports::FakeChangeFeed,
    subject::connect,
};
use time::{Duration, OffsetDateTime, macros::datetime};

use crate::told::{Told, all_of, at, blocks, some};

struct Subject {
    account: FakeAccount,
    feed: Arc<dyn ChangeFeed>,
    face: Option<HttpFace>,
    _credentials: Option<TempDir>,
}

impl Subject {
    fn fake() -> Self {
        let account = FakeAccount::new();
        let feed = FakeChangeFeed::new(account.clone(), FaultSource::none());
        Self {
            account,
            feed: Arc::new(feed),
            face: None,
            _credentials: None,
        }
    }

    async fn http() -> Self {
        let account = FakeAccount::new();
        let face = HttpFace::start(account.clone()).await;
        let (connected, credentials) = connect(&face.endpoint(), &face.connection_string());
        Self {
            account,
            feed: connected.feed(),
            face: Some(face),
            _credentials: Some(credentials),
        }
    }

    async fn segments(&self, first: &str, last: &str) -> Vec<String> {
        let [first, last] = [first, last].map(|it| Hour::parse(it).unwrap());
        let hours = self.feed.segments(first, last).await.unwrap();
        hours.iter().map(Hour::to_string).collect()
    }

    /// All of a segment, in the order of shards, chunks and blocks, each change with its position.
    async fn read(&self, segment: Hour) -> Vec<(Position, Told)> {
        let manifest = self.feed.segment(segment).await.unwrap().unwrap();
        let mut found = Vec::new();
        for shard in manifest.shards {
            for ChunkFile { number, size } in self.feed.chunks(shard).await.unwrap() {
                let mut reader = ChunkReader::new();
                while reader.wanted().from < size {
                    let wanted = reader.wanted();
                    let bytes = self.feed.read(shard, number, wanted.from, wanted.most);
                    reader.push(&bytes.await.unwrap().unwrap());
                    for block in blocks(&mut reader).unwrap() {
                        let told = all_of(std::slice::from_ref(&block)).unwrap();
                        let place = |event| Position {
                            segment,
                            shard: shard.number,
                            chunk: number,
                            block: block.at,
                            event,
                        };
                        found.extend((0..).map(place).zip(told));
                    }
                }
            }
        }
        found
    }
}

/// Each test for both faces.
macro_rules! contract {
    ($($test:ident),* $(,)?) => {
        mod fake {
            $(#[tokio::test] async fn $test() { super::$test(super::Subject::fake()).await; })*
        }
        mod http {
            $(#[tokio::test] async fn $test() { super::$test(super::Subject::http().await).await; })*
        }
    };
}

contract!(
    an_account_without_a_feed_has_nothing_and_no_error,
    what_may_be_read_is_what_the_service_says,
    segments_come_in_order_and_without_the_initial_one,
    a_segment_says_whether_it_is_final_and_which_shards_it_has,
    chunks_come_in_order_with_their_sizes,
    bytes_are_read_from_anywhere_and_end_where_the_chunk_ends,
    everything_that_was_written_is_read_once_in_order,
    a_chunk_that_grows_is_read_on,
    what_retention_removed_is_nothing,
    a_file_that_is_not_the_services_is_told_in_a_sentence,
);

fn hour(hours: i64) -> Hour {
    Hour::of(start() + Duration::hours(hours))
}

fn start() -> OffsetDateTime {
    datetime!(2026-11-29 14:00 UTC)
}

fn created(name: &str, time: OffsetDateTime) -> FeedEvent {
    FeedEvent::created("datasets", name, "0x8D1", time)
}

async fn an_account_without_a_feed_has_nothing_and_no_error(it: Subject) {
    let shard = Shard {
        hour: hour(0),
        number: 0,
    };
    assert_eq!(it.feed.consumable().await.unwrap(), None);
    assert!(it.feed.segments(hour(0), hour(1)).await.unwrap().is_empty());
    assert_eq!(it.feed.segment(hour(0)).await.unwrap(), None);
    assert!(it.feed.chunks(shard).await.unwrap().is_empty());
    assert_eq!(it.feed.read(shard, 0, 0, 9).await.unwrap(), None);
    // A feed that was switched on a moment ago.
    FeedWriter::enable(&it.account);
    assert_eq!(it.feed.consumable().await.unwrap(), None);
    assert!(
        it.feed
            .segments(Hour::INITIAL, hour(1))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn what_may_be_read_is_what_the_service_says(it: Subject) {
    let writer = FeedWriter::enable(&it.account);
    writer.set_consumable(start());
    let last = async || it.feed.consumable().await.unwrap().unwrap().last_consumable;
    assert_eq!(last().await, start());
    writer.set_consumable(start() + Duration::hours(1));
    assert_eq!(last().await, start() + Duration::hours(1));
}

async fn segments_come_in_order_and_without_the_initial_one(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    it.account.set_page_size(2);
    // Hours without changes have no segment.
    for hours in [-24 * 400, -24, 0, 1, 9, 10, 24 * 40] {
        writer.begin(hour(hours));
    }
    let stray = NewBlob::new("{}");
    let name = "idx/segments/2026/11/29/1400/other.json";
    it.account.put(CONTAINER, name, stray).unwrap();
    let all = it.segments("1601/01/01/0000", "2099/01/01/0000").await;
    let due = [
        "2025/10/25/1400",
        "2026/11/28/1400",
        "2026/11/29/1400",
        "2026/11/29/1500",
        "2026/11/29/2300",
        "2026/11/30/0000",
        "2027/01/08/1400",
    ];
    assert_eq!(all, due);
    assert_eq!(
        it.segments("2026/11/29/1400", "2026/11/30/0000").await,
        due[2..6]
    );
    assert_eq!(
        it.segments("2026/11/29/1401", "2026/11/29/2359").await,
        due[3..5]
    );
    assert_eq!(
        it.segments("2026/11/29/1500", "2026/11/29/1500").await,
        due[3..4]
    );
    assert!(
        it.segments("2026/11/29/1600", "2026/11/29/2200")
            .await
            .is_empty()
    );
    assert!(
        it.segments("2026/11/29/1500", "2026/11/29/1400")
            .await
            .is_empty()
    );
    it.account.set_empty_pages(true);
    assert_eq!(
        it.segments("2026/01/01/0000", "2026/12/31/2300").await,
        due[1..6]
    );
}

async fn a_segment_says_whether_it_is_final_and_which_shards_it_has(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    writer.set_shards(3);
    writer.begin(hour(0));
    let manifest = it.feed.segment(hour(0)).await.unwrap().unwrap();
    let numbers: Vec<u32> = manifest.shards.iter().map(|shard| shard.number).collect();
    assert_eq!(
        (manifest.status, numbers),
        (Status::Publishing, vec![0, 1, 2])
    );
    assert!(manifest.shards.iter().all(|shard| shard.hour == hour(0)));
    writer.add_shards(hour(0), 1);
    writer.finalize(hour(0));
    let manifest = it.feed.segment(hour(0)).await.unwrap().unwrap();
    assert_eq!(
        (manifest.status, manifest.shards.len()),
        (Status::Finalized, 4)
    );
    assert_eq!(manifest.interval_secs, 3600);
    assert_eq!(it.feed.segment(hour(1)).await.unwrap(), None);
}

async fn chunks_come_in_order_with_their_sizes(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    it.account.set_page_size(2);
    writer.set_chunk_bytes(1);
    for number in 0..5 {
        writer.write(&[created(&format!("{number}.csv"), at(number))]);
    }
    let shard = Shard {
        hour: hour(0),
        number: 0,
    };
    for stray in ["00000.avro.tmp", "readme"] {
        let name = format!("{shard}{stray}");
        it.account.put(CONTAINER, &name, NewBlob::new("x")).unwrap();
    }
    let chunks = it.feed.chunks(shard).await.unwrap();
    let sizes = (0..5).map(|number| ChunkFile {
        number,
        size: it
            .account
            .get(CONTAINER, &shard.chunk(number))
            .unwrap()
            .size(),
    });
    assert_eq!(chunks, sizes.collect::<Vec<_>>());
    let other = Shard { number: 1, ..shard };
    assert!(it.feed.chunks(other).await.unwrap().is_empty());
}

async fn bytes_are_read_from_anywhere_and_end_where_the_chunk_ends(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    writer.write(&some(2_000));
    let shard = Shard {
        hour: hour(0),
        number: 0,
    };
    let all = it.account.get(CONTAINER, &shard.chunk(0)).unwrap();
    let (all, size) = (all.content(), all.size());
    for (from, most, due) in [
        (0, 1, &all[..1]),
        (7, 9, &all[7..16]),
        (
            0,
            MOST_BYTES * 9,
            &all[..all.len().min(MOST_BYTES as usize)],
        ),
        (size - 3, 100, &all[all.len() - 3..]),
        (size, 100, &[]),
        (size + 1, 100, &[]),
        (1 << 50, MOST_BYTES, &[]),
    ] {
        let read = it.feed.read(shard, 0, from, most).await.unwrap();
        assert_eq!(read.as_deref(), Some(due), "{from} {most}");
    }
    assert_eq!(it.feed.read(shard, 1, 0, 9).await.unwrap(), None);
}

async fn everything_that_was_written_is_read_once_in_order(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    writer.set_shards(3);
    writer.set_chunk_bytes(9_000);
    let mut due = Vec::new();
    for (index, version) in PUBLISHED.into_iter().chain([LATER]).enumerate() {
        writer.set_schema(version);
        // Another segment for each version, of more shards, some of which stay empty.
        let time = at(3600 * index as i64);
        let events: Vec<FeedEvent> = (0..40)
            .map(|number| {
                created(
                    &format!("{version}/{number}.csv"),
                    time + Duration::seconds(number),
                )
            })
            .collect();
        for part in events.chunks(11) {
            writer.write(part);
        }
        writer.finalize(Hour::of(time));
        due.extend(events.iter().map(Told::in_event));
        writer.set_shards(3 + index as u32 * 20);
    }
    let mut found = Vec::new();
    for segment in it.feed.segments(hour(0), hour(24)).await.unwrap() {
        found.extend(it.read(segment).await);
    }
    let places: Vec<Position> = found.iter().map(|(place, _)| *place).collect();
    assert!(places.is_sorted() && places.windows(2).all(|two| two[0] < two[1]));
    let mut told: Vec<Told> = found.into_iter().map(|(_, told)| told).collect();
    told.sort();
    due.sort();
    assert_eq!(told, due);
}

async fn a_chunk_that_grows_is_read_on(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    let shard = Shard {
        hour: hour(0),
        number: 0,
    };
    let events = some(20);
    let (mut reader, mut found) = (ChunkReader::new(), Vec::new());
    for part in events.chunks(3) {
        writer.write(part);
        let wanted = reader.wanted();
        let bytes = it.feed.read(shard, 0, wanted.from, wanted.most).await;
        reader.push(&bytes.unwrap().unwrap());
        found.extend(blocks(&mut reader).unwrap());
        let wanted = reader.wanted();
        let more = it.feed.read(shard, 0, wanted.from, wanted.most).await;
        assert!(more.unwrap().unwrap().is_empty());
    }
    let due: Vec<Told> = events.iter().map(Told::in_event).collect();
    assert_eq!(all_of(&found).unwrap(), due);
}

async fn what_retention_removed_is_nothing(it: Subject) {
    let mut writer = FeedWriter::enable(&it.account);
    writer.write(&[created("a.csv", at(0)), created("b.csv", at(3600))]);
    writer.expire(hour(0));
    assert_eq!(
        it.segments("2026/11/29/1400", "2026/11/29/2300").await,
        ["2026/11/29/1500"]
    );
    assert_eq!(it.feed.segment(hour(0)).await.unwrap(), None);
    let shard = Shard {
        hour: hour(0),
        number: 0,
    };
    assert!(it.feed.chunks(shard).await.unwrap().is_empty());
    assert_eq!(it.feed.read(shard, 0, 0, 9).await.unwrap(), None);
    assert_eq!(it.read(hour(1)).await.len(), 1);
}

async fn a_file_that_is_not_the_services_is_told_in_a_sentence(it: Subject) {
    FeedWriter::enable(&it.account);
    let put = |name: &str, text: String| {
        it.account.put(CONTAINER, name, NewBlob::new(text)).unwrap();
    };
    for (text, part) in [
        ("<html>".to_owned(), "expected value"),
        ("{}".to_owned(), "missing field `lastConsumable`"),
        (" ".repeat(2 << 20), "more than 1 MiB"),
    ] {
        put("meta/segments.json", text);
        let error = it.feed.consumable().await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Protocol);
        assert!(error.message.contains("`meta/segments.json`"), "{error}");
        assert!(error.message.contains(part), "{error}");
    }
    put(
        &hour(0).name(),
        r#"{"status":"Open","intervalSecs":3600,"chunkFilePaths":[]}"#.to_owned(),
    );
    let error = it.feed.segment(hour(0)).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Protocol);
    assert!(error.message.contains("`status` is `Open`"), "{error}");
}

#[tokio::test]
async fn the_adapter_tries_once_and_names_what_it_read() {
    let it = Subject::http().await;
    let mut writer = FeedWriter::enable(&it.account);
    writer.write(&some(8));
    let face = it.face.as_ref().unwrap();
    let before = face.requests(HttpOp::GetBlob);
    face.fault(HttpOp::GetBlob, HttpFault::busy(None));
    let error = it.feed.segment(hour(0)).await.unwrap_err();
    assert!(error.is_transient());
    assert!(
        error
            .message
            .contains("`idx/segments/2026/11/29/1400/meta.json` in container `$blobchangefeed`"),
        "{error}"
    );
    assert_eq!(face.requests(HttpOp::GetBlob), before + 1);
}
