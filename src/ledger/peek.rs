//! A look at a ledger that reads only its beginning.

use super::{
    chain::Chain,
    facts::Facts,
    frame::{Entry, Frame, FrameReader},
    home::Home,
};
use crate::storage::StorageError;

/// How much is read: the facts come first in a snapshot, and second in a journal that has none.
const BEGINNING: u64 = 512 * 1024;

/// The URL of the container of which a ledger speaks; `None` when there is no ledger yet, or when its
/// beginning does not say: then whoever opens it finds out. Transient faults are waited out.
pub async fn container_of(home: &Home) -> Result<Option<String>, StorageError> {
    let name = match home.newest_journal().await? {
        None => return Ok(None),
        Some(1) => home.journal(1),
        Some(generation) => home.snapshot(generation),
    };
    let read = || home.store.read(&name, 0, BEGINNING);
    let beginning = home.retry("read ledger").run(read).await?;
    let facts = beginning.and_then(|chunk| first_facts(&name, &chunk.bytes));
    Ok(facts.map(|facts| facts.container))
}

fn first_facts(name: &str, bytes: &[u8]) -> Option<Facts> {
    let mut frames = FrameReader::new(Chain::of(name));
    frames.push(bytes);
    while let Ok(Some(Frame { entry, .. })) = frames.read() {
        if let Entry::Facts(facts) = entry {
            return Some(facts);
        }
    }
    None
}
