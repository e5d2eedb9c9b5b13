//! A YAML document whose keys keep their order, as whoever wrote it wants to find it again.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A node of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// The documents of a text; those that are empty do not count.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, String> {
    let documents: Vec<Node> = serde_saphyr::from_multiple(text).map_err(|e| one_line(&e))?;
    Ok(documents
        .into_iter()
        .filter(|it| *it != Node::Null)
        .collect())
}

/// The only document of a text.
pub(super) fn document(text: &str) -> Result<Node, String> {
    match documents(text)?.as_mut_slice() {
        [] => Ok(Node::Null),
        [one] => Ok(std::mem::replace(one, Node::Null)),
        several => Err(format!("found {} documents; allowed is one", several.len())),
    }
}

// The rest of the message shows the text around the mistake.
fn one_line(error: &serde_saphyr::Error) -> String {
    let told = error.to_string();
    let line = told.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

impl Node {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// What a key of this mapping says; nothing else has keys.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let found = self.entries().iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    /// A text at a path of keys.
    pub(super) fn text_at(&self, path: &[&str]) -> Option<&str> {
        let at = path.iter().try_fold(self, |node, key| node.get(key))?;
        match at {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// As [`Self::get`], to change it.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let found = entries.iter_mut().find(|(name, _)| name == key);
        found.map(|(_, value)| value)
    }

    /// The mapping that a key of this mapping says; an empty one is written where there is nothing.
    pub(super) fn mapping(&mut self, key: &str) -> &mut Self {
        let is_nothing = |value: &Self| *value == Self::Null;
        if self.get(key).is_none_or(is_nothing) {
            self.put(key, Self::Map(Vec::new()));
        }
        match self {
            Self::Map(entries) => {
                let at = entries.iter().position(|(name, _)| name == key);
                &mut entries[at.unwrap_or_default()].1
            }
            // Nothing else has keys.
            other => other,
        }
    }

    /// Writes a key into a mapping, unless it is there.
    pub(super) fn put_missing(&mut self, key: &str, value: Self) {
        if self.get(key).is_none() {
            self.put(key, value);
        }
    }

    /// Takes a key out of a mapping.
    pub(super) fn take(&mut self, key: &str) -> Option<Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let at = entries.iter().position(|(name, _)| name == key)?;
        Some(entries.remove(at).1)
    }

    /// Writes a key into a mapping, at its place if it is there.
    pub(super) fn put(&mut self, key: &str, value: Self) {
        let Self::Map(entries) = self else { return };
        match entries.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    /// As a block of YAML, each line after so many spaces.
    pub(super) fn block(&self, spaces: usize) -> anyhow::Result<String> {
        let text = serde_saphyr::to_string(self)?;
        let indent = " ".repeat(spaces);
        let lines = text.lines().map(|line| match line {
            "" => "\n".to_owned(),
            line => format!("{indent}{line}\n"),
        });
        Ok(lines.collect())
    }
}

/// A text as YAML has it on one line: plain if that can be nothing else, otherwise in quotes.
pub(super) fn scalar(text: &str) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_other = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    match begins && !is_other && text.chars().all(word) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A text in double quotes, which are those of JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_unit(),
            Self::Bool(yes) => to.serialize_bool(*yes),
            Self::Int(number) => match i64::try_from(*number) {
                Ok(number) => to.serialize_i64(number),
                Err(_) => to.serialize_i128(*number),
            },
            Self::Float(number) => to.serialize_f64(*number),
            Self::Text(text) => to.serialize_str(text),
            Self::List(items) => to.collect_seq(items),
            Self::Map(entries) => to.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Node, E> {
        Ok(Node::Bool(yes))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node, E> {
        Ok(Node::Int(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node, E> {
        Ok(Node::Int(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node, E> {
        Ok(Node::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value()?));
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_its_order() {
        let text = "zeta: 1\nalpha:\n- b: \"yes\"\n  a: \"0123\"\n- |\n  two\n  lines\nnone: null\nmany: 18446744073709551615\n";
        let node = document(text).unwrap();
        let written = node.block(4).unwrap();
        assert!(
            written.starts_with("    zeta: 1\n    alpha:\n"),
            "{written}"
        );
        assert_eq!(document(&written).unwrap(), node, "{written}");
        // `kubectl` reads YAML 1.1, where a plain `yes` is a boolean.
        assert!(!written.contains(": yes"), "{written}");
    }

    #[test]
    fn a_scalar_is_quoted_unless_it_is_plain() {
        assert_eq!(scalar("raw/data"), "raw/data");
        for text in [
            "", "123", "1e3", "true", "No", "a: b", "a #b", "**/*.csv", "{a}", "ä\"\n",
        ] {
            let written = scalar(text);
            assert!(written.starts_with('"'), "{text}: {written}");
            assert_eq!(document(&written).unwrap(), Node::text(text));
        }
    }
}
