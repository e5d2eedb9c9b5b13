//! Numbers as people write them: with groups of digits, a currency, a unit, or a letter for thousands.

use std::borrow::Cow;

use super::{Numerals, plain};

/// How long a number may be together with what stands beside it, in bytes.
const LONGEST: usize = 40;

/// How long a unit may be, in characters.
const UNIT: usize = 14;

/// Signs of money, and the code of each; `¤` is none of them.
const SIGNS: [(&str, &str); 17] = [
    ("US$", "usd"),
    ("R$", "brl"),
    ("A$", "aud"),
    ("C$", "cad"),
    ("$", "usd"),
    ("€", "eur"),
    ("£", "gbp"),
    ("¥", "jpy"),
    ("₹", "inr"),
    ("Rs.", "inr"),
    ("Rs", "inr"),
    ("₽", "rub"),
    ("₩", "krw"),
    ("₺", "try"),
    ("₪", "ils"),
    ("₫", "vnd"),
    ("zł", "pln"),
];

/// Codes of money (ISO 4217) that may stand before a number. Other words there are part of a name: `city 44`.
const CODES: [&str; 44] = [
    "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "RMB", "INR", "AUD", "CAD", "NZD", "SEK", "NOK",
    "DKK", "ISK", "PLN", "CZK", "HUF", "RON", "BGN", "TRY", "RUB", "UAH", "ZAR", "BRL", "MXN",
    "ARS", "CLP", "COP", "PEN", "KRW", "SGD", "HKD", "TWD", "THB", "IDR", "MYR", "PHP", "VND",
    "ILS", "AED", "SAR", "EGP", "NGN",
];

/// Letters and words behind a number that multiply it.
const POWERS: [(&str, f64); 14] = [
    ("k", 1e3),
    ("K", 1e3),
    ("thousand", 1e3),
    ("M", 1e6),
    ("mn", 1e6),
    ("Mn", 1e6),
    ("Mio", 1e6),
    ("million", 1e6),
    ("B", 1e9),
    ("bn", 1e9),
    ("Bn", 1e9),
    ("billion", 1e9),
    ("T", 1e12),
    ("trillion", 1e12),
];

/// What stands behind a number and is no unit: a part of a time, a date or an order.
const NO_UNITS: [&str; 21] = [
    "am", "pm", "st", "nd", "rd", "th", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
    "sep", "oct", "nov", "dec", "q2", "q3", "e",
];

/// A number, and what it counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The number, whose sign and power of ten are applied.
    pub value: f64,
    /// Its unit or currency, in one spelling; empty without one.
    pub unit: String,
    /// Whether a power of ten stood behind it.
    pub is_scaled: bool,
}

/// The unit of columns that have thousands as `k` and millions as `m`.
pub const THOUSANDS_AND_MILLIONS: &str = "k, m";

/// Reads a number with anything that may stand beside it: `1,234.5`, `12 345`, `57 %`, `EUR 3.20`, `3.20 USD`,
/// `(3.20)` for a negative one, `12.3k`, `21 °C`.
pub fn quantity(field: &str, numerals: Numerals) -> Option<Quantity> {
    if field.len() > LONGEST || !field.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let field = tidied(field);
    let (inner, bracketed) = unbracketed(&field);
    let (rest, before) = signed(inner);
    let (rest, money) = paid(rest);
    // `$(3.20)`
    let (rest, within) = unbracketed(rest);
    let (rest, after) = signed(rest);
    let end = digits(rest);
    let (number, behind) = rest.split_at(end);
    let number = grouped(number.trim_end(), numerals)?;
    let is_apart = behind.starts_with(' ');
    let behind = behind.trim_start();
    let (behind, last) = match behind {
        "-" if !is_apart => ("", Some(-1.0)),
        other => (other, None),
    };
    let signs = [bracketed, within, before, after, last];
    if signs.iter().flatten().count() > 1 {
        return None;
    }
    let (power, unit) = powered(behind);
    let unit = match (money, unit) {
        (Some(code), "") => code,
        (Some(_), _) => return None,
        (None, "") => String::new(),
        (None, unit) => unit_of(unit)?,
    };
    Some(Quantity {
        value: signs.into_iter().flatten().product::<f64>() * number * power.unwrap_or(1.0),
        unit,
        is_scaled: power.is_some(),
    })
}

/// A number in a column that has one unit, or none. A number without it counts too.
pub fn measured(field: &str, numerals: Numerals, unit: Option<&str>) -> Option<f64> {
    if let Some(number) = plain(field, numerals) {
        return Some(number);
    }
    let found = quantity(field, numerals)?;
    match unit {
        _ if found.unit.is_empty() || Some(found.unit.as_str()) == unit => Some(found.value),
        Some(THOUSANDS_AND_MILLIONS) if found.unit == "m" => Some(found.value * 1e6),
        _ => None,
    }
}

/// With a usual minus and usual blanks, in place of those that spreadsheets write.
fn tidied(field: &str) -> Cow<'_, str> {
    if field.is_ascii() {
        return field.into();
    }
    let field = field.replace('\u{2212}', "-");
    field
        .replace(['\u{a0}', '\u{202f}', '\u{2009}'], " ")
        .into()
}

/// What stands in brackets, which make it negative.
fn unbracketed(text: &str) -> (&str, Option<f64>) {
    match text.strip_prefix('(').and_then(|it| it.strip_suffix(')')) {
        Some(inner) => (inner.trim(), Some(-1.0)),
        None => (text, None),
    }
}

fn signed(text: &str) -> (&str, Option<f64>) {
    match text.as_bytes().first() {
        Some(b'-') => (text[1..].trim_start(), Some(-1.0)),
        Some(b'+') => (text[1..].trim_start(), Some(1.0)),
        _ => (text, None),
    }
}

/// A currency before the number.
fn paid(text: &str) -> (&str, Option<String>) {
    for (sign, code) in SIGNS {
        if let Some(rest) = text.strip_prefix(sign) {
            return (rest.trim_start(), Some(code.to_owned()));
        }
    }
    let code = text
        .get(..3)
        .filter(|code| CODES.iter().any(|it| it.eq_ignore_ascii_case(code)));
    match code {
        Some(code) => (text[3..].trim_start(), Some(code.to_lowercase())),
        None => (text, None),
    }
}

/// Where a number ends that may have groups of digits. A blank or an apostrophe is in it before a digit alone.
fn digits(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (0..bytes.len())
        .find(|&at| match bytes[at] {
            b'0'..=b'9' | b'.' | b',' => false,
            b' ' | b'\'' => !is_digit(at + 1),
            _ => true,
        })
        .unwrap_or(bytes.len())
}

/// A number without a sign, with groups of three digits or without.
fn grouped(digits: &str, numerals: Numerals) -> Option<f64> {
    let (decimal, group) = match numerals {
        Numerals::Point => ('.', ','),
        Numerals::Comma => (',', '.'),
    };
    let mark = [group, ' ', '\'']
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
    (1..=3).contains(&first.len())
        // In `0,123` it is a decimal comma.
        && !first.starts_with('0')
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group))
        && digits.matches(group).count() == whole.matches(group).count()
}

/// The power of ten that stands behind a number, and what is left for the unit.
fn powered(text: &str) -> (Option<f64>, &str) {
    let word = text.split(' ').next().unwrap_or_default();
    let power = POWERS.iter().find(|(name, _)| *name == word);
    match power {
        Some((_, power)) => (Some(*power), text[word.len()..].trim_start()),
        None => (None, text),
    }
}

/// A unit in one spelling: `kg`, `KG` and `kg.`, `day` and `days`, `C` and `°C` are the same.
fn unit_of(text: &str) -> Option<String> {
    if let Some((_, code)) = SIGNS.iter().find(|(sign, _)| *sign == text) {
        return Some((*code).to_owned());
    }
    let is_part = |c: char| c.is_alphabetic() || "%‰°º²³/·*^'\"′″. ".contains(c);
    // `m2` and `m3`.
    let body = text
        .strip_suffix(['2', '3'])
        .filter(|body| body.ends_with(char::is_alphabetic));
    let body = body.unwrap_or(text);
    let may_begin = |c: char| c.is_alphabetic() || "%‰°º'\"′″".contains(c);
    let is_unit = text.chars().count() <= UNIT
        && body.starts_with(may_begin)
        && body.chars().all(is_part)
        && text.matches(' ').count() <= 1;
    if !is_unit {
        return None;
    }
    let bare = text
        .trim_start_matches(['°', 'º'])
        .trim()
        .trim_end_matches('.')
        .to_lowercase();
    // `°` alone is a unit too.
    let bare = if bare.is_empty() {
        "°".to_owned()
    } else {
        bare
    };
    if NO_UNITS.contains(&bare.as_str()) || NO_UNITS.contains(&bare.replace('.', "").as_str()) {
        return None;
    }
    let one = bare.strip_suffix('s').filter(|one| one.len() > 2);
    Some(one.map_or(bare.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(field: &str) -> Option<(f64, String)> {
        quantity(field, Numerals::Point).map(|it| (it.value, it.unit))
    }

    #[test]
    fn numbers_are_read_with_what_stands_beside_them() {
        for (field, value, unit) in [
            ("EUR 3.20", 3.2, "eur"),
            ("3.20 USD", 3.2, "usd"),
            ("$-3", -3.0, "usd"),
            ("-$3", -3.0, "usd"),
            ("US$ 1,250", 1250.0, "usd"),
            ("€3", 3.0, "eur"),
            ("3 €", 3.0, "eur"),
            ("(3.20)", -3.2, ""),
            ("($1,200)", -1200.0, "usd"),
            ("$(1,200)", -1200.0, "usd"),
            ("3.20-", -3.2, ""),
            ("12.5k", 12_500.0, ""),
            ("$1.5M", 1_500_000.0, "usd"),
            ("2 million", 2_000_000.0, ""),
            ("1.5M EUR", 1_500_000.0, "eur"),
            ("21 C", 21.0, "c"),
            ("21°C", 21.0, "c"),
            ("12 kg", 12.0, "kg"),
            ("12KG", 12.0, "kg"),
            ("60 m²", 60.0, "m²"),
            ("60 m2", 60.0, "m2"),
            ("90 km/h", 90.0, "km/h"),
            ("1 day", 1.0, "day"),
            ("36 months", 36.0, "month"),
            ("57%", 57.0, "%"),
        ] {
            assert_eq!(of(field), Some((value, unit.to_owned())), "{field}");
        }
    }

    #[test]
    fn names_times_dates_and_codes_are_no_numbers() {
        for field in [
            "city 44",
            "Test 1",
            "10 AM",
            "9 p.m.",
            "1st",
            "25-Nov-2024",
            "12a4",
            "A12",
            "1-2",
            "(5",
            "--5",
            "-(5)",
            "$",
            "12 34",
            "1.2.3",
            "5 Nov",
            "10 x 20",
            "EUR 3 kg",
            "3/4",
            "2024-01-01",
            "09:30",
            "1e5x",
        ] {
            assert_eq!(of(field), None, "{field}");
        }
    }

    #[test]
    fn a_column_has_one_unit() {
        let kilos = |field| measured(field, Numerals::Point, Some("kg"));
        assert_eq!(kilos("3 kg"), Some(3.0));
        assert_eq!(kilos("3"), Some(3.0));
        assert_eq!(kilos("3 lb"), None);
        assert_eq!(measured("3 kg", Numerals::Point, None), None);
        let money = |field| measured(field, Numerals::Point, Some(THOUSANDS_AND_MILLIONS));
        assert_eq!(
            (money("500k"), money("1.5m")),
            (Some(500_000.0), Some(1_500_000.0))
        );
        assert_eq!(
            measured("3,20 EUR", Numerals::Comma, Some("eur")),
            Some(3.2)
        );
    }
}
