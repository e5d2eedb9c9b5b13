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
    filter::{Filter, FilterSpec},
    journal::source_store::Rollover,
    ledger::missing::Forgetting,
    metrics::{SourceStats, batches::BatchStats},
    ports::state::StateStore,
    session::SessionError,
};
use testkit::{
    account::{FakeAccount, Order, StartFrom},
    event_grid::Version,
    faults::{FaultSource, Storm},
    fed::FedContainer,
    hands::Hands,
    ports::{FakeListing, FakeState},
    rng::Rng,
    weather::Weather,
    wrong_state::{Wrong, WrongState},
};
use time::macros::datetime;
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

mod crowd;
mod fed;
mod live;
mod notified;
mod oracle;
mod people;
mod sessions;
mod setup;
mod storm;

use fed::fed;
use notified::Notified;
use people::People;
use setup::{Ways, config, filters, forgetting, ways};

use crate::{
    client::{Deliveries, Manner},
    tally::Tally,
};

pub(crate) const CONTAINER: &str = "datasets";
pub(crate) const STATE: &str = "eventsource-state";
const SOURCE: &str = "datasets-raw";
const SETTLE: Duration = Duration::from_secs(10);

/// A client that takes all that comes.
const PATIENT: Manner = Manner {
    vanishes: None,
    pause: Duration::ZERO,
    deaf: Duration::ZERO,
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
    /// A message is deleted when its event is sent.
    AckAtSend,
    /// A message is deleted when its version is under way already.
    AckUnderWay,
    /// The lease on a message is never renewed.
    NoRenewal,
    /// What was notified and is done is forgotten at once.
    ForgetNotified,
    /// A batch is sent before the frame that fixes it is durable.
    SentBeforeFrame,
    /// The members of a batch are looked up when it is sent, and not read from its manifest.
    MembersFromMemory,
    /// The id of a batch is made of when it is sent.
    BatchIdFromTime,
    /// Of a range that is not the first, the first page is all.
    FirstPageOfRange,
    /// The cursor of the change feed is what was read, and not what is settled.
    CursorAhead,
    /// The cursor is written by whoever reads the feed, even after a newer session has begun.
    CursorWithoutFence,
    /// What the feed and a queue tell of is forgotten as soon as it is done.
    ForgetFed,
}

impl Mutant {
    pub(crate) fn is_of_queue(self) -> bool {
        matches!(
            self,
            Self::AckAtSend | Self::AckUnderWay | Self::NoRenewal | Self::ForgetNotified
        )
    }

    pub(crate) fn is_of_feed(self) -> bool {
        matches!(
            self,
            Self::CursorAhead | Self::CursorWithoutFence | Self::ForgetFed
        )
    }

    pub(crate) fn is_of_batches(self) -> bool {
        matches!(
            self,
            Self::SentBeforeFrame | Self::MembersFromMemory | Self::BatchIdFromTime
        )
    }
}

pub(crate) struct World {
    seed: u64,
    rng: Rng,
    account: FakeAccount,
    mutant: Mutant,
    people: People,
    notified: Option<Notified>,
    fed: Option<FedContainer>,
    listing: FakeListing,
    blanks: Arc<AtomicU64>,
    /// Listings that began at a name.
    ranges: Arc<AtomicU64>,
    smallest_range: u64,
    snatches: Arc<AtomicU64>,
    state: Arc<dyn StateStore>,
    calm: Arc<dyn StateStore>,
    raging: Arc<AtomicBool>,
    met: Arc<AtomicU64>,
    slow: Arc<AtomicU64>,
    late: Box<dyn Fn() -> usize>,
    config: SourceConfig,
    /// Whether blobs are gathered into batches, at times.
    batched: bool,
    rollover: Rollover,
    forgetting: Forgetting,
    deliveries: Deliveries,
    tally: Tally,
    /// What each session counted.
    stats: Vec<Arc<SourceStats>>,
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
        // Not long before an hour is over, and with it a segment of the change feed.
        let start = datetime!(2026-01-01 0:45 UTC) + Duration::from_secs(rng.clone().below(900));
        account.follow_tokio_time(start);
        account.create_container(CONTAINER).unwrap();
        account.create_container(STATE).unwrap();
        account.set_page_size(1 + rng.below(6) as usize);
        account.set_empty_pages(rng.chance(200));
        account.set_start_from(match mutant {
            Mutant::FirstPageOfRange => StartFrom::Known,
            _ => *rng.pick(&[
                StartFrom::Known,
                StartFrom::Known,
                StartFrom::Ignored,
                StartFrom::Refused,
            ]),
        });
        // Some services sort names folder by folder.
        if seed % 4 == 3 {
            account.set_order(Order::Folders);
        }
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
        let ways = ways(&mut rng, mutant);
        let notified = Notified::new(ways, &account, &mut rng, &faults);
        let fed = fed((ways, mutant), &account, &mut rng, &faults);
        let people = People(Hands {
            account: account.clone(),
            container: CONTAINER,
            grid: notified.as_ref().map(|it| it.grid.clone()),
            feed: fed.as_ref().map(|it| it.service.clone()),
        });
        let hook = people
            .clone()
            .between_pages(rng.fork(), Arc::clone(&raging));
        let real = FakeState::new(account.clone(), STATE, faults.clone());
        let late = real.late_effects();
        let wrong = match mutant {
            Mutant::Lost412 => Some(Wrong::Lost412),
            Mutant::NoFence | Mutant::CursorWithoutFence => Some(Wrong::NoFence),
            Mutant::SentBeforeFrame => Some(Wrong::BatchLate),
            _ => None,
        };
        let state = Arc::new(WrongState::new(Arc::new(real), wrong));
        let listing = FakeListing::new(account.clone(), CONTAINER, faults).between_pages(hook);
        let filters = filters(&mut rng, ways);
        let forgetting = forgetting(&mut rng, (ways, mutant));
        let calm = FakeState::new(account.clone(), STATE, FaultSource::none());
        let config = config(&mut rng, &filters, (ways, mutant));
        Self {
            seed,
            batched: config.batch.is_some(),
            config,
            rollover: Rollover {
                frames: 2 + rng.below(12),
                bytes: 1 << 20,
            },
            forgetting,
            account,
            mutant,
            people,
            notified,
            fed,
            listing,
            blanks: Arc::default(),
            ranges: Arc::default(),
            smallest_range: rng.below(4),
            rng,
            snatches: Arc::default(),
            state,
            calm: Arc::new(calm),
            raging,
            met,
            slow,
            late: Box::new(move || late.pending()),
            deliveries: Deliveries::default(),
            tally: Tally::default(),
            stats: Vec::new(),
            writers: 0,
            filters,
            known: Vec::new(),
            recorded: BTreeSet::new(),
            delivered_then: 0,
        }
    }

    pub(crate) async fn run(mut self) -> Result<Tally, String> {
        for _ in 0..self.rng.below(12) {
            self.people.write(&mut self.rng);
        }
        sleep(Duration::from_secs(self.rng.below(5))).await;
        let people = self.people_live();
        self.storm().await?;
        self.calm_down().await;
        if let Some(people) = people {
            people.await.unwrap();
        }
        self.settle_accounts().await?;
        let now = self.generation().await;
        self.tally.compactions = now.saturating_sub(1);
        self.tally_queue();
        self.tally_feed();
        let stats = self.stats.iter().map(|stats| &stats.batches);
        self.tally.batches = stats.clone().map(BatchStats::count).sum();
        self.tally.batched = stats.map(|it| it.blobs.load(SeqCst)).sum();
        self.tally.snatches = self.snatches.load(SeqCst);
        self.tally.blanks = self.blanks.load(SeqCst);
        self.tally.ranges = self.ranges.load(SeqCst);
        self.tally.faults = self.met.load(SeqCst);
        self.tally.deliveries = self.deliveries.len() as u64;
        Ok(self.tally)
    }

    // Where nothing is listed, nobody writes between pages.
    fn people_live(&mut self) -> Option<JoinHandle<()>> {
        let queue = self.notified.as_ref().map(|it| it.queues.queue.clone());
        if queue.is_none() && self.fed.is_none() {
            return None;
        }
        let (people, rng) = (self.people.clone(), self.rng.fork());
        let (raging, snatches) = (Arc::clone(&self.raging), Arc::clone(&self.snatches));
        Some(tokio::spawn(people.live(rng, raging, queue, snatches)))
    }

    async fn calm_down(&self) {
        self.raging.store(false, SeqCst);
        while (self.late)() + self.notified.as_ref().map_or(0, Notified::late) > 0 {
            sleep(Duration::from_secs(1)).await;
        }
    }
}
