//! How else a known word may come when the model is served. Training trims blanks and knows markers of
//! missing values; a graph has no operator for either, but it can know the usual spellings.

use std::collections::HashSet;

use crate::value::{Missing, missing};

/// All spellings of some words, and which word each is. A word that is known itself is no other's spelling.
/// Where the words are yes and no, their letters may be small or capital. `missing` are the markers that are not the usual
/// ones.
pub fn spellings(words: &[String], missing: &Missing, is_boolean: bool) -> (Vec<String>, Vec<i64>) {
    let mut taken: HashSet<String> = words.iter().cloned().collect();
    let (mut all, mut places) = (words.to_vec(), (0..words.len() as i64).collect::<Vec<_>>());
    for (word, place) in words.iter().zip(0..) {
        let others = if word.is_empty() {
            let usual = missing::ALWAYS.into_iter();
            let usual = usual.filter(|marker| !missing.keeps(marker));
            let markers = usual.chain(missing.words().iter().map(String::as_str));
            markers.flat_map(cases).chain([" ".to_owned()]).collect()
        } else {
            let mut others = vec![format!(" {word}"), format!("{word} ")];
            if is_boolean {
                others.extend(cases(word));
            }
            others.extend(numerals(word));
            others
        };
        for other in others {
            if taken.insert(other.clone()) {
                all.push(other);
                places.push(place);
            }
        }
    }
    // pandas makes nothing of `None`.
    let none = words
        .iter()
        .position(|word| word.eq_ignore_ascii_case("none"));
    if let Some(place) = none.filter(|_| taken.insert(String::new())) {
        all.push(String::new());
        places.push(place as i64);
    }
    (all, places)
}

/// What becomes of a code such as `00501` where it is taken for a number: `501` and `501.0`. Likewise of
/// `60601.0`, which was one before: `60601`.
fn numerals(word: &str) -> Vec<String> {
    let whole = word.strip_suffix(".0").unwrap_or(word);
    if whole.is_empty() || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let significant = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let all = [whole, significant].map(|it| [it.to_owned(), format!("{it}.0")]);
    all.concat()
}

/// `none`, `NONE`, `None`.
fn cases(word: &str) -> [String; 3] {
    let small = word.to_lowercase();
    let mut rest = small.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string());
    let title = format!("{}{}", first.unwrap_or_default(), rest.as_str());
    [small, word.to_uppercase(), title]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(known: &[&str], is_boolean: bool, asked: &str) -> Option<i64> {
        let known: Vec<_> = known.iter().map(|&word| word.to_owned()).collect();
        let (words, places) = spellings(&known, &Missing::of(&["gone".to_owned()]), is_boolean);
        let place = words.iter().position(|word| word == asked)?;
        Some(places[place])
    }

    #[test]
    fn blanks_markers_and_the_case_of_yes_and_no_make_no_other_word() {
        assert_eq!(of(&["red", ""], false, " red"), Some(0));
        assert_eq!(of(&["red", ""], false, "N/A"), Some(1));
        assert_eq!(of(&["red", ""], false, "Gone"), Some(1));
        assert_eq!(of(&["red"], false, "N/A"), None, "none was missing");
        assert_eq!(of(&["red"], false, "Red"), None);
        assert_eq!(of(&["red", "None"], false, ""), Some(1));
        assert_eq!(of(&["red", "None", ""], false, ""), Some(2));
        assert_eq!(of(&["TRUE", "FALSE"], true, "True"), Some(0));
        assert_eq!(of(&["no", "No", ""], true, "No"), Some(1));
        assert_eq!(of(&["?", ""], false, "?"), Some(0), "a word that is known");
    }

    #[test]
    fn codes_are_known_when_they_come_as_numbers() {
        for asked in ["00501", "501", "501.0", "00501.0"] {
            assert_eq!(of(&["60601", "00501"], false, asked), Some(1), "{asked}");
        }
        assert_eq!(of(&["60601.0"], false, "60601"), Some(0));
        assert_eq!(of(&["000"], false, "0"), Some(0));
        assert_eq!(of(&["00501", "501"], false, "501"), Some(1), "another word");
        assert_eq!(of(&["1.50"], false, "1.5"), None, "no code");
    }
}
