//! Reads a mapping key by key and goes on after a mistake.

use std::collections::HashSet;

use super::{
    bounds::Whole,
    keys::Keys,
    mistake::{Mistakes, listed, looks_secret, shown},
    raw::Value,
    unknown::unknown,
};

/// A mapping of the document, with the keys it may have.
#[derive(Debug)]
pub(super) struct Section<'a> {
    path: String,
    entries: &'a [(String, Value)],
    /// What is said of its unknown keys.
    hints: String,
}

impl<'a> Section<'a> {
    /// The mapping at `path`; tells of every key that is unknown, or there twice.
    pub(super) fn new(
        path: &str,
        entries: &'a [(String, Value)],
        keys: &Keys,
        mistakes: &mut Mistakes,
    ) -> Self {
        let mut hints = String::new();
        let mut seen = HashSet::new();
        for (key, value) in entries {
            if mistakes.are_enough() {
                break;
            }
            if !seen.insert(key) {
                mistakes.add(path, format!("key {} is given twice", shown(key)));
            } else if !keys.known.contains(&key.as_str()) {
                let hint = unknown(key, value, keys);
                hints.push_str(&hint);
                mistakes.add(path, hint);
            }
        }
        Self {
            path: path.to_owned(),
            entries,
            hints,
        }
    }

    /// The mapping that `value` should be, which is at `path`.
    pub(super) fn of(
        path: &str,
        value: &'a Value,
        keys: &Keys,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        if let Value::Map(entries) = value {
            return Some(Self::new(path, entries, keys, mistakes));
        }
        let problem = format!(
            "found {}; {}",
            value.described(),
            mapping_wanted(value, keys)
        );
        mistakes.add(path, problem);
        None
    }

    /// Where this mapping is in the document.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where the value of a key is in the document.
    pub(super) fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether this key was probably meant by one that is unknown: then it is not missing.
    pub(super) fn is_meant(&self, key: &str) -> bool {
        ["did you mean `", "write `"]
            .iter()
            .any(|hint| self.hints.contains(&format!("{hint}{key}`")))
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.entries
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, value)| value)
    }

    /// The value of a key that may be absent. A key without a value is a mistake: whether the
    /// default was meant, or something was forgotten, only its author knows.
    pub(super) fn value(&self, key: &str, mistakes: &mut Mistakes) -> Option<&'a Value> {
        match self.get(key)? {
            Value::Null => {
                mistakes.add(
                    &self.path_of(key),
                    "is empty; give a value or remove the key",
                );
                None
            }
            value => Some(value),
        }
    }

    /// What a key that may be absent says, as `read` understands it.
    pub(super) fn optional<T>(
        &self,
        key: &str,
        mistakes: &mut Mistakes,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.value(key, mistakes)?;
        read(value)
            .map_err(|problem| mistakes.add(&self.path_of(key), problem))
            .ok()
    }

    /// What a key that must be there says; `wanted` is what is missing without it.
    pub(super) fn required<T>(
        &self,
        key: &str,
        wanted: &str,
        mistakes: &mut Mistakes,
        read: impl FnOnce(&'a Value) -> Result<T, String>,
    ) -> Option<T> {
        let lack = match self.get(key) {
            None if self.is_meant(key) => return None,
            None => "is missing",
            Some(Value::Null) => "is empty",
            Some(_) => return self.optional(key, mistakes, read),
        };
        mistakes.add(&self.path_of(key), format!("{lack}; give {wanted}"));
        None
    }

    /// The mapping under a key that may be absent.
    pub(super) fn section(
        &self,
        key: &str,
        keys: &Keys,
        mistakes: &mut Mistakes,
    ) -> Option<Section<'a>> {
        let path = self.path_of(key);
        if keys.may_be_empty() && self.get(key) == Some(&Value::Null) {
            let problem =
                format!("is empty; write `{key}: {{}}`, or remove the key to do without it");
            mistakes.add(&path, problem);
            return None;
        }
        let value = self.value(key, mistakes)?;
        Section::of(&path, value, keys, mistakes)
    }
}

/// What to write where a mapping should be.
fn mapping_wanted(found: &Value, keys: &Keys) -> String {
    if *found == Value::Bool(false) {
        return "to do without it, remove the key".to_owned();
    }
    let form = match found {
        Value::Text(text) if is_word(text) => keys.form.replace("NAME", text),
        _ => keys.form.replace("NAME", "…"),
    };
    let form = keys.around(&form.replace("TIME", "30s"));
    if keys.known.is_empty() {
        return format!("allowed is an empty mapping: `{form}`");
    }
    format!(
        "allowed is a mapping with {}, such as `{form}`",
        listed(keys.known)
    )
}

/// Whether a text may be repeated within a form.
fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.len() <= 63 && text.chars().all(plain) && !looks_secret(text)
}

/// What the leaves of the document say.
impl Value {
    pub(super) fn text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text),
            Self::Number(_) | Self::Bool(_) => {
                Err(format!("found {}; put it in quotes", self.described()))
            }
            other => Err(format!("found {}; allowed is a text", other.described())),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, String> {
        match self {
            Self::Bool(yes) => Ok(*yes),
            other => Err(format!(
                "found {}; allowed: `true` or `false`",
                other.described()
            )),
        }
    }

    pub(super) fn whole_number(&self, bounds: Whole) -> Result<usize, String> {
        let number = match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        match number {
            Some(number) if bounds.has(number) => Ok(number),
            _ => Err(format!(
                "found {}; allowed is a whole number from {} to {}",
                self.described(),
                bounds.least,
                bounds.most
            )),
        }
    }
}
