//! Groups of digits, with the marks between them.

use crate::value::Numerals;

/// Where a number ends that may have groups of digits. A blank, an apostrophe or a `_` is in it before a digit alone.
pub(super) fn digits(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len())
        .find(|&at| match bytes[at] {
            b'0'..=b'9' | b'.' | b',' => false,
            b' ' | b'\'' | b'_' => !is_digit(at + 1),
            _ => true,
        })
        .unwrap_or(bytes.len())
}

/// A number without a sign, with groups of three digits or without.
pub(super) fn grouped(digits: &str, numerals: Numerals) -> Option<f64> {
    let (decimal, group) = match numerals {
        Numerals::Point => ('.', ','),
        Numerals::Comma => (',', '.'),
    };
    let mark = [group, ' ', '\'', '_']
        .into_iter()
        .find(|&mark| digits.contains(mark));
    let mut bare = match mark {
        Some(mark) if well_grouped(digits, decimal, mark) => digits.replace(mark, ""),
        Some(_) => return None,
        None => digits.to_owned(),
    };
    if bare.matches(decimal).count() > 1 {
        return None;
    }
    if decimal != '.' {
        bare = bare.replace(decimal, ".");
    }
    bare.parse().ok()
}

/// Whether groups of three digits stand between the marks of the thousands, as in `12,345,678.9`.
fn well_grouped(digits: &str, decimal: char, group: char) -> bool {
    let whole = digits.split(decimal).next().unwrap_or_default();
    let mut groups = whole.split(group);
    let first = groups.next().unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let rest: Vec<_> = groups.collect();
    let are = |groups: &[&str], length| groups.iter().all(|group| group.len() == length);
    // `12,34,567`, as it is written in India.
    let is_indian = match rest.split_last() {
        Some((last, pairs)) => {
            !pairs.is_empty() && group == ',' && last.len() == 3 && are(pairs, 2)
        }
        None => false,
    };
    (1..=3).contains(&first.len())
        // In `0,123` it is a decimal comma.
        && !first.starts_with('0')
        && is_digits(first)
        && rest.iter().all(|group| is_digits(group))
        && (are(&rest, 3) || is_indian)
        && digits.matches(group).count() == whole.matches(group).count()
}
