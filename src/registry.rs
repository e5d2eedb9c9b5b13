//! What this process knows of each source, for as long as it lives: the numbers, the ledger of a
//! source that keeps it in memory, and who streams it. gRPC writes it, the admin port reads it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use time::OffsetDateTime;
use tracing::warn;

use crate::{
    metrics::{PortStats, SourceStats},
    shared::Shared,
};

mod refused;

pub use refused::{Refusal, Refusals};

/// Clients choose the names of sources, so the number of those we remember has a bound.
const REMEMBERED: usize = 1024;

/// All sources that have been streamed since the process started, and the ports that it serves.
#[derive(Debug, Default)]
pub struct Registry {
    /// The streams that were refused before they began.
    pub refusals: Refusals,
    sources: Shared<HashMap<String, Arc<SourceEntry>>>,
    ports: Shared<BTreeMap<&'static str, Arc<PortStats>>>,
}

/// What is known of one source.
#[derive(Debug)]
pub struct SourceEntry {
    /// The source's name.
    pub id: String,
    /// The numbers that its sessions write. They outlive each session, so counters never go back.
    pub stats: Arc<SourceStats>,
    /// Streams that ended because a newer one came.
    pub take_overs: AtomicU64,
    /// Streams that were started.
    pub streams: AtomicU64,
    stream: Shared<StreamState>,
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
    /// Since when each stream has ended before its session came to work; `None` when the last one did not.
    pub refused_since: Option<OffsetDateTime>,
    /// How many sessions had come to work when the last stream started.
    sessions_before: u64,
}

impl Registry {
    /// The source of this name, new if need be.
    pub fn source(&self, id: &str) -> Arc<SourceEntry> {
        let mut sources = self.sources.lock();
        if let Some(source) = sources.get(id) {
            return source.clone();
        }
        if sources.len() >= REMEMBERED {
            forget_one(&mut sources);
        }
        let source = Arc::new(SourceEntry::new(id));
        sources.insert(id.to_owned(), source.clone());
        source
    }

    /// Forgets the source of this name.
    pub fn forget(&self, id: &str) {
        self.sources.lock().remove(id);
    }

    /// All sources in the order of their names.
    pub fn all(&self) -> Vec<Arc<SourceEntry>> {
        let mut all: Vec<_> = self.sources.lock().values().cloned().collect();
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all
    }

    /// The numbers of the port of this name, new if need be.
    pub fn port(&self, name: &'static str) -> Arc<PortStats> {
        self.ports.lock().entry(name).or_default().clone()
    }

    /// All ports in the order of their names.
    pub fn ports(&self) -> Vec<(&'static str, Arc<PortStats>)> {
        let ports = self.ports.lock();
        ports.iter().map(|(name, it)| (*name, it.clone())).collect()
    }
}

// Who has been idle longest goes first. Sources that somebody holds stay, live or about to be: there are fewer
// of them than we remember.
fn forget_one(sources: &mut HashMap<String, Arc<SourceEntry>>) {
    let idle = sources
        .values()
        .filter(|source| Arc::strong_count(source) == 1)
        .map(|source| (source.stream(), source.id.clone()))
        .filter(|(stream, _)| !stream.live)
        .min_by_key(|(stream, _)| stream.since);
    if let Some((_, id)) = idle {
        warn!(source = %id, "forgetting a source: {REMEMBERED} others came after it");
        sources.remove(&id);
    }
}

impl SourceEntry {
    fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            stats: Arc::default(),
            take_overs: AtomicU64::new(0),
            streams: AtomicU64::new(0),
            stream: Shared::new(StreamState {
                live: false,
                since: OffsetDateTime::now_utc(),
                event_name: String::new(),
                container: String::new(),
                ended: None,
                refused_since: None,
                sessions_before: 0,
            }),
        }
    }

    /// Who streams the source, or streamed it last.
    pub fn stream(&self) -> StreamState {
        let mut stream = self.stream.lock();
        // A stream that started after others were refused shows why, until it is seen to do better.
        if stream.live && self.works(&stream) {
            (stream.ended, stream.refused_since) = (None, None);
        }
        stream.clone()
    }

    fn works(&self, stream: &StreamState) -> bool {
        self.stats.sessions.load(Relaxed) > stream.sessions_before
    }

    /// Says that a stream has started, and gives the number to end it with.
    pub fn started(&self, event_name: &str, container: &str) -> u64 {
        let mut stream = self.stream.lock();
        let number = self.streams.fetch_add(1, Relaxed) + 1;
        // What an earlier stream was waiting to try again, nobody fixes any more.
        self.stats.clear_errors();
        let refused_since = stream.refused_since;
        *stream = StreamState {
            live: true,
            since: OffsetDateTime::now_utc(),
            event_name: event_name.to_owned(),
            container: container.to_owned(),
            ended: stream.ended.take().filter(|_| refused_since.is_some()),
            refused_since,
            sessions_before: self.stats.sessions.load(Relaxed),
        };
        number
    }

    /// Says that a stream has ended, and why if not in peace. One that was outlived by a newer
    /// stream changes nothing.
    pub fn ended(&self, number: u64, why: Option<String>) {
        self.end(number, why, false);
    }

    /// Says that a stream has ended because of its storage account or its cluster, and why. Returns whether that was
    /// before its session came to work, so that the stream was refused.
    pub fn failed(&self, number: u64, why: String) -> bool {
        self.end(number, Some(why), true)
    }

    fn end(&self, number: u64, why: Option<String>, failed: bool) -> bool {
        let mut stream = self.stream.lock();
        if number != self.streams.load(Relaxed) {
            return false;
        }
        let is_refused = failed && !self.works(&stream);
        stream.refused_since = match is_refused {
            true => stream
                .refused_since
                .or_else(|| Some(OffsetDateTime::now_utc())),
            false => None,
        };
        stream.live = false;
        // A session that broke off could not say so itself.
        self.stats.stream_ended();
        stream.since = OffsetDateTime::now_utc();
        stream.ended = why;
        is_refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{confirm::unfinished::Workflows, metrics::Pause};

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
    fn a_source_that_is_about_to_stream_outlives_others() {
        let registry = Registry::default();
        let beginning = registry.source("beginning");
        for n in 0..REMEMBERED + 10 {
            let _ = registry.source(&format!("s{n}"));
        }
        assert_eq!(registry.all().len(), REMEMBERED);
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
    fn a_source_is_refused_until_a_session_works() {
        let registry = Registry::default();
        let source = registry.source("a");
        let why = || "the container was not found".to_owned();
        let number = source.started("event", "container");
        assert!(source.failed(number, why()));
        let since = source.stream().refused_since;
        assert!(since.is_some());
        let number = source.started("event", "container");
        assert_eq!(
            (source.stream().refused_since, source.stream().ended),
            (since, Some(why()))
        );
        assert!(source.failed(number, why()));
        assert_eq!(source.stream().refused_since, since);
        let number = source.started("event", "container");
        source.stats.sessions.fetch_add(1, Relaxed);
        assert_eq!(
            (source.stream().refused_since, source.stream().ended),
            (None, None)
        );
        assert!(!source.failed(number, why()), "it has worked");
        assert_eq!(source.stream().refused_since, None);
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
