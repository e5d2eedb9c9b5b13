//! What stands for a value that is not known, besides nothing at all.

use serde::{Deserialize, Serialize};

use super::{Numerals, plain};

/// Markers in any column, in small or capital letters: what databases, pandas, R and spreadsheets write.
pub const ALWAYS: [&str; 24] = [
    "na", "n/a", "#n/a", "#na", "<na>", "nan", "-nan", "nat", "null", "(null)", "<null>", "[null]",
    "nil", "\\n", "?", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!", "1.#ind",
    "-1.#ind", "1.#qnan",
];

/// Markers beside numbers and dates alone. In a column of words each may be a word like others: a blood group
/// `-`, an alley of kind `none`.
const BESIDE_NUMBERS: [&str; 40] = [
    "-",
    "--",
    "---",
    "–",
    "—",
    ".",
    "..",
    "...",
    "…",
    "*",
    "n.a.",
    "n.a",
    "n/d",
    "n.d.",
    "nd",
    "n/k",
    "k.a.",
    "none",
    "missing",
    "unknown",
    "unk",
    "undefined",
    "unspecified",
    "not available",
    "not applicable",
    "not known",
    "not reported",
    "no data",
    "nodata",
    "no value",
    "empty",
    "blank",
    "invalid",
    "err",
    "error",
    "#error",
    "tbd",
    "void",
    "0000-00-00",
    "0000-00-00 00:00:00",
];

/// The longest marker, in bytes.
const LONGEST: usize = 19;

/// When a field stands for no value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Marker {
    /// In any column.
    Always,
    /// In a column of numbers or dates.
    BesideNumbers,
}

/// Whether a field, without the blanks around it, is a marker. Nothing at all is one.
pub fn marker(field: &str) -> Option<Marker> {
    if field.is_empty() {
        return Some(Marker::Always);
    }
    if field.len() > LONGEST {
        return None;
    }
    let mut small = [0; LONGEST];
    let small = &mut small[..field.len()];
    small.copy_from_slice(field.as_bytes());
    small.make_ascii_lowercase();
    let is_in = |all: &[&str]| all.iter().any(|marker| marker.as_bytes() == small);
    if is_in(&ALWAYS) {
        Some(Marker::Always)
    } else if is_in(&BESIDE_NUMBERS) {
        Some(Marker::BesideNumbers)
    } else {
        None
    }
}

/// Whether a field stands for no value in any column.
pub fn is_missing(field: &str) -> bool {
    marker(field) == Some(Marker::Always)
}

/// What else stands for no value in a dataset, as its user says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct Missing {
    words: Vec<String>,
    /// Those that are numbers, however they are written.
    numbers: Vec<f64>,
    /// Markers that are values in this data, such as `NA` for North America.
    kept: Vec<String>,
}

/// What stands before a marker that is a value.
const KEPT: char = '!';

impl Missing {
    /// Some words, or several with commas between them.
    pub fn of(wanted: &[String]) -> Self {
        let words = wanted.iter().flat_map(|some| some.split(','));
        let words = words.map(str::trim).filter(|word| !word.is_empty());
        Missing::from(words.map(str::to_owned).collect::<Vec<_>>())
    }

    /// Whether a field stands for no value in any column.
    pub fn has(&self, field: &str) -> bool {
        self.marker(field) == Some(Marker::Always) || self.names(field)
    }

    /// Whether a field is one of the usual markers, unless the user keeps it.
    pub fn marker(&self, field: &str) -> Option<Marker> {
        marker(field).filter(|_| !self.keeps(field))
    }

    /// Whether a field is a value, though it is a marker elsewhere.
    pub fn keeps(&self, field: &str) -> bool {
        self.kept
            .iter()
            .any(|word| word.eq_ignore_ascii_case(field))
    }

    /// Whether the user names a field.
    pub fn names(&self, field: &str) -> bool {
        !self.words.is_empty()
            && (self
                .words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(field))
                || [Numerals::Point, Numerals::Comma]
                    .into_iter()
                    .filter_map(|numerals| plain(field, numerals))
                    .any(|number| self.numbers.contains(&number)))
    }

    /// The words that the user names.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The numbers among them.
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }
}

impl From<Vec<String>> for Missing {
    fn from(words: Vec<String>) -> Self {
        let (kept, words): (Vec<_>, Vec<_>) =
            words.into_iter().partition(|word| word.starts_with(KEPT));
        let numbers = words.iter().filter_map(|word| plain(word, Numerals::Point));
        Missing {
            numbers: numbers.collect(),
            words,
            kept: kept
                .iter()
                .map(|word| word[1..].trim().to_owned())
                .collect(),
        }
    }
}

impl From<Missing> for Vec<String> {
    fn from(missing: Missing) -> Self {
        let kept = missing.kept.iter().map(|word| format!("{KEPT}{word}"));
        missing.words.into_iter().chain(kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_missing_in_any_column_or_beside_numbers() {
        for text in [
            "", "NA", "N/A", "NaN", "null", "?", "#N/A", "\\N", "<NA>", "NaT", "(null)", "#DIV/0!",
            "#REF!",
        ] {
            assert_eq!(marker(text), Some(Marker::Always), "{text}");
        }
        for text in [
            "-",
            "--",
            "n.a.",
            "Missing",
            "UNKNOWN",
            "None",
            "—",
            "N/K",
            "not available",
        ] {
            assert_eq!(marker(text), Some(Marker::BesideNumbers), "{text}");
        }
        for text in ["0", "no", "nano", "-1", "a word that is much longer"] {
            assert_eq!(marker(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_user_names_is_missing_however_it_is_written() {
        let missing = Missing::of(&["-999, gone".to_owned(), "x".to_owned(), String::new()]);
        for text in ["-999", "-999.0", "-999,0", "Gone", "x", "NA"] {
            assert!(missing.has(text), "{text}");
        }
        for text in ["999", "-99", "unknown"] {
            assert!(!missing.has(text), "{text}");
        }
        let plain = Missing::default();
        assert!(!plain.has("-999") && plain.has("NA"));
        let kept = Missing::of(&["!NA, gone".to_owned()]);
        assert!(kept.has("gone") && kept.has("N/A") && !kept.has("NA"));
        assert_eq!(Vec::from(kept.clone()), ["gone", "!NA"]);
        assert_eq!(Missing::from(Vec::from(kept.clone())), kept);
    }
}
