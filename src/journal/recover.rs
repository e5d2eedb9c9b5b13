//! Reading a ledger back, whatever moment its last writer stopped at.
//!
//! Each append is whole or not at all, so a crash never leaves half a frame. A ledger that is
//! incomplete was damaged by something else: it is refused, because nobody can say what is missing.

use super::{
    error::JournalError,
    source_store::{Generations, SourceStore},
};
use crate::ledger::{
    Contents,
    chain::Chain,
    frame::{BadFrame, Entry, Frame, FrameReader},
};

/// How much is read in one call.
const PIECE: u64 = 4 << 20;
/// How often a ledger may change under the reader before something else must be wrong.
const PATIENCE: u32 = 10;

/// A ledger as it was found.
#[derive(Debug, Default)]
pub struct Recovered {
    /// What it holds.
    pub contents: Contents,
    /// The newest generation; 1 when there is none yet.
    pub generation: u64,
    /// Whether a blob says that this generation was begun.
    pub begun: bool,
    /// Bytes of the generation's journal.
    pub length: u64,
    /// The chain of all of them.
    pub chain: Chain,
    /// Whether the journal has links. One that only older versions wrote to has none.
    pub linked: bool,
    /// Frames in it that say something.
    pub frames: u64,
    /// Whether it ends with [`Entry::Sealed`]: the next generation was about to begin.
    pub sealed: bool,
    /// Bytes of the generation's snapshot.
    pub snapshot_bytes: u64,
}

/// Reads the newest generation. Transient faults are waited out; a generation that is replaced
/// while it is read is left for the newer one.
///
/// # Errors
/// [`JournalError::Damaged`] when something is missing, or is not as it was written;
/// [`JournalError::Newer`] when a newer version wrote it.
pub async fn recover(source_store: &SourceStore) -> Result<Recovered, JournalError> {
    let mut missing = String::new();
    let mut seen_damaged = None;
    for _ in 0..PATIENCE {
        let generations = source_store.generations(&source_store.names().await?);
        // A listing of several pages is not of one moment: what is missing may only have been
        // replaced meanwhile.
        if let Some(what) = gap(source_store, generations) {
            missing = what;
            continue;
        }
        match newest(source_store, generations).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(name)) => missing = format!("`{name}` is missing"),
            // A generation that is removed while it is read can look damaged: a writer that is late makes its
            // journal once more, without a frame. So the damage must be there when the names are read again.
            Err(JournalError::Damaged { what, .. }) if seen_damaged != Some(generations) => {
                seen_damaged = Some(generations);
                missing = what;
            }
            Err(error) => return Err(error),
        }
    }
    Err(damaged(source_store, missing))
}

// `Err` within: a blob of this name is missing (any more).
async fn newest(
    source_store: &SourceStore,
    generations: Generations,
) -> Result<Result<Recovered, String>, JournalError> {
    let Some(generation) = generations.journal else {
        return Ok(Ok(Recovered {
            generation: 1,
            chain: Chain::of(&source_store.journal(1)),
            ..Recovered::default()
        }));
    };
    let found = match read_generation(source_store, generation).await? {
        Ok(found) => found,
        Err(name) => return Ok(Err(name)),
    };
    let begun = generations.begun == Some(generation);
    whole(source_store, generations, Recovered { begun, ..found }).map(Ok)
}

// What must be there, by the names of what is.
fn gap(source_store: &SourceStore, generations: Generations) -> Option<String> {
    let Generations {
        journal,
        snapshot,
        begun,
        ..
    } = generations;
    // A snapshot is written before its journal is made, and a journal before it is called begun.
    let before = snapshot.map(|n| n.saturating_sub(u64::from(journal.is_some())));
    let expected = before.max(begun)?;
    (journal < Some(expected)).then(|| format!("`{}` is missing", source_store.journal(expected)))
}

// Each frame that is there is sound and in its place; this looks for frames that are not there.
fn whole(
    source_store: &SourceStore,
    generations: Generations,
    found: Recovered,
) -> Result<Recovered, JournalError> {
    let journal = source_store.journal(found.generation);
    // The generation before is removed only once this one has frames.
    let never_empty = found.begun || found.generation > 1 && !generations.has_older;
    let what = if found.length == 0 && never_empty {
        "is empty and was not before"
    } else if found.begun && (found.contents.facts.is_none() || !found.linked) {
        "has lost frames at its end"
    } else if !found.sealed && generations.snapshot > Some(found.generation) {
        "has lost the frame that ends it"
    } else {
        return Ok(found);
    };
    Err(damaged(source_store, format!("`{journal}` {what}")))
}

// `Err`: a blob of this name is missing (any more).
async fn read_generation(
    source_store: &SourceStore,
    generation: u64,
) -> Result<Result<Recovered, String>, JournalError> {
    let mut found = Recovered {
        generation,
        ..Recovered::default()
    };
    if generation > 1 && !read_snapshot(source_store, &mut found).await? {
        return Ok(Err(source_store.snapshot(generation)));
    }
    if !read_journal(source_store, &mut found).await? {
        return Ok(Err(source_store.journal(generation)));
    }
    Ok(Ok(found))
}

/// Makes sure that a snapshot that somebody else wrote is whole.
///
/// # Errors
/// As [`recover`]; [`JournalError::Fenced`] when it is gone, as after another roll-over.
pub(crate) async fn check_snapshot(
    source_store: &SourceStore,
    generation: u64,
) -> Result<(), JournalError> {
    let mut found = Recovered {
        generation,
        ..Recovered::default()
    };
    if read_snapshot(source_store, &mut found).await? {
        Ok(())
    } else {
        Err(JournalError::Fenced)
    }
}

// Whether there is one.
async fn read_snapshot(
    source_store: &SourceStore,
    found: &mut Recovered,
) -> Result<bool, JournalError> {
    let name = source_store.snapshot(found.generation);
    let contents = &mut found.contents;
    let mut end = None;
    let read = read_frames(source_store, &name, |entry, length| {
        match entry {
            Entry::End(count) => end = Some(count),
            entry => {
                if contents.done.is_empty() && matches!(entry, Entry::Done(_)) {
                    contents.done.reserve(most_in(length));
                }
                take_in(contents, entry)?;
            }
        }
        Ok(())
    })
    .await?;
    if read.is_some() && end != Some(found.contents.done.len() as u64) {
        return Err(damaged(source_store, format!("`{name}` is incomplete")));
    }
    found.snapshot_bytes = read.as_ref().map_or(0, |read| read.length);
    Ok(read.is_some())
}

// Fingerprints are eight bytes each, and nearly all that is in a snapshot. The length is what the
// service says: beyond what ledgers have, the set grows as they come.
fn most_in(length: u64) -> usize {
    usize::try_from(length / 8)
        .unwrap_or(usize::MAX)
        .min(1 << 24)
}

// Whether there is one.
async fn read_journal(
    source_store: &SourceStore,
    found: &mut Recovered,
) -> Result<bool, JournalError> {
    let name = source_store.journal(found.generation);
    let (contents, sealed, frames) = (&mut found.contents, &mut found.sealed, &mut found.frames);
    let read = read_frames(source_store, &name, |entry, _| {
        if *sealed {
            return Err("goes on after its end");
        }
        *sealed = entry == Entry::Sealed;
        *frames += 1;
        take_in(contents, entry)
    })
    .await?;
    if let Some(read) = &read {
        found.length = read.length;
        found.chain = read.chain;
        found.linked = read.linked;
    }
    Ok(read.is_some())
}

fn take_in(contents: &mut Contents, entry: Entry) -> Result<(), &'static str> {
    let done = matches!(entry, Entry::Done(_) | Entry::Replayed(_));
    if done && contents.facts.is_none() {
        return Err("has records before the header of the source");
    }
    contents.apply(entry);
    Ok(())
}

struct Read {
    length: u64,
    chain: Chain,
    /// Whether there are links. A ledger that an older version wrote has none.
    linked: bool,
}

// Hands on each entry but the links, with the blob's length; all of the blob must be sound. `None`:
// there is no such blob (any more).
async fn read_frames(
    source_store: &SourceStore,
    name: &str,
    mut take: impl FnMut(Entry, u64) -> Result<(), &'static str>,
) -> Result<Option<Read>, JournalError> {
    let mut frames = FrameReader::new(Chain::of(name));
    let (mut at, mut linked, mut open_end) = (0, false, false);
    loop {
        let read = || source_store.store.read(name, at, PIECE);
        let Some(chunk) = source_store.retry("read ledger").run(read).await? else {
            return Ok(None);
        };
        at += chunk.bytes.len() as u64;
        frames.push(&chunk.bytes);
        while let Some(Frame { entry, .. }) = next(source_store, name, &mut frames)? {
            let link = matches!(entry, Entry::Link(_));
            (linked, open_end) = (linked || link, !link);
            if !link {
                take(entry, chunk.total).map_err(|what| bad(source_store, name, what, &frames))?;
            }
        }
        if !chunk.bytes.is_empty() && at < chunk.total {
            continue;
        }
        if frames.consumed() < chunk.total || linked && open_end {
            return Err(bad(
                source_store,
                name,
                "ends in the middle of an append",
                &frames,
            ));
        }
        return Ok(Some(Read {
            length: chunk.total,
            chain: frames.chain(),
            linked,
        }));
    }
}

fn next(
    source_store: &SourceStore,
    name: &str,
    frames: &mut FrameReader,
) -> Result<Option<Frame>, JournalError> {
    frames.read().map_err(|found| match found {
        BadFrame::Content(_) => JournalError::Newer {
            source_id: source_store.source_id.clone(),
            what: format!("`{name}` has {found} at byte {}", frames.consumed()),
        },
        found => bad(source_store, name, &format!("has {found}"), frames),
    })
}

fn bad(source_store: &SourceStore, name: &str, what: &str, frames: &FrameReader) -> JournalError {
    let at = frames.consumed();
    damaged(source_store, format!("`{name}` {what} (at byte {at})"))
}

fn damaged(source_store: &SourceStore, what: String) -> JournalError {
    JournalError::Damaged {
        source_id: source_store.source_id.clone(),
        what,
    }
}
