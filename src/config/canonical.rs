//! The effective configuration as text: every key with its value, the defaults too.
//!
//! Written by hand, not by a serializer: it cannot fail, and reads as the documentation does.

use std::fmt::Write;

use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{Existing, Location, SourceConfig, span};

pub(super) fn write(config: &SourceConfig) -> String {
    let filter = config.filter.spec();
    let mut text = Lines::default();
    match &config.location {
        Location::Account(name) => text.put("account", &quoted(name)),
        Location::Endpoint(url) => {
            text.put("endpoint", &quoted(url.as_str().trim_end_matches('/')));
        }
    }
    text.put("container", &quoted(&config.container));
    if !filter.prefix.is_empty() {
        text.put("prefix", &quoted(&filter.prefix));
    }
    if !filter.patterns.is_empty() {
        text.put("pattern", &patterns(&filter.patterns));
    }
    text.put_some("credential", config.credential.as_deref());
    text.put(
        "source",
        &format!(
            "{{listing: {{interval: {}}}}}",
            span::write(config.interval)
        ),
    );
    text.put("existing", &existing(config.existing));
    text.put("minAge", &span::write(config.min_age));
    text.put(
        "skipEmpty",
        if config.skip_empty { "true" } else { "false" },
    );
    if let Some(container) = &config.state {
        text.put("state", &format!("{{container: {}}}", quoted(container)));
    }
    let settle = span::write(config.limits.settle);
    text.put(
        "limits",
        &format!(
            "{{inFlight: {}, settle: {settle}}}",
            config.limits.in_flight
        ),
    );
    text.put_some("id", config.id.as_deref());
    text.0
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
