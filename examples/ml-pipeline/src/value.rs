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
    const TOKENS: [&str; 10] = [
        "na", "n/a", "nan", "null", "none", "nil", "?", "-", "#n/a", ".",
    ];
    field.is_empty()
        || (field.len() <= 4 && TOKENS.iter().any(|token| field.eq_ignore_ascii_case(token)))
}

/// A number, which is infinite for `inf` and for what no 64-bit number can hold.
///
/// Groups of three digits may be set apart, and a percent sign or a currency stand beside the number:
/// `1,234.5`, `12 345`, `57 %`, `€ 3`.
pub fn number(field: &str, numerals: Numerals) -> Option<f64> {
    let plain = match numerals {
        Numerals::Point => field.parse::<f64>().ok(),
        // With a decimal comma a point stands between groups, and `1.5` is no number.
        Numerals::Comma if field.contains('.') => None,
        Numerals::Comma => field
            .replace(',', ".")
            .parse()
            .ok()
            .filter(|_| field.matches(',').count() < 2),
    };
    plain
        .or_else(|| adorned(field, numerals))
        .filter(|number| !number.is_nan())
}

/// How long a number may be together with what stands beside it, in bytes.
const ADORNED: usize = 40;

/// A number that is written for people.
fn adorned(field: &str, numerals: Numerals) -> Option<f64> {
    let is_like_it = |byte: u8| !byte.is_ascii_alphabetic() && byte != b'_';
    if field.len() > ADORNED || !field.bytes().all(is_like_it) {
        return None;
    }
    let (decimal, group) = match numerals {
        Numerals::Point => ('.', ','),
        Numerals::Comma => (',', '.'),
    };
    // Unicode's minus, and the blank that is not broken, as spreadsheets write them.
    let field = field
        .replace('\u{2212}', "-")
        .replace(['\u{a0}', '\u{202f}'], " ");
    let (sign, digits) = match field.strip_prefix(['-', '+']) {
        Some(digits) => (if field.starts_with('-') { -1.0 } else { 1.0 }, digits),
        None => (1.0, field.as_str()),
    };
    let bare = digits
        .trim_start_matches(['$', '€', '£', '¥', ' '])
        .trim_end_matches(['%', '$', '€', '£', '¥', ' ']);
    let bare = match [group, ' ', '\'']
        .into_iter()
        .find(|&mark| bare.contains(mark))
    {
        Some(mark) if well_grouped(bare, decimal, mark) => bare.replace(mark, ""),
        Some(_) => return None,
        None => bare.to_owned(),
    };
    let is_plain = |c: char| c.is_ascii_digit() || c == decimal;
    if !bare.chars().all(is_plain) || bare.matches(decimal).count() > 1 {
        return None;
    }
    bare.replace(decimal, ".")
        .parse::<f64>()
        .ok()
        .map(|number| sign * number)
}

/// Whether groups of three digits stand between the marks of the thousands, as in `12,345,678.9`.
fn well_grouped(digits: &str, decimal: char, group: char) -> bool {
    let whole = digits.split(decimal).next().unwrap_or_default();
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (1..=3).contains(&first.len())
        // In `0,123` it is a decimal comma.
        && !first.starts_with('0')
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
        assert_eq!(point("57%"), Some(57.0));
        assert_eq!(point("$3,272.50"), Some(3272.5));
        assert_eq!(point("1'234.50"), Some(1234.5));
        assert_eq!(point("\u{2212}0.5"), Some(-0.5));
        for text in [
            "", "0,237", "1-2", "$", "12 34", "a1", "1,2", "12,34.5", "1.2.3", "x", "1 2", "nan",
            "1,234,56",
        ] {
            assert_eq!(point(text), None, "{text}");
        }
        let comma = |text| number(text, Numerals::Comma);
        assert_eq!(comma("1,5"), Some(1.5));
        assert_eq!(comma("1.234,5"), Some(1234.5));
        assert_eq!(comma("1.234.567"), Some(1_234_567.0));
        assert_eq!(comma("7"), Some(7.0));
        assert_eq!(comma("3.162,79 €"), Some(3162.79));
        assert_eq!(comma("8\u{a0}199,5"), Some(8199.5));
        for text in ["1.5", "1,2,3", "0.237"] {
            assert_eq!(comma(text), None, "{text}");
        }
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
