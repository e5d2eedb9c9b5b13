//! A source as commands see it: its configuration, its container, its folder.

use std::{process::ExitCode, sync::Arc};

use anyhow::{Context, anyhow};
use thiserror::Error;

use super::{
    args::SourceArgs,
    ledgers::{ledgers, store_of, which},
    load_config, mistake,
    say::say,
    which::{Asked, Known, Which},
};
use crate::{
    azure::Connector,
    config::{SourceConfig, source_id::source_id},
    event::Place,
    journal::{recover::recover, source_store::SourceStore},
    ledger::{Contents, facts::Facts},
    ports::{
        connect::{Connect, Opened, OpenedQueue},
        error::StorageError,
        listing::BlobListing,
        state::StateStore,
    },
    state::{folder::Folder, request::every, stall::Stalled},
};

/// What is said of an outage is a sentence or two.
const LONGEST_STALL: u64 = 1 << 16;

/// Stands for the name of a source that has none.
const UNNAMED: &str = "unnamed";

/// What a configuration names, ready to be asked. Nothing has been sent yet.
pub(super) struct OpenedConfig {
    pub(super) config: SourceConfig,
    name: Option<String>,
    opened: Opened,
}

/// A source with a ledger, ready to be asked about. Nothing has been sent yet.
pub(super) struct OpenedSource {
    pub(super) config: SourceConfig,
    pub(super) place: Place,
    pub(super) blobs: Arc<dyn BlobListing>,
    /// The queue of notifications, when there is one.
    pub(super) queue: Option<OpenedQueue>,
    pub(super) source_store: SourceStore,
    pub(super) folder: Folder,
    /// Whether its name is known: that of a source that has never run is only known when it was given.
    named: bool,
}

/// What the ledger of a source holds.
pub(super) struct LedgerContents {
    pub(super) facts: Facts,
    pub(super) contents: Contents,
}

/// Why a source could not be opened.
#[derive(Debug, Error)]
pub(super) enum Unopened {
    /// Something that was typed.
    #[error("{0:#}")]
    Mistake(anyhow::Error),
    /// The state container.
    #[error("{0:#}")]
    Fault(anyhow::Error),
}

impl Unopened {
    /// Tells a mistake and gives the exit status for it; a fault is handed on.
    pub(super) fn told(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Mistake(error) => Ok(mistake(&error)),
            Self::Fault(error) => Err(error),
        }
    }
}

impl OpenedConfig {
    /// Opens what the arguments name.
    ///
    /// # Errors
    /// A sentence about what was typed.
    pub(super) fn open(args: &SourceArgs) -> anyhow::Result<Self> {
        let config = load_config(&args.config)?;
        let opened = Connector::from(args.storage.clone()).open(&config.wanted())?;
        Ok(Self {
            name: args.name.clone(),
            config,
            opened,
        })
    }

    /// The URL of the container.
    pub(super) fn container_url(&self) -> String {
        format!("{}/{}", self.opened.endpoint, self.config.container)
    }

    /// The queue of notifications, when there is one.
    pub(super) fn queue(&self) -> Option<OpenedQueue> {
        self.opened.queue.clone()
    }

    /// The source that it is of: the one that is named, or the only one that has run.
    ///
    /// # Errors
    /// A sentence about what was typed, or a state container that cannot be read.
    pub(super) async fn source(self) -> Result<OpenedSource, Unopened> {
        let Self {
            config,
            name,
            opened,
        } = self;
        let Some(state) = &opened.state else {
            return Err(Unopened::Mistake(anyhow!(
                "the configuration has no `state`: such a source is only in the server's memory, where no command can \
                 read it"
            )));
        };
        // Once without patience: a command says at once what is wrong with the state container.
        let which = which(&config, &opened, state, name.as_deref()).await;
        let which = match which.context("the state container") {
            Ok(which) => which.map_err(|told| Unopened::Mistake(anyhow!(told)))?,
            Err(error) => return Err(Unopened::Fault(error)),
        };
        if let Which::Only(id) = &which {
            say(format_args!(
                "source {id}: the only one of this configuration that has run"
            ));
        }
        OpenedSource::of(config, opened, &which)
            .ok_or_else(|| Unopened::Fault(anyhow!("there is no state container")))
    }
}

impl OpenedSource {
    /// The source that was found; `None` without a state container.
    pub(super) fn of(config: SourceConfig, opened: Opened, which: &Which) -> Option<Self> {
        // Of one that has no name nothing is there, and the name is shown to nobody.
        let id = which.id().map(str::to_owned);
        let id = id.unwrap_or_else(|| source_id(&config, UNNAMED, &opened.endpoint));
        Some(Self {
            place: Place {
                source_id: id.clone(),
                endpoint: opened.endpoint,
                container: config.container.clone(),
                sampling: None,
            },
            blobs: opened.blobs,
            queue: opened.queue,
            folder: Folder::of(&id),
            source_store: store_of(&opened.state?, &id),
            named: which.id().is_some(),
            config,
        })
    }

    /// What the source said last of an outage that is not over.
    ///
    /// # Errors
    /// As [`StateStore::read`].
    pub(super) async fn stalled(&self) -> Result<Option<Stalled>, StorageError> {
        let name = self.folder.stalled();
        let chunk = self.store().read(&name, 0, LONGEST_STALL).await?;
        Ok(chunk.and_then(|chunk| Stalled::from_json(&chunk.bytes)))
    }

    /// Opens what the arguments name, or the only source that has run.
    ///
    /// # Errors
    /// As [`OpenedConfig::source`].
    pub(super) async fn open(args: &SourceArgs) -> Result<Self, Unopened> {
        let opened = OpenedConfig::open(args).map_err(Unopened::Mistake)?;
        opened.source().await
    }

    /// The source's name.
    pub(super) fn id(&self) -> &str {
        &self.source_store.source_id
    }

    /// The state container.
    pub(super) fn store(&self) -> &dyn StateStore {
        &*self.source_store.store
    }

    /// When a request is taken up, for people.
    pub(super) fn taken_up(&self) -> String {
        format!(
            "The live stream of source {} starts with it within {} s, or it waits for the next live stream",
            self.id(),
            every(self.config.interval).as_secs().max(1)
        )
    }

    /// What the ledger holds.
    ///
    /// # Errors
    /// The source has never run: then which ones have.
    pub(super) async fn known(&self) -> Result<LedgerContents, Unopened> {
        // Once without patience: a command says at once what is wrong with the state container.
        let journals = self.source_store.journals();
        let list = self.store().list(&journals);
        let fault = Unopened::Fault;
        list.await.context("the state container").map_err(fault)?;
        let recovered = recover(&self.source_store).await;
        let mut contents = recovered.map_err(|error| fault(error.into()))?.contents;
        match contents.facts.take() {
            Some(facts) if facts.container != self.place.url() => Err(Unopened::Mistake(anyhow!(
                "the ledger of source `{}` is about {}, and the configuration about {}: \
                 correct the configuration, or its `id`",
                self.id(),
                facts.container,
                self.place.url()
            ))),
            Some(facts) => Ok(LedgerContents {
                facts: facts.feed_passed(contents.feed_settled_until()),
                contents,
            }),
            None => {
                let known = ledgers(&self.source_store.store).await;
                let known = known.map_err(|error| fault(error.into()))?;
                Err(Unopened::Mistake(anyhow!(self.never_ran(&known))))
            }
        }
    }

    fn never_ran(&self, known: &[Known]) -> String {
        let endpoint = &self.place.endpoint;
        let id_of = |name: &str| source_id(&self.config, name, endpoint);
        let asked = Asked {
            container: &self.place.url(),
            prefix: &self.config.filter.spec().prefix,
            id: self.config.id.as_deref(),
            name: None,
            id_of: &id_of,
            state: self.config.state.as_deref().unwrap_or_default(),
        };
        asked.never_ran(self.named.then(|| self.id()), known)
    }
}
