//! The ledger's durable form: recovered after a stop at any byte and any step, never believing what
//! was not written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeSet, sync::Arc, task::Poll};

use azure_blob_eventsource::{
    feed::cursor::Cursor,
    filter::FilterSpec,
    journal::{
        error::JournalError,
        memory::MemoryStore,
        recover::recover,
        source_store::{Rollover, SourceStore},
        writer::Journal,
    },
    ledger::{
        Contents, Ledger,
        facts::{FORMAT_WITH_FEED, Facts},
        fingerprint::{Fingerprint, FingerprintKey},
        frame::{Entry, Frame, FrameReader},
    },
    metrics::SourceStats,
    ports::state::{Appended, StateStore},
    shared::Shared,
};
use bytes::{Bytes, BytesMut};
use proptest::{collection::vec, prelude::*};
use testkit::{account::FakeAccount, faults::FaultSource, ports::FakeState};
use time::OffsetDateTime;

mod damage;
mod lists;

fn source_store(writer: u64, store: &Arc<MemoryStore>) -> SourceStore {
    SourceStore {
        store: Arc::clone(store) as Arc<dyn StateStore>,
        source_id: "datasets".into(),
        writer,
        rollover: Rollover::default(),
        stats: Arc::new(SourceStats::default()),
    }
}

fn facts() -> Facts {
    Facts::new(
        "https://account.blob.core.windows.net/datasets".into(),
        FingerprintKey(1, 2),
        FilterSpec::default(),
        "raw/",
        1_700_000_000,
    )
}

fn prints(range: std::ops::Range<u64>) -> Vec<Fingerprint> {
    range.map(|n| Fingerprint::from_bits(n << 2)).collect()
}

fn done(contents: &Contents) -> BTreeSet<Fingerprint> {
    contents.done.iter().collect()
}

fn frames() -> Vec<Frame> {
    let entries = [
        Entry::Opened,
        Entry::Facts(facts()),
        Entry::Done(prints(0..3)),
        Entry::Done(prints(3..4)),
        Entry::Opened,
        Entry::Done(prints(4..9)),
    ];
    entries.map(|entry| Frame { writer: 7, entry }).to_vec()
}

fn encoded(frames: &[Frame]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    frames.iter().for_each(|frame| frame.encode(&mut bytes));
    bytes.to_vec()
}

/// Opens a ledger, and gives it facts if it has none.
async fn begin(source_store: &SourceStore) -> (Journal, Contents) {
    let (mut journal, mut contents) = Journal::open(source_store).await.unwrap();
    if contents.facts.is_none() {
        let entry = Entry::Facts(facts());
        journal.append(std::slice::from_ref(&entry)).await.unwrap();
        contents.apply(entry);
    }
    (journal, contents)
}

#[tokio::test]
async fn a_frame_of_a_newer_version_is_not_thrown_away() {
    let mut bytes = encoded(&frames()[..2]);
    let mut newer = facts();
    newer.format = FORMAT_WITH_FEED + 1;
    let frame = Frame {
        writer: 7,
        entry: Entry::Facts(newer),
    };
    bytes.extend(encoded(&[frame]));
    let store = Arc::new(MemoryStore::default());
    let name = source_store(1, &store).journal(1);
    store.put(&name, bytes.into()).await.unwrap();
    let error = Journal::open(&source_store(1, &store)).await.err().unwrap();
    assert!(
        matches!(&error, JournalError::Newer { .. }) && !error.to_string().contains("delete"),
        "{error}"
    );
}

#[tokio::test]
async fn the_newest_session_shuts_the_older_one_out() {
    let store = Arc::new(MemoryStore::default());
    let (mut older, _) = begin(&source_store(1, &store)).await;
    older.append(&[Entry::Done(prints(0..1))]).await.unwrap();
    let (mut newer, contents) = Journal::open(&source_store(2, &store)).await.unwrap();
    assert_eq!(done(&contents), BTreeSet::from_iter(prints(0..1)));
    let refused = older.append(&[Entry::Done(prints(1..2))]).await;
    assert!(matches!(refused, Err(JournalError::Fenced)));
    newer.append(&[Entry::Done(prints(2..3))]).await.unwrap();
    let found = recover(&source_store(3, &store)).await.unwrap();
    assert_eq!(done(&found.contents).len(), 2);
}

#[tokio::test]
async fn a_journal_that_was_deleted_is_lost_and_can_be_written_anew() {
    let store = Arc::new(MemoryStore::default());
    let (mut journal, mut contents) = begin(&source_store(1, &store)).await;
    let entry = Entry::Done(prints(0..5));
    journal.append(std::slice::from_ref(&entry)).await.unwrap();
    contents.apply(entry);
    for name in store.list("").await.unwrap() {
        store.delete(&name).await.unwrap();
    }
    let lost = |result| matches!(result, Err(JournalError::Lost(name)) if name == "datasets/journal-0000000001");
    assert!(lost(journal.verify().await));
    assert!(lost(journal.append(&[Entry::Done(prints(5..6))]).await));
    let snapshot = journal.snapshot(&contents);
    journal.restore(snapshot).await.unwrap();
    journal.append(&[Entry::Done(prints(6..7))]).await.unwrap();
    let found = recover(&source_store(2, &store)).await.unwrap();
    assert_eq!(
        done(&found.contents),
        prints(0..5).into_iter().chain(prints(6..7)).collect()
    );
    // Who has gone on is another session: that is no loss.
    let (mut newer, contents) = Journal::open(&source_store(3, &store)).await.unwrap();
    let snapshot = newer.snapshot(&contents);
    newer.compact(snapshot).await.unwrap();
    assert!(matches!(journal.verify().await, Err(JournalError::Fenced)));
    let refused = journal.append(&[Entry::Done(prints(7..8))]).await;
    assert!(matches!(refused, Err(JournalError::Fenced)));
}

#[tokio::test]
async fn a_session_that_slept_through_two_roll_overs_is_shut_out() {
    let store = Arc::new(MemoryStore::default());
    let (mut sleeper, contents) = begin(&source_store(1, &store)).await;
    let (mut newer, _) = Journal::open(&source_store(2, &store)).await.unwrap();
    for _ in 0..2 {
        let snapshot = newer.snapshot(&contents);
        newer.compact(snapshot).await.unwrap();
    }
    // Its generation is gone; a create that was on its way all the time brings it back, empty.
    store
        .create_append(&source_store(1, &store).journal(1))
        .await
        .unwrap();
    let refused = sleeper.append(&[Entry::Done(prints(0..1))]).await;
    assert!(matches!(refused, Err(JournalError::Fenced)));
    newer.append(&[Entry::Done(prints(5..6))]).await.unwrap();
    let found = recover(&source_store(3, &store)).await.unwrap();
    assert_eq!(done(&found.contents), BTreeSet::from_iter(prints(5..6)));
}

/// A session stops for ever at some await point of its beginning, or of its compaction: the next one
/// finds all that was made durable, and never a damaged ledger.
#[tokio::test]
async fn a_session_that_stops_at_any_await_point_leaves_a_whole_ledger() {
    let mut ended = false;
    for polls in 0.. {
        let account = FakeAccount::new();
        account.create_container("state").unwrap();
        let store = FakeState::new(account, "state", FaultSource::none());
        let source_store = |writer| SourceStore {
            store: Arc::new(store.clone()),
            ..source_store(writer, &Arc::default())
        };
        let durable = std::cell::Cell::new(0);
        let mut session = Box::pin(async {
            let (mut journal, mut contents) = begin(&source_store(1)).await;
            for n in 0..3 {
                let entry = Entry::Done(prints(n..n + 1));
                journal.append(std::slice::from_ref(&entry)).await.unwrap();
                contents.apply(entry);
                durable.set(n + 1);
                let snapshot = journal.snapshot(&contents);
                journal.compact(snapshot).await.unwrap();
            }
        });
        for _ in 0..polls {
            ended = ended || futures::poll!(&mut session).is_ready();
        }
        drop(session);
        let (_, contents) = begin(&source_store(2)).await;
        let found = done(&contents);
        assert!(found.is_superset(&prints(0..durable.get()).into_iter().collect()));
        assert!(
            found.len() as u64 <= durable.get() + 1,
            "after {polls} polls"
        );
        if ended {
            break;
        }
    }
}

/// A session stops at some await point of its compaction, others open the ledger and go on to later
/// generations, then it wakes: it must learn that it was taken over, and nothing of theirs is lost.
#[tokio::test]
async fn a_compaction_that_sleeps_at_any_await_point_is_shut_out() {
    for polls in 0..80 {
        let account = FakeAccount::new();
        account.create_container("state").unwrap();
        let store = FakeState::new(account, "state", FaultSource::none());
        let source_store = |writer| SourceStore {
            store: Arc::new(store.clone()),
            ..source_store(writer, &Arc::default())
        };
        let (mut sleeper, contents) = begin(&source_store(1)).await;
        let snapshot = sleeper.snapshot(&contents);
        let mut compaction = Box::pin(sleeper.compact(snapshot));
        let mut ended = false;
        for _ in 0..polls {
            ended = ended || futures::poll!(&mut compaction).is_ready();
        }
        let (mut newer, mut contents) = Journal::open(&source_store(2)).await.unwrap();
        for n in 0..2 {
            let entry = Entry::Done(prints(n..n + 1));
            newer.append(std::slice::from_ref(&entry)).await.unwrap();
            contents.apply(entry);
            let snapshot = newer.snapshot(&contents);
            newer.compact(snapshot).await.unwrap();
        }
        let compacted = if ended {
            Ok(())
        } else {
            compaction.as_mut().await
        };
        drop(compaction);
        let learnt = match compacted {
            Ok(()) => sleeper.append(&[Entry::Done(prints(7..8))]).await,
            refused => refused,
        };
        assert!(
            matches!(learnt, Err(JournalError::Fenced)),
            "asleep after {polls} polls"
        );
        newer.append(&[Entry::Done(prints(5..6))]).await.unwrap();
        let found = recover(&source_store(3)).await.unwrap();
        let expected = prints(0..2).into_iter().chain(prints(5..6)).collect();
        assert_eq!(
            done(&found.contents),
            expected,
            "asleep after {polls} polls"
        );
    }
}

/// A snapshot that is written while appends go on has them as well, whenever the session stops.
#[tokio::test]
async fn a_draft_holds_what_was_recorded_while_it_was_written() {
    let mut ended = false;
    for polls in 0.. {
        let account = FakeAccount::new();
        account.create_container("state").unwrap();
        let store = FakeState::new(account, "state", FaultSource::none());
        let source_store = |writer| SourceStore {
            store: Arc::new(store.clone()),
            ..source_store(writer, &Arc::default())
        };
        let durable = std::cell::Cell::new(0);
        let mut session = Box::pin(async {
            let (mut journal, contents) = begin(&source_store(1)).await;
            let ledger = Arc::new(Shared::new(Ledger::new(contents)));
            for n in 0..3 {
                let mut since = Vec::new();
                let mut draft = Box::pin(journal.draft(Arc::clone(&ledger)));
                let mut drafted = None;
                for m in 0..3 {
                    if drafted.is_none()
                        && let Poll::Ready(it) = futures::poll!(&mut draft)
                    {
                        drafted = Some(it);
                    }
                    let entry = Entry::Done(prints(3 * n + m..3 * n + m + 1));
                    journal.append(std::slice::from_ref(&entry)).await.unwrap();
                    durable.set(3 * n + m + 1);
                    ledger.lock().recorded(entry.clone());
                    since.push(entry);
                }
                let draft = match drafted {
                    Some(draft) => draft,
                    None => draft.await,
                };
                let count = ledger.lock().contents().done.len() as u64;
                let compacted = journal.compact_to(draft.unwrap(), since, count).await;
                compacted.unwrap();
            }
        });
        for _ in 0..polls {
            ended = ended || futures::poll!(&mut session).is_ready();
        }
        drop(session);
        let (_, contents) = begin(&source_store(2)).await;
        let found = done(&contents);
        assert!(found.is_superset(&prints(0..durable.get()).into_iter().collect()));
        assert!(
            found.len() as u64 <= durable.get() + 1,
            "after {polls} polls"
        );
        if ended {
            assert_eq!(found.len(), 9);
            break;
        }
    }
}

#[tokio::test]
async fn compaction_leaves_one_generation_and_all_that_is_done() {
    let store = Arc::new(MemoryStore::default());
    let (mut journal, mut contents) = begin(&source_store(1, &store)).await;
    for n in 0..10 {
        let entry = Entry::Done(prints(n * 10..n * 10 + 10));
        journal.append(std::slice::from_ref(&entry)).await.unwrap();
        contents.apply(entry);
        let snapshot = journal.snapshot(&contents);
        journal.compact(snapshot).await.unwrap();
    }
    let names = store.list("datasets/").await.unwrap();
    assert_eq!(
        names,
        [
            "datasets/begun-0000000011",
            "datasets/journal-0000000011",
            "datasets/snapshot-0000000011"
        ]
    );
    let found = recover(&source_store(2, &store)).await.unwrap();
    assert_eq!(done(&found.contents).len(), 100);
}

#[tokio::test]
async fn foreign_names_in_the_folder_are_left_alone() {
    let store = Arc::new(MemoryStore::default());
    for name in [
        "datasets/journal-x",
        "datasets/dead/1.json",
        "datasets-2/journal-0000000009",
    ] {
        store.put_new(name, Bytes::from("mine")).await.unwrap();
    }
    Journal::open(&source_store(1, &store)).await.unwrap();
    assert_eq!(store.list("").await.unwrap().len(), 4);
    let end = store
        .append("datasets/journal-0000000001", 3, Bytes::new())
        .await;
    assert_eq!(end.unwrap(), Appended::PositionMoved);
}

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        Just(Entry::Opened),
        Just(Entry::Sealed),
        any::<u64>().prop_map(Entry::End),
        vec(any::<u64>().prop_map(Fingerprint::from_bits), 0..40).prop_map(Entry::Done),
        (0..4_000_000_i64).prop_map(|hours| {
            let since = OffsetDateTime::from_unix_timestamp(3600 * hours).unwrap();
            Entry::Feed(Some(Cursor::since(since)))
        }),
        Just(Entry::Feed(None)),
        (any::<i64>(), ".*").prop_map(|(now, prefix)| {
            Entry::Facts(Facts::new(
                "https://account".into(),
                FingerprintKey(now as u64, 1),
                FilterSpec::default(),
                &prefix,
                now,
            ))
        }),
    ]
}

proptest! {
    #[test]
    fn frames_come_back_in_whatever_pieces_they_arrive(
        entries in vec((any::<u64>(), entry()), 0..12),
        piece in 1_usize..64,
    ) {
        let frames: Vec<_> = entries.into_iter().map(|(writer, entry)| Frame { writer, entry }).collect();
        let mut reader = FrameReader::default();
        let mut found = Vec::new();
        for piece in encoded(&frames).chunks(piece) {
            reader.push(piece);
            while let Some(frame) = reader.read().unwrap() {
                found.push(frame);
            }
        }
        prop_assert_eq!(&found, &frames);
        prop_assert_eq!(reader.consumed(), encoded(&frames).len() as u64);
    }

    #[test]
    fn any_bytes_are_frames_or_an_error(bytes in vec(any::<u8>(), 0..400)) {
        let mut reader = FrameReader::default();
        reader.push(&bytes);
        while let Ok(Some(_)) = reader.read() {}
        prop_assert!(reader.consumed() <= bytes.len() as u64);
    }
}
