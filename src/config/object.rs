//! Which part of an object of Kubernetes is the configuration.

use super::mistake::shown;

/// What to give instead, when one of several documents in a text is an object of Kubernetes.
pub(super) fn one_of_several(text: &str) -> Option<String> {
    let kinds = text.lines().filter_map(|line| line.strip_prefix("kind:"));
    let mut kinds = kinds.map(|kind| kind.trim().trim_matches(['"', '\'']));
    let known = |kind: &&str| matches!(*kind, EVENT_SOURCE | WATCHER);
    kinds.find(known).map(|kind| of_kind(kind, &[]))
}

const EVENT_SOURCE: &str = "EventSource";
const WATCHER: &str = "AzureBlobWatcher";

/// What to give instead of an object of this kind, which has these events.
pub(super) fn of_kind(kind: &str, events: &[&str]) -> String {
    let part = match events {
        [event] => shown(&format!("spec.generic.{event}.config")),
        [first, others @ ..] if !others.is_empty() => format!(
            "{}, or that of another event",
            shown(&format!("spec.generic.{first}.config"))
        ),
        _ => "`spec.generic.<event>.config`".to_owned(),
    };
    match kind {
        WATCHER => "this is an AzureBlobWatcher of the old operator; `azure-blob-eventsource migrate FILE` makes an \
                    EventSource, a Sensor and the configuration from it"
            .to_owned(),
        EVENT_SOURCE => format!("this is a whole EventSource; give only the text under {part}"),
        kind => format!(
            "this is a whole Kubernetes object of the kind {}; give the text under {part} of an EventSource",
            shown(kind)
        ),
    }
}
