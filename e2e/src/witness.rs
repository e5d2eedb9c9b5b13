//! Sees every Workflow of a namespace over a whole case, the deleted ones too: what is counted at the
//! end only would miss a second Workflow that came and went.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use azure_blob_eventsource::event::encoded::decoded;
use futures::{StreamExt, pin_mut};
use kube::{
    Api, Client,
    api::{ApiResource, DynamicObject, ListParams, WatchEvent, WatchParams},
    core::GroupVersionKind,
};
use serde_json::Value;
use tokio::task::JoinHandle;

/// The label that the server confirms by.
const EVENT_ID: &str = "azure-blob-eventsource/event-id";
/// The label by which the Workflows of several Sensors are told apart.
const PIPELINE: &str = "pipeline";
/// Its value on those of the second Sensor.
const AUDIT: &str = "audit";
/// The parts of its name that a Workflow has of its event.
const NAME: &str = "ml-pipeline-";

/// One Workflow, as it was first seen.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Its name.
    pub(crate) name: String,
    /// The label with the event's id.
    pub(crate) event: String,
    /// The label of its Sensor.
    pub(crate) pipeline: String,
    /// Its arguments.
    pub(crate) arguments: BTreeMap<String, String>,
    /// Its annotations for people: title and description.
    pub(crate) annotations: BTreeMap<String, String>,
    /// When it was seen.
    pub(crate) at: Instant,
}

impl Seen {
    /// Which blob version it is about.
    pub(crate) fn version(&self) -> Version {
        let argument = |name| self.arguments.get(name).cloned().unwrap_or_default();
        Version {
            blob: decoded(&argument("blob")).into_owned(),
            etag: argument("etag"),
        }
    }
}

/// One version of a blob.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// The blob's name.
    pub(crate) blob: String,
    /// Its ETag, without quotes.
    pub(crate) etag: String,
}

/// What was seen so far, by uid: whatever is made a second time has another.
#[derive(Default)]
struct Sight {
    seen: BTreeMap<String, Seen>,
    unfinished: BTreeSet<String>,
    most_unfinished: usize,
}

/// Watches the Workflows of a namespace until it is dropped.
pub(crate) struct Witness {
    sight: Arc<Mutex<Sight>>,
    task: JoinHandle<()>,
}

impl Witness {
    /// Begins to watch.
    pub(crate) fn start(client: Client, namespace: &str) -> Self {
        let sight = Arc::default();
        let task = tokio::spawn(watch(workflows(client, namespace), Arc::clone(&sight)));
        Self { sight, task }
    }

    /// All Workflows that ever were.
    pub(crate) fn all(&self) -> Vec<Seen> {
        lock(&self.sight).seen.values().cloned().collect()
    }

    /// The largest number of Workflows that were unfinished at once.
    pub(crate) fn most_unfinished(&self) -> usize {
        lock(&self.sight).most_unfinished
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    /// Whether each version had exactly one Workflow, and no other Workflow was there; those of the
    /// second Sensor of `examples/two-sensors` do not count.
    ///
    /// # Errors
    /// What is missing, or too many.
    pub(crate) fn is_exactly(&self, expected: &[Version]) -> Result<()> {
        let (_, others) = self.audits();
        is_exactly(&others, expected)
    }

    /// As [`Self::is_exactly`], of the second Sensor's Workflows alone.
    ///
    /// # Errors
    /// What is missing, or too many.
    pub(crate) fn audits_are_exactly(&self, expected: &[Version]) -> Result<()> {
        let (audits, _) = self.audits();
        is_exactly(&audits, expected)
    }

    // The second Sensor's Workflows, and all others.
    fn audits(&self) -> (Vec<Seen>, Vec<Seen>) {
        let all = self.all().into_iter();
        all.partition(|seen| seen.pipeline == AUDIT)
    }

    /// Whether no event and no version had two Workflows.
    ///
    /// # Errors
    /// Which had.
    pub(crate) fn has_no_twins(&self) -> Result<()> {
        has_no_twins(&self.all())
    }
}

fn is_exactly(seen: &[Seen], expected: &[Version]) -> Result<()> {
    has_no_twins(seen)?;
    let versions: BTreeSet<_> = seen.iter().map(Seen::version).collect();
    let expected: BTreeSet<_> = expected.iter().cloned().collect();
    let missing: Vec<_> = expected.difference(&versions).collect();
    if !missing.is_empty() {
        let (few, all) = (missing.len(), expected.len());
        bail!("{few} of {all} have no Workflow: {missing:?}");
    }
    let strange: Vec<_> = versions.difference(&expected).collect();
    if !strange.is_empty() {
        bail!("Workflows of what was not to have one: {strange:?}");
    }
    Ok(())
}

fn has_no_twins(seen: &[Seen]) -> Result<()> {
    let (mut events, mut versions) = (BTreeSet::new(), BTreeSet::new());
    for it in seen {
        if !events.insert(&it.event) || !versions.insert(it.version()) {
            bail!("a second Workflow of one blob version: {it:?}");
        }
    }
    Ok(())
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The Workflows of a namespace.
pub(crate) fn workflows(client: Client, namespace: &str) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Workflow");
    let resource = ApiResource::from_gvk(&kind);
    Api::namespaced_with(client, namespace, &resource)
}

// Lists and watches again whenever the API server goes away.
async fn watch(api: Api<DynamicObject>, sight: Arc<Mutex<Sight>>) {
    loop {
        // The API server ends a watch now and then; the next one follows at once.
        if let Err(error) = watch_once(&api, &sight).await {
            println!("            (the witness lost the API server: {error:#})");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

async fn watch_once(api: &Api<DynamicObject>, sight: &Mutex<Sight>) -> Result<()> {
    let list = api.list(&ListParams::default()).await?;
    // What went while nobody looked is not unfinished any more.
    lock(sight).unfinished.clear();
    list.items
        .iter()
        .for_each(|workflow| note(sight, workflow, false));
    let version = list.metadata.resource_version.unwrap_or_default();
    let stream = api.watch(&WatchParams::default(), &version).await?;
    pin_mut!(stream);
    while let Some(event) = stream.next().await {
        match event? {
            WatchEvent::Added(it) | WatchEvent::Modified(it) => note(sight, &it, false),
            WatchEvent::Deleted(it) => note(sight, &it, true),
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(status) => bail!("{}", status.message),
        }
    }
    Ok(())
}

fn lock(sight: &Mutex<Sight>) -> MutexGuard<'_, Sight> {
    sight.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(sight: &Mutex<Sight>, workflow: &DynamicObject, gone: bool) {
    let metadata = &workflow.metadata;
    let label = |name| {
        metadata
            .labels
            .as_ref()
            .and_then(|all| all.get(name))
            .cloned()
    };
    let it = Seen {
        name: metadata.name.clone().unwrap_or_default(),
        event: label(EVENT_ID).unwrap_or_default(),
        pipeline: label(PIPELINE).unwrap_or_default(),
        arguments: arguments(&workflow.data),
        annotations: metadata.annotations.clone().unwrap_or_default(),
        at: Instant::now(),
    };
    let uid = metadata.uid.clone().unwrap_or_default();
    let finished = gone || workflow.data["status"]["finishedAt"].is_string();
    let mut sight = lock(sight);
    sight.seen.entry(uid.clone()).or_insert(it);
    if finished {
        sight.unfinished.remove(&uid);
    } else {
        sight.unfinished.insert(uid);
    }
    sight.most_unfinished = sight.most_unfinished.max(sight.unfinished.len());
}

fn arguments(workflow: &Value) -> BTreeMap<String, String> {
    let parameters = &workflow["spec"]["arguments"]["parameters"];
    let pair = |it: &Value| {
        let text = |key: &str| it[key].as_str().map(str::to_owned);
        Some((text("name")?, text("value")?))
    };
    let all = parameters.as_array().into_iter().flatten();
    all.filter_map(pair).collect()
}

/// Whether a Workflow's name is one that the Sensor gives: the slug of a blob and 12 characters.
pub(crate) fn is_named_after(name: &str, slug: &str) -> bool {
    let rest = name
        .strip_prefix(NAME)
        .and_then(|rest| rest.strip_prefix(slug));
    let short = rest.and_then(|rest| rest.strip_prefix('-'));
    short.is_some_and(|short| {
        short.len() == 12
            && short
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(event: &str, blob: &str, etag: &str) -> Seen {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Seen {
            name: String::new(),
            event: event.to_owned(),
            pipeline: String::new(),
            arguments: [("blob", blob), ("etag", etag)].map(pair).into(),
            annotations: BTreeMap::new(),
            at: Instant::now(),
        }
    }

    #[test]
    fn zero_two_and_strange_ones_are_found() {
        let (a, b) = (seen("1", "a", "x"), seen("2", "b", "x"));
        let both = [a.version(), b.version()];
        assert!(is_exactly(&[a.clone(), b.clone()], &both).is_ok());
        assert!(is_exactly(std::slice::from_ref(&a), &both).is_err());
        assert!(is_exactly(&[a.clone(), b.clone()], &both[..1]).is_err());
        let twin = seen("3", "a", "x");
        assert!(is_exactly(&[a.clone(), b, twin], &both).is_err());
        let same_event = seen("1", "a", "y");
        assert!(has_no_twins(&[a.clone(), same_event]).is_err());
        assert!(has_no_twins(&[a, seen("4", "a", "y")]).is_ok());
    }

    #[test]
    fn names_are_those_that_the_sensor_gives() {
        assert!(is_named_after(
            "ml-pipeline-raw-a-csv-cm5q3fz7k2ab",
            "raw-a-csv"
        ));
        assert!(!is_named_after("ml-pipeline-raw-a-csv", "raw-a-csv"));
        assert!(!is_named_after(
            "ml-pipeline-raw-b-csv-cm5q3fz7k2ab",
            "raw-a-csv"
        ));
        assert!(!is_named_after(
            "ml-pipeline-raw-a-csv-of-the-event",
            "raw-a-csv"
        ));
    }
}
