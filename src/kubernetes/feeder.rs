//! The list and the watch that keep an index as the cluster is.

use std::{mem::discriminant, pin::pin, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use futures::StreamExt;
use kube::{
    Api, Client, Error,
    api::{DynamicObject, ListParams, WatchEvent, WatchParams},
    core::ApiResource,
};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep, timeout, timeout_at},
};
use tracing::{debug, info, warn};

use super::{
    connect::resource,
    failure::{WatchTarget, failed, is_gone},
    object::{Meta, object},
};
use crate::{
    confirm::{
        error::ConfirmError,
        index::{Index, WatchHealth},
    },
    event::EventId,
};

/// How many objects a page of a list has.
const PAGE: u32 = 500;
/// For how many seconds one watch lasts before it is asked for again: a connection that has died
/// without a word is noticed within this time and a little more.
const WATCH: u32 = 60;
/// How much longer than asked for a watch, or the answer to any other question, may take.
const GRACE: Duration = Duration::from_secs(10);
/// The pauses between two tries, before jitter, which at most doubles them.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(5));
/// A watch that went well for so long is no reason to pause.
const WELL: Duration = Duration::from_secs(30);
/// For so long an API server can tell what happened. One that was away for longer may also have come
/// back with older data, where a watch from a version that has yet to come would say nothing.
const HISTORY: Duration = Duration::from_secs(300);
/// For so long a refusal of what was allowed before is not believed: an API server that has just
/// started refuses everything until it knows its own roles.
const DOUBT: Duration = Duration::from_secs(15);

/// Keeps an index as the cluster is.
pub(crate) struct Feeder {
    client: Client,
    asked: WatchTarget,
    resource: OnceCell<ApiResource>,
    index: Index,
}

impl Feeder {
    pub(crate) fn new(client: Client, asked: WatchTarget) -> Self {
        Self {
            client,
            asked,
            resource: OnceCell::new(),
            index: Index::default(),
        }
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.asked.namespace
    }

    /// Asks for the objects of one event, and tells the index when there are any.
    pub(crate) async fn look(&self, id: EventId) -> Result<bool, ConfirmError> {
        let selector = self.asked.selector(Some(id));
        let asked = ListParams::default().labels(&selector).limit(1);
        let api = self.api().await?;
        let answer = timeout(GRACE, api.list_metadata(&asked)).await;
        let found = answer.map_err(|_| self.silent())?;
        let there = !found.map_err(|e| self.failed(&e))?.items.is_empty();
        if there {
            self.index.found(id);
        }
        Ok(there)
    }

    /// Follows what happens, for ever.
    pub(crate) async fn run(&self) {
        let (mut waits, mut course) = (pauses(), Course::default());
        loop {
            let started = Instant::now();
            match self.follow(course.from.clone()).await {
                Ok(next) => course.goes_on(next),
                Err(error) => self.lost(course.failed(error)),
            }
            if started.elapsed() >= WELL {
                waits = pauses();
                if course.from.is_some() {
                    continue;
                }
            }
            sleep(waits.next().unwrap_or(PAUSES.1)).await;
        }
    }

    /// Watches once, after a list unless it is known where to go on. Where to go on next, or `None`
    /// when only a new list helps.
    async fn follow(&self, from: Option<String>) -> Result<Option<String>, ConfirmError> {
        let api = self.api().await?;
        let from = match from {
            Some(from) => Some(from),
            None => self.list(&api).await?,
        };
        match from {
            Some(from) => self.watch(&api, from).await,
            None => Ok(None),
        }
    }

    /// All that exists. No version is asked for, so that the answer is what the cluster holds now and
    /// not what some cache remembers. `None` when it changed too much while it was being read.
    async fn list(&self, api: &Api<DynamicObject>) -> Result<Option<String>, ConfirmError> {
        let selector = self.asked.selector(None);
        let mut asked = ListParams::default().labels(&selector).limit(PAGE);
        let (kind, mut objects) = (&self.asked.kind, Vec::new());
        loop {
            let Some(page) = self.ask(api.list_metadata(&asked)).await? else {
                return Ok(None);
            };
            objects.extend(page.items.iter().filter_map(|meta| object(meta, kind)));
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

    /// What happens from a version on, for as long as one watch lasts. One that broke off goes on
    /// where it was: a list would not show what came and went in between.
    async fn watch(
        &self,
        api: &Api<DynamicObject>,
        mut version: String,
    ) -> Result<Option<String>, ConfirmError> {
        let selector = self.asked.selector(None);
        let asked = WatchParams::default().labels(&selector).timeout(WATCH);
        let Some(events) = self.ask(api.watch_metadata(&asked, &version)).await? else {
            return Ok(None);
        };
        self.live();
        let mut events = pin!(events);
        let end = Instant::now() + Duration::from_secs(WATCH.into()) + GRACE;
        loop {
            let seen = match timeout_at(end, events.next()).await {
                Ok(Some(Ok(event))) => self.take(event),
                Ok(None | Some(Err(Error::ReadEvents(_)))) | Err(_) => return Ok(Some(version)),
                Ok(Some(Err(error))) => {
                    debug!(%error, "the watch sent something that cannot be read");
                    None
                }
            };
            match seen {
                Some(seen) => version = seen,
                None => return Ok(None),
            }
        }
    }

    // The version that it tells; `None` for an error, of which "too old" is the usual one.
    fn take(&self, event: WatchEvent<Meta>) -> Option<String> {
        let kind = &self.asked.kind;
        let meta = match event {
            WatchEvent::Added(meta) | WatchEvent::Modified(meta) => {
                if let Some(object) = object(&meta, kind) {
                    self.index.applied(object);
                }
                meta
            }
            WatchEvent::Deleted(meta) => {
                if let Some(object) = object(&meta, kind) {
                    self.index.deleted(&object);
                }
                meta
            }
            WatchEvent::Bookmark(bookmark) => return Some(bookmark.metadata.resource_version),
            WatchEvent::Error(_) => return None,
        };
        meta.metadata.resource_version
    }

    async fn api(&self) -> Result<Api<DynamicObject>, ConfirmError> {
        let find = async {
            let found = timeout(GRACE, resource(&self.client, &self.asked)).await;
            found.unwrap_or_else(|_| Err(self.silent()))
        };
        let resource = self.resource.get_or_try_init(|| find).await?;
        let client = self.client.clone();
        Ok(Api::namespaced_with(client, self.namespace(), resource))
    }

    /// An answer; `None` when what was asked for is too old.
    async fn ask<T>(
        &self,
        call: impl Future<Output = kube::Result<T>>,
    ) -> Result<Option<T>, ConfirmError> {
        match timeout(GRACE, call).await {
            Ok(Ok(answer)) => Ok(Some(answer)),
            Ok(Err(error)) if is_gone(&error) => Ok(None),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(self.silent()),
        }
    }

    fn failed(&self, error: &Error) -> ConfirmError {
        let plural = self.resource.get().map(|found| found.plural.as_str());
        failed(&self.asked, plural, error)
    }

    fn silent(&self) -> ConfirmError {
        let seconds = GRACE.as_secs();
        let what = format!("the API server gives no answer within {seconds} s");
        ConfirmError::Unreachable(what + &self.asked.hint())
    }

    fn live(&self) {
        if self.index.health() != WatchHealth::Live {
            let WatchTarget {
                kind,
                namespace,
                labels,
                ..
            } = &self.asked;
            info!(kind = kind.kind, namespace, labels, "watching the cluster");
        }
        self.index.live();
    }

    fn lost(&self, error: ConfirmError) {
        // While a server goes down and comes up again, each try fails in its own words.
        let told = matches!(self.index.health(), WatchHealth::Lost(last) if discriminant(&last) == discriminant(&error));
        if !told {
            warn!(%error, "the cluster does not answer whether events are confirmed; trying again until it does");
        }
        self.index.lost(error);
    }
}

/// How it went so far.
#[derive(Default)]
struct Course {
    /// Where to go on; without it, with a list.
    from: Option<String>,
    /// When the API server last did what it was asked for.
    heard: Option<Instant>,
    /// Since when it has refused.
    refused: Option<Instant>,
}

impl Course {
    fn goes_on(&mut self, from: Option<String>) {
        let heard = Some(Instant::now());
        *self = Self {
            from,
            heard,
            refused: None,
        };
    }

    /// What a failure is to be called.
    fn failed(&mut self, error: ConfirmError) -> ConfirmError {
        let recently = self.heard.is_some_and(|heard| heard.elapsed() < HISTORY);
        self.from = self.from.take().filter(|_| recently);
        if error.is_transient() {
            self.refused = None;
            return error;
        }
        let refused = *self.refused.get_or_insert_with(Instant::now);
        if self.heard.is_none() || refused.elapsed() >= DOUBT {
            return error;
        }
        ConfirmError::Unreachable(format!(
            "the API server refuses what it allowed before, which is temporary if it has just started: {error}"
        ))
    }
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(PAUSES.0)
        .with_max_delay(PAUSES.1)
        .with_jitter()
        .without_max_times()
        .build()
}
