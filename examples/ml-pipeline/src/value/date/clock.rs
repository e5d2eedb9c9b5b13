//! The time of day in a text.

use super::tokens::{Token, Tokens};

/// Zones that have a name, and their hours (RFC 2822, section 4.3; and those of central Europe).
const ZONES: [(&str, f64); 14] = [
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
    ("CET", 1.0),
    ("CEST", 2.0),
];

const HOUR: f64 = 3600.0;

/// The seconds of a time that stands alone; above a day it is a duration.
pub fn alone(tokens: &Tokens) -> Option<f64> {
    let mut tokens = tokens.clone();
    tokens.skip_word("T");
    let seconds = clock(&mut tokens, f64::INFINITY)?;
    let offset = zone(&mut tokens)?;
    tokens.is_end().then_some(seconds - offset)
}

/// The seconds of a time behind a date, in UTC.
pub fn with_zone(tokens: &mut Tokens) -> Option<f64> {
    let seconds = clock(tokens, 25.0)?;
    Some(seconds - zone(tokens)?)
}

/// `9:30`, `09:30:15.250`, `9:30 PM`, `9 PM`, `093015`
fn clock(tokens: &mut Tokens, most: f64) -> Option<f64> {
    let (hours, length) = match tokens.next()? {
        Token::Number(hours, length @ 1..=4) => (hours as f64, length),
        Token::Number(digits, 6) if most < f64::INFINITY => {
            let (hours, minutes) = (digits / 10_000, digits / 100 % 100);
            let seconds = digits % 100;
            let is_time = hours < 25 && minutes < 60 && seconds < 61;
            return is_time.then_some((hours * 3600 + minutes * 60 + seconds) as f64);
        }
        _ => return None,
    };
    let mut seconds = hours * HOUR;
    let has_minutes = tokens.mark(":").is_some();
    if has_minutes {
        seconds += sixty(tokens)? * 60.0;
        if tokens.mark(":").is_some() {
            seconds += sixty(tokens)?;
            let fraction = tokens.clone().mark(".,").is_some();
            if fraction && let Some(part) = part(tokens) {
                seconds += part;
            }
        }
    }
    match half(tokens) {
        Some(after) if (1.0..13.0).contains(&hours) && length <= 2 => {
            let noon = if hours == 12.0 { 12.0 } else { 0.0 };
            Some(seconds + (after - noon) * HOUR)
        }
        None if has_minutes && hours < most => Some(seconds),
        _ => None,
    }
}

fn sixty(tokens: &mut Tokens) -> Option<f64> {
    match tokens.next()? {
        Token::Number(number, 2) if number < 61 => Some(number as f64),
        _ => None,
    }
}

/// The part of a second.
fn part(tokens: &mut Tokens) -> Option<f64> {
    let mut after = tokens.clone();
    after.mark(".,");
    match after.next()? {
        Token::Number(number, length) => {
            *tokens = after;
            Some(number as f64 / 10_f64.powi(length as i32))
        }
        _ => None,
    }
}

/// The hours that `AM` and `PM` add.
fn half(tokens: &mut Tokens) -> Option<f64> {
    let mut after = tokens.clone();
    after.skip_blanks();
    let Token::Word(word) = after.next()? else {
        return None;
    };
    let letter = match word.to_ascii_lowercase().as_str() {
        "am" => 'a',
        "pm" => 'p',
        letter @ ("a" | "p") => {
            after.mark(".")?;
            after
                .next()
                .filter(|next| matches!(next, Token::Word("m" | "M")))?;
            after.mark(".");
            letter.chars().next()?
        }
        _ => return None,
    };
    *tokens = after;
    Some(if letter == 'p' { 12.0 } else { 0.0 })
}

/// The seconds that a zone is ahead of UTC; none without one.
fn zone(tokens: &mut Tokens) -> Option<f64> {
    let mut after = tokens.clone();
    after.skip_blanks();
    let mut found = None;
    if let Some(Token::Word(word)) = after.clone().next()
        && let Some((_, hours)) = ZONES
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word))
    {
        after.next();
        found = Some(hours * HOUR);
        *tokens = after.clone();
    }
    if let Some(mark) = after.mark("+-\u{2212}") {
        let sign = if mark == '+' { 1.0 } else { -1.0 };
        found = Some(sign * offset(&mut after)?);
        *tokens = after.clone();
    }
    // What JavaScript adds: the zone's name in brackets.
    after.skip_blanks();
    if found.is_some() && after.mark("([").is_some() {
        while after.next().is_some() {}
        *tokens = after;
    }
    // Before the year, in `10:00:00 2026`.
    tokens.skip_blanks();
    Some(found.unwrap_or(0.0))
}

/// `01:00`, `0100`, `01`
fn offset(tokens: &mut Tokens) -> Option<f64> {
    let (hours, minutes) = match tokens.next()? {
        Token::Number(both, 4) => (both / 100, both % 100),
        Token::Number(hours, 1 | 2) => {
            let minutes = if tokens.mark(":").is_some() {
                sixty(tokens)? as u64
            } else {
                0
            };
            (hours, minutes)
        }
        _ => return None,
    };
    (hours < 25 && minutes < 60).then_some((hours * 3600 + minutes * 60) as f64)
}
