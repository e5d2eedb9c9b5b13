//! The forms in which dates are written.

use super::{
    Day, calendar, digits, names,
    tokens::{Token, Tokens},
};

/// A date as far as its tokens say it.
pub(super) enum Parts {
    Day(Day),
    /// A month and a day whose year comes later.
    MonthDay(u32, u32),
}

/// Reads a date that has a day, a month or a quarter, in any form.
pub(super) fn date(tokens: &mut Tokens) -> Option<Parts> {
    if let Some(month) = tokens.quarter() {
        tokens.mark("-/. ")?;
        return match tokens.next()? {
            Token::Number(year, 4) => quarter(tokens, year as i32, month),
            _ => None,
        };
    }
    match tokens.next()? {
        Token::Number(year, 4) => year_first(tokens, year as i32),
        Token::Number(number, 8) if tokens.is_followed() => {
            Some(Parts::Day(Day::Known(digits(number as f64)?)))
        }
        Token::Number(number, length @ 1..=2) => number_first(tokens, number as u32, length),
        Token::Word(word) => {
            let month = names::month(word)?;
            tokens.skip_of();
            named_first(tokens, month)
        }
        _ => None,
    }
}

/// `2026-11-25`, `2026-Nov-25`, `2026-11`, `2026-Q4`, `2026Q4`
fn year_first(tokens: &mut Tokens, year: i32) -> Option<Parts> {
    let mark = tokens.mark("-/. ");
    if let Some(month) = tokens.quarter() {
        return quarter(tokens, year, month);
    }
    let mark = mark?;
    let month = match tokens.next()? {
        Token::Number(month, 1 | 2) => month as u32,
        Token::Word(word) => names::month(word)?,
        _ => return None,
    };
    if tokens.is_end() && mark == '-' {
        return known(year, month, 1);
    }
    tokens.mark("-/. ").filter(|&second| second == mark)?;
    match tokens.next()? {
        Token::Number(day, 1 | 2) => known(year, month, day as u32),
        _ => None,
    }
}

/// `25.11.2026`, `25 Nov 2026`, `25th of November 26`, `25 de noviembre de 2026`
fn number_first(tokens: &mut Tokens, first: u32, digits: usize) -> Option<Parts> {
    tokens.skip_ordinal();
    let start = tokens.clone();
    let mark = tokens.mark("-/. ");
    tokens.skip_of();
    match tokens.next()? {
        Token::Word(word) => {
            let month = names::month(word)?;
            tokens.skip_of();
            let year = tokens.year()?;
            known(year, month, first)
        }
        Token::Number(second, length @ 1..=2) => {
            // Two marks between two numbers are none of a date.
            *tokens = start;
            let mark = mark.filter(|&mark| mark != ' ')?;
            tokens.next();
            tokens.next();
            tokens.mark("-/.").filter(|&next| next == mark)?;
            let is_short = !matches!(tokens.clone().next(), Some(Token::Number(_, 4)));
            let year = tokens.year()?;
            // `1.2.10` is a version.
            let is_version = mark == '.' && is_short && (digits == 1 || length == 1);
            let open = Day::Open(u8::try_from(first).ok()?, u8::try_from(second).ok()?, year);
            (!is_version).then_some(Parts::Day(open))
        }
        _ => None,
    }
}

/// `Nov 25, 2026`, `Nov 2026`, `Nov 25 10:00:00 2026`
fn named_first(tokens: &mut Tokens, month: u32) -> Option<Parts> {
    match tokens.next()? {
        Token::Number(year, 4) => known(year as i32, month, 1),
        Token::Number(day, 1 | 2) => {
            let day = day as u32;
            tokens.skip_ordinal();
            let mut after = tokens.clone();
            after.skip_marks();
            if after.is_clock() {
                return Some(Parts::MonthDay(month, day));
            }
            *tokens = after;
            let year = tokens.year()?;
            known(year, month, day)
        }
        _ => None,
    }
}

/// The first day of a quarter, behind which nothing may stand.
fn quarter(tokens: &Tokens, year: i32, month: u32) -> Option<Parts> {
    known(year, month, 1).filter(|_| tokens.is_end())
}

fn known(year: i32, month: u32, day: u32) -> Option<Parts> {
    Some(Parts::Day(Day::Known(calendar(year, month, day)?)))
}
