//! A stage for sessions: an account, a configuration, and clients that do as they are told.

use std::{
    future::{Future, poll_fn},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use azure_blob_eventsource::{
    blob::Version,
    config::SourceConfig,
    confirm::target::Confirm,
    delivery::{
        event_channel::{Announcement, EventReceiver, event_channel},
        expected::Expected,
        policy::{Limits, Redelivery},
    },
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    intake::sweep::SMALLEST_RANGE,
    journal::{
        recover::recover,
        retained::RetainedLedger,
        source_store::{Rollover, SourceStore},
    },
    ledger::{facts::Facts, missing::Forgetting},
    metrics::SourceStats,
    ports::{confirmation::Confirmation, connect::Location},
    session::{Mode, Session, SessionError},
    traces::Traces,
};
use futures::future::BoxFuture;
use testkit::{
    account::{FakeAccount, NewBlob},
    faults::FaultSource,
    notified::NotifiedQueues,
    ports::{FakeChangeFeed, FakeListing, FakeState, LostWay},
    queue::FakeQueue,
};
use time::macros::datetime;
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::cluster::Cluster;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const CONTAINER: &str = "datasets";
pub(crate) const STATE: &str = "eventsource-state";

pub(crate) struct Stage {
    pub(crate) account: FakeAccount,
    pub(crate) config: SourceConfig,
    pub(crate) listing_faults: FaultSource,
    pub(crate) state_faults: FaultSource,
    pub(crate) smallest_range: u64,
    pub(crate) rollover: Rollover,
    pub(crate) cluster: Option<Arc<Cluster>>,
    /// What the second Sensor makes, if there is one.
    pub(crate) audit: Option<Arc<Cluster>>,
    /// How the listing goes nowhere, if it does.
    pub(crate) lost: LostWay,
    /// After how many others a listing of each session is wrongly empty, if one is.
    pub(crate) blank: Option<u64>,
    /// The queue of notifications and the one beside it, if there are any.
    pub(crate) queue: Option<NotifiedQueues>,
    /// The change feed of the account, if it is read.
    pub(crate) feed: Option<FakeChangeFeed>,
    pub(crate) retained: Arc<RetainedLedger>,
    /// Where sessions tell what became of each event.
    pub(crate) traces: Traces,
    pub(crate) forgetting: Forgetting,
    writers: u64,
}

/// How a session ends.
pub(crate) type Ended = Result<(), SessionError>;

/// A session at work, and its client's end of the stream.
pub(crate) struct Stream {
    pub(crate) events: EventReceiver,
    pub(crate) session: JoinHandle<Ended>,
    pub(crate) stats: Arc<SourceStats>,
    pub(crate) stop: CancellationToken,
}

pub(crate) fn filter(prefix: &str, patterns: &[&str]) -> Filter {
    Filter::new(FilterSpec {
        prefix: prefix.into(),
        patterns: patterns.iter().map(|p| (*p).to_owned()).collect(),
    })
    .unwrap()
}

impl Stage {
    /// An empty container, a ledger in a state container, `existing: emit`, a sweep every 10 s.
    pub(crate) fn new() -> Self {
        let account = FakeAccount::new();
        account.follow_tokio_time(datetime!(2026-01-01 0:00 UTC));
        account.create_container(STATE).unwrap();
        Self {
            account,
            config: SourceConfig {
                location: Location::Account("account".into()),
                container: CONTAINER.into(),
                filter: filter("", &[]),
                credential: None,
                interval: Duration::from_secs(10),
                listing: true,
                parallelism: 4,
                queue: None,
                change_feed: false,
                existing: Existing::Emit,
                min_age: Duration::ZERO,
                skip_empty: false,
                version: Version::Etag,
                state: Some(STATE.into()),
                confirm: Vec::new(),
                batch: None,
                redelivery: Redelivery::default(),
                limits: Limits {
                    in_flight: 100,
                    active_workflows: None,
                    settle: Duration::from_secs(10),
                },
                id: None,
            },
            listing_faults: FaultSource::none(),
            state_faults: FaultSource::none(),
            smallest_range: SMALLEST_RANGE,
            rollover: Rollover::default(),
            cluster: None,
            audit: None,
            lost: LostWay::default(),
            blank: None,
            queue: None,
            feed: None,
            retained: Arc::default(),
            traces: Traces::default(),
            forgetting: Forgetting::default(),
            writers: 0,
        }
    }

    /// With a cluster that confirms; its Workflows are made by the test.
    pub(crate) fn confirmed(mut self) -> (Self, Arc<Cluster>) {
        let cluster = Arc::new(Cluster::default());
        cluster.index.live();
        self.cluster = Some(Arc::clone(&cluster));
        self.config.confirm = vec![Confirm::workflows()];
        (self.with_container(), cluster)
    }

    /// With two Sensors: what each of them makes is shown by a cluster of its own.
    pub(crate) fn confirmed_twice(self) -> (Self, Arc<Cluster>, Arc<Cluster>) {
        let (mut stage, train) = self.confirmed();
        let audit = Arc::new(Cluster::default());
        audit.index.live();
        stage.audit = Some(Arc::clone(&audit));
        (stage, train, audit)
    }

    /// Writes a blob into the source's folder of the state container.
    pub(crate) fn put_state(&self, name: &str, content: impl Into<bytes::Bytes>) {
        let blob = NewBlob::new(content);
        self.account
            .put(STATE, &format!("datasets/{name}"), blob)
            .unwrap();
    }

    /// The names in the source's folder that start with `prefix`, without the folder.
    pub(crate) fn in_folder(&self, prefix: &str) -> Vec<String> {
        let names = self.account.names(STATE).into_iter();
        names
            .filter_map(|name| name.strip_prefix("datasets/").map(str::to_owned))
            .filter(|name| name.starts_with(prefix))
            .collect()
    }

    /// A blob of the source's folder, as JSON.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        let blob = self
            .account
            .get(STATE, &format!("datasets/{name}"))
            .unwrap();
        serde_json::from_slice(blob.content()).unwrap()
    }

    /// Somebody deletes the ledger.
    pub(crate) fn lose_ledger(&self) {
        for name in self.account.names(STATE) {
            self.account.delete(STATE, &name).unwrap();
        }
    }

    /// What the ledger knows beside its set.
    pub(crate) async fn facts(&self) -> Facts {
        let store = FakeState::new(self.account.clone(), STATE, FaultSource::none());
        let source_store = SourceStore {
            store: Arc::new(store),
            source_id: "datasets".into(),
            writer: 0,
            rollover: self.rollover,
            stats: Arc::default(),
        };
        recover(&source_store)
            .await
            .unwrap()
            .contents
            .facts
            .unwrap()
    }

    pub(crate) fn with_container(self) -> Self {
        self.account.create_container(CONTAINER).unwrap();
        self
    }

    pub(crate) fn put(&self, name: &str) -> String {
        self.account
            .put(CONTAINER, name, NewBlob::new("a,b\n"))
            .unwrap()
    }

    pub(crate) fn put_all<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        for name in names {
            self.put(name);
        }
    }

    pub(crate) fn start(&mut self) -> Stream {
        self.start_with(64, Mode::Record, false)
    }

    pub(crate) fn start_with(&mut self, channel: usize, mode: Mode, once: bool) -> Stream {
        self.stream(channel, mode, once, |session| tokio::spawn(session))
    }

    /// A session that is not polled while `frozen` says so.
    pub(crate) fn start_frozen_while(&mut self, frozen: Arc<AtomicBool>) -> Stream {
        self.stream(64, Mode::Record, false, |mut session| {
            tokio::spawn(poll_fn(move |context| match frozen.load(Relaxed) {
                true => {
                    wake_soon(context);
                    Poll::Pending
                }
                false => session.as_mut().poll(context),
            }))
        })
    }

    fn stream<F>(&mut self, channel: usize, mode: Mode, once: bool, spawn: F) -> Stream
    where
        F: FnOnce(BoxFuture<'static, Ended>) -> JoinHandle<Ended>,
    {
        self.writers += 1;
        let listing =
            FakeListing::new(self.account.clone(), CONTAINER, self.listing_faults.clone())
                .lost(Arc::clone(&self.lost));
        let listing = match self.blank {
            Some(after) => listing.empty_once(after, Arc::default()),
            None => listing,
        };
        let state = FakeState::new(self.account.clone(), STATE, self.state_faults.clone());
        let stats = Arc::new(SourceStats::default());
        let session = Session {
            source_id: "datasets".into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            config: self.config.clone(),
            blobs: Arc::new(listing),
            queue: self.queue.as_ref().map(NotifiedQueues::opened),
            feed: self.feed.as_ref().map(|it| it.opened(CONTAINER)),
            state: Arc::new(state),
            writer: self.writers,
            mode,
            once,
            confirm: self.expected(),
            smallest_range: self.smallest_range,
            rollover: self.rollover,
            forgetting: self.forgetting,
            retained: Arc::clone(&self.retained),
            traces: self.traces.clone(),
            stats: Arc::clone(&stats),
            began: tokio::time::Instant::now(),
        };
        let stop = CancellationToken::new();
        let (out, events) = event_channel(channel);
        Stream {
            events,
            session: spawn(Box::pin(session.run(out, stop.clone()))),
            stats,
            stop,
        }
    }

    /// With a change feed and nothing else.
    pub(crate) fn fed(mut self) -> Self {
        self.feed = Some(FakeChangeFeed::new(
            self.account.clone(),
            FaultSource::none(),
        ));
        self.config.listing = false;
        self.config.change_feed = true;
        self
    }

    /// With a queue of notifications, and the container listed once an hour beside it or not at all.
    pub(crate) fn notified(mut self, listing: bool) -> (Self, FakeQueue, FakeQueue) {
        let queues = NotifiedQueues::new(&self.account, CONTAINER, &FaultSource::none());
        let (queue, poison) = (queues.queue.clone(), queues.poison.clone());
        self.queue = Some(queues);
        self.config.listing = listing;
        self.config.interval = Duration::from_secs(3600);
        self.config.queue = Some(NotifiedQueues::source(5));
        (self, queue, poison)
    }

    // What the cluster, and the one of the second Sensor, show.
    fn expected(&self) -> Option<Arc<Expected>> {
        let clusters = [
            ("pipeline=train", &self.cluster),
            ("pipeline=audit", &self.audit),
        ];
        let entries = clusters.into_iter().filter_map(|(labels, cluster)| {
            let watch: Arc<dyn Confirmation> = cluster.clone()?;
            Some((format!("Workflow ({labels})"), watch))
        });
        let entries: Vec<_> = entries.collect();
        (!entries.is_empty()).then(|| Expected::workflows_of(entries))
    }

    /// What a stream delivers that stays until all it found is recorded.
    pub(crate) async fn deliver(&mut self) -> Vec<String> {
        let mut stream = self.start_with(64, Mode::Record, true);
        let names = stream.rest().await;
        stream.session.await.unwrap().unwrap();
        names
    }

    pub(crate) fn state_blobs(&self) -> Vec<(String, Vec<u8>)> {
        let names = self.account.names(STATE).into_iter();
        names
            .map(|name| {
                let content = self.account.get(STATE, &name).unwrap().content().to_vec();
                (name, content)
            })
            .collect()
    }
}

impl Stream {
    /// The next event as a whole.
    pub(crate) async fn event(&mut self) -> serde_json::Value {
        let event = within(self.events.recv(), "an event").await;
        let event = event.expect("the stream goes on");
        serde_json::from_slice(&event.payload).unwrap()
    }

    /// The next event's blob.
    pub(crate) async fn next(&mut self) -> String {
        within(self.events.recv(), "an event")
            .await
            .map(|e| name(&e))
            .expect("the stream goes on")
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<String> {
        let mut names = Vec::new();
        while names.len() < count {
            names.push(self.next().await);
        }
        self.events.take();
        names
    }

    /// As [`Self::take`], where nobody knows which comes first.
    pub(crate) async fn take_sorted(&mut self, count: usize) -> Vec<String> {
        let mut names = self.take(count).await;
        names.sort();
        names
    }

    /// Everything until the stream ends.
    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut names = Vec::new();
        while let Some(event) = within(self.events.recv(), "the end of the stream").await {
            names.push(name(&event));
        }
        names
    }

    /// That nothing comes for `time`.
    pub(crate) async fn expect_silence(&mut self, time: Duration) {
        if let Ok(event) = timeout(time, self.events.recv()).await {
            panic!("unexpected: {:?}", event.map(|e| name(&e)));
        }
    }

    /// Waits until `count` events are recorded as done.
    pub(crate) async fn until_done(&self, count: u64) {
        let done = async {
            while self.stats.events_done.load(Relaxed) < count {
                sleep(Duration::from_millis(50)).await;
            }
        };
        within(done, "events to be done").await;
    }

    pub(crate) async fn until_sweeps(&self, count: u64) {
        let swept = async {
            while self.stats.sweeps.load(Relaxed) < count {
                sleep(Duration::from_millis(50)).await;
            }
        };
        within(swept, "sweeps").await;
    }

    /// Stops the session and waits for its end.
    pub(crate) async fn stop(self) -> Result<(), SessionError> {
        self.stop.cancel();
        within(self.session, "the session's end").await.unwrap()
    }
}

/// Paused time passes at once, so a deadline of days costs nothing.
pub(crate) async fn within<T>(future: impl Future<Output = T>, what: &str) -> T {
    let day = Duration::from_secs(86_400);
    timeout(day, future)
        .await
        .unwrap_or_else(|_| panic!("waited a day for {what}"))
}

fn name(event: &Announcement) -> String {
    let json: serde_json::Value = serde_json::from_slice(&event.payload).unwrap();
    json["blobname"].as_str().unwrap().to_owned()
}

fn wake_soon(context: &Context<'_>) {
    let waker = context.waker().clone();
    tokio::spawn(async move {
        sleep(Duration::from_millis(100)).await;
        waker.wake();
    });
}
