//! The forms in which dates are written.

use time::{Date, Weekday};

use super::{
    Day, calendar, digits, names, since_1970,
    tokens::{APOSTROPHES, Token, Tokens, full_year},
};

/// The years that have days such as `2026-329`: other such numbers are parts of telephone numbers.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=2100;

/// A date as far as its tokens say it.
pub(super) enum Parts {
    Day(Day),
    /// A year and the day of the year.
    DayOfYear(Day),
    /// A month and a day whose year comes later.
    MonthDay(u32, u32),
}

/// Reads a date that has a day, a week, a month, a quarter or a half, in any form.
pub(super) fn date(tokens: &mut Tokens) -> Option<Parts> {
    if let Some(month) = tokens.quarter() {
        return quarter_first(tokens, month);
    }
    match tokens.next()? {
        Token::Number(year, 4) => year_first(tokens, year as i32),
        Token::Number(number, 8) if tokens.is_followed() => {
            Some(Parts::Day(Day::Known(digits(number as f64)?)))
        }
        Token::Number(number, length @ 1..=2) => number_first(tokens, number as u32, length),
        Token::Word("W" | "KW" | "CW") => week_first(tokens),
        Token::Word(word) => {
            let month = names::month(word)?;
            tokens.skip_of();
            named_first(tokens, month)
        }
        _ => None,
    }
}

/// The year behind the quarter in `Q4 2026`, `Q4'26`, `4Q26` and `4Q2026`.
fn quarter_first(tokens: &mut Tokens, month: u32) -> Option<Parts> {
    let mark = tokens.mark("-/. '\u{2019}");
    let year = match tokens.next()? {
        Token::Number(year, 4) => year as i32,
        Token::Number(year, 2) if mark.is_none_or(|it| APOSTROPHES.contains(it)) => {
            full_year(year as i32)
        }
        _ => return None,
    };
    quarter(tokens, year, month)
}

/// The week and the year behind a `W`, as in `W48/2026`.
fn week_first(tokens: &mut Tokens) -> Option<Parts> {
    tokens.skip_blanks();
    let Token::Number(week, 1 | 2) = tokens.next()? else {
        return None;
    };
    tokens.mark("-/. ")?;
    match tokens.next()? {
        Token::Number(year, 4) if tokens.is_end() => weekday(year as i32, week, 1),
        _ => None,
    }
}

/// `2026-11-25`, `2026-Nov-25`, `2026-11`, `2026-Q4`, `2026Q4`, `2026-W48-3`, `2026-329`, `2026年11月25日`
fn year_first(tokens: &mut Tokens, year: i32) -> Option<Parts> {
    if tokens.word(&["年", "년"]) {
        return counted(tokens, year);
    }
    let mark = tokens.mark("-/. :_");
    if let Some(month) = tokens.quarter() {
        return quarter(tokens, year, month);
    }
    if matches!(mark, None | Some('-' | ' ')) && tokens.word(&["W"]) {
        return week(tokens, year);
    }
    if mark.is_none() && tokens.word(&["M"]) {
        return match tokens.next()? {
            Token::Number(month, 2) if tokens.is_end() => known(year, month as u32, 1),
            _ => None,
        };
    }
    let mark = mark?;
    tokens.skip_blanks_after(mark);
    let month = match tokens.next()? {
        Token::Number(day, 3) if mark == '-' && YEARS.contains(&year) => {
            let date = Date::from_ordinal_date(year, u16::try_from(day).ok()?).ok()?;
            return Some(Parts::DayOfYear(Day::Known(since_1970(date))));
        }
        Token::Number(month, 1 | 2) => month as u32,
        Token::Word(word) => names::month(word)?,
        _ => return None,
    };
    if tokens.is_end() && "-/_".contains(mark) {
        return known(year, month, 1);
    }
    tokens.mark("-/. :_").filter(|&second| second == mark)?;
    tokens.skip_blanks_after(mark);
    match tokens.next()? {
        Token::Number(day, 1 | 2) => known(year, month, day as u32),
        _ => None,
    }
}

/// The day behind the year in `2026年11月25日`, with blanks or without, and the first one of `2026年11月`.
fn counted(tokens: &mut Tokens, year: i32) -> Option<Parts> {
    tokens.skip_blanks();
    let Token::Number(month, 1 | 2) = tokens.next()? else {
        return None;
    };
    let is_month = tokens.word(&["月", "월"]);
    if tokens.is_end() {
        return known(year, month as u32, 1).filter(|_| is_month);
    }
    tokens.skip_blanks();
    match tokens.next()? {
        Token::Number(day, 1 | 2) if is_month && tokens.word(&["日", "号", "號", "일"]) => {
            known(year, month as u32, day as u32)
        }
        _ => None,
    }
}

/// The day behind the year and a `W` in `2026-W48-3` and `2026W483` (ISO 8601); Monday where it is a week alone.
fn week(tokens: &mut Tokens, year: i32) -> Option<Parts> {
    let (week, day) = match tokens.next()? {
        Token::Number(both, 3) => (both / 10, both % 10),
        Token::Number(week, 2) if tokens.is_end() => (week, 1),
        Token::Number(week, 2) => {
            tokens.mark("-")?;
            let Token::Number(day, 1) = tokens.next()? else {
                return None;
            };
            (week, day)
        }
        _ => return None,
    };
    weekday(year, week, day)
}

/// The day of a week, from Monday on.
fn weekday(year: i32, week: u64, day: u64) -> Option<Parts> {
    if !(1..=7).contains(&day) {
        return None;
    }
    let weekday = Weekday::Monday.nth_next(day as u8 - 1);
    let date = Date::from_iso_week_date(year, u8::try_from(week).ok()?, weekday).ok()?;
    Some(Parts::Day(Day::Known(since_1970(date))))
}

/// `25.11.2026`, `25 Nov 2026`, `25th of November 26`, `25 de noviembre de 2026`, `11-2026`
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
            tokens.skip_blanks_after(mark);
            tokens.next();
            tokens.mark("-/.").filter(|&next| next == mark)?;
            tokens.skip_blanks_after(mark);
            let last = tokens.clone().next();
            let year = tokens.year()?;
            // `1.2.10` is a version.
            let has_one = digits == 1 || length == 1;
            let (first, second) = (u8::try_from(first).ok()?, u8::try_from(second).ok()?);
            let day = match last {
                Some(Token::Number(_, 2)) if mark == '.' && has_one => return None,
                Some(Token::Number(last, 2)) if digits == 2 => {
                    Day::Short(first, second, u8::try_from(last).ok()?)
                }
                _ => Day::Open(first, second, year),
            };
            Some(Parts::Day(day))
        }
        Token::Number(year, 4) if YEARS.contains(&(year as i32)) && tokens.is_end() => {
            mark.filter(|mark| "-/.".contains(*mark))?;
            known(year as i32, first, 1)
        }
        _ => None,
    }
}

/// `Nov 25, 2026`, `Nov 2026`, `Nov'26`, `Nov 25 10:00:00 2026`
fn named_first(tokens: &mut Tokens, month: u32) -> Option<Parts> {
    if tokens.mark(APOSTROPHES).is_some() {
        return match tokens.next()? {
            Token::Number(year, 2) if tokens.is_end() => known(full_year(year as i32), month, 1),
            _ => None,
        };
    }
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
