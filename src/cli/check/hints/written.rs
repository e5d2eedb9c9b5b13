//! How a change of the filter is written. Pure.

use crate::filter::FilterSpec;

/// What to do to the one filter to get the other, as a sentence without its end.
pub(super) fn change(from: &FilterSpec, to: &FilterSpec) -> String {
    let mut removed = Vec::new();
    let mut written = Vec::new();
    if from.prefix != to.prefix {
        match to.prefix.as_str() {
            "" => removed.push("`prefix`"),
            prefix => written.push(format!("`prefix: {}`", scalar(prefix))),
        }
    }
    if from.patterns != to.patterns {
        match to.patterns.as_slice() {
            [] => removed.push("`pattern`"),
            [one] => written.push(format!("`pattern: {}`", quoted(one))),
            many => {
                let all: Vec<_> = many.iter().map(|it| quoted(it)).collect();
                written.push(format!("`pattern: [{}]`", all.join(", ")));
            }
        }
    }
    match (removed.join(" and "), written.join(" and ")) {
        (removed, written) if removed.is_empty() => format!("Write {written}"),
        (removed, written) if written.is_empty() => format!("Remove {removed}"),
        (removed, written) => format!("Remove {removed}, and write {written}"),
    }
}

/// A text as YAML has it, without quotes where none are needed.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.' | '=');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    match is_word {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A text in double quotes, as YAML and JSON have it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
