//! What the reader of the configuration and the schema say of the same document.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use super::{schema, validator::Validator};
use crate::config::raw::{self, Value};

/// How much of a mistake a schema can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// Nothing.
    Never,
    /// Some forms of it.
    Partly,
}

/// What only the program can refuse: an expression for its message, and why a schema cannot know.
const ONLY_THE_PROGRAM: &[(&str, Seen, &str)] = &[
    (
        "key `.*` is given twice",
        Seen::Never,
        "in JSON, which a schema is about, a key is there once",
    ),
    (
        "^found `.*`; allowed are [0-9]+[a-z]+ to [0-9]+[a-z]+$",
        Seen::Never,
        "a schema compares numbers, and durations are text",
    ),
    (
        "is shorter than `deadline`",
        Seen::Never,
        "a schema does not compare two values",
    ),
    (
        "^has no effect: `maxWait`",
        Seen::Never,
        "a schema does not compare two values",
    ),
    (
        "is the container that is watched",
        Seen::Never,
        "a schema does not compare two values",
    ),
    (
        "^one object could confirm",
        Seen::Never,
        "a schema does not compare two entries",
    ),
    (
        "have no name in common",
        Seen::Never,
        "a schema does not compare two values",
    ),
    (
        "^the pattern (has a `|has quotes|is several globs|is a regular|ends in a line)",
        Seen::Never,
        "a glob is more than a regular expression can describe",
    ),
    (
        "^label `.*` is given twice",
        Seen::Never,
        "a schema does not compare two parts of a text",
    ),
    (
        "^found the text `[0-9.dhms]+`; allowed is a duration",
        Seen::Partly,
        "a number that is too large for a duration",
    ),
    (
        "^the pattern is empty",
        Seen::Partly,
        "`!` alone is a text of one character",
    ),
    (
        "^found .*; write `(https?|account|endpoint|container)",
        Seen::Partly,
        "what a text was meant to be",
    ),
    (
        "service of the account; write `https|with the path .*; write the (container|queue) under",
        Seen::Never,
        "which hosts are Azure's is no matter of form",
    ),
    (
        "a port is a number from 1 to 65535",
        Seen::Partly,
        "a schema does not compare numbers within a text",
    ),
    (
        "^`[A-Za-z]*` is in the group",
        Seen::Never,
        "which group a kind is in, only Kubernetes knows",
    ),
    (
        "^is a secret itself",
        Seen::Partly,
        "what looks like a secret is a guess",
    ),
    (
        "allowed is a date such as",
        Seen::Partly,
        "which days a month has",
    ),
    (
        "allowed is a URL such as",
        Seen::Partly,
        "what is a host is in the standard of URLs",
    ),
    (
        "^there is no file",
        Seen::Never,
        "which files are mounted, only the server knows",
    ),
];

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| Validator::new(schema()));

/// Whether the schema allows a text; `None` for what is no YAML mapping, of which no schema is asked.
fn allows(text: &str) -> Option<bool> {
    let entries = raw::read(text.as_bytes()).ok()?;
    Some(VALIDATOR.allows(&json(&Value::Map(entries))))
}

/// Holds the schema against a configuration that the reader takes.
#[track_caller]
pub(in crate::config) fn accepted(text: &str) {
    assert_eq!(allows(text), Some(true), "the schema refuses\n{text}");
}

/// Holds the schema against a text of which the reader told these problems.
#[track_caller]
pub(in crate::config) fn refused<'a>(text: &str, problems: impl IntoIterator<Item = &'a str>) {
    let allows = allows(text);
    let seen: Vec<_> = problems.into_iter().map(|it| (it, seen(it))).collect();
    if let Some((problem, _)) = seen.iter().find(|(_, seen)| seen.is_none()) {
        assert_ne!(allows, Some(true), "the schema allows\n{text}\n{problem}");
    } else if seen.iter().all(|(_, it)| *it == Some(Seen::Never)) {
        // Whatever stands on the list without need would hide what the schema forgets.
        assert_eq!(
            allows,
            Some(true),
            "the schema refuses what only the program can\n{text}\n{seen:?}"
        );
    }
}

/// How much the schema can see of a problem; `None` when it has to see it.
fn seen(problem: &str) -> Option<Seen> {
    let is_it =
        |(expression, ..): &&(&str, Seen, &str)| Regex::new(expression).unwrap().is_match(problem);
    ONLY_THE_PROGRAM
        .iter()
        .find(is_it)
        .map(|(_, seen, _)| *seen)
}

/// A node as JSON has it.
fn json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => (*yes).into(),
        Value::Number(digits) => {
            serde_json::from_str(digits).unwrap_or_else(|_| digits.clone().into())
        }
        Value::Text(text) => text.clone().into(),
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| (key.clone(), json(value)));
            Json::Object(entries.collect())
        }
    }
}
