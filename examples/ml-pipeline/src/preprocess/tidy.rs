//! Values as the model takes them: a decimal point, dates as days, nothing where one is missing.

use std::fmt::Write;

use crate::{
    schema::Kind,
    value::{self, Missing, Numerals, date},
};

/// How the fields of a column are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// What they are.
    pub kind: Kind,
    /// What the numbers count, if that stands beside them.
    pub unit: Option<&'a str>,
    /// How numbers are written.
    pub numerals: Numerals,
    /// What stands for no value, besides the usual markers.
    pub missing: &'a Missing,
}

/// How many words of a text are read: the memory of a table stays bounded.
const WORDS: usize = 500;

/// How many characters a word has at most; what is longer is no word.
const LONG: usize = 50;

/// Writes the words of a text with a blank between two. `predict.py` does the same.
fn words(field: &str, text: &mut String) {
    let words = field.split_whitespace();
    let short = words.filter(|word| word.chars().count() <= LONG);
    for (place, word) in short.take(WORDS).enumerate() {
        if place > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

impl Reading<'_> {
    /// Writes a field as the model takes it into `text`.
    pub fn tidy(&self, field: &str, text: &mut String) {
        text.clear();
        let field = field.trim();
        if self.missing.names(field) || (self.kind.is_text() && self.missing.has(field)) {
            return;
        }
        let number = match self.kind {
            Kind::Number => self.finite(field),
            Kind::Date { order } => date::days(field, order, self.numerals).map(|days| days as f32),
            Kind::Category => {
                text.push_str(field);
                return;
            }
            Kind::Boolean => {
                text.push_str(value::truth(field).unwrap_or(field));
                return;
            }
            Kind::Text => {
                words(field, text);
                return;
            }
        };
        if let Some(number) = number {
            // Writing to a string cannot fail.
            let _ = write!(text, "{number}");
        }
    }

    /// A number that a 32-bit float can hold, unless it stands for no value.
    pub fn number(&self, field: &str) -> Option<f32> {
        self.finite(field).filter(|_| !self.missing.names(field))
    }

    fn finite(&self, field: &str) -> Option<f32> {
        let number = value::measured(field, self.numerals, self.unit)? as f32;
        number.is_finite().then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_text_the_first_words_are_taken_with_one_blank_between_two() {
        let missing = Missing::default();
        let reading = Reading {
            kind: Kind::Text,
            unit: None,
            numerals: Numerals::Point,
            missing: &missing,
        };
        let mut text = String::new();
        reading.tidy(" a\n b\t\u{a0}c ", &mut text);
        assert_eq!(text, "a b c");
        reading.tidy(&format!("a {} b", "x".repeat(51)), &mut text);
        assert_eq!(text, "a b");
        reading.tidy(&"word ".repeat(10_000), &mut text);
        assert_eq!(text.len(), 500 * 5 - 1);
        reading.tidy("N/A", &mut text);
        assert_eq!(text, "");
    }
}
