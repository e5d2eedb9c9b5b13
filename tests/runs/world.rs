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
    config::{Confirm, Existing, Limits, Location, Redelivery, SourceConfig},
    confirm::Expected,
    event::EventId,
    filter::{Filter, FilterSpec},
    ledger::{home::Rollover, store::StateStore},
    metrics::SourceStats,
    request::Replay,
    session::{
        Mode, Session, SessionError,
        outlet::{Announcement, outlet},
    },
};
use testkit::{
    account::{FakeAccount, NewBlob},
    argo::{Argo, FakeWatch, Lies, event_id},
    crash::CrashAfter,
    faults::{FaultSource, Storm},
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

use crate::tally::Tally;

pub(crate) const CONTAINER: &str = "datasets";
pub(crate) const STATE: &str = "eventsource-state";
pub(crate) const SOURCE: &str = "datasets-raw";
pub(crate) const POISON: &str = "raw/poison.csv";
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
}

pub(crate) struct World {
    pub(crate) rng: Rng,
    pub(crate) mutant: Mutant,
    pub(crate) account: FakeAccount,
    pub(crate) argo: Argo,
    pub(crate) calm: Arc<dyn StateStore>,
    pub(crate) config: SourceConfig,
    pub(crate) rollover: Rollover,
    pub(crate) tally: Tally,
    /// Events that the ledger held as done when nobody wrote it.
    pub(crate) recorded: BTreeSet<EventId>,
    /// Names and ETags that a replay must announce again.
    pub(crate) to_replay: BTreeSet<(String, String)>,
    pub(crate) poisoned: bool,
    listing: Arc<FakeListing>,
    state: Arc<dyn StateStore>,
    raging: Arc<AtomicBool>,
    met: Arc<AtomicU64>,
    late: Box<dyn Fn() -> usize>,
    writers: u64,
    people: Vec<JoinHandle<()>>,
}

type Ended = Option<Result<(), SessionError>>;

/// A session with its client and its watch.
pub(crate) struct Running {
    pub(crate) session: JoinHandle<Ended>,
    pub(crate) stop: CancellationToken,
    pub(crate) stats: Arc<SourceStats>,
    watch: JoinHandle<()>,
    client: JoinHandle<()>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

impl World {
    pub(crate) fn new(seed: u64, mutant: Mutant) -> Self {
        let mut rng = Rng::new(seed);
        let account = FakeAccount::new();
        account.follow_tokio_time(datetime!(2026-01-01 0:00 UTC));
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
        });
        let real = FakeState::new(account.clone(), STATE, faults.clone());
        let late = real.late_effects();
        let argo = Argo::default();
        if mutant == Mutant::IdFromTime {
            argo.name_afresh();
        }
        let poisoned = rng.chance(300) || mutant == Mutant::NoLimit;
        argo.refuse(poisoned.then_some(POISON));
        Self {
            config: config(&mut rng, mutant),
            rollover: Rollover {
                frames: 4 + rng.below(30),
                bytes: 1 << 20,
            },
            listing: Arc::new(FakeListing::new(account.clone(), CONTAINER, faults)),
            state: Arc::new(WrongState {
                real: Arc::new(real),
                wrong: match mutant {
                    Mutant::Lost412 => Some(Wrong::Lost412),
                    Mutant::NoFence => Some(Wrong::NoFence),
                    _ => None,
                },
            }),
            calm: Arc::new(FakeState::new(account.clone(), STATE, FaultSource::none())),
            late: Box::new(move || late.pending()),
            rng,
            mutant,
            account,
            argo,
            tally: Tally::default(),
            recorded: BTreeSet::new(),
            to_replay: BTreeSet::new(),
            poisoned,
            raging,
            met,
            writers: 0,
            people: Vec::new(),
        }
    }

    pub(crate) async fn run(mut self) -> Result<Tally, String> {
        self.settle_in();
        self.storm().await?;
        self.calm_down().await;
        self.settle_accounts().await?;
        self.tally.faults = self.met.load(SeqCst);
        self.tally.argo = self.argo.story();
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
        let work = self.argo.clone().work(self.rng.fork(), raging.clone());
        let finish = self.argo.clone().finish(self.rng.fork());
        let trouble = trouble(self.argo.clone(), self.rng.fork(), raging.clone());
        let writing = people(self.account.clone(), self.rng.fork(), self.poisoned, raging);
        self.people.push(tokio::spawn(work));
        self.people.push(tokio::spawn(finish));
        self.people.push(tokio::spawn(trouble));
        self.people.push(tokio::spawn(writing));
    }

    /// Sessions come and go, one after the other or one over the other.
    async fn storm(&mut self) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(60 + self.rng.below(180));
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
        self.argo.delete(&self.recorded, &mut self.rng, 300);
        if self.to_replay.is_empty() && self.rng.chance(150) {
            self.ask_for_replay().await;
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
            since: None,
            until,
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
        self.writers += 1;
        self.tally.sessions += 1;
        let lies = match self.mutant {
            Mutant::NoConfirmBeforeSend => Lies::NothingWasThere,
            _ => Lies::None,
        };
        let watch = FakeWatch::new(&self.argo, self.rng.fork(), lies);
        let stats = Arc::new(SourceStats::default());
        let session = Session {
            source_id: SOURCE.into(),
            event_name: "datasets".into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            config: self.config.clone(),
            blobs: self.listing.clone(),
            state: Arc::clone(&self.state),
            writer: self.writers,
            mode: Mode::Record,
            once: false,
            confirm: Some(Expected::of(vec![("Workflow".to_owned(), watch.clone())])),
            rollover: self.rollover,
            stats: Arc::clone(&stats),
            began: tokio::time::Instant::now(),
        };
        trace!(writer = self.writers, polls, "session starts");
        let stop = CancellationToken::new();
        let (out, mut events) = outlet(8);
        let run = session.run(out, stop.clone());
        let lost = CancellationToken::new();
        let session_number = self.writers;
        let client = match self.mutant {
            // What was sent is taken for what was done.
            Mutant::DoneAtSend => {
                let (out, copied) = outlet(8);
                let index = watch.clone();
                tokio::spawn(async move {
                    while let Some(event) = events.recv().await {
                        azure_blob_eventsource::confirm::Confirmation::index(&*index)
                            .found(event_id(&event));
                        send(&out, event).await;
                    }
                });
                tokio::spawn(self.argo.clone().receive(
                    copied,
                    session_number,
                    lost.clone(),
                    vanishes,
                ))
            }
            _ => tokio::spawn(self.argo.clone().receive(
                events,
                session_number,
                lost.clone(),
                vanishes,
            )),
        };
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
            watch: tokio::spawn(watch.follow(self.rng.fork(), raging)),
        }
    }

    async fn calm_down(&mut self) {
        self.raging.store(false, SeqCst);
        self.argo.set_bus_away(false);
        self.argo.set_forbidden(false);
        self.argo.start_sensor(false);
        while (self.late)() > 0 {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn send(out: &azure_blob_eventsource::session::outlet::Outlet, event: Announcement) {
    if let Some(room) = out.room().await {
        room.send(event);
    }
}

fn config(rng: &mut Rng, mutant: Mutant) -> SourceConfig {
    let forever = Duration::from_secs(1 << 40);
    let no_limit = mutant == Mutant::NoLimit;
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
        existing: Existing::Emit,
        min_age: Duration::ZERO,
        skip_empty: false,
        state: Some(STATE.into()),
        confirm: vec![Confirm::workflows()],
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

/// People write, overwrite and delete, as long as the storm rages.
async fn people(
    account: FakeAccount,
    mut rng: Rng,
    poisoned: bool,
    raging: impl Fn() -> bool + Send,
) {
    if poisoned {
        account.put(CONTAINER, POISON, NewBlob::new("x")).unwrap();
    }
    while raging() {
        for _ in 0..1 + rng.below(4) {
            let name = format!("raw/{}.csv", rng.below(10));
            match rng.chance(150) {
                true => _ = account.delete(CONTAINER, &name),
                false => {
                    let content = format!("{}", rng.next_u64());
                    account
                        .put(CONTAINER, &name, NewBlob::new(content))
                        .unwrap();
                }
            }
        }
        sleep(rng.duration(Duration::from_secs(1)..Duration::from_secs(30))).await;
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
