//! The zones of times: how far each is ahead of UTC, and names that do not tell.

use super::tokens::{Token, Tokens};

/// Zones that have a name, and their hours (RFC 2822, section 4.3; and others that stand for one zone alone).
const ZONES: [(&str, f64); 54] = [
    ("Z", 0.0),
    ("UTC", 0.0),
    ("GMT", 0.0),
    ("UT", 0.0),
    ("EST", -5.0),
    ("EDT", -4.0),
    ("CST", -6.0),
    ("CDT", -5.0),
    ("MST", -7.0),
    ("MDT", -6.0),
    ("PST", -8.0),
    ("PDT", -7.0),
    ("AKST", -9.0),
    ("AKDT", -8.0),
    ("HST", -10.0),
    ("BRT", -3.0),
    ("ART", -3.0),
    ("CLT", -4.0),
    ("COT", -5.0),
    ("PET", -5.0),
    ("WET", 0.0),
    ("WEST", 1.0),
    ("CET", 1.0),
    ("CEST", 2.0),
    ("MEZ", 1.0),
    ("MESZ", 2.0),
    ("EET", 2.0),
    ("EEST", 3.0),
    ("TRT", 3.0),
    ("MSK", 3.0),
    ("WAT", 1.0),
    ("CAT", 2.0),
    ("SAST", 2.0),
    ("EAT", 3.0),
    ("PKT", 5.0),
    ("NPT", 5.75),
    ("ICT", 7.0),
    ("WIB", 7.0),
    ("WITA", 8.0),
    ("WIT", 9.0),
    ("SGT", 8.0),
    ("MYT", 8.0),
    ("HKT", 8.0),
    ("PHT", 8.0),
    ("AWST", 8.0),
    ("JST", 9.0),
    ("KST", 9.0),
    ("ACST", 9.5),
    ("ACDT", 10.5),
    ("AEST", 10.0),
    ("AEDT", 11.0),
    ("CHST", 10.0),
    ("NZST", 12.0),
    ("NZDT", 13.0),
];

/// Names that several zones have, such as IST for those of India, Israel and Ireland.
const OPEN: [&str; 11] = [
    "IST", "BST", "AST", "ADT", "GST", "AMT", "ECT", "SST", "WST", "ACT", "LT",
];

/// What the names of places begin with, as in `Europe/Berlin`.
const AREAS: [&str; 11] = [
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Canada",
    "Europe",
    "Indian",
    "Pacific",
    "US",
];

const HOUR: f64 = 3600.0;

/// What stands behind a time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Zone {
    /// The seconds that it is ahead of UTC; none without a zone.
    pub ahead: f64,
    /// Whether it has a name that does not tell them.
    pub is_open: bool,
}

/// Reads a zone, if there is one.
pub(super) fn zone(tokens: &mut Tokens) -> Option<Zone> {
    let mut after = tokens.clone();
    after.skip_blanks();
    let mut found = named(&mut after);
    if found.is_some() {
        *tokens = after.clone();
    }
    if let Some(mark) = after.mark("+-\u{2212}") {
        let sign = if mark == '+' { 1.0 } else { -1.0 };
        found = Some(Zone {
            ahead: sign * offset(&mut after)?,
            is_open: false,
        });
        *tokens = after.clone();
    }
    // What JavaScript and Java add: the zone's name in brackets.
    after.skip_blanks();
    if after.mark("([").is_some() && (found.is_some() || place(&mut after.clone())) {
        while after.next().is_some() {}
        *tokens = after;
        found = found.or(Some(Zone {
            ahead: 0.0,
            is_open: true,
        }));
    }
    // Before the year, in `10:00:00 2026`.
    tokens.skip_blanks();
    Some(found.unwrap_or_default())
}

fn named(tokens: &mut Tokens) -> Option<Zone> {
    let Some(Token::Word(word)) = tokens.clone().next() else {
        return None;
    };
    let known = ZONES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word));
    let is_open = OPEN.contains(&word);
    if known.is_some() || is_open {
        tokens.next();
    } else if !place(tokens) {
        return None;
    }
    Some(Zone {
        ahead: known.map_or(0.0, |(_, hours)| hours * HOUR),
        is_open: known.is_none(),
    })
}

/// Skips a place such as `America/Argentina/Buenos_Aires`.
fn place(tokens: &mut Tokens) -> bool {
    let mut after = tokens.clone();
    let is_area = matches!(after.next(), Some(Token::Word(area)) if AREAS.contains(&area));
    if !is_area || after.mark("/").is_none() {
        return false;
    }
    while let Some(Token::Word(_)) = after.next() {
        *tokens = after.clone();
        after.mark("/_-");
    }
    true
}

/// `01:00`, `0100`, `01`
fn offset(tokens: &mut Tokens) -> Option<f64> {
    let (hours, minutes) = match tokens.next()? {
        Token::Number(both, 4) => (both / 100, both % 100),
        Token::Number(hours, 1 | 2) => {
            let minutes = match tokens.mark(":") {
                Some(_) => super::clock::sixty(tokens)? as u64,
                None => 0,
            };
            (hours, minutes)
        }
        _ => return None,
    };
    (hours < 25 && minutes < 60).then_some((hours * 3600 + minutes * 60) as f64)
}
