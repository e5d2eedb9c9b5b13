//! The ledgers that this process alone holds.

use std::sync::Arc;

use tracing::warn;

use super::{memory::MemoryStore, retained::RetainedLedger};
use crate::shared::Shared;

/// How many sources are remembered. Who was asked for longest ago goes first, and of those without a
/// ledger here all go before the others: the client of one that has a ledger here may come back.
const SOURCES: usize = 1_000;
/// How many ledgers in memory a source has at most: one for each container that was streamed under
/// its name. Who was streamed longest ago goes first.
const LEDGERS: usize = 4;

/// What sources have in the memory of this process. It outlives their streams, and no pressure on numbers or
/// status takes a ledger away.
#[derive(Debug, Default)]
pub struct ProcessLedgers(Shared<Vec<Arc<SourceLedgers>>>);

/// What one source has in the memory of this process.
#[derive(Debug, Default)]
pub struct SourceLedgers {
    source_id: String,
    /// Its ledger, while its state container is away.
    pub retained: Arc<RetainedLedger>,
    in_memory: Shared<Vec<(String, Arc<MemoryStore>)>>,
}

impl ProcessLedgers {
    /// What the source of this name has, nothing at first.
    pub fn of(&self, source_id: &str) -> Arc<SourceLedgers> {
        let mut sources = self.0.lock();
        let known = sources.iter().position(|it| it.source_id == source_id);
        let source = match known.map(|at| sources.remove(at)) {
            Some(source) => source,
            None => Arc::new(SourceLedgers {
                source_id: source_id.to_owned(),
                ..SourceLedgers::default()
            }),
        };
        sources.push(Arc::clone(&source));
        if sources.len() > SOURCES {
            forget_one(&mut sources);
        }
        source
    }
}

// Those that somebody holds stay: there are fewer of them than we remember.
fn forget_one(sources: &mut Vec<Arc<SourceLedgers>>) {
    let idle = |source: &Arc<SourceLedgers>| Arc::strong_count(source) == 1 && !source.is_in_use();
    let empty = sources.iter().position(|it| idle(it) && it.is_empty());
    if let Some(at) = empty.or_else(|| sources.iter().position(idle)) {
        let source = sources.remove(at);
        if !source.is_empty() {
            warn!(
                source = source.source_id,
                "the ledger in memory is forgotten: {SOURCES} sources came after it"
            );
        }
    }
}

impl SourceLedgers {
    /// The ledger in memory of the container with this URL, for a source without a state container.
    /// A client that reconnects to this process finds it again and so does not start from a new
    /// baseline.
    pub fn in_memory(&self, container: &str) -> Arc<MemoryStore> {
        let mut ledgers = self.in_memory.lock();
        let known = ledgers.iter().position(|(url, _)| url == container);
        let ledger = match known.map(|at| ledgers.remove(at)) {
            Some((_, ledger)) => ledger,
            None => self.new_ledger(),
        };
        ledgers.push((container.to_owned(), Arc::clone(&ledger)));
        let surplus = ledgers.len().saturating_sub(LEDGERS);
        ledgers.drain(..surplus);
        ledger
    }

    fn new_ledger(&self) -> Arc<MemoryStore> {
        warn!(
            source = self.source_id,
            "no state container: after a restart the server does not know any more what was announced"
        );
        Arc::default()
    }

    fn is_empty(&self) -> bool {
        self.in_memory.lock().is_empty() && self.retained.is_empty()
    }

    // Whether a session works with one of them.
    fn is_in_use(&self) -> bool {
        let held = |ledger: &Arc<MemoryStore>| Arc::strong_count(ledger) > 1;
        let ledgers = self.in_memory.lock();
        Arc::strong_count(&self.retained) > 1 || ledgers.iter().any(|(_, ledger)| held(ledger))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_finds_its_ledger_again() {
        let ledgers = ProcessLedgers::default();
        let ledger = |id: &str, url: &str| ledgers.of(id).in_memory(url);
        let first = ledger("a", "https://x/1");
        assert!(Arc::ptr_eq(&first, &ledger("a", "https://x/1")));
        assert!(!Arc::ptr_eq(&first, &ledger("b", "https://x/1")));
    }

    #[test]
    fn two_containers_under_one_name_share_no_ledger() {
        let source = ProcessLedgers::default().of("a");
        let first = source.in_memory("https://x/1");
        for n in 2..100 {
            let other = source.in_memory(&format!("https://x/{n}"));
            assert!(!Arc::ptr_eq(&first, &other));
            // What is in use stays, whatever else comes.
            assert!(Arc::ptr_eq(&first, &source.in_memory("https://x/1")));
        }
        assert_eq!(source.in_memory.lock().len(), LEDGERS);
    }

    #[test]
    fn sources_without_a_ledger_here_go_first_and_those_in_use_stay() {
        let ledgers = ProcessLedgers::default();
        // Nobody holds the ledger itself; that it is the same one shows by what is in it.
        let in_memory = Arc::downgrade(&ledgers.of("in-memory").in_memory("https://x/1"));
        let in_use = ledgers.of("in use").in_memory("https://x/1");
        for n in 0..SOURCES + 10 {
            let _ = ledgers.of(&format!("s{n}"));
        }
        assert_eq!(ledgers.0.lock().len(), SOURCES);
        assert!(in_memory.upgrade().is_some());
        for n in 0..SOURCES + 10 {
            let _ = ledgers.of(&format!("t{n}")).in_memory("https://x/1");
        }
        assert_eq!(ledgers.0.lock().len(), SOURCES);
        assert!(in_memory.upgrade().is_none());
        assert!(Arc::ptr_eq(
            &in_use,
            &ledgers.of("in use").in_memory("https://x/1")
        ));
    }
}
