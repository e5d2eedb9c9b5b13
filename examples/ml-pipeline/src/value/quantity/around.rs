//! What may stand around a number and says nothing of it: wide characters, quotes of spreadsheets, numbers of notes; and
//! powers of ten in figures.

use std::borrow::Cow;

/// With a usual minus, usual blanks and usual quotes, in place of those that spreadsheets and word processors write.
pub(super) fn tidied(field: &str) -> Cow<'_, str> {
    if field.is_ascii() {
        return field.into();
    }
    let field: String = field.chars().map(narrow).collect();
    let field = match field.strip_prefix(['\u{2012}', '\u{2013}']) {
        Some(rest) => format!("-{rest}"),
        None => field,
    };
    let field = field.replace('\u{2103}', "°C").replace('\u{2109}', "°F");
    let field = field.replace(['\u{2018}', '\u{2019}'], "'");
    let field = field.replace('\u{201d}', "\"");
    field
        .replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ")
        .into()
}

/// A usual character in place of a wide one, as in `１０８１．３`, and of a minus.
fn narrow(letter: char) -> char {
    match letter {
        '\u{ff10}'..='\u{ff19}' | '\u{ff05}' | '\u{ff08}'..='\u{ff0e}' => {
            char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter)
        }
        '\u{2212}' => '-',
        _ => letter,
    }
}

/// Without the number of a note, as in `610.8[7]`.
pub(super) fn without_note(field: &str) -> &str {
    let note = field.strip_suffix(']').and_then(|it| it.rsplit_once('['));
    match note {
        Some((number, note))
            if (1..=3).contains(&note.len())
                && note.bytes().all(|it| it.is_ascii_alphanumeric()) =>
        {
            number.trim_end()
        }
        _ => field,
    }
}

/// The parts of `0.611 × 10³`, `6.1 x 10^-3` or `6.1*10^3`: the number, and the power of ten.
pub(super) fn scientific(field: &str) -> Option<(&str, f64)> {
    let (number, power) = field.split_once(['×', 'x', '*', '·'])?;
    let exponent = power.trim_start().strip_prefix("10")?;
    let plain: String = match exponent.strip_prefix('^') {
        Some(plain) => plain.to_owned(),
        None => exponent.chars().map(lowered).collect::<Option<_>>()?,
    };
    let exponent: i32 = plain.parse().ok().filter(|it| (-99..100).contains(it))?;
    Some((number.trim_end(), 10_f64.powi(exponent)))
}

/// The digit or the minus that stands high.
fn lowered(letter: char) -> Option<char> {
    const HIGH: [char; 11] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁻'];
    let place = HIGH.iter().position(|&high| high == letter)?;
    "0123456789-".chars().nth(place)
}

/// Without what makes a number a text in spreadsheets, as in `="5.1"` and `'5.1`, and without `~` for about. Where such a
/// text begins with 0, it is a code.
pub(super) fn unwrapped(field: &str) -> Option<&str> {
    let about = ["~", "≈", "ca. ", "ca "];
    if let Some(rest) = about.iter().find_map(|it| field.strip_prefix(it)) {
        return Some(rest.trim_start());
    }
    let text = as_text(field);
    let is_code = text.len() < field.len() && begins_with_zero(text);
    (!is_code).then_some(text)
}

/// What stands within `="…"` or `'…'`, or behind a `'`.
pub fn as_text(field: &str) -> &str {
    let formula = field
        .strip_prefix("=\"")
        .and_then(|it| it.strip_suffix('"'));
    let text = formula.or_else(|| {
        let rest = field.strip_prefix('\'')?;
        Some(rest.strip_suffix('\'').unwrap_or(rest))
    });
    text.unwrap_or(field)
}

pub(super) fn begins_with_zero(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'0') && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}
