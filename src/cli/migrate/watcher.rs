//! What an AzureBlobWatcher of the old operator says.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    node::{Node, document},
    notes::Notes,
};
use crate::text::{nearest::close, plain::Plain};

/// An AzureBlobWatcher, as far as it has equals here.
#[derive(Debug)]
pub(super) struct Watcher {
    /// Its name, which EventSource and Sensor get.
    pub(super) name: String,
    pub(super) account: Option<Node>,
    pub(super) container: Option<Node>,
    pub(super) prefix: Option<Node>,
    /// A regular expression.
    pub(super) pattern: Option<Node>,
    pub(super) interval: Option<Node>,
    /// Whether it names a Secret.
    pub(super) has_secret: bool,
    pub(super) work: Work,
    /// When the operator last noted what it had found.
    pub(super) last_checked: Option<OffsetDateTime>,
    /// Whether its note of that is no moment.
    pub(super) is_status_unreadable: bool,
    /// What is wrong with its fields.
    pub(super) mistakes: Vec<String>,
    pub(super) notes: Notes,
}

/// What runs for a blob.
#[derive(Debug)]
pub(super) enum Work {
    /// Of the kind `Workflow` or `Job`.
    Template { kind: &'static str, object: Node },
    /// It does not say.
    Unknown,
}

// The names of the resource's definition first, then what people call the same.
const ACCOUNT: &[&str] = &[
    "storageAccount",
    "storageAccountName",
    "accountName",
    "account",
];
const CONTAINER: &[&str] = &["containerName", "container", "inputContainer"];
const SECRET: &[&str] = &[
    "credentialsSecret",
    "secretName",
    "secretRef",
    "secret",
    "credentialsSecretRef",
];
const PREFIX: &[&str] = &["blobPrefix", "prefix"];
const PATTERN: &[&str] = &["blobPattern", "pattern"];
const INTERVAL: &[&str] = &[
    "pollingIntervalSeconds",
    "pollingInterval",
    "pollIntervalSeconds",
    "interval",
];
const TEMPLATE: &[&str] = &["jobTemplate", "workflowTemplate", "workflow", "template"];

impl Watcher {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence about what cannot be used.
    pub(super) fn read(object: &Node) -> Result<Self, String> {
        let Some(found) = object.text_at(&["metadata", "name"]) else {
            let is_there = object
                .get("metadata")
                .and_then(|it| it.get("name"))
                .is_some();
            return Err(match is_there {
                true => "metadata.name: is not text; put it in quotes".to_owned(),
                false => {
                    "metadata.name: is missing; EventSource and Sensor get this name".to_owned()
                }
            });
        };
        let name = name_here(found).ok_or_else(|| {
            format!(
                "metadata.name: found `{}`; allowed are 1 to 63 lower-case letters, digits and hyphens, a letter first",
                Plain(found)
            )
        })?;
        let Some(Node::Map(spec)) = object.get("spec") else {
            return Err("spec: is missing; it says which container is watched".to_owned());
        };
        let mut spec = Spec(spec.clone());
        let mut notes = Notes::default();
        if name != found {
            notes.add(
                &format!("metadata.name {}", Plain(found)),
                &format!(
                    "EventSource, Sensor and Workflows are called {name}, because not all of them may have this name"
                ),
            );
        }
        of_metadata(object, &mut notes);
        let account = spec.take(ACCOUNT);
        let container = spec.take(CONTAINER);
        let has_secret = of_secret(&mut spec, &mut notes);
        let (prefix, pattern, interval) =
            (spec.take(PREFIX), spec.take(PATTERN), spec.take(INTERVAL));
        let work = work(&mut spec)?;
        let mut mistakes = Vec::new();
        for (names, found, what) in [
            (ACCOUNT, &account, "storage account"),
            (CONTAINER, &container, "container"),
        ] {
            if found.is_none() {
                mistakes.push(missing(names, what, &spec));
            }
        }
        for (key, _) in &spec.0 {
            if let Some(meant) = meant(key) {
                let told = misspelt(key, meant);
                if !mistakes.contains(&told) {
                    mistakes.push(told);
                }
                continue;
            }
            notes.add(
                &format!("spec.{}", Plain(key)),
                "this command does not know the field, and left it out",
            );
        }
        for (key, _) in object.entries() {
            if !["apiVersion", "kind", "metadata", "spec", "status"].contains(&key.as_str()) {
                notes.add(
                    &Plain(key).to_string(),
                    "this command does not know the field, and left it out",
                );
            }
        }
        let status = of_status(object, &mut notes);
        Ok(Self {
            name,
            account: value(account),
            container: value(container),
            prefix: value(prefix),
            pattern: value(pattern),
            interval: value(interval),
            has_secret,
            work,
            last_checked: status.and_then(Result::ok),
            is_status_unreadable: matches!(status, Some(Err(Unreadable))),
            mistakes,
            notes,
        })
    }
}

/// A moment that is none.
#[derive(Clone, Copy)]
struct Unreadable;

/// What is said of a field without which there is no source.
fn missing(names: &[&'static str], what: &str, spec: &Spec) -> String {
    let name = names.first().copied().unwrap_or_default();
    let keys = spec.0.iter().map(|(key, _)| key.as_str());
    let mut others = keys.filter(|key| !names.contains(key));
    match others
        .find(|key| meant(key).is_some_and(|it| names.contains(&it)) || close(key, names).is_some())
    {
        Some(key) => misspelt(key, name),
        None => format!("spec.{name}: is missing; write the name of the {what}"),
    }
}

fn misspelt(key: &str, name: &str) -> String {
    format!("spec.{}: is not known; did you mean `{name}`?", Plain(key))
}

/// The field that was meant by one in another spelling.
fn meant(key: &str) -> Option<&'static str> {
    let plain = |text: &str| text.replace(['_', '-'], "").to_lowercase();
    let all = [
        ACCOUNT, CONTAINER, SECRET, PREFIX, PATTERN, INTERVAL, TEMPLATE,
    ];
    let mut names = all.into_iter().flatten().copied();
    names.find(|name| plain(name) == plain(key) && *name != key)
}

fn value(found: Option<(&str, Node)>) -> Option<Node> {
    found.map(|(_, value)| value)
}

/// The fields of a `spec` that nobody has read yet.
struct Spec(Vec<(String, Node)>);

impl Spec {
    /// The first of these fields that is there and says something.
    fn take(&mut self, names: &[&'static str]) -> Option<(&'static str, Node)> {
        names.iter().find_map(|name| {
            let is_it = |(key, value): &(String, Node)| key == name && *value != Node::Null;
            let at = self.0.iter().position(is_it)?;
            Some((*name, self.0.remove(at).1))
        })
    }
}

/// What EventSource and Sensor are called, of a watcher with this name; `None` when nothing like it is allowed.
pub(super) fn name_here(found: &str) -> Option<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let usual = !found.is_empty() && found.chars().all(fits);
    let plain = found.replace('.', "-");
    let name = match plain.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("watcher-{plain}"),
        false => plain,
    };
    Some(name).filter(|name| usual && is_name(name))
}

/// What EventSource, Sensor and Workflow can all be called after.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.len() <= 63
        && name.chars().all(plain)
}

/// What Kubernetes itself writes into every object, and no one misses.
const OF_KUBERNETES: &[&str] = &[
    "name",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
];

fn of_metadata(object: &Node, notes: &mut Notes) {
    let metadata = object.get("metadata").map_or(&[][..], Node::entries);
    for (key, value) in metadata {
        let why = match key.as_str() {
            key if OF_KUBERNETES.contains(&key) => continue,
            "namespace" => {
                "no namespace is written: EventSource, Sensor and Workflows live where the server is, and `kubectl apply -n` names it"
            }
            "annotations" if is_of_kubectl(value) => continue,
            "labels" | "annotations" => "not copied: nothing here reads them",
            _ => "this command does not know the field, and left it out",
        };
        let shown = match value {
            Node::Text(text) => format!("metadata.{} {}", Plain(key), Plain(text)),
            _ => format!("metadata.{}", Plain(key)),
        };
        notes.add(&shown, why);
    }
}

fn is_of_kubectl(annotations: &Node) -> bool {
    let own = "kubectl.kubernetes.io/last-applied-configuration";
    annotations.entries().iter().all(|(key, _)| key == own)
}

fn of_secret(spec: &mut Spec, notes: &mut Notes) -> bool {
    let Some((field, value)) = spec.take(SECRET) else {
        notes.add(
            "no Secret",
            "the server signs in with its own identity, because the configuration has no `credential`",
        );
        return false;
    };
    let name = match &value {
        Node::Text(name) => format!(" {}", Plain(name)),
        other => other
            .text_at(&["name"])
            .map_or(String::new(), |name| format!(" {}", Plain(name))),
    };
    notes.add(
        &format!("spec.{field}{name}"),
        "the server does not read a Secret by its name: put the connection string of the account into the Secret `azure-storage`, key \
         `azure-storage`, in the server's namespace; `credential: azure-storage` names that key",
    );
    true
}

fn of_status(object: &Node, notes: &mut Notes) -> Option<Result<OffsetDateTime, Unreadable>> {
    let status = object.get("status")?;
    let found = status.get("lastChecked").filter(|it| **it != Node::Null);
    let last = found.and_then(|found| match found {
        Node::Text(text) => moment(text),
        _ => None,
    });
    for (key, _) in status.entries() {
        let why = match key.as_str() {
            "lastChecked" if last.is_none() => continue,
            "lastChecked" => {
                "is the moment in `existing: {since: …}`: blobs that were modified before it count as done"
            }
            "lastDetectedBlobs" | "triggeredJobs" => {
                "the ledger in the state container has what was announced; it starts empty, and `existing` says what counts as done"
            }
            "conditions" => "the status page, the metrics and `check` show the state of a source",
            _ => "this command does not know the field, and left it out",
        };
        notes.add(&format!("status.{}", Plain(key)), why);
    }
    found.map(|_| last.ok_or(Unreadable))
}

// As Kubernetes writes it, or with a blank in the middle and without a zone, as people do.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let usual = text.trim().replacen(' ', "T", 1);
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    parse(&usual).or_else(|| parse(&format!("{usual}Z")))
}

fn work(spec: &mut Spec) -> Result<Work, String> {
    let Some((field, value)) = spec.take(TEMPLATE) else {
        return Ok(Work::Unknown);
    };
    let place = format!("spec.{field}");
    // `jobTemplate: {kind: Workflow, template: …}`
    if let Some(template) = value
        .get("template")
        .filter(|_| value.get("spec").is_none())
    {
        let kind = value.text_at(&["kind"]);
        let place = format!("{place}.template");
        return object(
            &place,
            template,
            kind.map(|kind| (format!("spec.{field}.kind"), kind)),
        );
    }
    if field == "jobTemplate" && value.get("kind").is_some() && value.get("spec").is_none() {
        return Err(format!(
            "{place}.template: is missing; it is the Workflow or Job of a blob"
        ));
    }
    object(&place, &value, None)
}

/// The Workflow or Job that a template is, with its kind where that is written beside it.
fn object(place: &str, template: &Node, beside: Option<(String, &str)>) -> Result<Work, String> {
    let mut object = match template {
        Node::Text(text) => {
            document(text).map_err(|error| format!("{place}: is not YAML: {error}"))?
        }
        other => other.clone(),
    };
    if object.entries().is_empty() {
        return Err(format!(
            "{place}: is not a mapping; it should be a Workflow or a Job"
        ));
    }
    // Only the `spec` of a Workflow.
    let is_spec = ["entrypoint", "templates", "workflowTemplateRef"]
        .iter()
        .any(|key| object.get(key).is_some());
    if object.get("spec").is_none() && is_spec {
        object = Node::Map(vec![("spec".to_owned(), object)]);
    }
    if object.get("spec").is_none() {
        return Err(format!(
            "{place}: has no `spec`; it should be a Workflow or a Job"
        ));
    }
    let own = object
        .text_at(&["kind"])
        .map(|kind| (format!("{place}, kind"), kind));
    if let (Some((_, own)), Some((place, kind))) = (&own, &beside)
        && own != kind
    {
        return Err(format!(
            "{place}: is `{}`, but the template is of the kind `{}`; write the same kind in both",
            Plain(kind),
            Plain(own)
        ));
    }
    let kind = match own.or(beside) {
        None => "Workflow",
        Some((_, "Workflow")) => "Workflow",
        Some((_, "Job")) => "Job",
        Some((place, other)) => {
            return Err(format!(
                "{place}: found `{}`; allowed: `Workflow` or `Job`",
                Plain(other)
            ));
        }
    };
    Ok(Work::Template { kind, object })
}
