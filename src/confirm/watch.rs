//! The watch that feeds an [`Index`]: metadata only, over the objects that bear an event's id. The
//! only importer of `kube`.
//!
//! Facts: "Kubernetes API Concepts", sections "Efficient detection of changes" and "Receiving
//! resources as metadata", Kubernetes 1.34.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams, PartialObjectMeta, WatchEvent, WatchParams},
};
use tokio::{
    sync::OnceCell,
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};
use tracing::{debug, info, warn};

use self::{
    connect::{Connection, connect, resource},
    failure::{Asked, failed, is_gone},
};
use super::{
    COMPLETED_LABEL, ConfirmError, Confirmation, Confirmations, EVENT_ID_LABEL, Index,
    index::{Health, Object},
};
use crate::{config::Confirm, event::EventId};

mod connect;
mod failure;

/// How many objects a page of a list has.
const PAGE: u32 = 500;
/// For how many seconds one watch lasts before it is asked for again: a connection that has died
/// without a word is noticed within this time and a little more.
const WATCH: u32 = 60;
/// How much longer than asked for a watch, or the answer to any other question, may take.
const GRACE: Duration = Duration::from_secs(10);
/// The pauses between two tries.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// A watch that went well for so long is no reason to pause.
const WELL: Duration = Duration::from_secs(30);

type Meta = PartialObjectMeta<DynamicObject>;

/// Opens watches on the cluster around this process, or the one that the kubeconfig names.
#[derive(Default)]
pub struct Watches {
    connection: OnceCell<Connection>,
    open: Mutex<HashMap<Confirm, Weak<Watch>>>,
}

impl Watches {
    /// Watches through this client, with this namespace where a configuration names none.
    pub fn with(client: Client, namespace: &str) -> Self {
        Self {
            connection: OnceCell::new_with(Some(Connection {
                client,
                namespace: namespace.to_owned(),
            })),
            open: Mutex::default(),
        }
    }

    fn share(&self, confirm: Confirm, connection: &Connection) -> Arc<Watch> {
        let mut open = self.open();
        open.retain(|_, watch| watch.strong_count() > 0);
        let known = open.get(&confirm).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let watch = Arc::new(Watch::start(connection.client.clone(), &confirm));
            open.insert(confirm, Arc::downgrade(&watch));
            watch
        })
    }

    // No holder leaves the map half changed, so a poisoned lock is as good as a whole one.
    fn open(&self) -> MutexGuard<'_, HashMap<Confirm, Weak<Watch>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Confirmations for Watches {
    async fn open(&self, confirm: &Confirm) -> Result<Arc<dyn Confirmation>, ConfirmError> {
        let connection = self.connection.get_or_try_init(connect).await?;
        let namespace = confirm.namespace.as_ref().unwrap_or(&connection.namespace);
        let confirm = Confirm {
            kind: confirm.kind.clone(),
            namespace: Some(namespace.clone()),
        };
        Ok(self.share(confirm, connection))
    }
}

/// One watch. It ends with its last holder.
struct Watch {
    feeder: Arc<Feeder>,
    task: JoinHandle<()>,
}

impl Watch {
    fn start(client: Client, confirm: &Confirm) -> Self {
        let feeder = Arc::new(Feeder {
            client,
            asked: Asked {
                kind: confirm.kind.clone(),
                namespace: confirm.namespace.clone().unwrap_or_default(),
            },
            api: OnceCell::new(),
            index: Index::default(),
        });
        let task = tokio::spawn({
            let feeder = Arc::clone(&feeder);
            async move { feeder.run().await }
        });
        Self { feeder, task }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[async_trait]
impl Confirmation for Watch {
    fn index(&self) -> &Index {
        &self.feeder.index
    }

    fn namespace(&self) -> &str {
        &self.feeder.asked.namespace
    }

    async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        let selector = format!("{EVENT_ID_LABEL}={}", id.to_hex());
        let asked = ListParams::default().labels(&selector).limit(1);
        let api = self.feeder.api().await?;
        let found = self.feeder.answer(api.list_metadata(&asked)).await?;
        let there = !found.items.is_empty();
        if there {
            self.feeder.index.found(id);
        }
        Ok(there)
    }
}

/// Keeps the index as the cluster is.
struct Feeder {
    client: Client,
    asked: Asked,
    api: OnceCell<Api<DynamicObject>>,
    index: Index,
}

impl Feeder {
    async fn run(&self) {
        let mut pause = PAUSES.0;
        loop {
            let started = Instant::now();
            match self.follow().await {
                Ok(()) => debug!("the watch broke off; listing anew"),
                Err(error) => self.lost(error),
            }
            if started.elapsed() >= WELL {
                pause = PAUSES.0;
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    /// Lists, and watches from there on, until it breaks off.
    async fn follow(&self) -> Result<(), ConfirmError> {
        let api = self.api().await?;
        let Some(mut version) = self.list(api).await? else {
            return Ok(());
        };
        self.live();
        while let Some(next) = self.watch(api, &version).await? {
            version = next;
        }
        Ok(())
    }

    /// All that exists. No version is asked for, so that the answer is what the cluster holds now and
    /// not what some cache remembers. `None` when it changed too much while it was being read.
    async fn list(&self, api: &Api<DynamicObject>) -> Result<Option<String>, ConfirmError> {
        let mut asked = ListParams::default().labels(EVENT_ID_LABEL).limit(PAGE);
        let mut objects = Vec::new();
        loop {
            let page = match timeout(GRACE, api.list_metadata(&asked)).await {
                Ok(Ok(page)) => page,
                Ok(Err(error)) if is_gone(&error) => return Ok(None),
                Ok(Err(error)) => return Err(failed(&self.asked, &error)),
                Err(_) => return Err(self.silent()),
            };
            objects.extend(page.items.iter().filter_map(object));
            let version = page.metadata.resource_version.unwrap_or_default();
            match page.metadata.continue_.filter(|more| !more.is_empty()) {
                Some(more) => asked.continue_token = Some(more),
                None => {
                    self.index.replace(objects);
                    return Ok(Some(version));
                }
            }
        }
    }

    /// What happens from `version` on, for as long as one watch lasts. Where to go on, or `None`
    /// when only a new list helps.
    async fn watch(
        &self,
        api: &Api<DynamicObject>,
        version: &str,
    ) -> Result<Option<String>, ConfirmError> {
        let asked = WatchParams::default().labels(EVENT_ID_LABEL).timeout(WATCH);
        let mut version = version.to_owned();
        let events = match timeout(GRACE, api.watch_metadata(&asked, &version)).await {
            Ok(Ok(events)) => events,
            Ok(Err(error)) if is_gone(&error) => return Ok(None),
            Ok(Err(error)) => return Err(failed(&self.asked, &error)),
            Err(_) => return Err(self.silent()),
        };
        let mut events = std::pin::pin!(events);
        let patience = Duration::from_secs(WATCH.into()) + GRACE;
        let end = Instant::now() + patience;
        loop {
            match tokio::time::timeout_at(end, events.next()).await {
                Ok(Some(Ok(event))) => match self.take(event) {
                    Some(seen) => version = seen,
                    None => return Ok(None),
                },
                Ok(None) => return Ok(Some(version)),
                // Whatever it was, a list shows what was missed.
                Ok(Some(Err(_))) | Err(_) => return Ok(None),
            }
        }
    }

    // The version that it tells; `None` for an error, of which "too old" is the usual one.
    fn take(&self, event: WatchEvent<Meta>) -> Option<String> {
        let meta = match event {
            WatchEvent::Added(meta) | WatchEvent::Modified(meta) => {
                if let Some(object) = object(&meta) {
                    self.index.applied(object);
                }
                meta
            }
            WatchEvent::Deleted(meta) => {
                if let Some(object) = object(&meta) {
                    self.index.deleted(&object);
                }
                meta
            }
            WatchEvent::Bookmark(bookmark) => return Some(bookmark.metadata.resource_version),
            WatchEvent::Error(_) => return None,
        };
        meta.metadata.resource_version
    }

    async fn api(&self) -> Result<&Api<DynamicObject>, ConfirmError> {
        let find = async {
            let resource = resource(&self.client, &self.asked);
            let resource = timeout(GRACE, resource)
                .await
                .unwrap_or_else(|_| Err(self.silent()))?;
            let namespace = &self.asked.namespace;
            Ok(Api::namespaced_with(
                self.client.clone(),
                namespace,
                &resource,
            ))
        };
        self.api.get_or_try_init(|| find).await
    }

    async fn answer<T>(
        &self,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<T, ConfirmError> {
        let answer = timeout(GRACE, call).await.map_err(|_| self.silent())?;
        answer.map_err(|error| failed(&self.asked, &error))
    }

    fn silent(&self) -> ConfirmError {
        let seconds = GRACE.as_secs();
        ConfirmError::Unreachable(format!("the API server gives no answer within {seconds} s"))
    }

    fn live(&self) {
        if self.index.health() != Health::Live {
            let Asked { kind, namespace } = &self.asked;
            info!(kind = kind.kind, namespace, "the cluster is watched");
        }
        self.index.live();
    }

    fn lost(&self, error: ConfirmError) {
        if self.index.health() != Health::Lost(error.clone()) {
            warn!(%error, "the cluster cannot be asked what came of events; trying again until it can");
        }
        self.index.lost(error);
    }
}

/// An object as the index knows it; `None` when its label is no event's id.
fn object(meta: &Meta) -> Option<Object> {
    let labels = meta.metadata.labels.as_ref()?;
    let id = EventId::from_hex(labels.get(EVENT_ID_LABEL)?)?;
    let completed = labels.get(COMPLETED_LABEL);
    Some(Object {
        name: meta.metadata.name.clone()?,
        id,
        finished: completed.is_some_and(|completed| completed == "true"),
    })
}
