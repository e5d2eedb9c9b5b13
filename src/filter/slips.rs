//! What may be around or within a prefix or a pattern that is no part of a blob's name. Pure.

use percent_encoding::percent_decode_str;

use super::{
    rewrite::{Rewrite, each},
    spec::FilterSpec,
};

/// A way to write a text as names are written, and what it says of one that is written otherwise.
type Slip = (&'static str, fn(&str, &str) -> String);

const SLIPS: [Slip; 9] = [
    (
        "there is a blank or a line break around the text",
        |text, _| text.trim().to_owned(),
    ),
    (
        "an item of a list needs a space after its `-`",
        |text, _| match unspaced_item(text) {
            Some(item) => item.to_owned(),
            None => text.to_owned(),
        },
    ),
    (
        "quotes within the text are a part of it: write straight ones, once",
        |text, _| text.trim_matches(QUOTES).to_owned(),
    ),
    (
        "names are written as they are and not percent-encoded, as in a URL",
        |text, _| percent_decode_str(text).decode_utf8_lossy().into_owned(),
    ),
    (
        "the name of a blob is not its URL and does not contain the name of the container",
        without_url,
    ),
    ("folders are separated by `/` and not by `\\`", |text, _| {
        with_slashes(text)
    }),
    ("one `/` separates folders", |text, _| {
        let twice = text.get(1..).is_some_and(|rest| rest.contains("//"));
        match twice {
            true => single_slashes(text),
            false => text.to_owned(),
        }
    }),
    (
        "the name of a blob does not begin with `/` or `./`",
        |text, _| without_root(text).to_owned(),
    ),
    (
        "the name of a blob does not contain the name of the container",
        |text, container| {
            let rest = text.strip_prefix(container);
            let rest = rest.and_then(|it| it.strip_prefix('/'));
            rest.filter(|_| !container.is_empty())
                .unwrap_or(text)
                .to_owned()
        },
    ),
];

/// Quotes as word processors make them, and straight ones that were quoted.
pub(super) const QUOTES: [char; 9] = ['“', '”', '„', '‘', '’', '«', '»', '"', '\''];

/// The filter without each of the slips that it has, and without all of them.
pub(super) fn slips(filter: &FilterSpec, container: &str) -> Vec<Rewrite> {
    let mut all = Vec::new();
    let mut add = |cause: &str, changed: FilterSpec| {
        if changed != *filter {
            let cause = cause.to_owned();
            all.push(Rewrite {
                cause,
                filter: changed,
            });
        }
    };
    for (cause, change) in SLIPS {
        add(cause, changed(filter, container, change));
    }
    if let Some(first) = all.first().map(|it: &Rewrite| it.cause.clone()) {
        all.push(Rewrite {
            cause: first,
            filter: tidy(filter, container),
        });
    }
    all
}

/// The filter without any slip.
pub(super) fn tidy(filter: &FilterSpec, container: &str) -> FilterSpec {
    SLIPS.iter().fold(filter.clone(), |filter, (_, change)| {
        changed(&filter, container, *change)
    })
}

fn changed(filter: &FilterSpec, container: &str, change: fn(&str, &str) -> String) -> FilterSpec {
    FilterSpec {
        prefix: change(&filter.prefix, container),
        patterns: each(&filter.patterns, |it| change(it, container)),
    }
}

/// The item of `-"**/*.csv"`, which YAML takes for one text.
pub(super) fn unspaced_item(text: &str) -> Option<&str> {
    let item = text.strip_prefix('-')?;
    let quote = item.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    item.strip_prefix(quote)?.split(quote).next()
}

/// Schemes in which what stands before the first `/` is the container: with its account, or alone.
const OF_CONTAINERS: [&str; 7] = [
    "abfss://", "abfs://", "wasbs://", "wasb://", "az://", "s3://", "gs://",
];
/// Where Databricks mounts containers, each under a name of its own.
const MOUNTS: [&str; 3] = ["dbfs:/mnt/", "/dbfs/mnt/", "/mnt/"];

fn without_url(text: &str, container: &str) -> String {
    let starts = OF_CONTAINERS.into_iter().chain(MOUNTS);
    let below = starts
        .into_iter()
        .find_map(|start| text.strip_prefix(start));
    if let Some((_, name)) = below.and_then(|it| it.split_once('/')) {
        return name.to_owned();
    }
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let Some(rest) = rest else {
        return text.to_owned();
    };
    let within = format!("/{container}/");
    let name = match rest.find(&within) {
        Some(at) if !container.is_empty() => rest.get(at + within.len()..),
        // The host, and the container.
        _ => rest.splitn(3, '/').nth(2),
    };
    name.unwrap_or(text).to_owned()
}

/// `\` as Windows has it. Where it stands before a punctuation mark, it is more likely an escape.
pub(super) fn with_slashes(text: &str) -> String {
    let mut chars = text.chars().peekable();
    let mut changed = String::new();
    while let Some(c) = chars.next() {
        let is_of_regex = is_repeated(chars.clone());
        let is_slash = match chars.peek() {
            None => true,
            // `\d{4}` is of a regular expression.
            Some('d' | 'w' | 's') if is_of_regex => false,
            Some(next) => next.is_alphanumeric() || matches!(next, '_' | '*'),
        };
        changed.push(if c == '\\' && is_slash { '/' } else { c });
    }
    changed
}

fn is_repeated(mut rest: impl Iterator<Item = char>) -> bool {
    matches!(rest.nth(1), Some('{' | '+' | '*' | '?'))
}

fn single_slashes(text: &str) -> String {
    let mut single = text.to_owned();
    while single.contains("//") {
        single = single.replace("//", "/");
    }
    single
}

fn without_root(text: &str) -> &str {
    text.strip_prefix("./")
        .unwrap_or(text)
        .trim_start_matches('/')
}
