//! What this process knows of each source, for as long as it lives: the numbers, the ledger of a
//! source that keeps it in memory, and who streams it. gRPC writes it, the admin port reads it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use time::OffsetDateTime;
use tracing::warn;

use crate::{
    ledger::{keepsake::Keepsake, memory::MemoryStore},
    metrics::{PortStats, SourceStats},
};

mod refused;

pub use refused::{Refusal, Refusals};

/// Clients choose the names of sources, so the number of those we remember has a bound.
const REMEMBERED: usize = 1024;

/// How many ledgers in memory a source has at most: one for each container that was streamed under
/// its name. Who was streamed longest ago goes first.
const LEDGERS: usize = 4;

/// All sources that have been streamed since the process started, and the ports that it serves.
#[derive(Debug, Default)]
pub struct Registry {
    /// The streams that were refused before they began.
    pub refusals: Refusals,
    sources: Mutex<HashMap<String, Arc<Source>>>,
    ports: Mutex<BTreeMap<&'static str, Arc<PortStats>>>,
}

/// What is known of one source.
#[derive(Debug)]
pub struct Source {
    /// The source's name.
    pub id: String,
    /// The numbers that its sessions write. They outlive each session, so counters never go back.
    pub stats: Arc<SourceStats>,
    /// Streams that ended because a newer one came.
    pub take_overs: AtomicU64,
    /// Streams that were started.
    pub streams: AtomicU64,
    /// Its ledger, while its state container is away.
    pub keepsake: Arc<Keepsake>,
    ledgers: Mutex<Vec<(String, Arc<MemoryStore>)>>,
    stream: Mutex<StreamState>,
}

/// Who streams a source, or streamed it last.
#[derive(Debug, Clone)]
pub struct StreamState {
    /// Whether a stream is live.
    pub live: bool,
    /// When the state last changed.
    pub since: OffsetDateTime,
    /// The event's name in the last request.
    pub event_name: String,
    /// The container in the last request.
    pub container: String,
    /// Why the last stream ended; `None` when it ended without an error, or has not ended.
    pub ended: Option<String>,
}

impl Registry {
    /// The source of this name, new if need be.
    pub fn source(&self, id: &str) -> Arc<Source> {
        let mut sources = self.lock();
        if let Some(source) = sources.get(id) {
            return source.clone();
        }
        if sources.len() >= REMEMBERED {
            forget_one(&mut sources);
        }
        let source = Arc::new(Source::new(id));
        sources.insert(id.to_owned(), source.clone());
        source
    }

    /// All sources in the order of their names.
    pub fn all(&self) -> Vec<Arc<Source>> {
        let mut all: Vec<_> = self.lock().values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The numbers of the port of this name, new if need be.
    pub fn port(&self, name: &'static str) -> Arc<PortStats> {
        self.lock_ports().entry(name).or_default().clone()
    }

    /// All ports in the order of their names.
    pub fn ports(&self) -> Vec<(&'static str, Arc<PortStats>)> {
        let ports = self.lock_ports();
        ports.iter().map(|(name, it)| (*name, it.clone())).collect()
    }

    fn lock_ports(&self) -> MutexGuard<'_, BTreeMap<&'static str, Arc<PortStats>>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Source>>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Who has been idle longest goes first, and of those whose ledger is here alone, none before all others:
// their client may be about to come back. Sources that somebody holds stay, live or about to be: there are
// fewer of them than we remember.
fn forget_one(sources: &mut HashMap<String, Arc<Source>>) {
    let idle = sources
        .values()
        .filter(|source| Arc::strong_count(source) == 1)
        .map(|source| (source.has_ledger(), source.stream(), source.id.clone()))
        .filter(|(_, stream, _)| !stream.live)
        .min_by_key(|(has_ledger, stream, _)| (*has_ledger, stream.since));
    if let Some((_, _, id)) = idle {
        warn!(source = %id, "forgetting a source: {REMEMBERED} others came after it");
        sources.remove(&id);
    }
}

impl Source {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            stats: Arc::default(),
            take_overs: AtomicU64::new(0),
            streams: AtomicU64::new(0),
            keepsake: Arc::default(),
            ledgers: Mutex::default(),
            stream: Mutex::new(StreamState {
                live: false,
                since: OffsetDateTime::now_utc(),
                event_name: String::new(),
                container: String::new(),
                ended: None,
            }),
        }
    }

    /// The ledger in memory of the container with this URL, for a source without a state container.
    /// A client that reconnects to this process finds it again and so does not start from a new
    /// baseline.
    pub fn memory_ledger(&self, container: &str) -> Arc<MemoryStore> {
        let mut ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
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

    // Whether a ledger would be lost with it.
    fn has_ledger(&self) -> bool {
        let ledgers = self.ledgers.lock().unwrap_or_else(PoisonError::into_inner);
        !ledgers.is_empty() || !self.keepsake.is_empty()
    }

    fn new_ledger(&self) -> Arc<MemoryStore> {
        warn!(
            source = %self.id,
            "no state container: a restart of the server forgets what was announced"
        );
        Arc::default()
    }

    /// Who streams the source, or streamed it last.
    pub fn stream(&self) -> StreamState {
        self.lock().clone()
    }

    /// Says that a stream has started, and gives the number to end it with.
    pub fn started(&self, event_name: &str, container: &str) -> u64 {
        let mut stream = self.lock();
        let number = self.streams.fetch_add(1, Relaxed) + 1;
        // What an earlier stream was waiting to try again, nobody mends any more.
        self.stats.clear_errors();
        *stream = StreamState {
            live: true,
            since: OffsetDateTime::now_utc(),
            event_name: event_name.to_owned(),
            container: container.to_owned(),
            ended: None,
        };
        number
    }

    /// Says that a stream has ended, and why if not in peace. One that was outlived by a newer
    /// stream changes nothing.
    pub fn ended(&self, number: u64, why: Option<String>) {
        let mut stream = self.lock();
        if number != self.streams.load(Relaxed) {
            return;
        }
        stream.live = false;
        // A session that broke off could not say so itself.
        self.stats.stream_ended();
        stream.since = OffsetDateTime::now_utc();
        stream.ended = why;
    }

    fn lock(&self) -> MutexGuard<'_, StreamState> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{confirm::unfinished::Workflows, metrics::Pause};

    #[test]
    fn a_source_is_found_again_with_its_ledger() {
        let registry = Registry::default();
        let ledger = |id: &str, url: &str| registry.source(id).memory_ledger(url);
        let first = ledger("a", "https://x/1");
        assert!(Arc::ptr_eq(&first, &ledger("a", "https://x/1")));
        assert!(!Arc::ptr_eq(&first, &ledger("b", "https://x/1")));
    }

    #[test]
    fn two_containers_under_one_name_share_no_ledger() {
        let source = Registry::default().source("a");
        let first = source.memory_ledger("https://x/1");
        for n in 2..100 {
            let other = source.memory_ledger(&format!("https://x/{n}"));
            assert!(!Arc::ptr_eq(&first, &other));
            // What is in use stays, whatever else comes.
            assert!(Arc::ptr_eq(&first, &source.memory_ledger("https://x/1")));
        }
        assert_eq!(
            source.ledgers.lock().map(|all| all.len()).ok(),
            Some(LEDGERS)
        );
    }

    #[test]
    fn the_number_of_sources_is_bounded_and_live_ones_stay() {
        let registry = Registry::default();
        registry.source("live").started("event", "container");
        for n in 0..REMEMBERED + 10 {
            let _ = registry.source(&format!("s{n}"));
        }
        let all = registry.all();
        assert_eq!(all.len(), REMEMBERED);
        assert!(all.iter().any(|source| source.id == "live"));
    }

    #[test]
    fn who_has_its_ledger_here_alone_or_is_about_to_stream_outlives_others() {
        let registry = Registry::default();
        let ledger = registry.source("in-memory").memory_ledger("https://x/1");
        let beginning = registry.source("beginning");
        for n in 0..REMEMBERED + 10 {
            let _ = registry.source(&format!("s{n}"));
        }
        assert_eq!(registry.all().len(), REMEMBERED);
        let again = registry.source("in-memory").memory_ledger("https://x/1");
        assert!(Arc::ptr_eq(&ledger, &again));
        assert!(Arc::ptr_eq(&beginning, &registry.source("beginning")));
    }

    #[test]
    fn a_stream_begins_without_the_errors_of_the_one_before() {
        let registry = Registry::default();
        let source = registry.source("a");
        let number = source.started("event", "container");
        source.stats.set_error(1, Some("503".to_owned()));
        source.ended(number, None);
        assert_eq!(source.stats.error().as_deref(), Some("503"));
        source.started("event", "container");
        assert_eq!(source.stats.error(), None);
    }

    #[test]
    fn what_only_a_live_session_knows_ends_with_the_stream() {
        let registry = Registry::default();
        let source = registry.source("a");
        let number = source.started("event", "container");
        let mut workflows = Workflows::default();
        workflows.survey.without_phase.count = 2;
        source.stats.set_workflows(workflows);
        source.stats.set_pause(Some(Pause::in_flight(100)));
        source.ended(number, None);
        assert_eq!(source.stats.pause(), None);
        assert_eq!(source.stats.without_phase(), 0);
    }

    #[test]
    fn the_end_of_a_stream_is_remembered() {
        let registry = Registry::default();
        let source = registry.source("a");
        let outlived = source.started("event", "container");
        let number = source.started("event", "container");
        source.ended(outlived, None);
        assert!(source.stream().live);
        source.ended(number, Some("why".to_owned()));
        let stream = source.stream();
        assert!(!stream.live);
        assert_eq!(stream.ended.as_deref(), Some("why"));
        assert_eq!(stream.container, "container");
    }
}
