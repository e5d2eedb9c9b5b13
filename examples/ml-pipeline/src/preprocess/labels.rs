//! Which values of a target are classes: words that could also stand for no value, and whole numbers that could also be
//! counts. Decisions alone.

use std::collections::HashMap;

use super::names;
use crate::value::{
    is_boolean,
    missing::{self, Marker},
};

/// Up to how many different whole numbers may be labels.
const LABELS: usize = 20;

/// Up to how many may be labels where the name or the way of writing says so.
pub const NAMED_LABELS: usize = 100;

/// How many rows each label has at least, on average.
pub const ROWS_OF_EACH: u64 = 3;

/// From how many different numbers on their frequencies have a shape.
const SHAPED: usize = 5;

/// Up to which part of the most frequent number the rarer end of a count is rare: one of so many.
const RARE_END: u64 = 20;

/// Words in the name of a column of labels.
const LABEL_NAMES: [&str; 16] = [
    "class",
    "classes",
    "label",
    "labels",
    "type",
    "kind",
    "category",
    "species",
    "cluster",
    "group",
    "segment",
    "code",
    "status",
    "digit",
    "outcome",
    "diagnosis",
];

/// Words in the name of a column that is counted, measured or rated.
const NUMBER_NAMES: [&str; 27] = [
    "count", "counts", "cnt", "quantity", "qty", "age", "rating", "ratings", "score", "scores",
    "quality", "stars", "points", "rank", "years", "months", "weeks", "days", "hours", "minutes",
    "visits", "children", "rings", "goals", "votes", "amount", "rented",
];

/// The words of a target that stand for no value, though some other column could have them as words.
pub fn absent(counts: &HashMap<String, u64>) -> Vec<String> {
    let others: Vec<&str> = counts
        .keys()
        .map(String::as_str)
        .filter(|word| missing::marker(word).is_none())
        .collect();
    let markers = counts.keys().filter(|word| missing::marker(word).is_some());
    let mut absent: Vec<_> = markers
        .filter(|word| !is_class(word, &others))
        .cloned()
        .collect();
    absent.sort();
    absent
}

/// Whether a marker of missing values is a class, as the other classes are written like it.
fn is_class(word: &str, others: &[&str]) -> bool {
    let is_symbol = |word: &str| !word.chars().any(char::is_alphanumeric);
    if is_symbol(word) {
        return others.iter().any(|other| is_symbol(other));
    }
    let small = word.to_lowercase();
    let are_yes_or_no = others.iter().any(|other| is_boolean(other));
    match (small.as_str(), missing::marker(word)) {
        ("na", _) => word == "NA" && !are_yes_or_no && are_codes(others),
        ("none" | "nil", _) => {
            !are_yes_or_no
                && !others.is_empty()
                && others.iter().all(|other| style(other) == style(word))
        }
        (_, Some(Marker::BesideNumbers)) => !small.contains(['.', '/']) && small.len() > 2,
        _ => false,
    }
}

/// Whether words are codes of countries, states or regions.
fn are_codes(words: &[&str]) -> bool {
    let are_capitals = words
        .iter()
        .all(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()));
    let short = words.iter().filter(|word| word.len() == 2).count();
    words.len() >= 2 && are_capitals && short * 2 >= words.len()
}

/// How a word is written: its first letter, and the others.
fn style(word: &str) -> Option<(bool, bool)> {
    let mut letters = word.chars();
    let first = letters.next().filter(|first| first.is_alphabetic())?;
    Some((first.is_uppercase(), letters.any(char::is_uppercase)))
}

/// Why some whole numbers are labels, or else why they are numbers. `counts` is in the order of the numbers, of which
/// there are more than two.
pub fn are_labels(name: &str, counts: &[(i64, u64)]) -> Result<String, String> {
    let (Some(&(least, first)), Some(&(most, last))) = (counts.first(), counts.last()) else {
        return Err(String::new());
    };
    let rows: u64 = counts.iter().map(|(_, rows)| rows).sum();
    let different = counts.len();
    let found = format!("'{name}' has {different} different whole numbers from {least} to {most}");
    let other = "--task classification takes them for classes";
    let words = names::words(name);
    let is_named = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let is_label = is_named(&LABEL_NAMES);
    let recur = different as u64 * ROWS_OF_EACH <= rows;
    if is_label && recur && different <= NAMED_LABELS {
        return Ok(format!(
            "{found} and is named like labels; --task regression takes them for numbers"
        ));
    }
    if is_label {
        return Err(format!("{found}, more than labels usually have; {other}"));
    }
    if different > LABELS || !recur {
        return Err(format!("'{name}' has {different} different numbers"));
    }
    if is_named(&NUMBER_NAMES) {
        return Err(format!("{found} and is named like a number; {other}"));
    }
    if !(-1..=1).contains(&least) {
        return Err(format!("{found}, and labels begin at 0 or 1; {other}"));
    }
    let peak = counts
        .iter()
        .map(|(_, rows)| *rows)
        .max()
        .unwrap_or_default();
    if different >= SHAPED && first.min(last) * RARE_END <= peak && has_one_peak(counts) {
        return Err(format!(
            "{found}, distributed like counts: extreme values are rare; {other}"
        ));
    }
    Ok(format!(
        "{found}, like labels; --task regression takes them for numbers"
    ))
}

/// Whether the frequencies rise to one peak and fall from there, but for what is chance.
fn has_one_peak(counts: &[(i64, u64)]) -> bool {
    let rows: Vec<f64> = counts.iter().map(|(_, rows)| *rows as f64).collect();
    let top = rows.iter().copied().fold(0.0, f64::max);
    let top = rows.iter().position(|&it| it == top).unwrap_or_default();
    // Two standard deviations of the difference of two counts.
    let falls = |from: f64, to: f64| to - from <= 2.0 * (from + to).sqrt();
    let right = rows[top..].windows(2).all(|pair| falls(pair[0], pair[1]));
    right && rows[..=top].windows(2).all(|pair| falls(pair[1], pair[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing_of(words: &[&str]) -> Vec<String> {
        absent(&words.iter().map(|&word| (word.to_owned(), 9)).collect())
    }

    #[test]
    fn markers_are_classes_where_the_others_are_written_like_them() {
        for classes in [
            &["-", "+"][..],
            &["?", "!", "."],
            &["None", "Mild", "Severe"],
            &["none", "mild"],
            &["NA", "DE", "FR"],
            &["NA", "EU", "APAC"],
            &["unknown", "up", "down"],
        ] {
            assert_eq!(missing_of(classes), [""; 0], "{classes:?}");
        }
        for (words, absent) in [
            (&["-", "up", "down"][..], "-"),
            (&["None", "up", "down"], "None"),
            (&["None", "True", "False"], "None"),
            (&["NA", "yes", "no"], "NA"),
            (&["NA", "YES", "NO"], "NA"),
            (&["null", "mild", "severe"], "null"),
            (&["?", "good", "bad"], "?"),
            (&["n.a.", "good", "bad"], "n.a."),
        ] {
            assert_eq!(missing_of(words), [absent], "{words:?}");
        }
    }

    fn of(name: &str, least: i64, rows: &[u64]) -> bool {
        let counts = (least..)
            .zip(rows.iter().copied())
            .filter(|(_, rows)| *rows > 0);
        are_labels(name, &counts.collect::<Vec<_>>()).is_ok()
    }

    #[test]
    fn labels_begin_at_0_or_1_and_are_not_as_frequent_as_counts() {
        assert!(of("y", 0, &[50, 50, 50]));
        assert!(of("y", -1, &[5, 90, 5]));
        assert!(of(
            "y",
            0,
            &[178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
        ));
        assert!(of(
            "y",
            1,
            &[211_840, 283_301, 35_754, 2747, 9493, 17_367, 20_510]
        ));
        assert!(
            of("y", 1, &[45_586, 49, 171, 8903, 3267, 10, 13]),
            "no one peak"
        );
        assert!(of("glass", 1, &[70, 76, 17, 0, 13, 9, 29]));
        assert!(!of("y", 3, &[10, 53, 681, 638, 199, 18]), "begins at 3");
        assert!(!of("y", 0, &[27, 54, 54, 36, 18, 7, 2, 1]), "counts");
        assert!(
            !of("y", 1, &[2, 0, 2, 5, 10, 9, 12, 15, 16, 20, 21, 17, 25, 46]),
            "counts"
        );
        assert!(!of("rating", 1, &[50, 50, 50, 50, 50]));
        assert!(of("type_code", 10, &[50, 50, 50]));
        assert!(!of("y", 0, &[1; 10]), "one row of each");
        assert!(!of("y", 0, &[50; 21]));
        assert!(of("label", 0, &[50; 30]), "named so");
        assert!(!of("label", 0, &[50; 101]));
    }
}
