//! A fake Azure in a process of its own, and the product's own parts set up against it.

use std::{
    io::{Read, stdin},
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use azure_blob_eventsource::{
    azure::Connector,
    config::SourceConfig,
    gate::{Gate, Policy},
    intake::sweep::{SMALLEST_RANGE, Sweeper, plan::Sample, range::RangeReader},
    ledger::{
        Contents, Ledger,
        facts::Facts,
        fingerprint::{Fingerprint, FingerprintKey},
        frame::{Entry, MAX_DONE},
        offer::Offer,
    },
    metrics::SourceStats,
    ports::{
        connect::{Connect, Opened},
        listing::BlobListing,
    },
    recorder::Record,
    shared::Shared,
};
use testkit::{
    account::{FakeAccount, Synthetic},
    http::{HttpFace, HttpOp, connection_string},
};
use tokio::sync::mpsc;

use super::{Other, role};

/// The container that the fake serves.
pub(crate) const CONTAINER: &str = "datasets";
/// The container of ledgers.
pub(crate) const STATE: &str = "eventsource-state";
/// The role of [`serve`].
pub(crate) const SERVE: &str = "serve";
/// How much of the container the fake keeps rendered at most, and what a blob takes of it.
const CACHE: u64 = 1 << 30;
const RENDERED: u64 = 700;
const KEY: FingerprintKey = FingerprintKey(0x6b65_7931, 0x6b65_7932);

/// Serves a container of made-up blobs: prints the endpoint, and ends with its input. The arguments are how many there
/// are, and how many milliseconds a page takes.
pub(crate) async fn serve(arguments: &[String]) {
    let number = |at: usize| arguments[at].parse::<u64>().expect("a number");
    let (blobs, latency) = (number(0), Duration::from_millis(number(1)));
    let account = FakeAccount::new();
    account
        .create_synthetic_container(CONTAINER, blobs)
        .expect("a new container");
    let face = HttpFace::start_with(account, 0, cache(blobs))
        .await
        .expect("a free port");
    face.set_latency(HttpOp::ListBlobs, latency);
    println!("{}", face.endpoint());
    let end = tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new()));
    let _ = end.await;
}

/// What a bench does whose other processes only [`serve`]: that in them, and `measure` in the bench itself.
pub(crate) async fn serve_or(measure: impl Future<Output = ()>) {
    match role() {
        Some((role, arguments)) if role == SERVE => serve(&arguments).await,
        Some((role, _)) => panic!("no role {role}"),
        None => measure.await,
    }
}

/// How much of a container of so many blobs is kept rendered. One that does not fit is rendered page by page instead of
/// filling the memory.
pub(crate) fn cache(blobs: u64) -> usize {
    match blobs * RENDERED <= CACHE {
        true => CACHE as usize,
        false => 0,
    }
}

/// A fake service in another process, and how the product reaches it.
pub(crate) struct Service {
    /// Its URL, without a trailing slash.
    pub(crate) endpoint: String,
    _process: Other,
}

impl Service {
    /// Starts one with `blobs` blobs.
    pub(crate) fn start(blobs: u64) -> Self {
        Self::start_slow(blobs, Duration::ZERO)
    }

    /// Starts one with `blobs` blobs that takes `latency` for each page.
    pub(crate) fn start_slow(blobs: u64, latency: Duration) -> Self {
        let arguments = [blobs.to_string(), latency.as_millis().to_string()];
        let mut process = Other::start(SERVE, &arguments);
        Self {
            endpoint: process.line(),
            _process: process,
        }
    }
}

/// The product's configuration for the service at `endpoint`.
pub(crate) fn config(endpoint: &str) -> SourceConfig {
    let text = format!(
        "{{endpoint: \"{endpoint}\", container: {CONTAINER}, credential: fake, existing: emit, \
         source: {{listing: {{parallelism: 1}}}}}}"
    );
    SourceConfig::parse(text.as_bytes()).expect("a configuration")
}

/// The product's listing of the container at `endpoint`.
pub(crate) fn listing(endpoint: &str) -> Arc<dyn BlobListing> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    write_credential(dir.path(), endpoint);
    let connector = Connector {
        credentials_dir: Some(dir.path().to_owned()),
        allowed_endpoints: Vec::new(),
        ..Connector::default()
    };
    let Opened { blobs, .. } = connector
        .open(&config(endpoint).wanted())
        .expect("a connection");
    blobs
}

/// Writes the credential `fake` of the service at `endpoint`.
pub(crate) fn write_credential(dir: &Path, endpoint: &str) {
    std::fs::write(dir.join("fake"), connection_string(endpoint)).expect("a credential file");
}

/// The fingerprint of a made-up blob.
pub(crate) fn fingerprint(index: u64) -> Fingerprint {
    KEY.of(&Synthetic::name(index), &Synthetic::etag(index))
}

/// The facts of a ledger whose baseline is complete.
pub(crate) fn facts(config: &SourceConfig) -> Facts {
    Facts::new(
        "https://bench".into(),
        KEY,
        config.filter.spec().clone(),
        "",
        0,
    )
    .baseline_complete()
}

/// What recovery makes of a ledger in which the first `blobs` made-up blobs are done.
pub(crate) fn contents(config: &SourceConfig, blobs: u64) -> Contents {
    let mut contents = Contents::default();
    contents.apply(Entry::Facts(facts(config)));
    for start in (0..blobs).step_by(MAX_DONE) {
        let end = blobs.min(start + MAX_DONE as u64);
        contents.apply(Entry::Done((start..end).map(fingerprint).collect()));
    }
    contents
}

/// A sweeper with what it reports to.
pub(crate) struct Sweep {
    sweeper: Sweeper,
    /// What it sweeps with.
    pub(crate) ledger: Arc<Shared<Ledger>>,
    stats: Arc<SourceStats>,
    offers: mpsc::Receiver<Offer>,
    records: mpsc::Receiver<Record>,
}

impl Sweep {
    /// Sweeps `listing` with a ledger that holds `contents`.
    pub(crate) fn new(
        listing: Arc<dyn BlobListing>,
        config: &SourceConfig,
        contents: Contents,
    ) -> Self {
        let (to_offers, offers) = mpsc::channel(1);
        let (to_records, records) = mpsc::channel(1);
        let ledger = Arc::new(Shared::new(Ledger::new(contents)));
        let stats = Arc::new(SourceStats::default());
        let policy = Policy::new(config.rules(), &facts(config));
        let sweeper = Sweeper {
            reader: RangeReader {
                listing,
                prefix: String::new(),
                gate: Arc::new(Gate::new(
                    policy,
                    (Arc::clone(&ledger), Arc::default()),
                    to_offers,
                    to_records,
                )),
                stats: Arc::clone(&stats),
                seed: 1,
            },
            parallelism: config.parallelism,
            smallest_range: SMALLEST_RANGE,
            last: Sample::default(),
            with_queue: false,
        };
        Self {
            sweeper,
            ledger,
            stats,
            offers,
            records,
        }
    }

    /// With up to so many ranges at once from its second sweep on.
    pub(crate) fn in_ranges(mut self, parallelism: usize) -> Self {
        self.sweeper.parallelism = parallelism;
        self
    }

    /// One whole sweep that finds nothing new, and how many blobs it saw.
    pub(crate) async fn run(&mut self) -> u64 {
        let before = self.stats.blobs_listed.load(Relaxed);
        let known = self.known();
        self.sweeper.sweep(&mut true).await.expect("a sweep");
        assert_eq!(self.known(), known, "a sweep that forgets nothing");
        assert!(self.offers.is_empty() && self.records.is_empty());
        self.stats.blobs_listed.load(Relaxed) - before
    }

    fn known(&self) -> usize {
        self.ledger.lock().contents().done.len()
    }
}
