//! One world of one seed: the account, the people who write to it, the sessions and what they owe.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use azure_blob_eventsource::{
    config::SourceConfig,
    delivery::event_channel::event_channel,
    filter::{Filter, FilterSpec},
    journal::source_store::Rollover,
    ledger::missing::Forgetting,
    metrics::SourceStats,
    ports::state::StateStore,
    session::{Mode, Session, SessionError},
};
use testkit::{
    account::FakeAccount,
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

mod oracle;
mod setup;

use setup::{config, filters, forgetting, write, write_between_pages};

use crate::{
    client::{self, Deliveries, Manner, Version},
    mutants::MutantListing,
    tally::Tally,
};

const CONTAINER: &str = "datasets";
const STATE: &str = "eventsource-state";
const SOURCE: &str = "datasets-raw";
const SETTLE: Duration = Duration::from_secs(10);

/// A client that takes all that comes.
const PATIENT: Manner = Manner {
    vanishes: None,
    pause: Duration::ZERO,
};

/// A way to be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    DoneAtSend,
    Lost412,
    NoFence,
    ErrorIsTheEnd,
    Watermark,
    ForgetAtOnce,
}

pub(crate) struct World {
    seed: u64,
    rng: Rng,
    account: FakeAccount,
    mutant: Mutant,
    listing: FakeListing,
    blanks: Arc<AtomicU64>,
    state: Arc<dyn StateStore>,
    calm: Arc<dyn StateStore>,
    raging: Arc<AtomicBool>,
    met: Arc<AtomicU64>,
    slow: Arc<AtomicU64>,
    late: Box<dyn Fn() -> usize>,
    config: SourceConfig,
    rollover: Rollover,
    forgetting: Forgetting,
    deliveries: Deliveries,
    tally: Tally,
    writers: u64,
    /// The filters that sessions use, and since when the ledger is known to know them, in seconds.
    filters: Vec<Filter>,
    known: Vec<(FilterSpec, i64)>,
    /// What the ledger held when no session ran.
    recorded: BTreeSet<Version>,
    /// How many deliveries there were then.
    delivered_then: usize,
}

type Ended = Option<Result<(), SessionError>>;

struct Running {
    session: JoinHandle<Ended>,
    client: JoinHandle<Vec<Version>>,
    stop: CancellationToken,
}

impl World {
    pub(crate) fn new(seed: u64, mutant: Mutant) -> Self {
        let mut rng = Rng::new(seed);
        let account = FakeAccount::new();
        account.follow_tokio_time(datetime!(2026-01-01 0:00 UTC));
        account.create_container(CONTAINER).unwrap();
        account.create_container(STATE).unwrap();
        account.set_page_size(1 + rng.below(6) as usize);
        account.set_empty_pages(rng.chance(200));
        account.set_append_limit(40);
        let (raging, met) = (Arc::new(AtomicBool::new(true)), Arc::default());
        let slow = Arc::default();
        let per_mille = *rng.pick(&[0, 20, 100, 300]);
        let faults = FaultSource::new(Weather {
            storm: Storm::new(rng.fork(), per_mille),
            raging: Arc::clone(&raging),
            met: Arc::clone(&met),
            slow: Arc::clone(&slow),
        });
        let writes = rng.fork();
        let hook = write_between_pages(writes, Arc::clone(&raging));
        let real = FakeState::new(account.clone(), STATE, faults.clone());
        let late = real.late_effects();
        let state = Arc::new(WrongState {
            real: Arc::new(real),
            wrong: match mutant {
                Mutant::Lost412 => Some(Wrong::Lost412),
                Mutant::NoFence => Some(Wrong::NoFence),
                _ => None,
            },
        });
        let listing = FakeListing::new(account.clone(), CONTAINER, faults).between_pages(hook);
        let filters = filters(&mut rng);
        let forgetting = forgetting(&mut rng, mutant);
        let calm = FakeState::new(account.clone(), STATE, FaultSource::none());
        Self {
            seed,
            config: config(&mut rng, &filters, mutant),
            rollover: Rollover {
                frames: 2 + rng.below(12),
                bytes: 1 << 20,
            },
            forgetting,
            rng,
            account,
            mutant,
            listing,
            blanks: Arc::default(),
            state,
            calm: Arc::new(calm),
            raging,
            met,
            slow,
            late: Box::new(move || late.pending()),
            deliveries: Deliveries::default(),
            tally: Tally::default(),
            writers: 0,
            filters,
            known: Vec::new(),
            recorded: BTreeSet::new(),
            delivered_then: 0,
        }
    }

    pub(crate) async fn run(mut self) -> Result<Tally, String> {
        for _ in 0..self.rng.below(12) {
            write(&self.account, &mut self.rng);
        }
        sleep(Duration::from_secs(self.rng.below(5))).await;
        self.storm().await?;
        self.calm_down().await;
        self.settle_accounts().await?;
        let now = self.generation().await;
        self.tally.compactions = now.saturating_sub(1);
        self.tally.blanks = self.blanks.load(SeqCst);
        self.tally.faults = self.met.load(SeqCst);
        self.tally.deliveries = self.deliveries.len() as u64;
        Ok(self.tally)
    }

    /// Sessions come and go, one after the other or one over the other.
    async fn storm(&mut self) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(120 + self.rng.below(600));
        let mut overlapped: Vec<Running> = Vec::new();
        while Instant::now() < end {
            let ghosts = (self.late)() > 0;
            let running = self.start_session();
            let long = Duration::from_millis(self.rng.below(90_000));
            if self.rng.chance(250) {
                sleep(long).await;
                overlapped.push(running);
                continue;
            }
            let alone = overlapped.is_empty();
            let rivals = !alone || ghosts;
            if self.let_run(running, long).await && !rivals {
                return Err("a session without rivals was taken over".into());
            }
            for other in std::mem::take(&mut overlapped) {
                self.let_run(other, Duration::from_secs(self.rng.clone().below(20)))
                    .await;
            }
            if alone {
                self.check_ledger("in mid-storm").await?;
            }
        }
        for other in overlapped {
            self.let_run(other, Duration::ZERO).await;
        }
        self.check_ledger("after the storm").await
    }

    /// Lets a session run for a while and ends it. Whether it was taken over.
    async fn let_run(&mut self, running: Running, long: Duration) -> bool {
        let mut session = running.session;
        let ended = match timeout(long, &mut session).await {
            Ok(ended) => ended.unwrap(),
            Err(_) => {
                running.stop.cancel();
                match timeout(Duration::from_secs(3600), &mut session).await {
                    Ok(ended) => ended.unwrap(),
                    Err(_) => {
                        session.abort();
                        let _ = session.await;
                        None
                    }
                }
            }
        };
        trace!(?ended, "session ended");
        let taken_over = matches!(ended, Some(Err(SessionError::TakenOver(_))));
        match ended {
            None => self.tally.crashes += 1,
            Some(Err(SessionError::TakenOver(_))) => self.tally.take_overs += 1,
            Some(Err(other)) => panic!("seed {}: {other}", self.seed),
            Some(Ok(())) => self.tally.clean_ends += 1,
        }
        let _ = running.client.await;
        taken_over
    }

    fn start_session(&mut self) -> Running {
        if self.rng.chance(200) {
            self.config.filter = self.rng.pick(&self.filters).clone();
        }
        self.tally.sessions += 1;
        let vanishes = self.rng.chance(300);
        self.tally.clients_gone += u64::from(vanishes);
        let vanishes =
            vanishes.then(|| Instant::now() + Duration::from_millis(self.rng.below(60_000)));
        let manner = Manner {
            vanishes,
            pause: *self.rng.pick(&[
                Duration::ZERO,
                Duration::from_secs(1),
                Duration::from_secs(15),
            ]),
        };
        let polls = match self.rng.below(3) {
            0 => u64::MAX,
            1 => self.rng.below(40),
            _ => self.rng.below(600),
        };
        self.start(manner, polls, false)
    }

    fn start(&mut self, manner: Manner, polls: u64, once: bool) -> Running {
        self.writers += 1;
        let real = self.listing.clone();
        let blobs = Arc::new(MutantListing {
            real: Arc::new(match self.raging.load(SeqCst) && self.rng.chance(500) {
                true => real.empty_once(self.rng.below(6), Arc::clone(&self.blanks)),
                false => real,
            }),
            mutant: self.mutant,
        });
        let session = Session {
            source_id: SOURCE.into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            config: self.config.clone(),
            blobs,
            queue: None,
            state: Arc::clone(&self.state),
            writer: self.writers,
            mode: Mode::Record,
            once,
            confirm: None,
            rollover: self.rollover,
            forgetting: self.forgetting,
            retained: Arc::default(),
            stats: Arc::new(SourceStats::default()),
            began: tokio::time::Instant::now(),
        };
        trace!(writer = self.writers, ?manner, polls, "session starts");
        let stop = CancellationToken::new();
        let (out, events) = event_channel(4);
        let run = session.run(out, stop.clone());
        let lost = CancellationToken::new();
        let client = client::receive(
            events,
            manner,
            lost.clone(),
            self.rng.fork(),
            self.deliveries.clone(),
        );
        // What waits in a server that ends is lost with it, unless it ended because all was said.
        let session = async move {
            let ended = CrashAfter::new(run, polls).await;
            if !(once && matches!(ended, Some(Ok(())))) {
                lost.cancel();
            }
            ended
        };
        Running {
            session: tokio::spawn(session),
            client: tokio::spawn(client),
            stop,
        }
    }

    async fn calm_down(&self) {
        self.raging.store(false, SeqCst);
        while (self.late)() > 0 {
            sleep(Duration::from_secs(1)).await;
        }
    }
}
