//! What a single field means: a number, a date, a yes or no, or nothing.

pub mod date;

use serde::{Deserialize, Serialize};

/// How numbers are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Numerals {
    /// `1234.5` or `1,234.5`
    Point,
    /// `1234,5` or `1.234,5`
    Comma,
}

/// Whether a field, without the blanks around it, stands for a value that is not known.
pub fn is_missing(field: &str) -> bool {
    const TOKENS: [&str; 10] = ["na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a", "."];
    field.is_empty() || (field.len() <= 4 && TOKENS.iter().any(|token| field.eq_ignore_ascii_case(token)))
}

/// A number, which is infinite for `inf` and for what no 64-bit number can hold.
pub fn number(field: &str, numerals: Numerals) -> Option<f64> {
    let (decimal, group) = match numerals {
        Numerals::Point => ('.', ','),
        Numerals::Comma => (',', '.'),
    };
    let grouped = field.contains(group);
    if grouped && !well_grouped(field, decimal, group) {
        return None;
    }
    let number = if grouped || (decimal == ',' && field.contains(',')) {
        let plain: String = field.chars().filter(|&c| c != group).map(|c| if c == decimal { '.' } else { c }).collect();
        plain.parse::<f64>()
    } else {
        field.parse::<f64>()
    };
    number.ok().filter(|number| !number.is_nan())
}

/// Whether groups of three digits stand between the marks of the thousands, as in `12,345,678.9`.
fn well_grouped(field: &str, decimal: char, group: char) -> bool {
    let digits = field.trim_start_matches(['+', '-']);
    let whole = digits.split(decimal).next().unwrap_or_default();
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group))
        && digits.matches(group).count() == whole.matches(group).count()
}

/// Whether a field is one of the words that stand for yes or no.
pub fn is_boolean(field: &str) -> bool {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "t", "f", "y", "n"];
    WORDS.iter().any(|word| field.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_both_ways_of_writing_them() {
        let point = |text| number(text, Numerals::Point);
        assert_eq!(point("1.5"), Some(1.5));
        assert_eq!(point("-1,234.5"), Some(-1234.5));
        assert_eq!(point("1e3"), Some(1000.0));
        assert_eq!(point("1e999"), Some(f64::INFINITY));
        assert_eq!(point("-inf"), Some(f64::NEG_INFINITY));
        for text in ["", "1,2", "12,34.5", "1.2.3", "x", "1 2", "nan", "1,234,56"] {
            assert_eq!(point(text), None, "{text}");
        }
        let comma = |text| number(text, Numerals::Comma);
        assert_eq!(comma("1,5"), Some(1.5));
        assert_eq!(comma("1.234,5"), Some(1234.5));
        assert_eq!(comma("1.234.567"), Some(1_234_567.0));
        assert_eq!(comma("7"), Some(7.0));
        assert_eq!(comma("1.5"), None);
    }

    #[test]
    fn what_is_missing_is_written_in_many_ways() {
        for text in ["", "NA", "N/A", "NaN", "null", "None", "?", "-", "#N/A"] {
            assert!(is_missing(text), "{text}");
        }
        for text in ["0", "no", "nano", "--"] {
            assert!(!is_missing(text), "{text}");
        }
    }
}
