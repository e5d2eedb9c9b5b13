//! The JSON Schema of the configuration: `schema/source.schema.json`, which editors read.
//!
//! It is made of the tables that the reader reads by (`keys`, `bounds`), and is of no use at run time. The tests hold it
//! against every document of the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};

use super::{
    bounds::{self, Span, Whole},
    keys::{self, Keys},
    span,
};

mod agreement;
mod file;
mod names;
mod validator;

pub(super) use agreement::{accepted, refused};

/// The schema.
fn schema() -> Value {
    let mut schema = section(
        &keys::ROOT,
        vec![
            (
                "account",
                account(),
                "The storage account's name. Give this or `endpoint`.",
            ),
            (
                "endpoint",
                endpoint(),
                "The URL of the blob service (private link, sovereign clouds, Azurite). Give this or `account`.",
            ),
            (
                "container",
                text(names::CONTAINER, 3, 63),
                "The container whose blobs are announced.",
            ),
            (
                "prefix",
                json!({"type": "string", "maxLength": 1024}),
                "Only names that start with this text are announced.",
            ),
            (
                "pattern",
                pattern(),
                "A glob over the whole name, or a list of globs; one with `!` in front excludes.",
            ),
            (
                "credential",
                text(names::CREDENTIAL, 1, 253),
                "A file in the server's credentials directory with a connection string. Without it the server signs in with its own identity.",
            ),
            (
                "source",
                source(),
                "How blobs are found: by listing the container, by a queue of notifications, by the change feed, or by several of them.",
            ),
            (
                "existing",
                existing(),
                "Blobs that were there before the source first started: `skip` (the default), `emit`, or `{since: 2026-01-01T00:00:00Z}`.",
            ),
            (
                "minAge",
                duration(bounds::MIN_AGE),
                "A blob is announced when it was not changed for this time.",
            ),
            (
                "skipEmpty",
                json!({"type": "boolean"}),
                "`true` ignores empty blobs.",
            ),
            (
                "version",
                json!({"enum": ["etag", "content", "name"]}),
                "What makes a blob a new version, and so a new event: `etag` is the default.",
            ),
            (
                "state",
                state(),
                "Where the ledger is kept, the record of all blob versions that are done.",
            ),
            (
                "confirm",
                confirm(),
                "Which Kubernetes object confirms an event; a list has an entry for each Sensor.",
            ),
            ("batch", batch(), "One event for many blobs."),
            (
                "redelivery",
                redelivery(),
                "When an event is sent again, and when it becomes a dead letter.",
            ),
            (
                "limits",
                limits(),
                "Limits for the number of events and Workflows at once.",
            ),
            (
                "id",
                text(names::LABEL, 1, 63),
                "The source's name in the state container. Set it before you change container, prefix or the event's name.",
            ),
        ],
    );
    let more = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of azure-blob-eventsource",
        "description": "The configuration of one source: the text under spec.generic.<event>.config of an EventSource. docs/configuration.md explains each key.",
        "required": ["container"],
        "oneOf": [{"required": ["account"]}, {"required": ["endpoint"]}],
        "dependentRequired": {"batch": ["state"], "redelivery": ["confirm"]},
        "if": {"required": ["limits"], "properties": {"limits": {"type": "object", "required": ["activeWorkflows"]}}},
        "then": {"required": ["confirm"], "properties": {"confirm": has_workflows()}},
    });
    add(&mut schema, more);
    schema
}

/// A section with all its keys, in their order.
fn section(keys: &Keys, properties: Vec<(&str, Value, &str)>) -> Value {
    let named: Vec<_> = properties.iter().map(|(key, ..)| *key).collect();
    assert_eq!(named, keys.known, "the keys of `{}`", keys.path);
    let described = properties.into_iter().map(|(key, mut property, what)| {
        let bounds = property["description"]
            .as_str()
            .map(|bounds| format!(" {bounds}"));
        property["description"] = format!("{what}{}", bounds.unwrap_or_default()).into();
        (key.to_owned(), property)
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": described.collect::<serde_json::Map<_, _>>(),
    })
}

/// Adds keywords to a schema.
fn add(schema: &mut Value, more: Value) {
    let more = more.as_object().unwrap().clone();
    schema.as_object_mut().unwrap().extend(more);
}

fn text(pattern: &str, least: usize, most: usize) -> Value {
    json!({"type": "string", "pattern": pattern, "minLength": least, "maxLength": most})
}

fn account() -> Value {
    text(names::ACCOUNT, 3, 24)
}

fn endpoint() -> Value {
    json!({"type": "string", "pattern": names::ENDPOINT, "maxLength": 1024})
}

fn duration(bounds: Span) -> Value {
    json!({
        "type": "string",
        "pattern": names::DURATION,
        "description": format!("A duration from {}, such as 30s, 5m, 1h30m or 2d.", span::between(bounds)),
    })
}

fn whole(bounds: Whole) -> Value {
    json!({"type": "integer", "minimum": bounds.least, "maximum": bounds.most})
}

fn pattern() -> Value {
    let glob = json!({"type": "string", "minLength": 1, "maxLength": 1025});
    json!({"oneOf": [glob, {"type": "array", "items": glob, "minItems": 1, "maxItems": 64}]})
}

fn source() -> Value {
    let listing = section(
        &keys::LISTING,
        vec![
            (
                "interval",
                duration(bounds::INTERVAL),
                "The time from the start of one sweep to the start of the next. Default: 30s, with a queue or the change feed 1h.",
            ),
            (
                "parallelism",
                whole(bounds::PARALLELISM),
                "The most ranges of names that a sweep lists at once. Default: 4.",
            ),
        ],
    );
    let mut queue = section(
        &keys::QUEUE,
        vec![
            (
                "name",
                text(names::STATE_CONTAINER, 3, 56),
                "A Storage queue with Event Grid's notifications.",
            ),
            (
                "account",
                account(),
                "The storage account of the queue. Default: the account of the blobs.",
            ),
            (
                "endpoint",
                endpoint(),
                "The URL of the queue service, instead of `account`.",
            ),
            (
                "credential",
                text(names::CREDENTIAL, 1, 253),
                "A credential for the queue. Default: the credential for the blobs.",
            ),
            (
                "maxDeliveries",
                whole(bounds::MAX_DELIVERIES),
                "A message becomes a poison message after this number of deliveries without success. Default: 5.",
            ),
        ],
    );
    add(
        &mut queue,
        json!({"required": ["name"], "not": {"required": ["account", "endpoint"]}}),
    );
    section(
        &keys::SOURCE,
        vec![
            (
                "listing",
                listing,
                "The container is listed again and again.",
            ),
            (
                "queue",
                queue,
                "New blobs are found by notifications in a queue.",
            ),
            (
                "changeFeed",
                section(&keys::CHANGE_FEED, Vec::new()),
                "New blobs are found by the change feed of the storage account.",
            ),
        ],
    )
}

fn existing() -> Value {
    let mut since = section(
        &keys::SINCE,
        vec![(
            "since",
            json!({"type": "string", "pattern": names::MOMENT}),
            "Blobs that were last modified before this moment count as done: a date (midnight in UTC), or a date and time with zone.",
        )],
    );
    add(&mut since, json!({"required": ["since"]}));
    json!({"oneOf": [{"enum": ["skip", "emit"]}, since]})
}

fn state() -> Value {
    let mut state = section(
        &keys::STATE,
        vec![(
            "container",
            text(names::STATE_CONTAINER, 3, 63),
            "The container for the ledger. It must not be the container that is watched.",
        )],
    );
    add(&mut state, json!({"required": ["container"]}));
    state
}

fn namespace() -> Value {
    text(names::LABEL, 1, 63)
}

fn selector() -> Value {
    let (least, most) = (bounds::LABELS.least, bounds::LABELS.most);
    let map = json!({
        "type": "object",
        "minProperties": least,
        "maxProperties": most,
        "propertyNames": {"pattern": names::LABEL_KEY},
        "additionalProperties": text(names::LABEL_VALUE, 1, 63),
    });
    json!({"oneOf": [map, {"type": "string", "pattern": names::SELECTOR}]})
}

fn confirm() -> Value {
    let workflows = section(
        &keys::WORKFLOWS,
        vec![
            (
                "namespace",
                namespace(),
                "The namespace of the Workflows. Default: the namespace of the server.",
            ),
            (
                "selector",
                selector(),
                "Labels that the Workflows must have, such as {pipeline: train}.",
            ),
        ],
    );
    let mut entry = section(
        &keys::CONFIRM,
        vec![
            (
                "workflows",
                workflows,
                "Workflows confirm: `{}` for those of the server's namespace.",
            ),
            (
                "group",
                json!({"type": "string", "pattern": names::GROUP, "maxLength": 253}),
                "The API group of another kind; empty for Kubernetes' own core kinds.",
            ),
            (
                "version",
                text(names::VERSION, 2, 63),
                "The version of another kind, such as v1.",
            ),
            (
                "kind",
                text(names::KIND, 1, 63),
                "Another kind, such as Job.",
            ),
            (
                "namespace",
                namespace(),
                "The namespace of the objects. Default: the namespace of the server.",
            ),
            (
                "selector",
                selector(),
                "Labels that the objects must have, such as {pipeline: train}.",
            ),
        ],
    );
    let others =
        ["group", "version", "kind", "namespace", "selector"].map(|key| json!({"required": [key]}));
    let forms = json!([
        {"required": ["workflows"], "not": {"anyOf": others}},
        {"required": ["version", "kind"], "not": {"required": ["workflows"]}},
    ]);
    add(&mut entry, json!({"oneOf": forms}));
    let (least, most) = (bounds::ENTRIES.least, bounds::ENTRIES.most);
    json!({"oneOf": [entry, {"type": "array", "items": entry, "minItems": least, "maxItems": most}]})
}

/// That a `confirm` has Workflows among its entries.
fn has_workflows() -> Value {
    let of_argo = json!({"group": {"const": "argoproj.io"}, "kind": {"const": "Workflow"}});
    let one = json!({"anyOf": [
        {"type": "object", "required": ["workflows"]},
        {"type": "object", "required": ["group", "kind"], "properties": of_argo},
    ]});
    json!({"anyOf": [one, {"type": "array", "contains": one}]})
}

fn batch() -> Value {
    let mut depth = section(
        &keys::BY,
        vec![(
            "depth",
            whole(bounds::DEPTH),
            "How many folders of a name make a group.",
        )],
    );
    add(&mut depth, json!({"required": ["depth"]}));
    let size = json!({"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": names::SIZE}]});
    section(
        &keys::BATCH,
        vec![
            (
                "by",
                json!({"oneOf": [{"enum": ["all", "folder"]}, depth]}),
                "Which blobs belong together: `all` (the default), `folder` or `{depth: N}`.",
            ),
            (
                "maxBlobs",
                whole(bounds::MAX_BLOBS),
                "A batch closes when it has this number of blobs. Default: 1000.",
            ),
            (
                "maxBytes",
                size,
                "A batch closes before it has more bytes, such as 10Gi.",
            ),
            (
                "maxWait",
                duration(bounds::MAX_WAIT),
                "A batch closes this long after its first blob. Default: 1m, with `quiet` no limit.",
            ),
            (
                "quiet",
                duration(bounds::QUIET),
                "A batch closes when no blob of its group came for this time.",
            ),
            (
                "keep",
                duration(bounds::KEEP),
                "How long the list of a batch's blobs is kept after the batch is done.",
            ),
        ],
    )
}

fn redelivery() -> Value {
    section(
        &keys::REDELIVERY,
        vec![
            (
                "deadline",
                duration(bounds::DEADLINE),
                "An event that is not confirmed after this time is sent again. Default: 60s.",
            ),
            (
                "maxAttempts",
                whole(bounds::MAX_ATTEMPTS),
                "An event becomes a dead letter after this many failed attempts, while later events were confirmed. Default: 10.",
            ),
            (
                "giveUpAfter",
                duration(bounds::GIVE_UP_AFTER),
                "A single event that is not confirmed for this time becomes a dead letter. Default: 24h.",
            ),
        ],
    )
}

fn limits() -> Value {
    section(
        &keys::LIMITS,
        vec![
            (
                "inFlight",
                whole(bounds::IN_FLIGHT),
                "The largest number of events that are sent and not yet done. Default: 100.",
            ),
            (
                "activeWorkflows",
                whole(bounds::ACTIVE_WORKFLOWS),
                "The largest number of unfinished Workflows, together with the events in flight. Default: 20. Only with Workflows in `confirm`.",
            ),
            (
                "settle",
                duration(bounds::SETTLE),
                "Only without `confirm`: an event is done when its stream stayed healthy for this time. Default: 10s.",
            ),
        ],
    )
}
