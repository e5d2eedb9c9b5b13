//! What a single field means: a number, a date, a yes or no, or nothing.

pub mod date;
pub mod marks;
pub mod missing;
pub mod quantity;

pub use marks::Marks;
pub use missing::{Missing, is_missing};
pub use quantity::{measured, quantity};
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

/// A number without anything beside it, which is infinite for `inf` and for what no 64-bit number can hold.
pub fn plain(field: &str, numerals: Numerals) -> Option<f64> {
    let number = match numerals {
        Numerals::Point => field.parse::<f64>().ok(),
        // With a decimal comma a point stands between groups, and `1.5` is no number.
        Numerals::Comma if field.contains('.') => None,
        Numerals::Comma => field
            .replace(',', ".")
            .parse()
            .ok()
            .filter(|_| field.matches(',').count() < 2),
    };
    number.filter(|number| !number.is_nan())
}

/// A number in any way of writing it: alone, in groups of digits, or with a sign or code of money, a unit or a
/// power of ten beside it.
pub fn number(field: &str, numerals: Numerals) -> Option<f64> {
    plain(field, numerals).or_else(|| quantity(field, numerals).map(|it| it.value))
}

/// Whether a field is one of the words that stand for yes or no.
pub fn is_boolean(field: &str) -> bool {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "t", "f", "y", "n"];
    WORDS.iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// `true` or `false`, whatever the case of a field's letters. pandas makes yes and no of such a column, and forgets how each
/// value was written.
pub fn truth(field: &str) -> Option<&'static str> {
    ["true", "false"]
        .into_iter()
        .find(|word| field.eq_ignore_ascii_case(word))
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
}
