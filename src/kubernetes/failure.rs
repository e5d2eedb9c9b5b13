//! Why the API server did not answer as hoped, in words that help.

use std::io;

use kube::{Error, core::Status};

use crate::{
    confirm::{EVENT_ID_LABEL, error::ConfirmError, target::ObjectKind},
    event::EventId,
    net::{
        plaintext::is_plaintext,
        proxy,
        trust::{BY_VARIABLE, distrust},
    },
};

/// The reason that the client library (kube 5) gives to an answer that is not of the Kubernetes API.
const FOREIGN: &str = "Failed to parse error data";

/// What is asked for.
pub(crate) struct WatchTarget {
    pub(crate) kind: ObjectKind,
    pub(crate) namespace: String,
    /// Which labels they must have, as the API takes it; empty when any serve.
    pub(crate) labels: String,
    /// The API server's URL, and what names it, for people.
    pub(crate) server: String,
    /// What names the proxy on the way to the API server, if there is one.
    pub(crate) via: Option<&'static str>,
}

impl WatchTarget {
    /// The kind with its group and version, as manifests have it.
    pub(crate) fn name(&self) -> String {
        let ObjectKind {
            group,
            version,
            kind,
        } = &self.kind;
        match group.as_str() {
            "" => format!("{kind} ({version})"),
            group => format!("{kind} ({group}/{version})"),
        }
    }

    /// The selector of the objects that bear an event's id, or this one.
    pub(crate) fn selector(&self, id: Option<EventId>) -> String {
        let id = match id {
            Some(id) => format!("{EVENT_ID_LABEL}={}", id.to_hex()),
            None => EVENT_ID_LABEL.to_owned(),
        };
        match self.labels.as_str() {
            "" => id,
            labels => format!("{id},{labels}"),
        }
    }

    /// What to think of when the API server cannot be reached.
    pub(crate) fn hint(&self) -> String {
        self.via.map(proxy::hint).unwrap_or_default()
    }

    /// The resource as `kubectl create role` takes it, which knows singulars as well.
    fn resource(&self, plural: Option<&str>) -> String {
        let name = plural.map_or_else(|| self.kind.kind.to_lowercase(), str::to_owned);
        match self.kind.group.as_str() {
            "" => name,
            group => format!("{name}.{group}"),
        }
    }
}

/// Whether a list or a watch cannot go on from where it was (410).
pub(crate) fn is_gone(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 410)
}

/// Whether what was asked for does not exist (404).
pub(crate) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 404)
}

/// What a failure means for whoever waits for confirmations. `plural` is what the API server calls
/// the kind, once that is known.
pub(crate) fn failed(asked: &WatchTarget, plural: Option<&str>, error: &Error) -> ConfirmError {
    match error {
        Error::Api(status) if status.code == 403 => {
            ConfirmError::Forbidden(forbidden(asked, plural, status))
        }
        Error::Api(status) if status.code == 404 => ConfirmError::UnknownKind(format!(
            "confirm: the cluster has no {}: is its CustomResourceDefinition installed?",
            asked.name()
        )),
        Error::Api(status) if status.code == 401 => ConfirmError::Unreachable(
            "the API server does not know this server (401): its token or certificate, from the pod \
             or the kubeconfig, has expired or belongs to another cluster"
                .to_owned(),
        ),
        Error::Api(status) if status.reason == FOREIGN => ConfirmError::Unreachable(format!(
            "the server at {} is no API server of Kubernetes ({}): correct `server` in the kubeconfig",
            asked.server, status.code,
        )),
        Error::Api(status) => ConfirmError::Unreachable(format!(
            "the API server {} answers {} {}",
            asked.server,
            status.code,
            short(&status.reason)
        )),
        error => ConfirmError::Unreachable(format!(
            "the API server {} cannot be reached: {}{}",
            asked.server,
            cause(error),
            asked.hint()
        )),
    }
}

// "User \"system:serviceaccount:ml:name\" cannot list resource …": who that is, the API server knows best.
fn forbidden(asked: &WatchTarget, plural: Option<&str>, status: &Status) -> String {
    let user = status.message.split('"').nth(1).unwrap_or("unknown");
    let WatchTarget { namespace, .. } = asked;
    let resource = asked.resource(plural);
    let subject = match user.strip_prefix("system:serviceaccount:") {
        Some(account) => format!("--serviceaccount={}", short(account)),
        None => format!("--user={}", short(user)),
    };
    format!(
        "confirm: {} may not list and watch {resource} in namespace {namespace}; grant it: \
         kubectl create role azure-blob-eventsource-confirm --verb=list,watch --resource={resource} -n {namespace} && \
         kubectl create rolebinding azure-blob-eventsource-confirm --role=azure-blob-eventsource-confirm {subject} -n {namespace}",
        short(user)
    )
}

// The deepest cause is the operating system's or the TLS library's, and says most.
fn cause(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let error = cause.downcast_ref::<io::Error>();
    if error.is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
        return "no connection is possible".to_owned();
    }
    let cause = cause.to_string();
    if is_plaintext(&cause) {
        return "the server there does not use TLS: correct `server` in the kubeconfig".to_owned();
    }
    match distrust(&cause, BY_VARIABLE) {
        // What it takes is in the kubeconfig, where it names an authority: then nothing else counts.
        Some(what) => {
            format!(
                "{what}; `certificate-authority` of the kubeconfig, if it has one, is used instead of that"
            )
        }
        None => short(&cause),
    }
}

fn short(text: &str) -> String {
    let plain = text.chars().filter(|c| !c.is_control());
    plain.take(200).collect()
}
