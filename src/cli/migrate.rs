//! `migrate`: what an AzureBlobWatcher of the old operator is here: an EventSource, a Sensor and what has no equal.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, bail};
use time::OffsetDateTime;

use super::{args::MigrateArgs, mistake, moment, say::say, unless_pipe_broke};
use crate::{
    event::rfc3339,
    text::plain::{Lines, Plain},
};

mod event_source;
mod glob;
mod node;
mod notes;
mod placeholders;
mod restricted;
mod sensor;
#[cfg(test)]
mod tests;
mod watcher;

use node::Node;
use watcher::{Watcher, name_here};

const KIND: &str = "AzureBlobWatcher";

const GIVE: &str =
    "give an AzureBlobWatcher, such as `kubectl get azureblobwatchers -o yaml` prints";

/// The longest file in bytes: more than a cluster keeps of one object.
const MOST_BYTES: u64 = 4 << 20;

/// Prints it. The exit status is 1 when something of it has to be written by hand, 2 when there is nothing to print.
pub fn run(args: &MigrateArgs) -> anyhow::Result<ExitCode> {
    let now = OffsetDateTime::now_utc();
    let since = args
        .since
        .as_deref()
        .map(|text| moment::parse(text, now).map_err(anyhow::Error::msg));
    let since = since.transpose().and_then(|since| match since {
        Some(since) if since > now => bail!(in_the_future(since)),
        since => Ok(since),
    });
    let since = match since.context("--since") {
        Ok(since) => since,
        Err(error) => return Ok(mistake(&error)),
    };
    let text = match read(&args.file) {
        Ok(text) => text,
        Err(error) => return Ok(mistake(&error)),
    };
    let migrated = match migrate(&text, since, now) {
        Ok(migrated) => migrated,
        Err(error) => return Ok(mistake(&error)),
    };
    unless_pipe_broke(print(&migrated))
}

fn print(migrated: &Migrated) -> anyhow::Result<ExitCode> {
    io::stdout().write_all(migrated.text.as_bytes())?;
    for line in &migrated.decisions {
        say(format_args!("before you apply it: {}", Lines(line)));
    }
    Ok(match migrated.decisions.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn read(file: &Path) -> anyhow::Result<String> {
    let limit = |from: &mut dyn Read| {
        let mut text = String::new();
        from.take(MOST_BYTES + 1).read_to_string(&mut text)?;
        Ok::<_, io::Error>(text)
    };
    let text = match file == Path::new("-") {
        true => limit(&mut io::stdin().lock()),
        false => fs::File::open(file).and_then(|mut file| limit(&mut file)),
    };
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    if text.len() as u64 > MOST_BYTES {
        bail!("{} is longer than {MOST_BYTES} bytes", file.display());
    }
    Ok(text)
}

/// What is printed.
struct Migrated {
    text: String,
    /// What somebody has to do before it is applied.
    decisions: Vec<String>,
}

/// Everything about the watchers of a text.
fn migrate(
    text: &str,
    since: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> anyhow::Result<Migrated> {
    let documents = node::documents(text)
        .map_err(anyhow::Error::msg)
        .context("this is not YAML")?;
    let is_empty = documents.is_empty();
    let objects: Vec<Node> = documents.into_iter().flat_map(items).collect();
    let (mut parts, mut decisions, mut mistakes, mut others) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for object in &objects {
        let title = title(object);
        if object.text_at(&["kind"]) != Some(KIND) {
            others.push(title);
            continue;
        }
        match one(object, since, now) {
            Ok((text, open)) => {
                parts.push(text);
                decisions.extend(open.into_iter().map(|line| format!("{title}: {line}")));
            }
            Err(problems) => {
                mistakes.extend(problems.into_iter().map(|line| format!("{title}: {line}")))
            }
        }
    }
    mistakes.extend(namesakes(&objects));
    if !mistakes.is_empty() {
        bail!("{}", mistakes.join("\n"));
    }
    if parts.is_empty() {
        if objects.iter().any(is_configuration) {
            bail!(
                "this is a configuration of this program already: `check --config FILE` tries it; {GIVE}"
            );
        }
        match others.as_slice() {
            [] if is_empty => bail!("the file is empty; {GIVE}"),
            [] => bail!("the list is empty: it has no AzureBlobWatcher; {GIVE}"),
            [other, ..] => bail!("found {}; {GIVE}", Plain(other)),
        }
    }
    let mut text = String::new();
    for other in &others {
        text.push_str(&format!(
            "# Left out, because it is not an AzureBlobWatcher: {}\n",
            Plain(other)
        ));
    }
    text.push_str(&parts.join("---\n"));
    Ok(Migrated { text, decisions })
}

/// What an object is called here.
fn title(object: &Node) -> String {
    let name = object.text_at(&["metadata", "name"]);
    match object.text_at(&["kind"]) {
        Some(kind) => format!("{kind} {}", name.unwrap_or("without a name")),
        None => "an object without `kind`".to_owned(),
    }
}

fn is_configuration(object: &Node) -> bool {
    let has = |key| object.get(key).is_some();
    !has("kind") && has("container") && (has("account") || has("endpoint"))
}

/// What is wrong with watchers of one name: of several namespaces, they would be one EventSource here.
fn namesakes(objects: &[Node]) -> Vec<String> {
    let mut namespaces: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for object in objects
        .iter()
        .filter(|it| it.text_at(&["kind"]) == Some(KIND))
    {
        let namespace = object.text_at(&["metadata", "namespace"]);
        if let Some(name) = object.text_at(&["metadata", "name"]).and_then(name_here) {
            let of_the_name = namespaces.entry(name).or_default();
            of_the_name.push(namespace.unwrap_or("default"));
        }
    }
    let several = namespaces.into_iter().filter(|(_, it)| it.len() > 1);
    let told = several.map(|(name, namespaces)| match namespaces.as_slice() {
        [one, others @ ..] if others.contains(one) => format!(
            "{KIND} {}: metadata.name: this file has {} watchers of this name in the namespace {}: keep one of them",
            Plain(&name),
            namespaces.len(),
            Plain(one),
        ),
        _ => format!(
            "{KIND} {}: metadata.name: there are {} of this name, in the namespaces {}; here all objects are in one namespace: \
             give each another name in this file",
            Plain(&name),
            namespaces.len(),
            Plain(&namespaces.join(", ")),
        ),
    });
    told.collect()
}

/// The objects of a list, as `kubectl get -o yaml` prints one.
fn items(mut document: Node) -> Vec<Node> {
    let is_list = document
        .text_at(&["kind"])
        .is_some_and(|kind| kind.ends_with("List"));
    match document.take("items") {
        Some(Node::List(items)) if is_list => items,
        Some(items) => {
            document.put("items", items);
            vec![document]
        }
        None => vec![document],
    }
}

fn in_the_future(moment: OffsetDateTime) -> String {
    format!(
        "{} is in the future, and all blobs until then would count as done: give the moment until which the operator has looked",
        rfc3339(moment)
    )
}

/// The text about one watcher, and what has to be decided.
fn one(
    object: &Node,
    since: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<(String, Vec<String>), Vec<String>> {
    let mut watcher = Watcher::read(object).map_err(|problem| vec![problem])?;
    if since.is_none()
        && let Some(last) = watcher.last_checked.filter(|it| *it > now)
    {
        let told = in_the_future(last);
        return Err(vec![format!("status.lastChecked: {told} as --since")]);
    }
    let known = since.or(watcher.last_checked);
    let since = known.unwrap_or(now);
    let since = since.replace_nanosecond(0).unwrap_or(since);
    let event_source = event_source::make(&mut watcher, since)?;
    event_source::general(&mut watcher, since, known.is_some());
    let sensor = sensor::make(&mut watcher).map_err(|error| vec![error.to_string()])?;
    let text = format!(
        "# Made from the AzureBlobWatcher {}. docs/coming-from-the-operator.md says what to do with it.\n{}{}---\n{sensor}",
        watcher.name,
        watcher.notes.comments(),
        event_source,
    );
    Ok((text, watcher.notes.decisions().to_vec()))
}
