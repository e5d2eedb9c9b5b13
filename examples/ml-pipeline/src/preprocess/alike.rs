//! Words that differ only in case or blanks, such as `Yes` and `yes`: a model takes them for different ones.

use std::collections::HashMap;

use super::{distinct, listed};

/// How many such groups are shown, and how many spellings of one.
const SHOWN: (usize, usize) = (3, 4);

/// How long a word is at most to be looked at, in bytes: longer ones are texts.
const LONG: usize = 64;

/// The spellings of a column's words, in a bounded memory: of the words that came first.
#[derive(Clone, Debug)]
pub struct Alike {
    capacity: usize,
    /// By the hash of what is the same in all spellings: the first one, and its hash.
    first: HashMap<u64, (u64, String)>,
    /// Words with several spellings, in the order in which they were found.
    groups: Vec<(u64, Vec<String>)>,
}

impl Alike {
    /// Keeps so many words.
    pub fn new(capacity: usize) -> Self {
        Alike {
            capacity,
            first: HashMap::new(),
            groups: Vec::new(),
        }
    }

    /// Takes a word, without the blanks around it, and its hash.
    pub fn add(&mut self, word: &str, hash: u64) {
        if word.len() > LONG {
            return;
        }
        let key = distinct::hash(&plain(word));
        match self.first.get(&key) {
            Some((known, _)) if *known == hash => {}
            Some((_, first)) => self.other(key, first.clone(), word),
            None if self.first.len() < self.capacity => {
                self.first.insert(key, (hash, word.to_owned()));
            }
            None => {}
        }
    }

    fn other(&mut self, key: u64, first: String, word: &str) {
        let has_room = self.groups.len() < SHOWN.0;
        match self.groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) if group.len() < SHOWN.1 && group.iter().all(|it| it != word) => {
                group.push(word.to_owned());
            }
            None if has_room => {
                self.groups.push((key, vec![first, word.to_owned()]));
            }
            _ => {}
        }
    }

    /// A warning, if some words are alike.
    pub fn told(&self, column: &str) -> Option<String> {
        let groups: Vec<_> = self.groups.iter().map(|(_, words)| quoted(words)).collect();
        (!groups.is_empty()).then(|| {
            format!(
                "'{column}': {} count as different words, though only case or blanks differ",
                groups.join("; ")
            )
        })
    }
}

/// `'a' and 'b'`, `'a', 'b' and 'c'`.
fn quoted(words: &[String]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    listed(&quoted)
}

/// What is the same in all spellings of a word.
pub(super) fn plain(word: &str) -> String {
    let letters = word.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str], capacity: usize) -> Option<String> {
        let mut alike = Alike::new(capacity);
        words
            .iter()
            .for_each(|word| alike.add(word, distinct::hash(word)));
        alike.told("a")
    }

    #[test]
    fn case_and_blanks_are_told_and_nothing_else() {
        assert_eq!(
            of(&["Yes", "no", "yes", "YES", "yes", "No"], 9),
            Some(
                "'a': 'Yes', 'yes' and 'YES'; 'no' and 'No' count as different words, though only case or blanks \
                 differ"
                    .to_owned()
            )
        );
        assert!(of(&["New York", "NewYork"], 9).is_some());
        assert_eq!(of(&["yes", "no", "yess"], 9), None);
    }

    #[test]
    fn many_words_take_little_memory() {
        let words: Vec<_> = (0..1000).map(|n| format!("Word{n}")).collect();
        let mut alike = Alike::new(16);
        for word in &words {
            alike.add(word, distinct::hash(word));
            alike.add(&word.to_lowercase(), distinct::hash(&word.to_lowercase()));
        }
        assert_eq!((alike.first.len(), alike.groups.len()), (16, 3));
    }
}
