//! Dates and times of day, as days since 1970-01-01.

use serde::{Deserialize, Serialize};
use time::{Date, Month};

/// The order in which a date names its parts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// `2026-11-25`, `2026/11/25`
    YearMonthDay,
    /// `25.11.2026`, `25/11/2026`
    DayMonthYear,
    /// `11/25/2026`
    MonthDayYear,
}

/// All orders, in the sequence in which they are preferred: 01/02/2026 is the first of February.
pub const ORDERS: [Order; 3] = [
    Order::YearMonthDay,
    Order::DayMonthYear,
    Order::MonthDayYear,
];

/// Days since 1970-01-01 00:00, in UTC where an offset is given; the time of day is a fraction.
///
/// Read are `date`, `date time` and `dateTtime`, with a time such as `09:30`, `09:30:15` or
/// `09:30:15.250`, and behind it `Z` or an offset such as `+01:00`.
pub fn days(field: &str, order: Order) -> Option<f64> {
    // What is certainly none costs nothing.
    if field.len() < 8 || !field.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let (date, time) = match field.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (field, None),
    };
    let whole = calendar(date, order)?;
    let seconds = match time {
        Some(time) => seconds(time)?,
        None => 0.0,
    };
    Some(whole + seconds / 86_400.0)
}

fn calendar(text: &str, order: Order) -> Option<f64> {
    let mark = text.chars().find(|c| !c.is_ascii_digit())?;
    let allowed = match order {
        Order::YearMonthDay => "-/.",
        Order::DayMonthYear => "./-",
        Order::MonthDayYear => "/-",
    };
    if !allowed.contains(mark) {
        return None;
    }
    let mut parts = text.split(mark);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match order {
        Order::YearMonthDay => (first, second, third),
        Order::DayMonthYear => (third, second, first),
        Order::MonthDayYear => (third, first, second),
    };
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    Some(f64::from(
        date.to_julian_day() - Date::from_ordinal_date(1970, 1).ok()?.to_julian_day(),
    ))
}

/// Seconds since midnight in UTC; negative ones and those above a day are the result of an offset.
fn seconds(text: &str) -> Option<f64> {
    let (clock, offset) = match text.strip_suffix(['Z', 'z']) {
        Some(clock) => (clock, 0.0),
        None => match text.rfind(['+', '-']) {
            Some(at) => (
                &text[..at],
                clock(&text[at + 1..])?
                    * if text[at..].starts_with('-') {
                        -1.0
                    } else {
                        1.0
                    },
            ),
            None => (text, 0.0),
        },
    };
    Some(self::clock(clock)? - offset)
}

fn clock(text: &str) -> Option<f64> {
    let mut parts = text.trim().split(':');
    let within = |part: &str, bound: f64| {
        let digits = part.starts_with(|c: char| c.is_ascii_digit()) && !part.contains(['e', 'E']);
        part.parse::<f64>()
            .ok()
            .filter(|&value| digits && value < bound)
    };
    let hours = within(parts.next()?, 25.0)?;
    let minutes = within(parts.next()?, 60.0)?;
    let seconds = parts.next().map_or(Some(0.0), |part| within(part, 61.0))?;
    parts
        .next()
        .is_none()
        .then_some(hours * 3600.0 + minutes * 60.0 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        assert_eq!(days("1970-01-02", Order::YearMonthDay), Some(1.0));
        assert_eq!(
            days("2026-11-25T12:00:00Z", Order::YearMonthDay),
            Some(20_782.5)
        );
        assert_eq!(
            days("2026-11-25 13:00+01:00", Order::YearMonthDay),
            Some(20_782.5)
        );
        assert_eq!(days("25.11.2026", Order::DayMonthYear), Some(20_782.0));
        assert_eq!(days("11/25/2026", Order::MonthDayYear), Some(20_782.0));
        for text in [
            "2026-13-01",
            "2026-02-30",
            "2026-11-25T25:61",
            "12345678",
            "1.2.3.4.5",
            "2026-1x-01",
        ] {
            assert_eq!(days(text, Order::YearMonthDay), None, "{text}");
        }
        assert_eq!(days("11/25/2026", Order::DayMonthYear), None);
    }
}
