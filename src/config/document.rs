//! What the keys of a configuration mean.

use std::time::Duration;

use super::{
    batch::batch,
    bounds,
    confirm::confirm,
    delivery::{limits, redelivery},
    keys::{ROOT, SINCE, STATE},
    mistake::{ConfigError, Mistake, Mistakes},
    names,
    place::place,
    raw::Value,
    reader::Section,
    source::SourceConfig,
    span,
    unknown::{SEVERAL_PREFIXES, SEVERAL_SOURCES},
    ways::ways,
    whole,
};
use crate::{
    blob::Version,
    filter::{self, Builder, Filter},
    gate::rules::Existing,
    ports::connect::Location,
};

const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);
/// With a queue, sweeps only find what no notification told of.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(3600);

/// The configuration that a document says, or everything that is wrong with it.
pub(super) fn read(entries: &[(String, Value)]) -> Result<SourceConfig, ConfigError> {
    if let Some(problem) = whole::object(entries) {
        let path = String::new();
        return Err(Mistake { path, problem }.into());
    }
    let mut mistakes = Mistakes::default();
    let m = &mut mistakes;
    let root = Section::new("", entries, &ROOT, m);
    // Every key is read before any answer is given, in this order.
    let location = location(&root, m);
    let container = root.required(
        "container",
        "the name of the container to watch",
        m,
        |value| names::container(one(value, SEVERAL_SOURCES)?),
    );
    let filter = filter(&root, m);
    let credential = root.optional("credential", m, names::credential_of);
    let ways = ways(&root, m);
    let existing = existing(&root, m);
    let min_age = root.optional("minAge", m, |value| span::read(value, bounds::MIN_AGE));
    let skip_empty = root.optional("skipEmpty", m, Value::boolean);
    let version = root.optional("version", m, version);
    let state = state(&root, container.as_deref(), m);
    let confirm = confirm(&root, m);
    let batch = batch(&root, m);
    let redelivery = redelivery(&root, m);
    let limits = limits(&root, &confirm, m);
    let id = root.optional("id", m, |value| names::id(value.text()?));

    match (mistakes.into_error(), location, container, filter) {
        (None, Some(location), Some(container), Some(filter)) => Ok(SourceConfig {
            location,
            container,
            filter,
            credential,
            interval: ways.interval.unwrap_or(match ways.queue {
                None if !ways.change_feed => DEFAULT_INTERVAL,
                _ => RECONCILE_INTERVAL,
            }),
            listing: ways.listing,
            parallelism: ways.parallelism,
            queue: ways.queue,
            change_feed: ways.change_feed,
            existing: existing.unwrap_or(Existing::Skip),
            min_age: min_age.unwrap_or(Duration::ZERO),
            skip_empty: skip_empty.unwrap_or(false),
            version: version.unwrap_or_default(),
            state,
            confirm,
            batch,
            redelivery,
            limits,
            id,
        }),
        // Whatever is absent left a mistake behind, so there is an error.
        (error, ..) => Err(error.unwrap_or_else(|| incomplete().into())),
    }
}

fn incomplete() -> Mistake {
    Mistake {
        path: String::new(),
        problem: "the configuration is not complete".to_owned(),
    }
}

fn location(root: &Section<'_>, m: &mut Mistakes) -> Option<Location> {
    if ["account", "endpoint"]
        .iter()
        .all(|key| !root.has(key) && !root.is_meant(key))
    {
        m.add(
            "account",
            "is missing; give the storage account's name, or its URL as `endpoint`",
        );
    }
    place(root, "blob", m)
}

/// The text of a key that several values cannot have: what to do about them.
fn one<'a>(value: &'a Value, several: &str) -> Result<&'a str, String> {
    match value {
        Value::List(_) => Err(format!("found a list; {several}")),
        value => value.text(),
    }
}

fn filter(root: &Section<'_>, m: &mut Mistakes) -> Option<Filter> {
    let prefix = match root.has("prefix") {
        true => root.optional("prefix", m, |value| {
            names::prefix(one(value, SEVERAL_PREFIXES)?)
        }),
        false => Some(String::new()),
    };
    // Without a prefix that can be read, the patterns' own mistakes are still worth telling.
    let mut builder = Builder::new(prefix.clone().unwrap_or_default());
    patterns(root, &mut builder, m)?;
    prefix.map(|_| builder.build())
}

/// Reads the patterns, one or a list; `None` when any of them is no pattern.
fn patterns(root: &Section<'_>, builder: &mut Builder, m: &mut Mistakes) -> Option<()> {
    if !root.has("pattern") {
        return Some(());
    }
    match root.value("pattern", m)? {
        Value::List(items) if items.is_empty() => {
            m.add(
                "pattern",
                "is an empty list; give a pattern or remove the key",
            );
            None
        }
        Value::List(items) => {
            // First, because compiling thousands takes long.
            if let Err(error) = filter::check_count(items.len()) {
                m.add("pattern", error.problem);
                return None;
            }
            let read = |(index, item)| pattern(&format!("pattern[{index}]"), item, builder, m);
            // All of them, for the sake of their mistakes, and only then whether any had one.
            let read: Vec<_> = items.iter().enumerate().map(read).collect();
            read.into_iter().collect()
        }
        Value::Map(_) => {
            m.add(
                "pattern",
                "found a mapping; allowed is a glob such as \"**/*.csv\", or a list of globs",
            );
            None
        }
        one => pattern("pattern", one, builder, m),
    }
}

fn pattern(path: &str, value: &Value, builder: &mut Builder, m: &mut Mistakes) -> Option<()> {
    let text = match value {
        Value::Null => Err("is empty; give a pattern or remove the item".to_owned()),
        value => value.text(),
    };
    text.and_then(|text| builder.add(text))
        .map_err(|problem| m.add(path, problem))
        .ok()
}

fn existing(root: &Section<'_>, m: &mut Mistakes) -> Option<Existing> {
    let entries = match root.value("existing", m)? {
        Value::Map(entries) => entries,
        Value::Text(text) if text == "skip" => return Some(Existing::Skip),
        Value::Text(text) if text == "emit" => return Some(Existing::Emit),
        other => {
            let found = other.described();
            let allowed = match names::moment(other) {
                Ok(_) => "a moment is written as `{since: 2026-01-01T00:00:00Z}`",
                Err(_) => "allowed: `skip`, `emit` or `{since: 2026-01-01T00:00:00Z}`",
            };
            m.add("existing", format!("found {found}; {allowed}"));
            return None;
        }
    };
    let since = Section::new("existing", entries, &SINCE, m);
    let wanted = "a date and time such as 2026-01-01T00:00:00Z";
    since
        .required("since", wanted, m, names::moment)
        .map(Existing::Since)
}

fn version(value: &Value) -> Result<Version, String> {
    let version = match value {
        Value::Text(text) => Version::from_name(text),
        _ => None,
    };
    version.ok_or_else(|| {
        let found = value.described();
        format!("found {found}; allowed: `etag`, `content` or `name`")
    })
}

fn state(root: &Section<'_>, watched: Option<&str>, m: &mut Mistakes) -> Option<String> {
    let section = root.section("state", &STATE, m)?;
    section.required(
        "container",
        "the name of the container for the ledger",
        m,
        |value| {
            let name = names::state_container(value.text()?)?;
            if watched == Some(&name) {
                return Err(
                    "is the container that is watched; the ledger's own blobs would be announced"
                        .to_owned(),
                );
            }
            Ok(name)
        },
    )
}
