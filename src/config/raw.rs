//! The YAML text as a tree, before anything is known of its keys.
//!
//! Serde's derived readers stop at the first mistake; a tree can be read to its end. Numbers keep
//! no type here: no key but a few wants one.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{MergeKeyPolicy, NonFiniteFloatPolicy, Options, options::DuplicateKeyPolicy};

use super::{
    mistake::{Mistake, one_line, shown},
    syntax::syntax,
};
use crate::text::encoding::is_utf16;

/// The longest configuration in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024;

/// A node of the document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As its digits.
    Number(String),
    Text(String),
    List(Vec<Value>),
    /// In the order of the document, with every key that is given twice.
    Map(Vec<(String, Value)>),
}

/// The tree of a configuration text; anything but one YAML mapping is a mistake.
pub(super) fn read(text: &[u8]) -> Result<Vec<(String, Value)>, Mistake> {
    let mistake = |problem| Mistake {
        path: String::new(),
        problem,
    };
    match tree(text).map_err(mistake)? {
        Value::Map(entries) => Ok(entries),
        Value::Null => Err(no_mapping("the configuration is empty")),
        other => Err(no_mapping(&format!(
            "the configuration is {}",
            other.described()
        ))),
    }
}

fn no_mapping(problem: &str) -> Mistake {
    let problem = format!("{problem}; write keys such as `account: …` and `container: …`");
    Mistake {
        path: String::new(),
        problem,
    }
}

fn tree(text: &[u8]) -> Result<Value, String> {
    if text.len() > MAX_BYTES {
        return Err(format!(
            "the configuration is {} bytes long; at most {MAX_BYTES} are allowed",
            text.len()
        ));
    }
    if is_utf16(text) {
        return Err(
            "the configuration is text in UTF-16, as `>` of Windows PowerShell writes it; save it in UTF-8"
                .to_owned(),
        );
    }
    let text = std::str::from_utf8(text).map_err(|error| not_utf8(text, error.valid_up_to()))?;
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| syntax(text, &error))
}

/// Where `text`, which is UTF-8 up to the byte `at`, is something else.
fn not_utf8(text: &[u8], at: usize) -> String {
    let lines = text.iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    format!("line {lines}: has a character that is not UTF-8; save the file in UTF-8")
}

/// Strict where YAML surprises, and tight where a small text could become a big tree.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 16,
            flow_nesting_limit: 16,
            max_aliases: 64,
            max_anchors: 64,
            max_events: 40_000,
            max_nodes: 20_000,
            max_recorded_anchor_events: 20_000,
            max_recorded_anchor_bytes: 4 * MAX_BYTES,
            // Of all texts, those that aliases repeat included.
            max_total_scalar_bytes: 4 * MAX_BYTES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 8,
        },
        // Twice the same key and merge keys reach our reader, which tells all mistakes at once.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        // `yes` and `on` are text, as YAML 1.2 has it; so are `0123` and `1_000`.
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        // `pattern: !tmp/**` without quotes is a tag, and its text would be lost.
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

impl Value {
    /// The node as messages show it, such as "the text `abc`".
    pub(super) fn described(&self) -> String {
        match self {
            Self::Null => "nothing".to_owned(),
            Self::Bool(yes) => format!("the boolean {yes}"),
            Self::Number(digits) => format!("the number {}", one_line(digits, 40)),
            Self::Text(text) => format!("the text {}", shown(text)),
            Self::List(_) => "a list".to_owned(),
            Self::Map(entries) if is_template(entries) => {
                "a template (`{{ … }}`) that was not rendered".to_owned()
            }
            Self::Map(_) => "a mapping".to_owned(),
        }
    }

    /// A node instead of a key.
    fn into_key(self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(yes) => yes.to_string(),
            Self::Number(text) | Self::Text(text) => text,
            Self::List(_) => "[…]".to_owned(),
            Self::Map(_) => MAP_AS_KEY.to_owned(),
        }
    }
}

/// What a mapping is called that stands as a key.
const MAP_AS_KEY: &str = "{…}";

/// `{{ .Values.x }}`, which YAML reads as a mapping in a mapping.
fn is_template(entries: &[(String, Value)]) -> bool {
    matches!(entries, [(key, Value::Null)] if key == MAP_AS_KEY)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Value, E> {
        Ok(Value::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        // In full, `1e308` has 309 digits.
        Ok(Value::Number(match number.abs() < 1e15 {
            true => number.to_string(),
            false => format!("{number:e}"),
        }))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Value>()? {
            entries.push((key.into_key(), map.next_value()?));
        }
        Ok(Value::Map(entries))
    }
}
