//! The EventSource, as those of `examples/event-sources` are.

use time::OffsetDateTime;

use super::{
    glob,
    node::{Node, quoted, scalar},
    watcher::{Watcher, Work},
};
use crate::{
    config::SourceConfig,
    event::rfc3339,
    filter::{Filter, FilterSpec},
    text::plain::Plain,
};

/// What matches no blob, and is not overlooked.
const NO_GLOB: &str = "write-a-glob-here";

/// The text of the EventSource, whose event is called as the watcher is: two watchers of one container are two sources.
///
/// # Errors
/// All that the configuration's own reader says about the fields it was made of.
pub(super) fn make(watcher: &mut Watcher, since: OffsetDateTime) -> Result<String, Vec<String>> {
    if !watcher.mistakes.is_empty() {
        return Err(std::mem::take(&mut watcher.mistakes));
    }
    let config = config(watcher, since).map_err(|mistake| vec![mistake])?;
    if let Err(error) = SourceConfig::parse(config.as_bytes()) {
        let told = error
            .mistakes
            .iter()
            .map(|mistake| match field(&mistake.path) {
                Some(field) => format!("{field}: {}", mistake.problem),
                None => mistake.to_string(),
            });
        return Err(told.collect());
    }
    let name = scalar(&watcher.name);
    let indented: String = config
        .lines()
        .map(|line| format!("        {line}\n"))
        .collect();
    Ok(format!(
        "\
apiVersion: argoproj.io/v1alpha1
kind: EventSource
metadata:
  name: {name}
spec:
  template:
    serviceAccountName: no-rights
    securityContext: {{runAsNonRoot: true, runAsUser: 65532, seccompProfile: {{type: RuntimeDefault}}}}
    container:
      securityContext: {{allowPrivilegeEscalation: false, capabilities: {{drop: [ALL]}}}}
      resources:
        requests: {{cpu: 20m, memory: 32Mi}}
  generic:
    {name}:
      url: azure-blob-eventsource:50051
      insecure: true
      jsonBody: true
      authSecret: {{name: azure-blob-eventsource-token, key: token}}
      config: |
{indented}"
    ))
}

/// The field that a key of the configuration was made of.
fn field(path: &str) -> Option<&'static str> {
    match path {
        "account" => Some("spec.storageAccount"),
        "container" => Some("spec.containerName"),
        "prefix" => Some("spec.blobPrefix"),
        "source.listing.interval" => Some("spec.pollingIntervalSeconds"),
        path if path.starts_with("pattern") => Some("spec.blobPattern"),
        _ => None,
    }
}

fn config(watcher: &mut Watcher, since: OffsetDateTime) -> Result<String, String> {
    let mut lines = Vec::new();
    for (key, value) in [
        ("account", &watcher.account),
        ("container", &watcher.container),
    ] {
        if let Some(value) = value {
            lines.push(format!("{key}: {}", plain(value)));
        }
    }
    let prefix = match &watcher.prefix {
        Some(Node::Text(prefix)) => prefix.clone(),
        None => String::new(),
        Some(other) => return Err(format!("spec.blobPrefix: {}", not_text(other))),
    };
    if let Some(bare) = prefix.strip_prefix('/') {
        watcher.notes.decide(
            &format!("spec.blobPrefix {}", Plain(&prefix)),
            &format!(
                "a blob's name does not usually begin with `/`, so this prefix matches no blob: write `prefix: {}`",
                Plain(bare.trim_start_matches('/'))
            ),
        );
    }
    if prefix.contains('*') {
        watcher.notes.decide(
            &format!("spec.blobPrefix {}", Plain(&prefix)),
            "`prefix` is plain text, in which `*` is an ordinary character: write the text before the `*` as `prefix`, and the \
             rest as `pattern`",
        );
    }
    if !prefix.is_empty() {
        lines.push(format!("prefix: {}", scalar(&prefix)));
    }
    lines.extend(pattern(watcher, &prefix)?);
    if watcher.has_secret {
        lines.push("credential: azure-storage".to_owned());
    }
    lines.push(format!(
        "source: {{listing: {{interval: {}}}}}",
        interval(watcher)?
    ));
    lines.push(format!("existing: {{since: {}}}", rfc3339(since)));
    lines.push("state: {container: eventsource-state}".to_owned());
    watcher.notes.add(
        "state",
        "new: the container `eventsource-state` must exist, in which the server remembers what was announced",
    );
    let confirm = match &watcher.work {
        Work::Template { kind: "Job", .. } => "confirm: {group: batch, version: v1, kind: Job}",
        _ => "confirm: {workflows: {}}",
    };
    lines.push(confirm.to_owned());
    Ok(lines.iter().map(|line| format!("{line}\n")).collect())
}

fn not_text(found: &Node) -> &'static str {
    match found {
        Node::List(_) => "found a list; allowed is one text",
        Node::Map(_) => "found a mapping; allowed is one text",
        _ => "is not text; put it in quotes",
    }
}

/// A value as whoever wrote it would write it here; what is no text is told by the configuration's reader.
fn plain(value: &Node) -> String {
    match value {
        Node::Text(text) => scalar(text),
        Node::Int(number) => number.to_string(),
        Node::Bool(yes) => yes.to_string(),
        Node::List(_) => "[…]".to_owned(),
        _ => "{}".to_owned(),
    }
}

fn pattern(watcher: &mut Watcher, prefix: &str) -> Result<Option<String>, String> {
    let expression = match watcher.pattern.take() {
        None => return Ok(None),
        Some(Node::Text(text)) if text.is_empty() => return Ok(None),
        Some(Node::Text(text)) => text,
        Some(other) => return Err(format!("spec.blobPattern: {}", not_text(&other))),
    };
    let field = format!("spec.blobPattern {}", Plain(&expression));
    let globs = glob::globs(&expression).filter(|globs| fits(prefix, globs));
    let notes = &mut watcher.notes;
    let Some(globs) = globs else {
        notes.decide(
            &field,
            &format!("no glob can replace this regular expression; write one for `pattern` instead of {NO_GLOB}, which matches no blob"),
        );
        return Ok(Some(format!(
            "pattern: {}",
            quoted(&glob::exactly(&format!("{prefix}{NO_GLOB}")))
        )));
    };
    if globs.is_empty() {
        notes.add(
            &field,
            "matches every name, like a configuration without `pattern`",
        );
        return Ok(None);
    }
    notes.add(&field, &changed(prefix, &globs));
    let written: Vec<_> = globs.iter().map(|glob| quoted(glob)).collect();
    Ok(Some(match written.as_slice() {
        [one] => format!("pattern: {one}"),
        many => format!("pattern: [{}]", many.join(", ")),
    }))
}

/// What is different with these globs. The old operator asked for one level of folders, whatever its expression says.
fn changed(prefix: &str, globs: &[String]) -> String {
    let glob = "the regular expression became a glob, which must match the whole name";
    if !globs.iter().any(|glob| glob.contains("**")) {
        return glob.to_owned();
    }
    let folder = prefix
        .rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"));
    format!(
        "{glob}. It also matches blobs in folders below, which the operator did not list: to leave them out, write `{folder}*` \
         instead of `**/*`"
    )
}

/// Whether the reader of the configuration takes these globs.
fn fits(prefix: &str, globs: &[String]) -> bool {
    let (prefix, patterns) = (prefix.to_owned(), globs.to_vec());
    Filter::new(FilterSpec { prefix, patterns }).is_ok()
}

/// What the operator took when nothing was written.
const DEFAULT_INTERVAL: &str = "1m";
const DAY: i128 = 86_400;

fn interval(watcher: &mut Watcher) -> Result<String, String> {
    let seconds = match &watcher.interval {
        None => return Ok(DEFAULT_INTERVAL.to_owned()),
        Some(Node::Int(seconds)) => *seconds,
        Some(Node::Text(text)) => match text.parse() {
            Ok(seconds) => seconds,
            // A duration: the configuration's reader knows what is one.
            Err(_) => return Ok(scalar(text)),
        },
        Some(_) => {
            return Err("spec.pollingIntervalSeconds: is not a whole number of seconds".to_owned());
        }
    };
    if seconds <= 0 {
        watcher.notes.add(
            &format!("spec.pollingIntervalSeconds {seconds}"),
            "with this value the operator listed the container once a minute, and the source does the same",
        );
        return Ok(DEFAULT_INTERVAL.to_owned());
    }
    let allowed = seconds.min(DAY);
    if allowed != seconds {
        watcher.notes.add(
            &format!("spec.pollingIntervalSeconds {seconds}"),
            "`interval` is at most 24h",
        );
    }
    Ok(match allowed {
        hours if hours % 3600 == 0 => format!("{}h", hours / 3600),
        minutes if minutes % 60 == 0 => format!("{}m", minutes / 60),
        seconds => format!("{seconds}s"),
    })
}

/// What has to be decided when nobody knows since when blobs are new.
pub(super) fn general(watcher: &mut Watcher, since: OffsetDateTime, is_known: bool) {
    if is_known {
        return;
    }
    let (field, why) = match watcher.is_status_unreadable {
        true => (
            "status.lastChecked",
            "it is not a moment such as 2026-01-31T12:00:00Z",
        ),
        false => ("existing", "it is not known when the operator last looked"),
    };
    watcher.notes.decide(
        field,
        &format!(
            "{why}, so blobs that were modified before {} would count as done. Give the moment when you stopped the operator as \
             --since, or write it at `existing: {{since: …}}`",
            rfc3339(since)
        ),
    );
}
