//! Notices as Kubernetes Events, which `kubectl describe eventsource` and `kubectl get events` show.
//!
//! Facts: the API `events.k8s.io/v1`, Kubernetes 1.34: an Event is about one object, has a note of at most 1 kB, and
//! is kept for an hour by default; what is told again is counted in its `series`.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use k8s_openapi::{
    api::{
        core::v1::ObjectReference,
        events::v1::{Event, EventSeries},
    },
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams},
    core::{ApiResource, GroupVersionKind},
};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::connect::{Connection, connect};
use crate::notices::{Notice, Reason};

/// How often it is looked whether there is anything to tell.
const PERIOD: Duration = Duration::from_secs(5);
/// How long an Event is counted up, before a new one is made of the same.
const SERIES: Duration = Duration::from_secs(600);
/// How many notices wait until they can be written, at most; the oldest are forgotten first.
const WAITING: usize = 64;
/// How often the log says that Events cannot be written.
const COMPLAINT: Duration = Duration::from_secs(600);
/// Who tells, in the API's words.
const CONTROLLER: &str = "azure-blob-eventsource";

/// Tells the cluster what `look` finds, which is asked every five seconds, until it is stopped. `pod` is the name of
/// this server's own, if it is known. Without the right to write Events it says so in the log, now and then, and goes on trying.
pub async fn publish(
    mut look: impl FnMut() -> Vec<Notice>,
    pod: Option<String>,
    stop: CancellationToken,
) {
    let Connection {
        client, namespace, ..
    } = match connect().await {
        Ok(connection) => connection,
        Err(error) => {
            warn!(%error, "--kubernetes-events: no cluster was found");
            return;
        }
    };
    info!(
        namespace,
        "refused streams, stalled sources and dead letters are written as Kubernetes Events"
    );
    let mut bulletin = Bulletin::new(
        client,
        namespace,
        pod.unwrap_or_else(|| CONTROLLER.to_owned()),
    );
    let mut waiting = VecDeque::new();
    let mut ticks = interval(PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        waiting.extend(look());
        let too_many = waiting.len().saturating_sub(WAITING);
        waiting.drain(..too_many);
        while let Some(notice) = waiting.front() {
            match bulletin.tell(notice).await {
                Ok(()) => _ = waiting.pop_front(),
                Err(error) => {
                    bulletin.complain(&error);
                    break;
                }
            }
        }
    }
}

/// Writes Events in one namespace.
struct Bulletin {
    client: Client,
    namespace: String,
    pod: String,
    /// The Events that are counted up.
    series: HashMap<(Reason, String), Series>,
    complained: Option<Instant>,
}

struct Series {
    name: String,
    count: i32,
    began: Instant,
}

impl Bulletin {
    fn new(client: Client, namespace: String, pod: String) -> Self {
        Self {
            client,
            namespace,
            pod,
            series: HashMap::new(),
            complained: None,
        }
    }

    async fn tell(&mut self, notice: &Notice) -> Result<(), kube::Error> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        self.series.retain(|_, it| it.began.elapsed() < SERIES);
        let key = (notice.reason, notice.event.clone());
        if let Some(series) = self.series.get_mut(&key) {
            series.count += 1;
            let again = Event {
                note: Some(notice.text.clone()),
                series: Some(EventSeries {
                    count: series.count,
                    last_observed_time: MicroTime(Timestamp::now()),
                }),
                ..Event::default()
            };
            let (how, patch) = (PatchParams::default(), Patch::Merge(&again));
            match events.patch(&series.name, &how, &patch).await {
                Ok(_) => return Ok(()),
                // It was deleted, or is too old by now.
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => return Err(error),
            }
        }
        let about = self.about(&notice.event).await?;
        let event = self.event(notice, about);
        let made = events.create(&PostParams::default(), &event).await?;
        let name = made.name_any();
        self.series.insert(
            key,
            Series {
                name,
                count: 1,
                began: Instant::now(),
            },
        );
        Ok(())
    }

    /// The one EventSource that has an event of this name, else the pod of this server.
    async fn about(&self, event: &str) -> Result<ObjectReference, kube::Error> {
        let kind = GroupVersionKind::gvk("argoproj.io", "v1alpha1", "EventSource");
        let resource = ApiResource::from_gvk(&kind);
        let all: Api<DynamicObject> =
            Api::namespaced_with(self.client.clone(), &self.namespace, &resource);
        let all = all.list(&ListParams::default()).await?;
        let mut having = all
            .iter()
            .filter(|it| it.data["spec"]["generic"][event].is_object());
        match (having.next(), having.next()) {
            (Some(one), None) => Ok(one.object_ref(&resource)),
            _ => Ok(ObjectReference {
                api_version: Some("v1".to_owned()),
                kind: Some("Pod".to_owned()),
                name: Some(self.pod.clone()),
                namespace: Some(self.namespace.clone()),
                ..ObjectReference::default()
            }),
        }
    }

    fn event(&self, notice: &Notice, about: ObjectReference) -> Event {
        Event {
            metadata: ObjectMeta {
                generate_name: Some(format!("{CONTROLLER}-")),
                namespace: Some(self.namespace.clone()),
                ..ObjectMeta::default()
            },
            event_time: Some(MicroTime(Timestamp::now())),
            type_: Some("Warning".to_owned()),
            reason: Some(notice.reason.as_str().to_owned()),
            action: Some("Stream".to_owned()),
            note: Some(notice.text.clone()),
            regarding: Some(about),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.pod.clone()),
            ..Event::default()
        }
    }

    fn complain(&mut self, error: &kube::Error) {
        if self.complained.is_some_and(|at| at.elapsed() < COMPLAINT) {
            return;
        }
        self.complained = Some(Instant::now());
        let (why, cure) = match error {
            kube::Error::Api(status) if status.code == 403 => (
                status.message.clone(),
                "; apply manifests/components/kubernetes-events, whose Role allows it",
            ),
            kube::Error::Api(status) => (status.message.clone(), ""),
            error => (error.to_string(), ""),
        };
        warn!(
            namespace = self.namespace,
            error = why,
            "a Kubernetes Event cannot be written at the moment{cure}"
        );
    }
}
