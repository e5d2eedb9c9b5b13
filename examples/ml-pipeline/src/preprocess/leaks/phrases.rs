//! A word of a text that tells the class, such as `left` in the notes of customers who left.

use std::collections::{HashMap, HashSet};

use super::MISTAKES;

/// How many different words are counted: those that come first.
const WORDS: usize = 1 << 14;

/// How long a word is at most, in bytes.
const LONG: usize = 40;

/// The words of a text, and in how many rows of each class they are.
#[derive(Default)]
pub(super) struct Phrases {
    words: HashMap<String, HashMap<String, f64>>,
    classes: HashMap<String, f64>,
    rows: f64,
}

impl Phrases {
    /// Takes the text and the class of the next row.
    pub(super) fn add(&mut self, text: &str, class: &str) {
        self.rows += 1.0;
        *self.classes.entry(class.to_owned()).or_default() += 1.0;
        let words = text.split(|c: char| !c.is_alphanumeric());
        let words = words.filter(|word| !word.is_empty() && word.len() <= LONG);
        let words: HashSet<_> = words.map(str::to_lowercase).collect();
        for word in words {
            if self.words.len() < WORDS || self.words.contains_key(&word) {
                let counts = self.words.entry(word).or_default();
                *counts.entry(class.to_owned()).or_default() += 1.0;
            }
        }
    }

    /// The word that stands in the rows of one class and in hardly another one, and that class. `expected` is how many
    /// mistakes guessing must make.
    pub(super) fn telling<'a>(&'a self, expected: f64) -> Option<(&'a str, &'a str)> {
        let telling = |(word, counts): (&'a String, &'a HashMap<String, f64>)| {
            let everywhere: f64 = counts.values().sum();
            let (class, own) = counts.iter().max_by(|a, b| a.1.total_cmp(b.1))?;
            let all = *self.classes.get(class)?;
            let mistakes = all + everywhere - 2.0 * own;
            let guessed = 2.0 * all * (self.rows - all) / self.rows;
            let is_sure = guessed >= expected + (self.words.len() as f64).ln();
            (is_sure && mistakes <= MISTAKES * guessed).then_some((
                mistakes,
                word.as_str(),
                class.as_str(),
            ))
        };
        let found = self.words.iter().filter_map(telling);
        let best = found.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(b.1)));
        best.map(|(_, word, class)| (word, class))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_only_one_class_has_is_found() {
        let of = |yes: &str, no: &str| {
            let mut phrases = Phrases::default();
            for row in 0..100_u32 {
                let text = if row % 2 == 0 { yes } else { no };
                let text = format!("the customer {text} on day {}", row % 7);
                phrases.add(&text, if row % 2 == 0 { "yes" } else { "no" });
            }
            let found = phrases.telling(8.0);
            found.map(|(word, class)| (word.to_owned(), class.to_owned()))
        };
        assert_eq!(
            of("Left", "was"),
            Some(("left".to_owned(), "yes".to_owned()))
        );
        assert_eq!(of("was", "was"), None);
    }
}
