//! The rules for names, as Azure, Kubernetes and file systems have them.

use time::{
    Date, OffsetDateTime, Time, UtcOffset, format_description::well_known::Rfc3339,
    macros::format_description,
};

use super::{
    endpoint::{Written, written},
    mistake::{looks_secret, shown},
    raw::Value,
    span,
};

/// A storage account's name.
pub(super) fn account(name: &str) -> Result<String, String> {
    let allowed = "allowed are 3 to 24 lower-case letters and digits";
    if is_account(name) {
        return Ok(name.to_owned());
    }
    let found = shown(name);
    let lower = name.to_lowercase();
    Err(match written(name) {
        Some(Written { place, .. }) => format!("found {found}; write `{place}`"),
        None if name.contains(['.', '/', ':']) => {
            format!("found {found}; {allowed} (for a URL use `endpoint`)")
        }
        None if is_account(&lower) => format!("found {found}; {allowed}: write `{lower}`"),
        None => format!("found {found}; {allowed}"),
    })
}

fn is_account(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=24).contains(&name.len()) && name.bytes().all(plain)
}

/// The containers that the service itself names and whose blobs can be listed.
const SYSTEM_CONTAINERS: [&str; 3] = ["$root", "$web", "$logs"];

/// A container to watch.
pub(crate) fn container(name: &str) -> Result<String, String> {
    if SYSTEM_CONTAINERS.contains(&name) {
        return Ok(name.to_owned());
    }
    if !name.is_empty() && name.bytes().all(|b| b == b'.') {
        return Err(format!(
            "found {}; that is a path, give a container's name",
            shown(name)
        ));
    }
    if is_container(name) {
        return Ok(name.to_owned());
    }
    if let Some(cure) = container_within(name) {
        return Err(format!("found {}; {cure}", shown(name)));
    }
    Err(format!(
        "found {}; allowed are 3 to 63 lower-case letters, digits and single hyphens, \
         a letter or digit first and last (or `$root`, `$web`, `$logs`){}",
        shown(name),
        in_lower_case(name)
    ))
}

/// What to write for a container that stands in a URL, or with a folder behind it.
fn container_within(text: &str) -> Option<String> {
    let (place, path) = match written(text) {
        Some(Written { place, path }) => (Some(place), path),
        None => (None, text.trim_start_matches('/').to_owned()),
    };
    let (name, folder) = path.split_once('/').unwrap_or((&path, ""));
    if !is_container(name) || looks_secret(text) {
        return None;
    }
    let folder = folder.trim_end_matches('/');
    let keys = [
        place,
        Some(format!("container: {name}")),
        (!folder.is_empty()).then(|| format!("prefix: {folder}/")),
    ];
    let keys: Vec<_> = keys
        .into_iter()
        .flatten()
        .map(|it| format!("`{it}`"))
        .collect();
    Some(format!("write {}", keys.join(" and ")))
}

/// The cure for a name that is one in lower case.
fn in_lower_case(name: &str) -> String {
    let lower = name.to_lowercase();
    match is_container(&lower) {
        true => format!(": write `{lower}`"),
        false => String::new(),
    }
}

/// A container to keep a ledger in: never one of the service's own, of which one is a public web
/// site and another cannot be written.
pub(super) fn state_container(name: &str) -> Result<String, String> {
    if is_container(name) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed are 3 to 63 lower-case letters, digits and single hyphens, \
         a letter or digit first and last{}",
        shown(name),
        in_lower_case(name)
    ))
}

/// A queue, beside which there has to be room for `<name>-poison`.
pub(super) fn queue(name: &str) -> Result<String, String> {
    if is_container(name) && name.len() <= 63 - "-poison".len() {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed are 3 to 56 lower-case letters, digits and single hyphens, \
         a letter or digit first and last",
        shown(name)
    ))
}

fn is_container(name: &str) -> bool {
    (3..=63).contains(&name.len()) && is_label(name) && !name.contains("--")
}

/// Lower-case letters, digits and hyphens, none of those first or last.
fn is_label(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// The start of blob names; no longer than a blob name can be.
pub(super) fn prefix(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if length <= 1024 {
        return Ok(text.to_owned());
    }
    Err(format!(
        "is {length} characters long; at most 1024 are allowed"
    ))
}

/// What a configuration names as its credential: a file in the credentials directory.
pub(super) fn credential_of(value: &Value) -> Result<String, String> {
    match value {
        Value::Map(_) | Value::List(_) => Err(format!(
            "found {}; allowed is the name of a file in the server's credentials directory, such as `credential: azure-storage`: \
             each key of the Secret `azure-storage` is such a file",
            value.described()
        )),
        value => credential(value.text()?),
    }
}

/// A file in the credentials directory, and never one outside of it.
pub(super) fn credential(name: &str) -> Result<String, String> {
    let allowed = "allowed is the name of a file in the server's credentials directory";
    if looks_secret(name) {
        return Err(format!("is a secret itself (not shown); {allowed}"));
    }
    if name.contains('=') {
        return Err(format!(
            "is a connection string (not shown); put it into a file, and write the file's name here: {allowed}"
        ));
    }
    let inside = !name.contains(['/', '\\']) && !name.contains("..") && !name.starts_with('.');
    let plain = !name.chars().any(char::is_control);
    if inside && plain && (1..=253).contains(&name.len()) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; {allowed}: 1 to 253 bytes, no `/`, `\\`, `..` or control character, \
         no leading dot",
        shown(name)
    ))
}

/// A source's name in the state container.
pub(super) fn id(name: &str) -> Result<String, String> {
    if (1..=63).contains(&name.len()) && is_label(name) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed are 1 to 63 lower-case letters, digits and hyphens, \
         a letter or digit first and last",
        shown(name)
    ))
}

/// A Kubernetes namespace.
pub(super) fn namespace(name: &str) -> Result<String, String> {
    if (1..=63).contains(&name.len()) && is_label(name) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed is a namespace: 1 to 63 lower-case letters, digits and hyphens, \
         a letter or digit first and last",
        shown(name)
    ))
}

/// A Kubernetes API group; empty for the core group.
pub(super) fn group(name: &str) -> Result<String, String> {
    if name.is_empty()
        || name.len() <= 253
            && name
                .split('.')
                .all(|part| !part.is_empty() && is_label(part))
    {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed is an API group without its version, such as batch or argoproj.io",
        shown(name)
    ))
}

/// A version of a Kubernetes API group.
pub(super) fn version(name: &str) -> Result<String, String> {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if name.starts_with('v') && plain && (2..=63).contains(&name.len()) {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed is a version such as v1 or v1alpha1",
        shown(name)
    ))
}

/// The name of a Kubernetes kind.
pub(super) fn kind(name: &str) -> Result<String, String> {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric());
    if name.starts_with(|c: char| c.is_ascii_uppercase()) && plain && name.len() <= 63 {
        return Ok(name.to_owned());
    }
    Err(format!(
        "found {}; allowed is the name of a kind as manifests have it, such as Job or Workflow",
        shown(name)
    ))
}

/// The key of a Kubernetes label, with or without a prefix: `pipeline`, `example.com/pipeline`.
pub(super) fn label(key: &str) -> Result<String, String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let prefix = prefix.is_none_or(|prefix| !prefix.is_empty() && group(prefix).is_ok());
    if prefix && !name.is_empty() && is_label_value(name) {
        return Ok(key.to_owned());
    }
    Err(format!(
        "found the label {}; allowed is the key of a Kubernetes label, such as pipeline or example.com/pipeline",
        shown(key)
    ))
}

/// The value of a Kubernetes label that says something.
pub(super) fn label_value(value: &str) -> Result<String, String> {
    if !value.is_empty() && is_label_value(value) {
        return Ok(value.to_owned());
    }
    Err(format!(
        "found the value {}; allowed is the value of a Kubernetes label: 1 to 63 letters, digits, `-`, `_` \
         and `.`, a letter or digit first and last",
        shown(value)
    ))
}

fn is_label_value(text: &str) -> bool {
    let ends = |c: char| c.is_ascii_alphanumeric();
    text.len() <= 63
        && text.starts_with(ends)
        && text.ends_with(ends)
        && text
            .chars()
            .all(|c| ends(c) || matches!(c, '-' | '_' | '.'))
}

/// A moment; a date alone is midnight in UTC. Years have four digits, so that it can be written again.
pub(super) fn moment(value: &Value) -> Result<OffsetDateTime, String> {
    let moment = match value {
        Value::Text(text) if span::is_one(text) => return Err(relative(text)),
        Value::Text(text) => OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .or_else(|| midnight(text)),
        _ => None,
    };
    let moment = moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC));
    moment
        .filter(|moment| (0..=9999).contains(&moment.year()))
        .ok_or_else(|| {
            format!(
                "found {}; allowed is a date such as 2026-01-01, or a date and time with zone such as 2026-01-01T00:00:00Z",
                value.described()
            )
        })
}

/// The beginning of a day in UTC.
fn midnight(text: &str) -> Option<OffsetDateTime> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    Some(day.with_time(Time::MIDNIGHT).assume_utc())
}

/// Commands take a time that is counted back from now.
fn relative(text: &str) -> String {
    format!(
        "found {}, which is a time before now and would move with each restart; write a date such as 2026-01-01, or a date and \
         time with zone such as 2026-01-01T00:00:00Z",
        shown(text)
    )
}
