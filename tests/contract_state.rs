//! What every [`StateStore`] promises, asked of the port-level fake, of the Azure adapter over the
//! fake service, and of the Azure adapter over Azurite.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use azure_blob_eventsource::ports::{
    error::StorageErrorKind,
    state::{Appended, Chunk, Put, StateStore},
};
use bytes::Bytes;
use testkit::{account::NewBlob, rng::Rng, subject::Subject};

testkit::contract![
    creating_an_append_blob_twice_leaves_it_as_it_is,
    an_append_happens_at_its_position,
    an_append_at_another_position_does_not_happen,
    an_append_to_a_missing_blob_does_not_happen,
    of_many_appends_at_one_position_one_happens,
    an_append_of_four_mebibytes_is_whole,
    a_put_of_a_new_blob_is_whole,
    a_put_leaves_what_was_there,
    of_many_puts_of_one_name_one_happens,
    a_put_over_another_replaces_it,
    a_put_leaves_a_journal_alone,
    parts_show_once_a_blob_is_made_of_them,
    parts_leave_what_was_there,
    reads_are_ranges_of_the_blob,
    an_empty_blob_reads_as_nothing,
    an_absent_blob_reads_as_none,
    bytes_are_kept_exactly,
    deleting_twice_is_no_error,
    a_deleted_journal_starts_anew,
    names_are_listed_by_prefix_in_order,
    names_of_more_than_a_page_are_all_listed,
    names_may_need_encoding,
    a_missing_container_is_not_found,
];

const JOURNAL: &str = "datasets-raw/journal-1";

/// A store with an empty journal.
async fn with_journal(subject: &Subject) -> std::sync::Arc<dyn StateStore> {
    let state = subject.state();
    state.create_append(JOURNAL).await.unwrap();
    state
}

async fn append(state: &dyn StateStore, at: u64, bytes: &'static str) -> Appended {
    let bytes = Bytes::from_static(bytes.as_bytes());
    state.append(JOURNAL, at, bytes).await.unwrap()
}

async fn whole(state: &dyn StateStore, name: &str) -> Option<Bytes> {
    let chunk = state.read(name, 0, u64::MAX).await.unwrap()?;
    assert_eq!(chunk.bytes.len() as u64, chunk.total);
    Some(chunk.bytes)
}

fn random(seed: u64, length: usize) -> Bytes {
    let mut rng = Rng::new(seed);
    (0..length).map(|_| rng.next_u64() as u8).collect()
}

async fn creating_an_append_blob_twice_leaves_it_as_it_is(subject: Subject) {
    let state = with_journal(&subject).await;
    assert_eq!(whole(&*state, JOURNAL).await.unwrap(), "");
    append(&*state, 0, "kept").await;
    state.create_append(JOURNAL).await.unwrap();
    assert_eq!(whole(&*state, JOURNAL).await.unwrap(), "kept");
}

async fn an_append_happens_at_its_position(subject: Subject) {
    let state = with_journal(&subject).await;
    assert_eq!(append(&*state, 0, "one").await, Appended::Yes);
    assert_eq!(append(&*state, 3, "two").await, Appended::Yes);
    assert_eq!(whole(&*state, JOURNAL).await.unwrap(), "onetwo");
    assert_eq!(subject.get(JOURNAL).await.unwrap(), "onetwo");
}

async fn an_append_at_another_position_does_not_happen(subject: Subject) {
    let state = with_journal(&subject).await;
    append(&*state, 0, "one").await;
    for at in [0, 2, 4, 1 << 40] {
        assert_eq!(append(&*state, at, "x").await, Appended::PositionMoved);
    }
    assert_eq!(whole(&*state, JOURNAL).await.unwrap(), "one");
}

async fn an_append_to_a_missing_blob_does_not_happen(subject: Subject) {
    let state = subject.state();
    assert_eq!(append(&*state, 0, "x").await, Appended::PositionMoved);
    assert_eq!(whole(&*state, JOURNAL).await, None);
}

async fn of_many_appends_at_one_position_one_happens(subject: Subject) {
    let state = with_journal(&subject).await;
    let mut length = 0;
    for _ in 0..5 {
        let writers = ["aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff"];
        let tries = writers.map(|bytes| append(&*state, length, bytes));
        let answers = futures::future::join_all(tries).await;
        let mut won = (0..writers.len()).filter(|&n| answers[n] == Appended::Yes);
        let winner = won.next().expect("one writer wins");
        assert_eq!(won.next(), None, "one writer wins");
        let tail = state.read(JOURNAL, length, 100).await.unwrap().unwrap();
        assert_eq!(tail.bytes, writers[winner]);
        length += 4;
        assert_eq!(tail.total, length);
    }
}

async fn an_append_of_four_mebibytes_is_whole(subject: Subject) {
    let state = with_journal(&subject).await;
    let bytes = random(1, 4 << 20);
    let appended = state.append(JOURNAL, 0, bytes.clone()).await.unwrap();
    assert_eq!(appended, Appended::Yes);
    assert!(whole(&*state, JOURNAL).await.unwrap() == bytes);
}

async fn a_put_of_a_new_blob_is_whole(subject: Subject) {
    let state = subject.state();
    let bytes = random(2, 300_000);
    let put = state.put_new("id/snapshot-1", bytes.clone()).await.unwrap();
    assert_eq!(put, Put::Written);
    assert!(whole(&*state, "id/snapshot-1").await.unwrap() == bytes);
    assert!(subject.get("id/snapshot-1").await.unwrap() == bytes);
}

async fn a_put_leaves_what_was_there(subject: Subject) {
    let state = subject.state();
    let put = async |bytes: &'static str| state.put_new("a", bytes.into()).await.unwrap();
    assert_eq!(put("first").await, Put::Written);
    assert_eq!(put("second").await, Put::Existed);
    assert_eq!(put("first").await, Put::Existed);
    assert_eq!(whole(&*state, "a").await.unwrap(), "first");
}

async fn of_many_puts_of_one_name_one_happens(subject: Subject) {
    let state = subject.state();
    let writers = ["aaaa", "bbbb", "cccc", "dddd"];
    let tries = writers.map(|bytes| state.put_new("a", bytes.into()));
    let answers = futures::future::join_all(tries).await;
    let won = |n: &usize| *answers[*n].as_ref().unwrap() == Put::Written;
    let winners: Vec<_> = (0..writers.len()).filter(won).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(whole(&*state, "a").await.unwrap(), writers[winners[0]]);
}

async fn a_put_over_another_replaces_it(subject: Subject) {
    let state = subject.state();
    for text in ["first, and longer", "second", "second", ""] {
        state.put("a", text.into()).await.unwrap();
        assert_eq!(whole(&*state, "a").await.unwrap(), text);
    }
    assert_eq!(state.put_new("a", "x".into()).await.unwrap(), Put::Existed);
}

async fn a_put_leaves_a_journal_alone(subject: Subject) {
    let state = with_journal(&subject).await;
    append(&*state, 0, "one").await;
    let put = state.put_new(JOURNAL, "x".into()).await.unwrap();
    assert_eq!(put, Put::Existed);
    assert_eq!(append(&*state, 3, "two").await, Appended::Yes);
}

async fn parts_show_once_a_blob_is_made_of_them(subject: Subject) {
    let state = subject.state();
    let parts = [
        "0000000000000001-0000000",
        "0000000000000001-0000001",
        "0000000000000002-0000000",
    ];
    for (part, seed) in parts.iter().zip(1..) {
        state
            .put_part("parts", part, random(seed, 70_000))
            .await
            .unwrap();
    }
    assert_eq!(state.read("parts", 0, 1).await.unwrap(), None);
    assert!(state.list("").await.unwrap().is_empty());
    // In the order of the call, and without what another writer left.
    let wanted = [parts[1], parts[0]].map(str::to_owned);
    assert_eq!(
        state.put_parts("parts", &wanted).await.unwrap(),
        Put::Written
    );
    let expected = [random(2, 70_000), random(1, 70_000)].concat();
    assert!(whole(&*state, "parts").await.unwrap() == expected);
    assert_eq!(state.list("").await.unwrap(), ["parts"]);
}

async fn parts_leave_what_was_there(subject: Subject) {
    let state = subject.state();
    let part = "0000000000000001-0000000";
    state
        .put_part("parts", part, Bytes::from("mine"))
        .await
        .unwrap();
    let other = "0000000000000002-0000000";
    state
        .put_part("parts", other, Bytes::from("theirs"))
        .await
        .unwrap();
    let put = state.put_parts("parts", &[other.to_owned()]).await.unwrap();
    assert_eq!(put, Put::Written);
    state
        .put_part("parts", part, Bytes::from("mine"))
        .await
        .unwrap();
    let put = state.put_parts("parts", &[part.to_owned()]).await.unwrap();
    assert_eq!(put, Put::Existed);
    assert_eq!(whole(&*state, "parts").await.unwrap(), "theirs");
}

async fn reads_are_ranges_of_the_blob(subject: Subject) {
    let state = subject.state();
    state.put_new("a", "0123456789".into()).await.unwrap();
    let cases: [(u64, u64, &str); 9] = [
        (0, 10, "0123456789"),
        (0, 4, "0123"),
        (4, 4, "4567"),
        (9, 1, "9"),
        (8, 100, "89"),
        (3, u64::MAX, "3456789"),
        (10, 1, ""),
        (11, 1, ""),
        (1 << 40, 4, ""),
    ];
    for (from, limit, expected) in cases {
        let chunk = state.read("a", from, limit).await.unwrap().unwrap();
        let expected = Chunk {
            bytes: expected.into(),
            total: 10,
        };
        assert_eq!(chunk, expected, "{limit} bytes from {from} on");
    }
}

async fn an_empty_blob_reads_as_nothing(subject: Subject) {
    let state = with_journal(&subject).await;
    state.put_new("empty", Bytes::new()).await.unwrap();
    for name in [JOURNAL, "empty"] {
        for from in [0, 1] {
            let chunk = state.read(name, from, 100).await.unwrap().unwrap();
            assert_eq!((chunk.bytes.len(), chunk.total), (0, 0));
        }
    }
}

async fn an_absent_blob_reads_as_none(subject: Subject) {
    let state = subject.state();
    assert_eq!(state.read("absent", 0, 10).await.unwrap(), None);
    assert_eq!(state.read("absent", 10, 10).await.unwrap(), None);
}

async fn bytes_are_kept_exactly(subject: Subject) {
    let state = with_journal(&subject).await;
    let all: Bytes = (0..=255).collect();
    state.append(JOURNAL, 0, all.clone()).await.unwrap();
    state.append(JOURNAL, 256, all.clone()).await.unwrap();
    state.put_new("all", all.clone()).await.unwrap();
    assert_eq!(whole(&*state, "all").await.unwrap(), all);
    let half = state.read(JOURNAL, 128, 256).await.unwrap().unwrap();
    assert_eq!(half.bytes, [&all[128..], &all[..128]].concat());
}

async fn deleting_twice_is_no_error(subject: Subject) {
    let state = with_journal(&subject).await;
    state.delete(JOURNAL).await.unwrap();
    state.delete(JOURNAL).await.unwrap();
    assert_eq!(whole(&*state, JOURNAL).await, None);
    assert_eq!(append(&*state, 0, "x").await, Appended::PositionMoved);
}

async fn a_deleted_journal_starts_anew(subject: Subject) {
    let state = with_journal(&subject).await;
    append(&*state, 0, "old").await;
    state.delete(JOURNAL).await.unwrap();
    state.create_append(JOURNAL).await.unwrap();
    assert_eq!(append(&*state, 3, "x").await, Appended::PositionMoved);
    assert_eq!(append(&*state, 0, "new").await, Appended::Yes);
    assert_eq!(whole(&*state, JOURNAL).await.unwrap(), "new");
}

async fn names_are_listed_by_prefix_in_order(subject: Subject) {
    let state = with_journal(&subject).await;
    for name in ["b/1", "a/2", "a/10", "a/1", "ab"] {
        state.put_new(name, "x".into()).await.unwrap();
    }
    let list = async |prefix| state.list(prefix).await.unwrap();
    assert_eq!(list("a/").await, ["a/1", "a/10", "a/2"]);
    assert_eq!(list("a").await, ["a/1", "a/10", "a/2", "ab"]);
    assert_eq!(list("datasets-raw/").await, [JOURNAL]);
    assert_eq!(list("none").await, [""; 0]);
    assert_eq!(list("").await.len(), 6);
}

/// Azurite would need thousands of blobs for a second page; the listing's own suite writes those.
async fn names_of_more_than_a_page_are_all_listed(subject: Subject) {
    let Some(model) = subject.model() else { return };
    let names: Vec<String> = (0..9).map(|n| format!("id/{n}")).collect();
    for name in &names {
        subject.put(name, NewBlob::new("x")).await;
    }
    model.set_page_size(2);
    model.set_empty_pages(subject.face != testkit::subject::Face::Port);
    assert_eq!(subject.state().list("id/").await.unwrap(), names);
}

async fn names_may_need_encoding(subject: Subject) {
    let state = subject.state();
    for name in ["a b/100%/#1?.json", "é/日本", "a+b&c='d'", "x/%2F"] {
        state.put_new(name, "put".into()).await.unwrap();
        assert_eq!(whole(&*state, name).await.unwrap(), "put", "{name}");
        assert_eq!(subject.get(name).await.unwrap(), "put", "{name}");
        assert_eq!(state.list(name).await.unwrap(), [name]);
        state.delete(name).await.unwrap();
        assert_eq!(subject.get(name).await, None, "{name}");
    }
}

async fn a_missing_container_is_not_found(subject: Subject) {
    let state = subject.state_of("no-such-container");
    let kinds = [
        state.create_append("a").await.unwrap_err().kind,
        state.put_new("a", "x".into()).await.unwrap_err().kind,
        state.list("").await.unwrap_err().kind,
    ];
    assert_eq!(kinds, [StorageErrorKind::NotFound; 3]);
}
