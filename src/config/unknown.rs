//! What is said about a key that its section does not have: where it goes, or what it is called here.

use super::{
    blanks, foreign,
    keys::{ALL, Keys, nested},
    meaning::Meaning,
    mistake::{listed, shown},
    origins,
    raw::Value,
};
use crate::text::nearest::{close, nearest};

/// What is said about `key`, which the section `own` does not have.
pub(super) fn unknown(key: &str, value: &Value, own: &Keys) -> String {
    if let Some(told) = oddly_spaced(key, own).or_else(|| commented(key, own)) {
        return told;
    }
    let hint = by_path(key)
        .or_else(|| several(key, value))
        .or_else(|| origins::told(key, value, own.path).map(str::to_owned))
        .or_else(|| from_elsewhere(key, own))
        .or_else(|| at_another_level(key, own));
    if let Some(hint) = hint {
        // A word of ours, or of our list: it is no secret, whatever it looks like.
        return format!("unknown key `{key}`; {hint}");
    }
    let key_shown = shown(key);
    if let Some(meant) = nearest(key, own.known) {
        return format!("unknown key {key_shown}; did you mean `{meant}`?");
    }
    match nearly_at_another_level(key, own) {
        Some(hint) => format!("unknown key {key_shown}; {hint}"),
        None if own.known.is_empty() => {
            let form = own.form;
            format!("unknown key {key_shown}; nothing is set there: write `{form}`")
        }
        None => format!("unknown key {key_shown}; allowed: {}", listed(own.known)),
    }
}

/// A key with a character beside it that only looks like a space.
fn oddly_spaced(key: &str, own: &Keys) -> Option<String> {
    let blank = blanks::odd(key)?;
    let word = blanks::without(key);
    let what = match own.known.contains(&word.as_str()) {
        true => format!("; write `{word}` with ordinary spaces around it"),
        false => "; write ordinary spaces in its place".to_owned(),
    };
    Some(format!("the key {} has {blank}{what}", shown(&word)))
}

/// A comment as other languages have it, which YAML takes for a part of the key behind it.
fn commented(key: &str, own: &Keys) -> Option<String> {
    let mark = ["//", "/*"].into_iter().find(|it| key.starts_with(it))?;
    let ends =
        |name: &&&str| key.ends_with(&format!("\"{name}\"")) || key.ends_with(&format!(" {name}"));
    let meant = own.known.iter().find(ends);
    let meant = meant.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    Some(format!(
        "a comment begins with `#` in YAML, and not with `{mark}`: remove {}{meant}",
        shown(key)
    ))
}

/// `source.listing.interval: 5s`
fn by_path(key: &str) -> Option<String> {
    let (path, last) = key.rsplit_once('.')?;
    let section = Keys::at(path)?;
    section.known.contains(&last).then(|| {
        format!(
            "write the levels one inside the other: `{}`",
            nested(key, "…")
        )
    })
}

/// A list under a word that stands for more than one.
fn several(key: &str, value: &Value) -> Option<String> {
    let is_many = matches!(value, Value::List(_) | Value::Map(_));
    let hint = match foreign::plain(key).as_str() {
        "prefixes" | "folders" | "paths" | "directories" => SEVERAL_PREFIXES,
        "containers" | "buckets" | "accounts" | "containernames" | "sources" => SEVERAL_SOURCES,
        _ => return None,
    };
    is_many.then(|| hint.to_owned())
}

pub(super) const SEVERAL_PREFIXES: &str = "a source has one `prefix`; for several folders write `pattern: [\"a/**\", \"b/**\"]`, \
                                           or an event for each under `spec.generic` of the EventSource";
pub(super) const SEVERAL_SOURCES: &str = "a source watches one container of one account; for more, write an event for each under \
                                          `spec.generic` of the EventSource, with `container: NAME` in its configuration";

fn from_elsewhere(key: &str, own: &Keys) -> Option<String> {
    let (path, what) = match foreign::meaning(key, own.path)? {
        Meaning::None(why) => return Some(why.to_owned()),
        Meaning::Key(path) => (path, None),
        Meaning::Other(path, what) => (path, Some(what)),
    };
    let (section, name) = path.rsplit_once('.').unwrap_or(("", path));
    // `url` of a queue is the queue's endpoint.
    if !own.path.is_empty() && section != own.path && own.known.contains(&name) {
        return Some(format!("did you mean `{name}`?"));
    }
    let what = what.map(|it| format!(", {it}")).unwrap_or_default();
    Some(match section == own.path {
        true => format!("write `{name}`{what}"),
        false => format!("write `{}`{what}", nested(path, "…")),
    })
}

/// The paths of other sections that have this key.
fn homes(name: &str, own: &Keys) -> Vec<&'static Keys> {
    let others = ALL
        .iter()
        .copied()
        .filter(|section| section.path != own.path);
    let homes: Vec<_> = others.filter(|it| it.known.contains(&name)).collect();
    // A queue has a name, and so have many things that are none.
    let is_guess = name == "name" && !own.path.starts_with("source");
    if is_guess { Vec::new() } else { homes }
}

/// A key of another section, in whatever spelling.
fn at_another_level(key: &str, own: &Keys) -> Option<String> {
    let word = foreign::plain(key);
    let is_it = |name: &&&str| foreign::plain(name) == word;
    // Its own section has it, spelled otherwise.
    if own.known.iter().any(|name| is_it(&name)) {
        return None;
    }
    let names = ALL.iter().flat_map(|section| section.known);
    let name = names.into_iter().find(|name| is_it(name))?;
    goes_to(name, *name == key, own)
}

fn nearly_at_another_level(key: &str, own: &Keys) -> Option<String> {
    let names: Vec<&str> = ALL.iter().flat_map(|it| it.known).copied().collect();
    // Everything is near a short word.
    let name = close(key, &names).filter(|name| name.len() > 4 && key.len() > 5)?;
    goes_to(name, false, own)
}

fn goes_to(name: &str, is_same: bool, own: &Keys) -> Option<String> {
    let homes = homes(name, own);
    let (first, others) = homes.split_first()?;
    let place = |path: &str| match path {
        "" => "at the top level".to_owned(),
        path => format!("under `{path}`"),
    };
    let places: Vec<_> = [first]
        .into_iter()
        .chain(others)
        .map(|it| place(it.path))
        .collect();
    let path = match first.path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    let inside = Keys::at(&path).map_or("…", |section| section.form);
    let form = nested(&path, &inside.replace("NAME", "…").replace("TIME", "30s"));
    let places = places.join(" or ");
    Some(match is_same {
        true => format!("it goes {places}: `{form}`"),
        false => format!("did you mean `{name}` {places}? Write `{form}`"),
    })
}
