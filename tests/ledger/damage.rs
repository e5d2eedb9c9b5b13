//! Damage of every kind at every position: a ledger opens with all that it held, or it is refused
//! and left as it is. Never with less, and never with more.

use std::collections::{BTreeMap, BTreeSet};

use azure_blob_eventsource::ledger::chain::Chain;

use super::*;

/// A ledger's blobs, by name.
type Blobs = BTreeMap<String, Vec<u8>>;

/// What a ledger holds.
#[derive(Debug, Clone, PartialEq)]
struct Held {
    facts: Option<Facts>,
    done: BTreeSet<Fingerprint>,
    replayed: BTreeSet<Fingerprint>,
}

impl Held {
    fn by(contents: &Contents) -> Self {
        Self {
            facts: contents.facts.clone(),
            done: done(contents),
            replayed: contents.replayed.iter().copied().collect(),
        }
    }
}

struct Sample {
    what: &'static str,
    blobs: Blobs,
    held: Held,
}

impl Sample {
    async fn new(what: &'static str, store: &Arc<MemoryStore>) -> Self {
        let blobs = blobs(store).await;
        let held = Held::by(&recover(&source_store(9, store)).await.unwrap().contents);
        Self { what, blobs, held }
    }

    fn newest(&self, kind: &str) -> String {
        let names = self.blobs.keys().rev();
        let mut of_kind = names.filter(|name| name.contains(kind));
        of_kind.next().unwrap().clone()
    }

    fn with(&self, name: &str, bytes: &[u8]) -> Blobs {
        let mut blobs = self.blobs.clone();
        blobs.insert(name.to_owned(), bytes.to_vec());
        blobs
    }
}

async fn blobs(store: &MemoryStore) -> Blobs {
    let mut blobs = Blobs::new();
    for name in store.list("").await.unwrap() {
        let chunk = store.read(&name, 0, u64::MAX).await.unwrap().unwrap();
        blobs.insert(name, chunk.bytes.to_vec());
    }
    blobs
}

async fn store_of(blobs: &Blobs) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    for (name, bytes) in blobs {
        store.put(name, bytes.clone().into()).await.unwrap();
    }
    store
}

/// What a session finds in these blobs, if it is not refused; a session goes on from there, and one
/// that is refused leaves everything as it is.
async fn opened(blobs_before: &Blobs) -> Option<Held> {
    let store = store_of(blobs_before).await;
    let (mut journal, contents) = match Journal::open(&source_store(2, &store)).await {
        Ok(opened) => opened,
        Err(JournalError::Damaged { .. }) => {
            assert_eq!(blobs(&store).await, *blobs_before);
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let found = Held::by(&contents);
    let mut entries = vec![Entry::Done(prints(1000..1001))];
    if found.facts.is_none() {
        entries.insert(0, Entry::Facts(facts()));
    }
    journal.append(&entries).await.unwrap();
    let again = recover(&source_store(3, &store)).await.unwrap().contents;
    assert_eq!(done(&again).len(), found.done.len() + 1);
    Some(found)
}

const CASES: usize = 5;

/// Ledgers as this version writes them, with sessions that follow each other.
async fn samples() -> Vec<Sample> {
    let mut samples = Vec::with_capacity(CASES);
    let store = Arc::new(MemoryStore::default());
    let (mut journal, _) = begin(&source_store(1, &store)).await;
    journal.append(&[Entry::Done(prints(0..3))]).await.unwrap();
    let both = [Entry::Done(prints(3..5)), Entry::Replayed(prints(50..52))];
    journal.append(&both).await.unwrap();
    let complete = facts().baseline_complete();
    journal.append(&[Entry::Facts(complete)]).await.unwrap();
    let (mut journal, mut contents) = Journal::open(&source_store(2, &store)).await.unwrap();
    let more = [Entry::ReplaysOver, Entry::Replayed(prints(60..63))];
    journal.append(&more).await.unwrap();
    more.into_iter().for_each(|entry| contents.apply(entry));
    samples.push(Sample::new("the first generation", &store).await);

    let snapshot = journal.snapshot(&contents);
    journal.compact(snapshot).await.unwrap();
    samples.push(Sample::new("a new generation", &store).await);
    journal.append(&[Entry::Done(prints(7..9))]).await.unwrap();
    let (mut journal, _) = Journal::open(&source_store(3, &store)).await.unwrap();
    journal.append(&[Entry::Done(prints(9..10))]).await.unwrap();
    samples.push(Sample::new("a later generation", &store).await);

    journal.append(&[Entry::Sealed]).await.unwrap();
    samples.push(Sample::new("a sealed generation", &store).await);
    let contents = recover(&source_store(3, &store)).await.unwrap().contents;
    let next = journal.snapshot(&contents);
    let name = source_store(3, &store).snapshot(3);
    store.put_new(&name, next).await.unwrap();
    samples.push(Sample::new("a sealed generation and the next snapshot", &store).await);
    assert_eq!(samples.len(), CASES);
    samples
}

/// The ends of a blob's frames, and which of them are ends of appends.
fn ends(name: &str, bytes: &[u8]) -> Vec<(usize, bool)> {
    let mut reader = FrameReader::new(Chain::of(name));
    reader.push(bytes);
    let mut ends = Vec::new();
    while let Some(frame) = reader.read().unwrap() {
        let link = matches!(frame.entry, Entry::Link(_));
        ends.push((reader.consumed() as usize, link));
    }
    ends
}

fn pieces<'a>(name: &str, bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let mut start = 0;
    let ends = ends(name, bytes).into_iter();
    ends.map(|(end, _)| &bytes[std::mem::replace(&mut start, end)..end])
        .collect()
}

fn damaged_bytes(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut damaged = Vec::new();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.to_vec();
            flipped[at] ^= 1 << bit;
            damaged.push(flipped);
        }
        for length in [1, 4, 8, 17, 25, 50, 64, 200, bytes.len()] {
            let end = (at + length).min(bytes.len());
            let (before, after) = (&bytes[..at], &bytes[end..]);
            damaged.push([before, after].concat());
            damaged.push([before, &vec![0; end - at], after].concat());
            damaged.push([before, &vec![0xff; end - at], after].concat());
            damaged.push([&bytes[..end], &bytes[at..]].concat());
            damaged.push([before, &vec![0; length], &bytes[at..]].concat());
            damaged.push([bytes, &bytes[at..end]].concat());
        }
    }
    damaged
}

fn damaged_frames(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
    let mut damaged = Vec::new();
    for from in 0..pieces.len() {
        for to in 0..=pieces.len() {
            let mut moved = pieces.to_vec();
            let piece = moved.remove(from);
            damaged.push(
                [&moved[..], &pieces[to.max(from)..to.max(from)]]
                    .concat()
                    .concat(),
            );
            moved.insert(to.min(moved.len()), piece);
            damaged.push(moved.concat());
            let mut repeated = pieces.to_vec();
            repeated.insert(to, piece);
            damaged.push(repeated.concat());
            let gap = [&pieces[..from.min(to)], &pieces[to.max(from)..]];
            damaged.push(gap.concat().concat());
        }
    }
    damaged
}

/// Whether `damaged` is the journal as it was when fewer appends had been made.
fn is_earlier(name: &str, original: &[u8], damaged: &[u8]) -> bool {
    original.starts_with(damaged) && ends(name, original).contains(&(damaged.len(), true))
}

/// Opens the sample with each of these in place of the blob.
async fn try_all(sample: &Sample, name: &str, damaged: Vec<Vec<u8>>) {
    let original = &sample.blobs[name];
    let journal = name.contains("journal");
    for (n, damaged) in damaged.iter().enumerate() {
        if damaged == original || journal && is_earlier(name, original, damaged) {
            continue;
        }
        if let Some(found) = opened(&sample.with(name, damaged)).await {
            assert_eq!(found, sample.held, "{}, {name}, damage {n}", sample.what);
        }
    }
}

#[tokio::test]
async fn bytes_that_are_changed_removed_or_repeated_anywhere_lose_nothing() {
    for sample in samples().await {
        for (name, bytes) in &sample.blobs {
            try_all(&sample, name, damaged_bytes(bytes)).await;
        }
    }
}

#[tokio::test]
async fn frames_that_are_removed_repeated_or_moved_lose_nothing() {
    for sample in samples().await {
        for (name, bytes) in &sample.blobs {
            if !name.contains("begun") {
                try_all(&sample, name, damaged_frames(&pieces(name, bytes))).await;
            }
        }
    }
}

#[tokio::test]
async fn a_blob_that_is_emptied_deleted_or_anothers_loses_nothing() {
    let samples = samples().await;
    let all: Blobs = samples
        .iter()
        .flat_map(|sample| sample.blobs.clone())
        .collect();
    for sample in &samples {
        for name in sample.blobs.keys() {
            let others = all.iter().filter(|(other, _)| *other != name);
            let mut others: Vec<_> = others.map(|(_, bytes)| bytes.clone()).collect();
            others.extend([Vec::new(), another_sources_journal().await]);
            try_all(sample, name, others).await;
            let mut without = sample.blobs.clone();
            without.remove(name);
            if let Some(found) = opened(&without).await {
                assert_eq!(found, sample.held, "{} without {name}", sample.what);
            }
        }
    }
}

async fn another_sources_journal() -> Vec<u8> {
    let store = Arc::new(MemoryStore::default());
    let other = SourceStore {
        source_id: "others".into(),
        ..source_store(1, &store)
    };
    let (mut journal, _) = begin(&other).await;
    journal.append(&[Entry::Done(prints(5..9))]).await.unwrap();
    let journal = store.read(&other.journal(1), 0, u64::MAX).await;
    journal.unwrap().unwrap().bytes.to_vec()
}

/// What no format can show: that a blob is as it was some appends ago. Nothing short of a restored
/// copy makes it so: the service cannot shorten an append blob. That the facts are gone shows.
#[tokio::test]
async fn only_whole_appends_at_the_end_can_be_missing_unnoticed() {
    let mut unnoticed = 0;
    for sample in samples().await {
        let name = sample.newest("journal");
        let bytes = &sample.blobs[&name];
        let mut at_ends = vec![0];
        at_ends.extend(ends(&name, bytes).iter().filter(|e| e.1).map(|e| e.0));
        for cut in 0..bytes.len() {
            let Some(found) = opened(&sample.with(&name, &bytes[..cut])).await else {
                continue;
            };
            assert!(at_ends.contains(&cut), "{} cut at {cut}", sample.what);
            assert!(found.facts.is_some() && found.done.is_subset(&sample.held.done));
            unnoticed += 1;
        }
    }
    assert!(unnoticed > 0);
}

#[tokio::test]
async fn the_error_says_what_is_wrong_where_and_what_to_do() {
    let samples = samples().await;
    let (first, later, next) = (&samples[0], &samples[2], &samples[4]);
    let journal = &first.blobs["datasets/journal-0000000001"];
    let mut flipped = journal.clone();
    flipped[30] ^= 1;
    let ends = ends("datasets/journal-0000000001", journal);
    let mut no_begun = first.blobs.clone();
    no_begun.remove("datasets/journal-0000000001");
    let mut no_snapshot = later.blobs.clone();
    no_snapshot.remove("datasets/snapshot-0000000002");
    let unsealed = &next.blobs["datasets/journal-0000000002"];
    let seal = 2 * 17 + 8;
    let with = |bytes: &[u8]| first.with("datasets/journal-0000000001", bytes);
    let table = [
        (
            with(&flipped),
            "`datasets/journal-0000000001` has a frame whose checksum does not match (at byte 17)",
        ),
        (
            with(&[]),
            "`datasets/journal-0000000001` is empty and was not before",
        ),
        (
            with(&journal[..ends[1].0]),
            "`datasets/journal-0000000001` has lost frames at its end",
        ),
        (
            with(&journal[..ends[4].0]),
            "ends in the middle of an append",
        ),
        (
            with(&[&journal[..17], &journal[ends[1].0..]].concat()),
            "changed frames before it",
        ),
        (no_begun, "`datasets/journal-0000000001` is missing"),
        (no_snapshot, "`datasets/snapshot-0000000002` is missing"),
        (
            next.with(
                "datasets/journal-0000000002",
                &unsealed[..unsealed.len() - seal],
            ),
            "has lost the frame that ends it",
        ),
    ];
    for (blobs, words) in table {
        let error = recover(&source_store(2, &store_of(&blobs).await))
            .await
            .err();
        let error = error.expect(words).to_string();
        assert!(error.contains(words), "{error}");
        for words in [
            "the ledger of source `datasets` is damaged",
            "restored",
            "existing: {since: TIME}",
        ] {
            assert!(error.contains(words), "{error}");
        }
    }
}

/// Ledgers as the version before this one wrote them: without links, and without a blob that says
/// that a generation was begun.
async fn older_samples() -> Vec<Sample> {
    let end = Entry::End(9);
    let replayed = Entry::Replayed(prints(50..52));
    let entries = [
        Entry::Facts(facts()),
        Entry::Done(prints(0..9)),
        replayed,
        end,
    ];
    let snapshot = entries.map(|entry| Frame { writer: 7, entry });
    let journal =
        [Entry::Opened, Entry::Done(prints(9..11))].map(|entry| Frame { writer: 8, entry });
    let name = |blob: &str| format!("datasets/{blob}");
    let first = Blobs::from([(name("journal-0000000001"), encoded(&frames()))]);
    let second = Blobs::from([
        (name("journal-0000000002"), encoded(&journal)),
        (name("snapshot-0000000002"), encoded(&snapshot)),
    ]);
    vec![
        Sample::new("an older version's", &store_of(&first).await).await,
        Sample::new(
            "an older version's second generation",
            &store_of(&second).await,
        )
        .await,
    ]
}

#[tokio::test]
async fn an_older_versions_ledger_is_read_and_kept_from_then_on() {
    for sample in older_samples().await {
        assert_eq!(opened(&sample.blobs).await.as_ref(), Some(&sample.held));
        let store = store_of(&sample.blobs).await;
        let (mut journal, _) = Journal::open(&source_store(2, &store)).await.unwrap();
        journal
            .append(&[Entry::Done(prints(20..22))])
            .await
            .unwrap();
        let sample = Sample::new("an older version's, gone on with", &store).await;
        let name = sample.newest("journal");
        try_all(
            &sample,
            &name,
            damaged_frames(&pieces(&name, &sample.blobs[&name])),
        )
        .await;
        try_all(&sample, &name, damaged_bytes(&sample.blobs[&name])).await;
    }
}

/// Whole frames that are missing in it do not show; anything else does.
#[tokio::test]
async fn an_older_versions_ledger_that_has_bad_bytes_is_refused() {
    for sample in older_samples().await {
        for (name, bytes) in &sample.blobs {
            let mut ends: Vec<_> = ends(name, bytes).iter().map(|end| end.0).collect();
            ends.insert(0, 0);
            for at in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x10;
                assert_eq!(
                    opened(&sample.with(name, &flipped)).await,
                    None,
                    "{name} at {at}"
                );
                if !ends.contains(&at) {
                    assert_eq!(opened(&sample.with(name, &bytes[..at])).await, None);
                }
            }
        }
        let name = sample.newest("journal");
        let frames = pieces(&name, &sample.blobs[&name]);
        let emptied = opened(&sample.with(&name, &[])).await;
        // That of the first generation may just have been made.
        assert_eq!(emptied.is_none(), name.ends_with('2'));
        if name.ends_with('1') {
            let no_facts = [&frames[..1], &frames[2..]].concat().concat();
            assert_eq!(opened(&sample.with(&name, &no_facts)).await, None);
        }
    }
}
