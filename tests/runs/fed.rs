//! The change feed of a world that has one: what finds blobs beside it, and what it owes.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use azure_blob_eventsource::{
    config::SourceConfig, metrics::change_feed::Counted, ports::connect::OpenedFeed,
};
use testkit::{account::FakeAccount, faults::FaultSource, fed::FedContainer, rng::Rng};
use tokio::time::sleep;

use crate::{
    notified::Notified,
    world::{CONTAINER, Mutant, Running, SECOND, SOURCE, World},
};

/// The longest time from one round of the service that writes the feed to the next.
const SLOWEST_ROUND: Duration = Duration::from_secs(60);

/// What finds blobs in a world that has a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// The feed alone.
    Nothing,
    /// The feed, and a queue that loses messages.
    Queue,
    /// The feed and sweeps, and in some worlds a queue as the third.
    Sweeps,
}

/// A feed, and what is beside it.
pub(crate) struct Fed {
    pub(crate) beside: Beside,
    pub(crate) container: FedContainer,
}

impl Fed {
    /// The feed of a world, if it has one: three of ten do.
    pub(crate) fn new(
        account: &FakeAccount,
        mutant: Mutant,
        rng: &mut Rng,
        faults: &FaultSource,
    ) -> Option<Self> {
        let beside = match mutant {
            Mutant::None if rng.chance(300) => {
                *rng.pick(&[Beside::Nothing, Beside::Queue, Beside::Sweeps])
            }
            // What is read wrongly shows where nothing else finds it.
            Mutant::CursorAhead => Beside::Nothing,
            _ => return None,
        };
        let container = FedContainer::new(account, CONTAINER, rng.fork(), faults);
        Some(Self {
            beside,
            container: match mutant {
                Mutant::CursorAhead => container.unpacked(),
                _ => container,
            },
        })
    }

    /// Whether this world has a queue as well; `chosen` says whether it would have one without a feed.
    pub(crate) fn has_queue(&self, chosen: bool) -> bool {
        match self.beside {
            Beside::Nothing => false,
            Beside::Queue => true,
            Beside::Sweeps => chosen,
        }
    }

    /// What the configuration of its source says of it.
    pub(crate) fn configure(&self, config: &mut SourceConfig, rng: &mut Rng) {
        config.change_feed = true;
        config.listing = self.beside == Beside::Sweeps;
        if config.listing {
            // Else no change would be found by the feed first.
            config.interval = Duration::from_secs(*rng.pick(&[20, 120, 600]));
        }
    }

    /// How many datasets are refused where some are. Where nothing but the feed tells of blobs these may be all that it has
    /// in hand.
    pub(crate) fn refused(&self, rng: &mut Rng) -> u64 {
        match self.beside {
            Beside::Nothing => 1 + rng.below(4),
            Beside::Queue | Beside::Sweeps => 1,
        }
    }

    /// What a session of a source is given. Whoever reads wrongly does so for the first source.
    pub(crate) fn opened(&self, source: &str, mutant: Mutant) -> OpenedFeed {
        match mutant {
            Mutant::CursorAhead if source == SOURCE => self.container.opened_ahead(),
            _ => self.container.opened(),
        }
    }
}

/// The service writes the feed for as long as the world lasts, minutes late and much at once.
pub(crate) async fn write_on(fed: FedContainer, mut rng: Rng) {
    loop {
        sleep(rng.duration(Duration::ZERO..SLOWEST_ROUND)).await;
        fed.service.work();
    }
}

impl World {
    /// Whether somebody must have found this version: a sweep shows all, and the feed tells of most.
    pub(crate) fn is_shown(&self, name: &str, etag: &str) -> bool {
        let version = (name.to_owned(), etag.to_owned());
        let alone = self.fed.as_ref().filter(|_| !self.config.listing);
        alone.is_none_or(|fed| fed.container.service.told(&version))
    }

    /// Waits until all sources have read what there is in the feed, and have listed what it does not tell: after that
    /// nothing more is found.
    pub(crate) async fn until_read(&self, running: &Running) -> Result<(), String> {
        let Some(fed) = &self.fed else {
            return Ok(());
        };
        let second = self.second.iter().map(|it| (SECOND, it));
        for (source, running) in [(SOURCE, running)].into_iter().chain(second) {
            fed.container
                .until_read(&running.stats, async || Ok(self.is_joined(source).await))
                .await?;
        }
        Ok(())
    }

    async fn is_joined(&self, source: &str) -> bool {
        let contents = self.contents_of(source).await.unwrap_or_default();
        let used = contents.facts.and_then(|it| it.feed);
        self.config.listing || used.is_some_and(|it| it.joined)
    }

    /// Whether a session has looked at what there is: after that it finds what comes.
    pub(crate) fn has_looked(&self, running: &Running) -> bool {
        match self.config.listing {
            true => running.stats.sweeps.load(Relaxed) > 0,
            false => running.stats.feed.last().is_some(),
        }
    }

    /// Adds what befell the feed to the tally.
    pub(crate) fn tally_feed(&mut self) {
        let Some(fed) = &self.fed else {
            return;
        };
        self.tally.fed.changes = fed.container.service.written();
        let stats = self.stats.iter();
        let done = stats.clone().map(|it| it.feed.outcomes.of(Counted::Done));
        self.tally.fed.done = done.sum();
        let sweeps = stats.clone().map(|it| it.sweeps.load(Relaxed));
        let missed = stats.map(|it| it.queue.missed.load(Relaxed));
        let world = u64::from(self.tally.fed.done > 0);
        match fed.beside {
            Beside::Nothing => self.tally.fed.alone = world,
            Beside::Queue => {
                self.tally.fed.beside_queue = world;
                self.tally.fed.lost = self.notified.as_ref().map_or(0, Notified::lost);
                self.tally.fed.missed = missed.sum();
            }
            Beside::Sweeps => self.tally.fed.beside_sweeps = world,
        }
        if fed.beside != Beside::Sweeps {
            self.tally.fed.sweeps = sweeps.sum();
        }
    }
}
