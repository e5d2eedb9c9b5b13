//! Reading a ledger back, whatever moment its last writer stopped at.

use super::{
    Contents,
    error::JournalError,
    frame::{BadFrame, Entry, Frame, FrameReader},
    home::Home,
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
    /// Bytes of the generation's journal.
    pub length: u64,
    /// Bytes of it that are whole frames.
    pub valid: u64,
    /// Frames in it.
    pub frames: u64,
    /// Whether it ends with [`Entry::Sealed`]: the next generation was about to begin.
    pub sealed: bool,
    /// Bytes of the generation's snapshot.
    pub snapshot_bytes: u64,
}

impl Recovered {
    /// Whether the journal ends in bytes that are no frame.
    pub fn is_cut(&self) -> bool {
        self.valid < self.length
    }
}

/// Reads the newest generation. Transient faults are waited out; a generation that is replaced
/// while it is read is left for the newer one.
///
/// # Errors
/// [`JournalError::Damaged`] when the snapshot is missing or not whole, or when frames are sound
/// and of a newer version; a damaged tail of the journal is no error.
pub async fn recover(home: &Home) -> Result<Recovered, JournalError> {
    for _ in 0..PATIENCE {
        let names = home.names().await?;
        let newest = names
            .iter()
            .filter_map(|n| home.journal_generation(n))
            .max();
        let found = match newest {
            Some(generation) => read_generation(home, generation).await?,
            None if names.iter().any(|name| home.generation(name).is_some()) => {
                return Err(damaged(home, "has a snapshot and no journal"));
            }
            None => Some(Recovered {
                generation: 1,
                ..Recovered::default()
            }),
        };
        if let Some(recovered) = found {
            return Ok(recovered);
        }
    }
    Err(damaged(home, "has a journal whose snapshot is missing"))
}

async fn read_generation(home: &Home, generation: u64) -> Result<Option<Recovered>, JournalError> {
    let mut recovered = Recovered {
        generation,
        ..Recovered::default()
    };
    if generation > 1 {
        let Some(bytes) = read_snapshot(home, generation, &mut recovered.contents).await? else {
            return Ok(None);
        };
        recovered.snapshot_bytes = bytes;
    }
    let read = read_journal(home, generation, &mut recovered).await?;
    Ok(read.then_some(recovered))
}

async fn read_snapshot(
    home: &Home,
    generation: u64,
    contents: &mut Contents,
) -> Result<Option<u64>, JournalError> {
    let name = home.snapshot(generation);
    let mut end = None;
    let outcome = read_frames(home, &name, |entry, length| {
        match entry {
            Entry::End(count) => end = Some(count),
            entry => {
                if contents.done.is_empty() && matches!(entry, Entry::Done(_)) {
                    contents.done.reserve(most_in(length));
                }
                contents.apply(entry);
            }
        }
        true
    })
    .await?;
    let Some(outcome) = outcome else {
        return Ok(None);
    };
    let whole = outcome.bad.is_none() && outcome.valid == outcome.length;
    if !whole || end != Some(contents.done.len() as u64) {
        return Err(damaged(home, "has a snapshot that is not whole"));
    }
    Ok(Some(outcome.length))
}

// Fingerprints are eight bytes each, and nearly all that is in a snapshot. The length is what the
// service says: beyond what ledgers have, the set grows as they come.
fn most_in(length: u64) -> usize {
    usize::try_from(length / 8)
        .unwrap_or(usize::MAX)
        .min(1 << 24)
}

async fn read_journal(
    home: &Home,
    generation: u64,
    recovered: &mut Recovered,
) -> Result<bool, JournalError> {
    let name = home.journal(generation);
    let (contents, sealed) = (&mut recovered.contents, &mut recovered.sealed);
    let mut frames = 0;
    let outcome = read_frames(home, &name, |entry, _| {
        frames += 1;
        *sealed = entry == Entry::Sealed;
        contents.apply(entry);
        !*sealed
    })
    .await?;
    let Some(outcome) = outcome else {
        return Ok(false);
    };
    if let Some(BadFrame::Content(_)) = outcome.bad {
        return Err(damaged(home, "was written by a newer version"));
    }
    recovered.frames = frames;
    recovered.valid = outcome.valid;
    recovered.length = outcome.length;
    Ok(true)
}

struct Outcome {
    length: u64,
    valid: u64,
    bad: Option<BadFrame>,
}

// Hands on each entry, with the blob's length, until `take` has enough, a frame is bad, or the blob ends. `None`: there is
// no such blob (any more).
async fn read_frames(
    home: &Home,
    name: &str,
    mut take: impl FnMut(Entry, u64) -> bool,
) -> Result<Option<Outcome>, JournalError> {
    let mut frames = FrameReader::default();
    let mut at = 0;
    loop {
        let read = || home.store.read(name, at, PIECE);
        let Some(chunk) = home.retry("read ledger").run(read).await? else {
            return Ok(None);
        };
        at += chunk.bytes.len() as u64;
        frames.push(&chunk.bytes);
        let outcome = |bad, frames: &FrameReader| Outcome {
            length: chunk.total,
            valid: frames.consumed(),
            bad,
        };
        loop {
            match frames.read() {
                Ok(Some(Frame { entry, .. })) => {
                    if !take(entry, chunk.total) {
                        return Ok(Some(outcome(None, &frames)));
                    }
                }
                Ok(None) => break,
                Err(bad) => return Ok(Some(outcome(Some(bad), &frames))),
            }
        }
        if chunk.bytes.is_empty() || at >= chunk.total {
            return Ok(Some(outcome(None, &frames)));
        }
    }
}

fn damaged(home: &Home, what: &str) -> JournalError {
    JournalError::Damaged(format!(
        "the ledger of source `{id}` {what}; restore the folder `{id}/` of the state container, or delete it to begin anew (with `existing: skip` nothing that is there now is announced then)",
        id = home.source_id
    ))
}
