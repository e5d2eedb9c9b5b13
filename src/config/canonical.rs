//! The effective configuration as text: every key with its value, the defaults too.
//!
//! Written by hand, not by a serializer: it cannot fail, and reads as the documentation does.

use std::fmt::Write;

use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{size, source::SourceConfig, span};
use crate::{
    batch::rules::{BatchRules, By},
    confirm::target::{Confirm, ObjectKind},
    delivery::policy::{Limits, Redelivery},
    gate::rules::Existing,
    ports::connect::Location,
};

pub(super) fn write(config: &SourceConfig) -> String {
    let filter = config.filter.spec();
    let mut text = Lines::default();
    let (key, value) = location(&config.location);
    text.put(key, &value);
    text.put("container", &quoted(&config.container));
    if !filter.prefix.is_empty() {
        text.put("prefix", &quoted(&filter.prefix));
    }
    if !filter.patterns.is_empty() {
        text.put("pattern", &patterns(&filter.patterns));
    }
    text.put_some("credential", config.credential.as_deref());
    text.put("source", &source(config));
    text.put("existing", &existing(config.existing));
    text.put("minAge", &span::write(config.min_age));
    text.put(
        "skipEmpty",
        if config.skip_empty { "true" } else { "false" },
    );
    text.put("version", config.version.as_str());
    if let Some(container) = &config.state {
        text.put("state", &format!("{{container: {}}}", quoted(container)));
    }
    if !config.confirm.is_empty() {
        text.put("confirm", &confirmations(&config.confirm));
        text.put("redelivery", &redelivery(&config.redelivery));
    }
    if let Some(rules) = &config.batch {
        text.put("batch", &batch(rules));
    }
    text.put("limits", &limits(&config.limits));
    text.put_some("id", config.id.as_deref());
    text.0
}

fn location(location: &Location) -> (&'static str, String) {
    match location {
        Location::Account(name) => ("account", quoted(name)),
        Location::Endpoint(url) => ("endpoint", quoted(url.as_str().trim_end_matches('/'))),
    }
}

fn source(config: &SourceConfig) -> String {
    let mut ways = Vec::new();
    if let Some(queue) = &config.queue {
        let mut parts = vec![format!("name: {}", quoted(&queue.place.name))];
        let location = queue.place.location.as_ref().map(location);
        parts.extend(location.map(|(key, value)| format!("{key}: {value}")));
        if let Some(credential) = &queue.place.credential {
            parts.push(format!("credential: {}", quoted(credential)));
        }
        parts.push(format!("maxDeliveries: {}", queue.max_deliveries));
        ways.push(format!("queue: {{{}}}", parts.join(", ")));
    }
    if config.listing {
        let interval = span::write(config.interval);
        let parallelism = config.parallelism;
        ways.push(format!(
            "listing: {{interval: {interval}, parallelism: {parallelism}}}"
        ));
    }
    if config.change_feed {
        ways.push("changeFeed: {}".to_owned());
    }
    format!("{{{}}}", ways.join(", "))
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn put(&mut self, key: &str, value: &str) {
        self.0.push_str(key);
        self.0.push_str(": ");
        self.0.push_str(value);
        self.0.push('\n');
    }

    fn put_some(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.put(key, &quoted(value));
        }
    }
}

fn patterns(patterns: &[String]) -> String {
    match patterns {
        [one] => quoted(one),
        many => {
            let items: Vec<_> = many.iter().map(|pattern| quoted(pattern)).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn existing(existing: Existing) -> String {
    match existing {
        Existing::Skip => "skip".to_owned(),
        Existing::Emit => "emit".to_owned(),
        Existing::Since(moment) => format!("{{since: {}}}", rfc3339(moment)),
    }
}

fn confirmations(confirm: &[Confirm]) -> String {
    match confirm {
        [one] => confirmation(one),
        many => {
            let items: Vec<_> = many.iter().map(confirmation).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

fn confirmation(confirm: &Confirm) -> String {
    let namespace = confirm.namespace.as_deref();
    let namespace = namespace.map(|name| format!("namespace: {}", quoted(name)));
    let labels = confirm.selector.iter();
    let labels: Vec<_> = labels
        .map(|(label, value)| format!("{}: {}", quoted(label), quoted(value)))
        .collect();
    let selector = (!labels.is_empty()).then(|| format!("selector: {{{}}}", labels.join(", ")));
    let common = namespace.into_iter().chain(selector);
    let kind = &confirm.kind;
    if *kind == ObjectKind::workflow() {
        let common: Vec<_> = common.collect();
        return format!("{{workflows: {{{}}}}}", common.join(", "));
    }
    let fields = [
        ("group", &kind.group),
        ("version", &kind.version),
        ("kind", &kind.kind),
    ];
    let fields = fields.map(|(key, value)| format!("{key}: {}", quoted(value)));
    let fields: Vec<_> = fields.into_iter().chain(common).collect();
    format!("{{{}}}", fields.join(", "))
}

fn redelivery(redelivery: &Redelivery) -> String {
    format!(
        "{{deadline: {}, maxAttempts: {}, giveUpAfter: {}}}",
        span::write(redelivery.deadline),
        redelivery.max_attempts,
        span::write(redelivery.give_up_after)
    )
}

fn batch(rules: &BatchRules) -> String {
    let by = match rules.by {
        By::All => "all".to_owned(),
        By::Folder => "folder".to_owned(),
        By::Depth(depth) => format!("{{depth: {depth}}}"),
    };
    let bytes = rules
        .max_bytes
        .map(|it| format!("maxBytes: {}", size::write(it)));
    let wait = rules
        .max_wait
        .map(|it| format!("maxWait: {}", span::write(it)));
    let quiet = rules.quiet.map(|it| format!("quiet: {}", span::write(it)));
    let parts = [
        Some(format!("by: {by}")),
        Some(format!("maxBlobs: {}", rules.max_blobs)),
        bytes,
        wait,
        quiet,
        Some(format!("keep: {}", span::write(rules.keep))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    format!("{{{}}}", parts.join(", "))
}

fn limits(limits: &Limits) -> String {
    let active = limits.active_workflows;
    let active = active.map(|most| format!("activeWorkflows: {most}, "));
    format!(
        "{{inFlight: {}, {}settle: {}}}",
        limits.in_flight,
        active.unwrap_or_default(),
        span::write(limits.settle)
    )
}

fn rfc3339(moment: OffsetDateTime) -> String {
    let utc = moment.checked_to_offset(UtcOffset::UTC).unwrap_or(moment);
    // Fails only for years of more than four digits, which no configuration has.
    utc.format(&Rfc3339).unwrap_or_else(|_| utc.to_string())
}

/// A text in double quotes unless it is a word that YAML cannot take for anything else.
fn quoted(text: &str) -> String {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '/');
    let letters = text.starts_with(|c: char| c.is_ascii_lowercase());
    if letters && text.chars().all(word) && !matches!(text, "true" | "false" | "null") {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            // Writing to a String cannot fail.
            c => _ = write!(out, "\\U{:08X}", u32::from(c)),
        }
    }
    out.push('"');
    out
}
