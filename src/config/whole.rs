//! What is said when a whole object of Kubernetes is given as the configuration.

use super::{object::of_kind, raw::Value};

/// What to give instead, when this is an object of Kubernetes.
pub(super) fn object(entries: &[(String, Value)]) -> Option<String> {
    let kind = match get(entries, "kind") {
        Some(Value::Text(kind)) => kind.as_str(),
        _ => return None,
    };
    // A configuration has no `kind` at its top level, and neither of these.
    ["apiVersion", "metadata", "spec"]
        .iter()
        .any(|key| get(entries, key).is_some())
        .then(|| of_kind(kind, &events(entries)))
}

/// The names of the events of an EventSource.
fn events(entries: &[(String, Value)]) -> Vec<&str> {
    let spec = map(get(entries, "spec"));
    let generic = map(get(spec, "generic"));
    generic.iter().map(|(event, _)| event.as_str()).collect()
}

fn get<'a>(entries: &'a [(String, Value)], key: &str) -> Option<&'a Value> {
    let mut found = entries.iter().filter(|(name, _)| name == key);
    found.next().map(|(_, value)| value)
}

fn map(value: Option<&Value>) -> &[(String, Value)] {
    match value {
        Some(Value::Map(entries)) => entries,
        _ => &[],
    }
}
