//! One world of one seed: the account, Argo, the people, the sessions, and the storm over them.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_blob_eventsource::{
    batch::rules::By,
    blob::Version,
    config::SourceConfig,
    confirm::target::Confirm,
    delivery::{
        event_channel::{Announcement, event_channel},
        expected::Expected,
        policy::{Limits, Redelivery},
    },
    event::{EventId, Place},
    filter::{Filter, FilterSpec},
    gate::rules::Existing,
    journal::source_store::Rollover,
    ledger::missing::Forgetting,
    metrics::SourceStats,
    ports::{confirmation::Confirmation, connect::Location, state::StateStore},
    session::{Mode, Session, SessionError},
    state::request::Replay,
    traces::Traces,
};
use futures::future::join_all;
use testkit::{
    account::FakeAccount,
    argo::{Argo, FakeWatch, Lies, event_id},
    crash::CrashAfter,
    faults::{FaultSource, Storm},
    hands::Hands,
    ports::{FakeListing, FakeState},
    rng::Rng,
    weather::Weather,
    wrong_state::{Wrong, WrongState},
};
use time::macros::datetime;
use tokio::{
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::trace;

use crate::{
    batches,
    fed::{Fed, write_on},
    notified::Notified,
    people::People,
    tally::Tally,
};

pub(crate) const CONTAINER: &str = "datasets";
pub(crate) const STATE: &str = "eventsource-state";
pub(crate) const SOURCE: &str = "datasets-raw";
/// The source of another pipeline over the same container.
pub(crate) const SECOND: &str = "datasets-second";
/// Where datasets are that the cluster refuses: alone in their folder, so that they are alone in their batches as well.
pub(crate) const POISONED: &str = "raw/poison";
pub(crate) const REPLAY: &str = "0123456789abcdef";

/// A way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    DoneAtSend,
    NoConfirmBeforeSend,
    IdFromTime,
    NoFence,
    Lost412,
    NoLimit,
    LettersInOutage,
    NoCheck,
    IdWithoutSource,
    AnyObjectConfirms,
    ActiveWorkflowsIgnored,
    ForgetAtOnce,
    BatchForgotten,
    BatchDoneAtSend,
    SentBeforeFrame,
    /// The cursor of the change feed is what was read, and not what is settled.
    CursorAhead,
}

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) mutant: Mutant,
    pub(crate) account: FakeAccount,
    pub(crate) argo: Argo,
    /// The second Sensor, in some worlds: an event is done when it has made a Workflow as well.
    pub(crate) audit: Option<Argo>,
    /// Those who write blobs, and who is told of it.
    pub(crate) hands: Hands,
    /// Who tells of blobs, in some worlds.
    pub(crate) notified: Option<Notified>,
    /// The change feed, in some worlds.
    pub(crate) fed: Option<Fed>,
    /// The other pipeline's source, in some worlds.
    pub(crate) second: Option<Running>,
    pub(crate) calm: Arc<dyn StateStore>,
    pub(crate) config: SourceConfig,
    pub(crate) rollover: Rollover,
    pub(crate) forgetting: Forgetting,
    /// After how many others a listing of the next sessions is wrongly empty, if one is.
    pub(crate) blank: Option<u64>,
    pub(crate) tally: Tally,
    /// What each session of the source counted.
    pub(crate) stats: Vec<Arc<SourceStats>>,
    /// Events that the ledger held as done when nobody wrote it.
    pub(crate) recorded: BTreeSet<EventId>,
    /// Names and ETags that a replay must announce again.
    pub(crate) to_replay: BTreeSet<(String, String)>,
    /// How many datasets the cluster refuses.
    pub(crate) poisoned: u64,
    /// How many were written beside them since the storm, to show that others get through.
    pub(crate) others: u64,
    listing: FakeListing,
    state: Arc<dyn StateStore>,
    raging: Arc<AtomicBool>,
    met: Arc<AtomicU64>,
    late: Box<dyn Fn() -> usize>,
    writers: u64,
    people: Vec<JoinHandle<()>>,
    /// Ends when the storm is over and what people began is complete.
    writing: Option<JoinHandle<()>>,
    /// Whether people change `version` between `etag` and `content`. Then nobody writes metadata,
    /// which are a new version by the one and none by the other.
    pub(crate) changes: bool,
    /// Whether blobs are gathered into batches, at first at least.
    pub(crate) batched: bool,
}

type Ended = Option<Result<(), SessionError>>;

/// A session with its client and its watch.
pub(crate) struct Running {
    pub(crate) session: JoinHandle<Ended>,
    pub(crate) stop: CancellationToken,
    pub(crate) stats: Arc<SourceStats>,
    watches: Vec<JoinHandle<()>>,
    client: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watches.iter().for_each(JoinHandle::abort);
    }
}

impl World {
    pub(crate) fn new(seed: u64, mutant: Mutant) -> Self {
        let mut rng = Rng::new(seed);
        let account = FakeAccount::new();
        // Not long before an hour is over, and with it a segment of the change feed.
        let start = datetime!(2026-01-01 0:45 UTC) + Duration::from_secs(rng.clone().below(900));
        account.follow_tokio_time(start);
        account.create_container(CONTAINER).unwrap();
        account.create_container(STATE).unwrap();
        account.set_page_size(1 + rng.below(6) as usize);
        let (raging, met) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let per_mille = *rng.pick(&[0, 20, 100]);
        let mut storm = Storm::new(rng.fork(), per_mille);
        storm.delay = Duration::ZERO..Duration::from_secs(15);
        let faults = FaultSource::new(Weather {
            storm,
            raging: Arc::clone(&raging),
            met: Arc::clone(&met),
            slow: Arc::default(),
        });
        let real = FakeState::new(account.clone(), STATE, faults.clone());
        let late = real.late_effects();
        let argo = Argo::default();
        if mutant == Mutant::IdFromTime {
            argo.name_afresh();
        }
        let poisoned = rng.chance(300) || mutant == Mutant::NoLimit;
        let mut poisoned = u64::from(poisoned);
        let audited = rng.chance(300) || mutant == Mutant::AnyObjectConfirms;
        let mut changes = rng.chance(300);
        let fed = Fed::new(&account, mutant, &mut rng, &faults);
        let notified = rng.chance(400);
        let notified = fed.as_ref().map_or(notified, |fed| fed.has_queue(notified));
        let notified = notified.then(|| Notified::new(&account, &mut rng, &faults));
        let mut config = config(&mut rng, mutant, changes);
        config.queue = notified.as_ref().map(|_| Notified::source());
        if let Some(fed) = &fed {
            fed.configure(&mut config, &mut rng);
            poisoned *= fed.refused(&mut rng);
        }
        if poisoned > 1 {
            // They are given up one after the other.
            config.redelivery.max_attempts = 3;
        }
        let of_batches = matches!(
            mutant,
            Mutant::BatchForgotten | Mutant::BatchDoneAtSend | Mutant::SentBeforeFrame
        );
        if of_batches || mutant == Mutant::None && rng.chance(300) {
            let rules = batches::rules(&mut rng);
            // All folders are one group then, and the one that is refused is among them.
            poisoned *= u64::from(rules.by == By::Folder);
            config.batch = Some(rules);
            // A manifest names ETags, by which alone its members are told here.
            config.version = Version::Etag;
            changes = false;
        }
        argo.refuse((poisoned > 0).then_some(POISONED));
        let wrong = match mutant {
            Mutant::Lost412 => Some(Wrong::Lost412),
            Mutant::NoFence => Some(Wrong::NoFence),
            Mutant::NoCheck => Some(Wrong::NoCheck),
            Mutant::BatchForgotten => Some(Wrong::NoManifest),
            Mutant::SentBeforeFrame => Some(Wrong::BatchLate),
            _ => None,
        };
        Self {
            batched: config.batch.is_some(),
            config,
            hands: Hands {
                account: account.clone(),
                container: CONTAINER,
                // It tells of what it comes upon.
                grid: None,
                feed: fed.as_ref().map(|it| it.container.service.clone()),
            },
            notified,
            fed,
            rollover: Rollover {
                frames: 4 + rng.below(30),
                bytes: 1 << 20,
            },
            forgetting: forgetting(mutant),
            blank: None,
            listing: FakeListing::new(account.clone(), CONTAINER, faults),
            state: Arc::new(WrongState::new(Arc::new(real), wrong)),
            calm: Arc::new(FakeState::new(account.clone(), STATE, FaultSource::none())),
            late: Box::new(move || late.pending()),
            rng,
            mutant,
            account,
            argo,
            audit: audited.then(Argo::default),
            second: None,
            tally: Tally::default(),
            stats: Vec::new(),
            recorded: BTreeSet::new(),
            to_replay: BTreeSet::new(),
            poisoned,
            others: 0,
            raging,
            met,
            writers: 0,
            people: Vec::new(),
            writing: None,
            changes,
        }
    }

    pub(crate) async fn run(mut self) -> Result<Tally, String> {
        self.settle_in();
        self.storm().await?;
        self.calm_down().await;
        self.settle_accounts().await?;
        self.tally.faults = self.met.load(SeqCst);
        self.tally.argo = self.argo.story();
        if self.batched {
            let batched = self.batches_of(SOURCE, None);
            let ids: BTreeSet<_> = batched.values().flatten().collect();
            self.tally.batches = ids.len() as u64;
            self.tally.batched = batched.len() as u64;
        }
        if let Some(notified) = &self.notified {
            (self.tally.messages, self.tally.poison) = notified.counts();
        }
        self.tally_feed();
        self.people.iter().for_each(JoinHandle::abort);
        Ok(self.tally)
    }

    fn is_raging(&self) -> impl Fn() -> bool + Send + Clone + 'static {
        let raging = Arc::clone(&self.raging);
        move || raging.load(SeqCst)
    }

    /// Argo starts, and people begin to write.
    fn settle_in(&mut self) {
        let raging = self.is_raging();
        for argo in self.argos() {
            let work = argo.clone().work(self.rng.fork(), raging.clone());
            let finish = argo.clone().finish(self.rng.fork());
            let trouble = trouble(argo, self.rng.fork(), raging.clone());
            self.people.push(tokio::spawn(work));
            self.people.push(tokio::spawn(finish));
            self.people.push(tokio::spawn(trouble));
        }
        if let Some(notified) = &self.notified {
            let telling = notified.clone().tell(self.rng.fork());
            self.people.push(tokio::spawn(telling));
        }
        if let Some(fed) = &self.fed {
            let writing = write_on(fed.container.clone(), self.rng.fork());
            self.people.push(tokio::spawn(writing));
        }
        let people = People {
            hands: self.hands.clone(),
            rng: self.rng.fork(),
            stamps: !self.changes,
            same: self.config.version == Version::Content,
            unreadable: Vec::new(),
        };
        let writing = people.write(self.poisoned, raging);
        self.writing = Some(tokio::spawn(writing));
        if self.rng.chance(200) || self.mutant == Mutant::IdWithoutSource {
            self.second = Some(self.start_as(SECOND, u64::MAX, None));
        }
    }

    /// The Sensors, each with a cluster and a bus of its own.
    pub(crate) fn argos(&self) -> Vec<Argo> {
        [&self.argo]
            .into_iter()
            .chain(&self.audit)
            .cloned()
            .collect()
    }

    /// The place that the ids of a source's events are made of.
    pub(crate) fn place(source: &str) -> Place {
        Place {
            source_id: source.into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            container: CONTAINER.into(),
            sampling: None,
        }
    }

    /// Sessions come and go, one after the other or one over the other.
    async fn storm(&mut self) -> Result<(), String> {
        // What the feed tells comes late.
        let (least, more) = match self.fed {
            Some(_) => (120, 600),
            None => (60, 180),
        };
        let end = Instant::now() + Duration::from_secs(least + self.rng.below(more));
        let mut overlapped: Vec<Running> = Vec::new();
        while Instant::now() < end {
            let running = self.start_session();
            sleep(Duration::from_millis(self.rng.below(60_000))).await;
            if self.rng.chance(250) {
                overlapped.push(running);
                continue;
            }
            self.end(running).await?;
            for other in std::mem::take(&mut overlapped) {
                self.end(other).await?;
            }
            if (self.late)() == 0 {
                self.look_into_ledger().await?;
                self.interfere().await;
            }
            sleep(Duration::from_millis(self.rng.below(8_000))).await;
        }
        for other in overlapped {
            self.end(other).await?;
        }
        Ok(())
    }

    /// People delete Workflows that are recorded, and ask for blobs again.
    async fn interfere(&mut self) {
        self.delete_workflows(300);
        if self.to_replay.is_empty() && self.rng.chance(150) {
            self.ask_for_replay().await;
        }
    }

    /// People, or their time to live, delete Workflows of what is recorded and was not given up.
    pub(crate) fn delete_workflows(&mut self, per_mille: u32) {
        let letters = self.letters();
        let may = self.recorded.difference(&letters).copied().collect();
        for argo in self.argos() {
            argo.delete(&may, &mut self.rng, per_mille);
        }
    }

    async fn ask_for_replay(&mut self) {
        let until = self.account.now();
        self.to_replay = self.done_before(until.unix_timestamp()).await;
        if self.to_replay.is_empty() {
            return;
        }
        let replay = Replay {
            name: REPLAY.into(),
            prefix: String::new(),
            blob: None,
            batch: None,
            since: None,
            until,
            asked: Some(until),
        };
        let name = format!("{SOURCE}/requests/replay-{REPLAY}.json");
        self.calm.put(&name, replay.to_json().into()).await.unwrap();
        self.tally.replays += 1;
    }

    pub(crate) async fn end(&mut self, mut running: Running) -> Result<(), String> {
        running.stop.cancel();
        let ended = match timeout(Duration::from_secs(3600), &mut running.session).await {
            Ok(ended) => ended.unwrap(),
            Err(_) => return Err("a session does not end when it is told to".into()),
        };
        match ended {
            None => self.tally.crashes += 1,
            Some(Err(SessionError::TakenOver(_))) => self.tally.take_overs += 1,
            Some(Err(other)) => return Err(format!("a session ended with {other}")),
            Some(Ok(())) => {}
        }
        let _ = (&mut running.client).await;
        Ok(())
    }

    fn start_session(&mut self) -> Running {
        if self.changes && self.rng.chance(400) {
            self.config.version = *self.rng.pick(&[Version::Etag, Version::Content]);
            self.tally.changes += 1;
        }
        self.change_batches();
        let polls = match self.rng.below(3) {
            0 => u64::MAX,
            1 => self.rng.below(60),
            _ => self.rng.below(900),
        };
        let vanishes = self.rng.chance(200);
        let vanishes = vanishes.then(|| {
            Instant::now()
                + self
                    .rng
                    .clone()
                    .duration(Duration::ZERO..Duration::from_secs(60))
        });
        self.start(polls, vanishes)
    }

    pub(crate) fn start(&mut self, polls: u64, vanishes: Option<Instant>) -> Running {
        self.tally.sessions += 1;
        self.start_as(SOURCE, polls, vanishes)
    }

    // What shows the outcome of the events of a source.
    fn watches(&mut self, source: &str) -> Vec<Arc<FakeWatch>> {
        let lies = match self.mutant {
            Mutant::NoConfirmBeforeSend => Lies::NothingWasThere,
            Mutant::IdWithoutSource => Lies::OfAnySource(Self::place(source)),
            Mutant::ActiveWorkflowsIgnored => Lies::AllIsFinished,
            _ => Lies::None,
        };
        // The second Sensor is of the first source.
        let argos = match source {
            SOURCE => self.argos(),
            _ => vec![self.argo.clone()],
        };
        let mut watches = Vec::new();
        for argo in argos {
            let argo = match self.mutant {
                Mutant::AnyObjectConfirms => self.argo.clone(),
                _ => argo,
            };
            watches.push(FakeWatch::new(&argo, self.rng.fork(), lies.clone()));
        }
        watches
    }

    fn start_as(&mut self, source: &str, polls: u64, vanishes: Option<Instant>) -> Running {
        self.writers += 1;
        let watches = self.watches(source);
        let entries = watches.iter().enumerate().map(|(at, watch)| {
            let watch: Arc<dyn Confirmation> = watch.clone();
            (format!("Workflow (sensor={at})"), watch)
        });
        let stats = Arc::new(SourceStats::default());
        if source == SOURCE {
            self.stats.push(Arc::clone(&stats));
        }
        let session = Session {
            source_id: source.into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            config: self.config.clone(),
            blobs: Arc::new(match self.blank {
                Some(after) => self.listing.clone().empty_once(after, Arc::default()),
                None => self.listing.clone(),
            }),
            feed: self.fed.as_ref().map(|it| it.opened(source, self.mutant)),
            // Two sources that take from one queue would have half of its messages each.
            queue: self
                .notified
                .as_ref()
                .filter(|_| source == SOURCE)
                .map(Notified::opened),
            state: Arc::clone(&self.state),
            writer: self.writers,
            mode: Mode::Record,
            once: false,
            confirm: Some(Expected::workflows_of(entries.collect())),
            smallest_range: 1,
            rollover: self.rollover,
            forgetting: self.forgetting,
            retained: Arc::default(),
            stats: Arc::clone(&stats),
            traces: Traces::default(),
            began: tokio::time::Instant::now(),
        };
        trace!(writer = self.writers, polls, "session starts");
        let stop = CancellationToken::new();
        let (out, mut events) = event_channel(8);
        let run = session.run(out, stop.clone());
        let lost = CancellationToken::new();
        let session_number = self.writers;
        // What was sent is taken for what was done.
        let done_at_send = matches!(self.mutant, Mutant::DoneAtSend | Mutant::BatchDoneAtSend);
        let sensors = match source {
            SOURCE => self.argos(),
            _ => vec![self.argo.clone()],
        };
        let (copies, received): (Vec<_>, Vec<_>) = sensors.iter().map(|_| event_channel(8)).unzip();
        let indexes = watches.clone();
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                for watch in indexes.iter().filter(|_| done_at_send) {
                    watch.index().found(event_id(&event));
                }
                for copy in &copies {
                    send(copy, event.clone()).await;
                }
            }
        });
        let clients = sensors.into_iter().zip(received).map(|(argo, events)| {
            let lost = lost.clone();
            tokio::spawn(argo.receive(events, session_number, lost, vanishes))
        });
        let clients: Vec<_> = clients.collect();
        let client = tokio::spawn(async move { _ = join_all(clients).await });
        // What waits in a server that ends is lost with it.
        let session = tokio::spawn(async move {
            let ended = CrashAfter::new(run, polls).await;
            lost.cancel();
            trace!(?ended, "session ended");
            ended
        });
        let raging = self.is_raging();
        Running {
            session,
            client,
            stop,
            stats,
            watches: watches
                .into_iter()
                .map(|watch| tokio::spawn(watch.follow(self.rng.fork(), raging.clone())))
                .collect(),
        }
    }

    async fn calm_down(&mut self) {
        self.raging.store(false, SeqCst);
        for argo in self.argos() {
            argo.set_bus_away(false);
            argo.set_forbidden(false);
            argo.start_sensor(false);
        }
        if let Some(writing) = self.writing.take() {
            writing.await.unwrap();
        }
        while (self.late)() + self.notified.as_ref().map_or(0, Notified::late) > 0 {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn send(
    out: &azure_blob_eventsource::delivery::event_channel::EventSender,
    event: Announcement,
) {
    if let Some(room) = out.room().await {
        room.send(event);
    }
}

fn config(rng: &mut Rng, mutant: Mutant, changes: bool) -> SourceConfig {
    let forever = Duration::from_secs(1 << 40);
    let no_limit = mutant == Mutant::NoLimit;
    let version = match changes || rng.chance(500) {
        true => Version::Etag,
        false => Version::Content,
    };
    SourceConfig {
        location: Location::Account("account".into()),
        container: CONTAINER.into(),
        filter: Filter::new(FilterSpec {
            prefix: String::new(),
            patterns: vec!["**/*.csv".into()],
        })
        .unwrap(),
        credential: None,
        interval: Duration::from_secs(1 + rng.below(20)),
        listing: true,
        parallelism: 4,
        queue: None,
        change_feed: false,
        existing: Existing::Emit,
        min_age: Duration::ZERO,
        skip_empty: false,
        version,
        state: Some(STATE.into()),
        confirm: vec![Confirm::workflows()],
        batch: None,
        redelivery: Redelivery {
            deadline: Duration::from_secs(5 + rng.below(25)),
            max_attempts: if no_limit {
                u32::MAX
            } else {
                3 + rng.below(8) as u32
            },
            give_up_after: match mutant {
                Mutant::NoLimit => forever,
                Mutant::LettersInOutage => Duration::from_secs(20),
                _ => Duration::from_secs(400),
            },
        },
        limits: Limits {
            in_flight: 1 + rng.below(12) as usize,
            active_workflows: rng.chance(500).then(|| 1 + rng.clone().below(10) as usize),
            settle: Duration::ZERO,
        },
        id: None,
    }
}

/// What is missing in three sweeps is forgotten, however short they are.
fn forgetting(mutant: Mutant) -> Forgetting {
    Forgetting {
        after: Duration::ZERO,
        sweeps: match mutant {
            Mutant::ForgetAtOnce => 1,
            _ => Forgetting::default().sweeps,
        },
        ..Forgetting::default()
    }
}

/// The bus goes and comes back, or forgets; so does the Sensor, with its rights and without.
async fn trouble(argo: Argo, mut rng: Rng, raging: impl Fn() -> bool + Send) {
    sleep(rng.duration(Duration::ZERO..Duration::from_secs(20))).await;
    argo.start_sensor(true);
    while raging() {
        sleep(rng.duration(Duration::ZERO..Duration::from_secs(40))).await;
        let long = rng.duration(Duration::ZERO..Duration::from_secs(30));
        match rng.below(5) {
            0 => argo.forget(),
            1 => {
                argo.set_bus_away(true);
                sleep(long).await;
                argo.set_bus_away(false);
            }
            2 => {
                argo.set_forbidden(true);
                sleep(long).await;
                argo.set_forbidden(false);
            }
            _ => {
                argo.stop_sensor();
                sleep(long).await;
                argo.start_sensor(rng.chance(500));
            }
        }
    }
}
