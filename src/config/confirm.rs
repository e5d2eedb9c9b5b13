//! What `confirm` means: the objects that show that an event came to something.

use std::collections::BTreeMap;

use super::{
    bounds::{ENTRIES, LABELS},
    keys::{CONFIRM, WORKFLOWS},
    mistake::{Mistakes, shown},
    names,
    raw::Value,
    reader::Section,
};
use crate::confirm::target::{Confirm, ObjectKind};

/// What shows that events came to something: one entry, or a list of them. Those that
/// cannot be read leave a mistake behind.
pub(super) fn confirm(root: &Section<'_>, m: &mut Mistakes) -> Vec<Confirm> {
    if !root.has("confirm") {
        return Vec::new();
    }
    let items = match root.value("confirm", m) {
        Some(Value::List(items)) => items,
        _ => {
            return root
                .section("confirm", &CONFIRM, m)
                .and_then(|it| entry(&it, m))
                .into_iter()
                .collect();
        }
    };
    if !ENTRIES.has(items.len()) {
        let found = items.len();
        m.add(
            "confirm",
            format!(
                "has {found} entries; allowed are 1 to {}, one for each Sensor",
                ENTRIES.most
            ),
        );
        return Vec::new();
    }
    let mut read = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("confirm[{index}]");
        let Some(one) = Section::of(&path, item, &CONFIRM, m).and_then(|it| entry(&it, m)) else {
            continue;
        };
        match read.iter().position(|other| is_served_by_one(other, &one)) {
            Some(other) => m.add(
                &path,
                format!(
                    "one object could confirm this and confirm[{other}]; give each a `selector` \
                     with a label that only its Sensor sets, or remove one"
                ),
            ),
            None => read.push(one),
        }
    }
    read
}

/// Whether all objects that confirm one entry confirm the other as well.
fn is_served_by_one(one: &Confirm, other: &Confirm) -> bool {
    let within = |all: &BTreeMap<_, _>, some: &BTreeMap<String, String>| {
        some.iter()
            .all(|(label, value)| all.get(label) == Some(value))
    };
    (&one.kind, &one.namespace) == (&other.kind, &other.namespace)
        && (within(&one.selector, &other.selector) || within(&other.selector, &one.selector))
}

fn entry(section: &Section<'_>, m: &mut Mistakes) -> Option<Confirm> {
    if section.has("workflows") {
        return workflows(section, m);
    }
    if section.is_meant("workflows") {
        return None;
    }
    if !["group", "version", "kind"]
        .iter()
        .any(|key| section.has(key))
    {
        m.add(
            section.path(),
            "does not say what confirms an event; give `workflows: {}`, or `group`, `version` and `kind`",
        );
        return None;
    }
    let group = section.optional("group", m, |value| names::group(value.text()?));
    let version = section.required("version", "the version of the kind, such as v1", m, |v| {
        names::version(v.text()?)
    });
    let kind = section.required("kind", "the name of the kind, such as Job", m, |v| {
        names::kind(v.text()?)
    });
    let (namespace, selector) = (namespace(section, m), selector(section, m));
    let (group, version, kind) = (group.unwrap_or_default(), version?, kind?);
    if let Some((home, version)) = home_of(&kind).filter(|_| group.is_empty()) {
        m.add(
            section.path(),
            format!("`{kind}` is in the group `{home}`; write `{{group: {home}, version: {version}, kind: {kind}}}`"),
        );
        return None;
    }
    Some(Confirm {
        kind: ObjectKind {
            group,
            version,
            kind,
        },
        namespace,
        selector,
    })
}

/// The group and the version of a kind that many know without its group.
fn home_of(kind: &str) -> Option<(&'static str, &'static str)> {
    match kind {
        "Job" | "CronJob" => Some(("batch", "v1")),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" => Some(("apps", "v1")),
        "Workflow" | "CronWorkflow" => Some(("argoproj.io", "v1alpha1")),
        _ => None,
    }
}

fn workflows(entry: &Section<'_>, m: &mut Mistakes) -> Option<Confirm> {
    let workflows = entry.section("workflows", &WORKFLOWS, m);
    let others = CONFIRM.known.iter().filter(|key| **key != "workflows");
    for key in others.filter(|key| entry.has(key)) {
        let problem = match *key {
            "namespace" => "goes into `workflows`: {namespace: …}",
            "selector" => "goes into `workflows`: {selector: {…}}",
            _ => "cannot be used together with `workflows`; remove one of them",
        };
        m.add(&entry.path_of(key), problem);
    }
    let workflows = workflows?;
    Some(Confirm {
        kind: ObjectKind::workflow(),
        namespace: namespace(&workflows, m),
        selector: selector(&workflows, m),
    })
}

fn namespace(section: &Section<'_>, m: &mut Mistakes) -> Option<String> {
    section.optional("namespace", m, |value| names::namespace(value.text()?))
}

/// The labels that an object must have: a mapping as in manifests, or `label=value,…` as `kubectl` has it.
fn selector(section: &Section<'_>, m: &mut Mistakes) -> BTreeMap<String, String> {
    let read = section.optional("selector", m, |value| match value {
        Value::Map(entries) => Ok(entries
            .iter()
            .map(|(label, value)| Ok((label.as_str(), value.text()?)))
            .collect()),
        Value::Text(text) => Ok(text.split(',').map(term).collect()),
        other => Err(format!("found {}; {ALLOWED}", other.described())),
    });
    let path = section.path_of("selector");
    let Some(terms): Option<Result<Vec<(&str, &str)>, String>> = read else {
        return BTreeMap::new();
    };
    let labels = terms.and_then(|terms| match terms.len() {
        0 => Err(format!("is empty; {ALLOWED}, or remove the key")),
        many if LABELS.has(many) => labels(terms),
        many => Err(format!(
            "has {many} labels; at most {} are allowed",
            LABELS.most
        )),
    });
    labels
        .map_err(|problem| m.add(&path, problem))
        .unwrap_or_default()
}

const ALLOWED: &str = "allowed are labels and their values, such as {pipeline: train}";

fn term(term: &str) -> Result<(&str, &str), String> {
    let pair = term.split_once("==").or_else(|| term.split_once('='));
    match pair {
        Some((label, value)) if !label.ends_with('!') => Ok((label.trim(), value.trim())),
        _ => Err(format!(
            "found {}; {ALLOWED} or pipeline=train",
            shown(term)
        )),
    }
}

fn labels(terms: Vec<(&str, &str)>) -> Result<BTreeMap<String, String>, String> {
    let mut labels = BTreeMap::new();
    for (label, value) in terms {
        let pair = (names::label(label)?, names::label_value(value)?);
        if labels.insert(pair.0, pair.1).is_some() {
            return Err(format!("label {} is given twice", shown(label)));
        }
    }
    Ok(labels)
}
