//! Whether the words of a column's values recur, so that something can be learned of a text.

use super::{
    alike,
    distinct::{self, Distinct},
};

/// How many words are looked at; more say little more.
const LOOKED: u64 = 1 << 16;

/// The part of the words that must have been there before, in percent.
const RECURRING: u64 = 30;

/// From how many letters of a script without blanks on a word is several words: names of persons and places have fewer.
const JOINED: usize = 6;

/// The words of a column's values, in a bounded memory.
#[derive(Clone, Debug)]
pub struct Prose {
    looked: u64,
    different: Distinct,
    /// How many values were looked at, and how many of them have words without blanks in between.
    values: (u64, u64),
}

impl Prose {
    /// Counts up to `capacity` different words exactly.
    pub fn new(capacity: usize) -> Self {
        Prose {
            looked: 0,
            different: Distinct::new(capacity),
            values: (0, 0),
        }
    }

    /// Takes the words of the next value.
    pub fn add(&mut self, field: &str) {
        let left = LOOKED.saturating_sub(self.looked) as usize;
        if left > 0 {
            self.values.0 += 1;
            self.values.1 += u64::from(is_joined(field));
        }
        for word in field.split_whitespace().take(left) {
            self.looked += 1;
            self.different.add(distinct::hash(&alike::plain(word)));
        }
    }

    /// Whether most values are texts whose words have no blanks in between, as in Chinese, Japanese and Thai.
    pub fn is_joined(&self) -> bool {
        let (all, joined) = self.values;
        joined * 2 > all
    }

    /// Whether enough words recur.
    pub fn recurs(&self) -> bool {
        self.different.count() * 100 <= self.looked * (100 - RECURRING)
    }
}

/// Whether a value has a word of so many letters that it is several ones.
fn is_joined(field: &str) -> bool {
    let words = field.split_whitespace();
    let letters = |word: &str| word.chars().filter(|&letter| is_unspaced(letter)).count();
    words.into_iter().any(|word| letters(word) >= JOINED)
}

/// Whether a letter is of a script that puts no blanks between words: Thai, Lao, Burmese, Khmer, Chinese and Japanese.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
        || matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_without_blanks_are_no_names() {
        let of = |values: &[&str]| {
            let mut prose = Prose::new(64);
            values.iter().for_each(|it| prose.add(it));
            prose.is_joined()
        };
        assert!(of(&[
            "这个产品的质量非常好",
            "不好",
            "送货太慢了我很不满意"
        ]));
        assert!(of(&["このカメラはとても良い"]));
        assert!(!of(&["王小明", "北京市", "a text in English"]));
    }

    #[test]
    fn sentences_recur_and_keys_do_not() {
        let mut prose = Prose::new(64);
        ["a good day", "A bad day", "no day is good"]
            .iter()
            .for_each(|it| prose.add(it));
        assert!(prose.recurs());
        let mut keys = Prose::new(64);
        (0..40).for_each(|key| keys.add(&format!("{key:x} k{key} z{key}")));
        assert!(!keys.recurs());
    }
}
