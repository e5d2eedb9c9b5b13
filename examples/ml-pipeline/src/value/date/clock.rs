//! The time of day in a text.

use super::{
    tokens::{Token, Tokens},
    zones::{Zone, zone},
};

const HOUR: f64 = 3600.0;

/// The seconds of a time that stands alone, and its zone; above a day it is a duration.
pub fn alone(tokens: &Tokens) -> Option<(f64, Zone)> {
    let mut tokens = tokens.clone();
    tokens.skip_word("T");
    let seconds = clock(&mut tokens, f64::INFINITY, false)?;
    let zone = zone(&mut tokens)?;
    tokens.is_end().then_some((seconds - zone.ahead, zone))
}

/// The seconds of a time behind a date, in UTC, and its zone. After a `T` its digits may stand alone.
pub fn with_zone(tokens: &mut Tokens, is_after_t: bool) -> Option<(f64, Zone)> {
    let seconds = clock(tokens, 25.0, is_after_t)?;
    let zone = zone(tokens)?;
    Some((seconds - zone.ahead, zone))
}

/// `9:30`, `09:30:15.250`, `9:30 PM`, `9 PM`, `093015`, `9h30`, `9:30 Uhr`, `9时30分`
fn clock(tokens: &mut Tokens, most: f64, is_after_t: bool) -> Option<f64> {
    let (hours, length) = match tokens.next()? {
        Token::Number(hours, length @ 1..=4) => (hours as f64, length),
        Token::Number(digits, 6) if most < f64::INFINITY => return compact(digits),
        _ => return None,
    };
    let mut rest = tokens.clone();
    if let Some(seconds) = lettered(&mut rest) {
        *tokens = rest;
        return (length <= 2 && hours < 25.0).then_some(hours * HOUR + seconds);
    }
    let mut seconds = hours * HOUR;
    let mut has_minutes = tokens.mark(":").is_some();
    if has_minutes {
        seconds += sixty(tokens)? * 60.0;
        if tokens.mark(":").is_some() {
            seconds += sixty(tokens)?;
            let fraction = tokens.clone().mark(".,").is_some();
            if fraction && let Some(part) = part(tokens) {
                seconds += part;
            }
        }
    } else if let Some((behind, has_seconds)) = dotted(tokens, most.is_finite()) {
        seconds += behind;
        has_minutes = has_seconds;
    } else if is_after_t && matches!(length, 2 | 4) {
        return bare(hours as u64, length).filter(|seconds| *seconds < most * HOUR);
    }
    let half = half(tokens, has_minutes);
    let is_clock = half.is_none() && hour_mark(tokens);
    match half {
        Some(after) if (1.0..13.0).contains(&hours) && length <= 2 => {
            let noon = if hours == 12.0 { 12.0 } else { 0.0 };
            Some(seconds + (after - noon) * HOUR)
        }
        None if (has_minutes && hours < most) || (is_clock && hours < 25.0) => Some(seconds),
        _ => None,
    }
}

/// The seconds of `0930` and `09`.
fn bare(digits: u64, length: usize) -> Option<f64> {
    let (hours, minutes) = match length {
        4 => (digits / 100, digits % 100),
        _ => (digits, 0),
    };
    (minutes < 60).then_some((hours * 3600 + minutes * 60) as f64)
}

/// `093015`, the digits of a time to the second.
pub fn compact(digits: u64) -> Option<f64> {
    let (hours, minutes, seconds) = (digits / 10_000, digits / 100 % 100, digits % 100);
    let is_time = hours < 25 && minutes < 60 && seconds < 61;
    is_time.then_some((hours * 3600 + minutes * 60 + seconds) as f64)
}

/// The seconds behind the hours in `9h30`, `9 h 30 min`, `9时30分15秒`.
fn lettered(tokens: &mut Tokens) -> Option<f64> {
    let is = |token: Option<Token>, all: &[&str]| matches!(token, Some(Token::Word(word)) if all.contains(&word));
    tokens.skip_blanks();
    let hour = tokens.next();
    let is_letter = is(hour, &["h", "H"]);
    if !is_letter && !is(hour, &["时", "時", "点", "點", "시"]) {
        return None;
    }
    tokens.skip_blanks();
    let few = |tokens: &mut Tokens| match tokens.next()? {
        Token::Number(number, 1 | 2) if number < 61 => Some(number as f64),
        _ => None,
    };
    // `9h5` may be an hour and a code.
    let minutes = if is_letter { sixty } else { few };
    let mut seconds = minutes(tokens)? * 60.0;
    let mut after = tokens.clone();
    after.skip_blanks();
    if !is(after.next(), &["m", "min", "分", "분"]) {
        return is_letter.then_some(seconds);
    }
    *tokens = after.clone();
    after.skip_blanks();
    if let Some(more) = few(&mut after)
        && is(after.next(), &["s", "秒", "초"])
    {
        seconds += more;
        *tokens = after;
    }
    Some(seconds)
}

/// The seconds behind the hours in `9.30 PM`, `9.30 Uhr` and `9.30.15 PM`, and whether `9.30.15` stands behind a date:
/// otherwise it is no time without what follows.
fn dotted(tokens: &mut Tokens, is_behind_date: bool) -> Option<(f64, bool)> {
    let mut after = tokens.clone();
    after.mark(".")?;
    let mut behind = sixty(&mut after)? * 60.0;
    let mut last = after.clone();
    let mut has_seconds = false;
    if last.mark(".").is_some()
        && let Some(seconds) = sixty(&mut last)
    {
        behind += seconds + part(&mut last).unwrap_or_default();
        after = last;
        has_seconds = is_behind_date;
    }
    let mut next = after.clone();
    (has_seconds || half(&mut next, false).is_some() || hour_mark(&mut next)).then(|| {
        *tokens = after;
        (behind, has_seconds)
    })
}

/// Skips the word behind a time in German.
fn hour_mark(tokens: &mut Tokens) -> bool {
    let mut after = tokens.clone();
    after.skip_blanks();
    let is_it = matches!(after.next(), Some(Token::Word("Uhr" | "uhr" | "UHR")));
    if is_it {
        *tokens = after;
    }
    is_it
}

/// Minutes or seconds.
pub fn sixty(tokens: &mut Tokens) -> Option<f64> {
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

/// The hours that `AM` and `PM` add, and behind minutes also `A` and `P`.
fn half(tokens: &mut Tokens, has_minutes: bool) -> Option<f64> {
    let mut after = tokens.clone();
    after.skip_blanks();
    let Token::Word(word) = after.next()? else {
        return None;
    };
    let letter = match word.to_ascii_lowercase().as_str() {
        "am" => 'a',
        "pm" => 'p',
        "a" if has_minutes && after.is_end() => 'a',
        "p" if has_minutes && after.is_end() => 'p',
        letter @ ("a" | "p") => {
            after.mark(".")?;
            after.skip_blanks();
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
