//! Numbers as people write them: with groups of digits, a currency, a unit, or a letter for thousands.

mod around;
mod family;
mod groups;
mod money;

pub use around::as_text;
use around::{begins_with_zero, scientific, tidied, unwrapped, without_note};
pub use family::{FAMILIES, Family, SIZES};

use groups::{digits, grouped};

use super::{Numerals, plain};

/// How long a number may be together with what stands beside it, in bytes.
const LONGEST: usize = 40;

/// How long a unit may be, in characters.
const UNIT: usize = 14;

/// Letters and words behind a number that multiply it. The case of words does not matter.
const POWERS: [(&str, f64); 34] = [
    ("k", 1e3),
    ("K", 1e3),
    ("thousand", 1e3),
    ("Tsd", 1e3),
    ("тыс", 1e3),
    ("万", 1e4),
    ("萬", 1e4),
    ("lakh", 1e5),
    ("lakhs", 1e5),
    ("lac", 1e5),
    ("lacs", 1e5),
    ("M", 1e6),
    ("mn", 1e6),
    ("Mn", 1e6),
    ("Mio", 1e6),
    ("Mln", 1e6),
    ("million", 1e6),
    ("millions", 1e6),
    ("млн", 1e6),
    ("Cr", 1e7),
    ("crore", 1e7),
    ("crores", 1e7),
    ("亿", 1e8),
    ("億", 1e8),
    ("B", 1e9),
    ("bn", 1e9),
    ("Bn", 1e9),
    ("Mrd", 1e9),
    ("Mld", 1e9),
    ("billion", 1e9),
    ("billions", 1e9),
    ("млрд", 1e9),
    ("T", 1e12),
    ("trillion", 1e12),
];

/// What stands behind a number and is no unit: a part of a time, a date or an order.
const NO_UNITS: [&str; 22] = [
    "am", "pm", "uhr", "st", "nd", "rd", "th", "jan", "feb", "mar", "apr", "may", "jun", "jul",
    "aug", "sep", "oct", "nov", "dec", "q2", "q3", "e",
];

/// A number, and what it counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// The number, whose sign and power of ten are applied.
    pub value: f64,
    /// Its unit or currency, in one spelling; empty without one.
    pub unit: String,
    /// The power of ten that stood behind it, as [`POWERS`] has it.
    pub power: Option<&'static str>,
}

/// The unit of columns that have thousands as `k` and millions as `m`.
pub const THOUSANDS_AND_MILLIONS: &str = "k, m";

/// Reads a number with anything that may stand beside it: `1,234.5`, `12 345`, `57 %`, `EUR 3.20`, `3.20 USD`,
/// `(3.20)` for a negative one, `12.3k`, `21 °C`, `15,-` without cents, `~5`, `1h 5m`.
pub fn quantity(field: &str, numerals: Numerals) -> Option<Quantity> {
    if field.len() > LONGEST {
        return None;
    }
    let field = tidied(field);
    if !field.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let field = without_note(unwrapped(&field)?);
    if let Some((number, power)) = scientific(field) {
        let value = measured(number, numerals, None)? * power;
        return Some(Quantity {
            value,
            unit: String::new(),
            power: None,
        });
    }
    if let Some(count) = field.strip_prefix('#') {
        return counted(count);
    }
    if let Some(sum) = family::several(field, numerals) {
        return Some(sum);
    }
    let (inner, bracketed) = unbracketed(field);
    let (rest, before) = signed(inner);
    let (rest, money) = money::paid(rest);
    // `$(3.20)`
    let (rest, within) = unbracketed(rest);
    let (rest, after) = signed(rest);
    let end = digits(rest);
    let (number, behind) = rest.split_at(end);
    let (number, numerals, behind) = without_cents(number, numerals, behind)?;
    let number = grouped(number.trim_end(), numerals)?;
    let is_apart = behind.starts_with(' ');
    let behind = behind.trim_start();
    let (behind, last) = match behind {
        "-" if !is_apart => ("", Some(-1.0)),
        // `1500+` and more.
        "+" if !is_apart => ("", None),
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
        value: signs.into_iter().flatten().product::<f64>()
            * number
            * power.map_or(1.0, |(_, power)| power),
        unit,
        power: power.map(|(name, _)| name),
    })
}

/// A number in a column that has one unit, or none. A number without it counts too.
pub fn measured(field: &str, numerals: Numerals, unit: Option<&str>) -> Option<f64> {
    if let Some(number) = plain(field, numerals) {
        return Some(number);
    }
    let found = quantity(field, numerals)?;
    if let Some(family) = unit.and_then(Family::named) {
        return family.value(&found);
    }
    match unit {
        _ if found.unit.is_empty() || Some(found.unit.as_str()) == unit => Some(found.value),
        Some(THOUSANDS_AND_MILLIONS) if found.unit == "m" => Some(found.value * 1e6),
        _ => None,
    }
}

/// `#5`, of which `#005` and the colour `#ff0000` are none.
fn counted(text: &str) -> Option<Quantity> {
    let is_count = text.bytes().all(|byte| byte.is_ascii_digit()) && !begins_with_zero(text);
    let value = text.parse().ok().filter(|_| is_count)?;
    Some(Quantity {
        value,
        unit: "#".to_owned(),
        power: None,
    })
}

/// A price such as `15,-`, `15:-`, `15,=` or `15/-`, whose dash stands for no cents: its mark is the decimal one. In `1,250,-`
/// that is not sure.
fn without_cents<'a>(
    number: &'a str,
    numerals: Numerals,
    behind: &'a str,
) -> Option<(&'a str, Numerals, &'a str)> {
    const DASHES: [char; 4] = ['-', '–', '—', '='];
    if let Some(rest) = behind
        .strip_prefix("/-")
        .or_else(|| behind.strip_prefix("/="))
    {
        return Some((number, numerals, rest));
    }
    if let Some(dash) = behind.strip_prefix(':').filter(|it| it.starts_with(DASHES)) {
        return Some((number, numerals, dash.trim_start_matches(DASHES)));
    }
    let rest = behind.trim_start_matches(DASHES);
    let numerals = match number.as_bytes().last() {
        Some(b',') if rest.len() < behind.len() => Numerals::Comma,
        Some(b'.') if rest.len() < behind.len() => Numerals::Point,
        _ => return Some((number, numerals, behind)),
    };
    let (whole, mark) = number.split_at(number.len() - 1);
    let is_whole = whole.ends_with(|c: char| c.is_ascii_digit()) && !whole.contains(mark);
    is_whole.then_some((whole, numerals, rest))
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

/// The power of ten that stands behind a number, and what is left for the unit.
fn powered(text: &str) -> (Option<(&'static str, f64)>, &str) {
    let word = text.split(' ').next().unwrap_or_default();
    let bare = word.strip_suffix('.').unwrap_or(word);
    let is_it = |name: &str| {
        let is_word = name.chars().count() > 2;
        name == bare || (is_word && name.to_lowercase() == bare.to_lowercase())
    };
    match POWERS.into_iter().find(|(name, _)| is_it(name)) {
        Some(power) => (Some(power), text[word.len()..].trim_start()),
        None => (None, text),
    }
}

/// A unit in one spelling: `kg`, `KG` and `kg.`, `day` and `days`, `C` and `°C` are the same.
fn unit_of(text: &str) -> Option<String> {
    if let Some(code) = money::code(text) {
        return Some(code.to_owned());
    }
    let is_part = |c: char| c.is_alphabetic() || "%‰°º²³/·*^'\"′″. ".contains(c);
    // `m2`, `m3` and `m^2`.
    let body = text
        .strip_suffix(['2', '3'])
        .filter(|body| body.ends_with(|c: char| c.is_alphabetic() || c == '^'));
    let body = body.unwrap_or(text);
    // `€/m²`
    let body = match body.split_once('/') {
        Some((sign, _)) if money::code(sign).is_some() => &body[sign.len()..],
        _ => body,
    };
    let may_begin = |c: char| c.is_alphabetic() || "%‰°º'\"′″/".contains(c);
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
            ("#5116", 5116.0, "#"),
            ("~5", 5.0, ""),
            ("ca. 5 kg", 5.0, "kg"),
            ("HK$5", 5.0, "hkd"),
            ("HKD 5", 5.0, "hkd"),
            ("₱5", 5.0, "php"),
            ("₦5", 5.0, "ngn"),
            ("5฿", 5.0, "thb"),
            ("￥5,116", 5116.0, "jpy"),
            ("5116¢", 5116.0, "cent"),
            ("'5.1'", 5.1, ""),
            ("'5.1", 5.1, ""),
            ("=\"5.1\"", 5.1, ""),
            ("5’116.5", 5116.5, ""),
            ("1h 5m", 65.0, "h, min"),
            ("2 days 1 hour", 2940.0, "h, min"),
            ("1h 5m 30s", 65.5, "h, min"),
            ("PT1H5M30S", 65.5, "h, min"),
            ("P1DT2H", 1560.0, "h, min"),
            ("PT45M", 45.0, "h, min"),
            ("5'11\"", 71.0, "ft, in"),
            ("5’11”", 71.0, "ft, in"),
            ("5 ft 9 in", 69.0, "ft, in"),
            ("5′ 9.5″", 69.5, "ft, in"),
            ("9.65 Mio. €", 9_650_000.0, "eur"),
            ("5.1 Tsd.", 5100.0, ""),
            ("51 lakh", 5_100_000.0, ""),
            ("₹61.5 Lac", 6_150_000.0, "inr"),
            ("₹5 Cr", 50_000_000.0, "inr"),
            ("Rs.611/-", 611.0, "inr"),
            ("500/=", 500.0, ""),
            ("610_760", 610_760.0, ""),
            ("1_081_320.5", 1_081_320.5, ""),
            ("₹17,41,100", 1_741_100.0, "inr"),
            ("108,11,281", 10_811_281.0, ""),
            ("１，０８１．３", 1081.3, ""),
            ("－５", -5.0, ""),
            ("1500+", 1500.0, ""),
            ("61.1 ℃", 61.1, "c"),
            ("61.1 ℉", 61.1, "f"),
            ("610.8 m^2", 610.8, "m^2"),
            ("610.76 €/m²", 610.76, "€/m²"),
            ("610.76 / kg", 610.76, "/ kg"),
            ("610.8[7]", 610.8, ""),
            ("610.8 kg [a]", 610.8, "kg"),
            ("–84.45", -84.45, ""),
            ("0.611 × 10³", 611.0, ""),
            ("5 × 10⁻²", 0.05, ""),
            ("5 x 10^3", 5000.0, ""),
            ("-5*10^3", -5000.0, ""),
            ("38 lb 2 oz", 610.0, "lb, oz"),
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
            "#ff0000",
            "#005",
            "'00501",
            "=\"00501\"",
            "5'30\"",
            "5m 1h",
            "P5D",
            "PT5",
            "P1T2",
            "15:20",
            "1,250,-",
            "15,-20",
            "~",
            "2023_03_05",
            "1_2",
            "1,2,345",
            "5–10",
            "5 +",
            "[7]",
            "3/4",
            "5 x 10",
            "5 x 103",
            "10 × 20",
            "5 × 10³ kg",
            "610.8 ± 12.2",
            "5 €/3",
        ] {
            assert_eq!(of(field), None, "{field}");
        }
    }

    #[test]
    fn a_dash_behind_the_decimal_mark_stands_for_no_cents() {
        for numerals in [Numerals::Point, Numerals::Comma] {
            let of = |field| quantity(field, numerals).map(|it| (it.value, it.unit));
            for (field, value, unit) in [
                ("15,-", 15.0, ""),
                ("15,–", 15.0, ""),
                ("15,—", 15.0, ""),
                ("15.-", 15.0, ""),
                ("15,--", 15.0, ""),
                ("15:-", 15.0, ""),
                ("15,=", 15.0, ""),
                ("15:- kr", 15.0, "kr"),
                ("-15,-", -15.0, ""),
                ("1.250,-", 1250.0, ""),
                ("1'250.-", 1250.0, ""),
                ("15,- €", 15.0, "eur"),
                ("CHF 15.-", 15.0, "chf"),
                ("Fr. 15.–", 15.0, "chf"),
                ("15-", -15.0, ""),
            ] {
                assert_eq!(
                    of(field),
                    Some((value, unit.to_owned())),
                    "{field} {numerals:?}"
                );
            }
        }
    }

    #[test]
    fn sizes_are_bytes_where_others_are_multiples_of_them() {
        let size = |field| measured(field, Numerals::Point, Some(SIZES.name));
        assert_eq!(size("574 B"), Some(574.0));
        assert_eq!(size("5.0 KB"), Some(5000.0));
        assert_eq!(size("2 KiB"), Some(2048.0));
        assert_eq!(size("3"), Some(3.0));
        assert_eq!(size("3 kg"), None);
        assert_eq!(measured("5B", Numerals::Point, None), Some(5e9));
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
