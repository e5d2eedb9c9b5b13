//! Dates and times of day, as days since 1970-01-01.

pub mod clock;
mod forms;
pub mod names;
pub mod tokens;

use forms::Parts;
use serde::{Deserialize, Serialize};
use time::{Date, Month};
use tokens::{Token, Tokens};

/// How a column writes its dates. Where a month has its name, or the year stands first, any order reads it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// `2026-11-25`, `2026/11/25`, `25 Nov 2026`, `Nov 25, 2026`
    YearMonthDay,
    /// `25.11.2026`, `25/11/26`
    DayMonthYear,
    /// `11/25/2026`
    MonthDayYear,
    /// `09:30`, `9:30 PM`: no date. Days are a part of one.
    TimeOfDay,
    /// Numbers such as 20261125.
    Digits,
    /// Numbers that count seconds since 1970-01-01 in UTC.
    UnixSeconds,
    /// Thousandths of seconds.
    UnixMilliseconds,
    /// Millionths of seconds.
    UnixMicroseconds,
    /// Billionths of seconds.
    UnixNanoseconds,
}

/// The orders of texts, in the sequence in which they are preferred: 01/02/2026 is the first of February.
pub const ORDERS: [Order; 4] = [
    Order::YearMonthDay,
    Order::DayMonthYear,
    Order::MonthDayYear,
    Order::TimeOfDay,
];

/// The orders of numbers that count from 1970 on, and how many of them are a day.
pub const EPOCHS: [(Order, f64); 4] = [
    (Order::UnixSeconds, 86_400.0),
    (Order::UnixMilliseconds, 86_400e3),
    (Order::UnixMicroseconds, 86_400e6),
    (Order::UnixNanoseconds, 86_400e9),
];

/// Up to here a number beside dates is days, as the model takes them: the year 4707.
const MOST_DAYS: f64 = 1e6;

/// A text that is a date, a time or both, before its order is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamp {
    day: Day,
    /// Since midnight in UTC; below 0 or above a day where an offset does that.
    seconds: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Day {
    None,
    /// Days since 1970-01-01.
    Known(f64),
    /// Two numbers of which one is the month, and the year.
    Open(u8, u8, i32),
}

/// Days since 1970-01-01 00:00, in UTC where an offset is given; the time of day is a fraction.
pub fn days(field: &str, order: Order) -> Option<f64> {
    match order {
        Order::YearMonthDay | Order::DayMonthYear | Order::MonthDayYear | Order::TimeOfDay => {
            Stamp::of(field)?.days(order)
        }
        _ => counted(super::plain(field, super::Numerals::Point)?, order),
    }
}

/// The days of a number in a column of such an order.
pub fn counted(number: f64, order: Order) -> Option<f64> {
    if number.abs() < MOST_DAYS {
        return Some(number);
    }
    if order == Order::Digits {
        return digits(number);
    }
    let epoch = EPOCHS.iter().find(|(epoch, _)| *epoch == order);
    epoch.map(|(_, day)| number / day)
}

/// The days of a number such as 20261125.
pub fn digits(number: f64) -> Option<f64> {
    if number.fract() != 0.0 || !(18_000_101.0..=22_001_231.0).contains(&number) {
        return None;
    }
    let number = number as u32;
    calendar((number / 10_000) as i32, number / 100 % 100, number % 100)
}

impl Stamp {
    /// Reads a text: a date, a date and a time, or a time of day, in any usual form.
    pub fn of(field: &str) -> Option<Self> {
        // What is certainly none costs nothing.
        let bytes = field.as_bytes();
        let may_be = (4..=80).contains(&bytes.len())
            && bytes[0].is_ascii_alphanumeric()
            && bytes.iter().any(u8::is_ascii_digit)
            && (bytes[0].is_ascii_digit() || tokens::is_named(field));
        let tokens = if may_be { Tokens::of(field) } else { None };
        let mut tokens = tokens?;
        tokens.skip_weekday();
        if let Some(seconds) = clock::alone(&tokens) {
            let day = Day::None;
            return Some(Stamp { day, seconds });
        }
        let parts = forms::date(&mut tokens)?;
        let seconds = if tokens.is_end() {
            0.0
        } else {
            tokens.skip_between();
            clock::with_zone(&mut tokens)?
        };
        let day = match (parts, tokens.next()) {
            (Parts::Day(day), None) => day,
            // The year stands last in `Mon Nov 25 10:00:00 2026`.
            (Parts::MonthDay(month, day), Some(Token::Number(year, 4))) => {
                Day::Known(calendar(year as i32, month, day)?)
            }
            _ => return None,
        };
        tokens.is_end().then_some(Stamp { day, seconds })
    }

    /// Days since 1970-01-01, if it can be read in that order.
    pub fn days(&self, order: Order) -> Option<f64> {
        let whole = match (self.day, order) {
            (Day::None, Order::TimeOfDay) => 0.0,
            (Day::None, _) | (_, Order::TimeOfDay) => return None,
            (Day::Known(days), _) => days,
            (Day::Open(day, month, year), Order::DayMonthYear)
            | (Day::Open(month, day, year), Order::MonthDayYear) => {
                calendar(year, u32::from(month), u32::from(day))?
            }
            _ => return None,
        };
        Some(whole + self.seconds / 86_400.0)
    }

    /// Whether only the order of the column says which number is the month.
    pub fn is_open(&self) -> bool {
        matches!(self.day, Day::Open(..))
    }
}

fn calendar(year: i32, month: u32, day: u32) -> Option<f64> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    // The Julian day of 1970-01-01.
    Some(f64::from(date.to_julian_day() - 2_440_588))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Wednesday, at half past nine in the morning and in the evening.
    const DAY: f64 = 20_782.0;
    const MORNING: f64 = DAY + 9.5 / 24.0;
    const EVENING: f64 = DAY + 21.5 / 24.0;

    #[test]
    fn dates_with_a_named_month_or_the_year_first_are_read_in_any_order() {
        for field in [
            "2026-11-25",
            "2026/11/25",
            "2026.11.25",
            "2026-Nov-25",
            "25-Nov-2026",
            "25 Nov 2026",
            "25-NOV-26",
            "25Nov2026",
            "25 November 2026",
            "25th November 2026",
            "25th of November, 2026",
            "25. Nov. 2026",
            "Nov 25, 2026",
            "November 25th, 2026",
            "Nov. 25 2026",
            "Wednesday, 25 November 2026",
            "Wed, Nov 25, 2026",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(DAY), "{field}");
            assert_eq!(days(field, Order::MonthDayYear), Some(DAY), "{field}");
        }
        assert_eq!(days("1970-01-02", Order::YearMonthDay), Some(1.0));
        assert_eq!(days("Dec-2026", Order::YearMonthDay), Some(DAY + 6.0));
        assert_eq!(days("2026-12", Order::YearMonthDay), Some(DAY + 6.0));
        assert_eq!(days("1 Feb 69", Order::YearMonthDay), Some(-334.0));
    }

    #[test]
    fn months_are_named_in_other_languages() {
        for field in [
            "25. November 2026",
            "25 novembre 2026",
            "25 de noviembre de 2026",
            "25 de novembro de 2026",
            "25/nov./2026",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(DAY), "{field}");
        }
        for field in [
            "1. März 1970",
            "1er mars 1970",
            "1º de março de 1970",
            "marzo de 1970",
            "MÄRZ 1970",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(59.0), "{field}");
        }
        for (field, month) in [
            ("5 févr. 1970", 31.0),
            ("05-Okt-1970 00:00", 273.0),
            ("5 dez 1970", 334.0),
        ] {
            assert_eq!(
                days(field, Order::YearMonthDay),
                Some(month + 4.0),
                "{field}"
            );
        }
    }

    #[test]
    fn a_quarter_is_its_first_day() {
        for field in [
            "2026-Q4", "2026Q4", "2026 q4", "2026/Q4", "Q4 2026", "Q4-2026", "q4/2026",
        ] {
            for order in [Order::YearMonthDay, Order::DayMonthYear] {
                assert_eq!(days(field, order), Some(DAY - 55.0), "{field}");
            }
        }
        assert_eq!(days("1970-Q1", Order::YearMonthDay), Some(0.0));
        assert_eq!(days("Q2 1970", Order::YearMonthDay), Some(90.0));
        assert_eq!(days("1970Q3", Order::YearMonthDay), Some(181.0));
    }

    #[test]
    fn times_are_a_part_of_a_day_in_utc() {
        for field in [
            "2026-11-25T09:30:00Z",
            "2026-11-25 09:30",
            "2026-11-25 09:30:00.000",
            "2026-11-25 09:30:00,000",
            "2026-11-25 09:30 UTC",
            "2026-11-25 10:30+01:00",
            "2026-11-25 10:30:00+01",
            "2026-11-25 10:30:00 +0100",
            "2026-11-25T04:30:00-05:00",
            "2026-11-25 9:30 AM",
            "2026-11-25 9:30:00 a.m.",
            "20261125T093000Z",
            "20261125 09:30",
            "Wed, 25 Nov 2026 09:30:00 +0000",
            "Wed, 25 Nov 2026 09:30:00 GMT",
            "Wed, 25 Nov 2026 04:30:00 EST",
            "Wed Nov 25 09:30:00 2026",
            "Wed Nov 25 09:30:00 UTC 2026",
            "Wed Nov 25 2026 10:30:00 GMT+0100 (Central European Standard Time)",
            "25/Nov/2026:09:30:00 +0000",
            "Nov 25, 2026 at 9:30am",
            "Nov 25, 2026, 9:30:00 AM",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(MORNING), "{field}");
        }
        for field in [
            "25.11.2026 21:30",
            "25/11/26 9:30 PM",
            "25-11-2026 09:30:00pm",
        ] {
            assert_eq!(days(field, Order::DayMonthYear), Some(EVENING), "{field}");
        }
        assert_eq!(
            days("11/25/2026 09:30 PM", Order::MonthDayYear),
            Some(EVENING)
        );
        assert_eq!(days("11/25/26", Order::MonthDayYear), Some(DAY));
        assert_eq!(days("11/25/2026 12:00 AM", Order::MonthDayYear), Some(DAY));
        assert_eq!(
            days("11/25/2026 12 PM", Order::MonthDayYear),
            Some(DAY + 0.5)
        );
    }

    #[test]
    fn times_of_day_stand_alone() {
        for (field, hours) in [
            ("09:30", 9.5),
            ("9:30 PM", 21.5),
            ("21:30:00.0", 21.5),
            ("9 PM", 21.0),
            ("12:15 am", 0.25),
            ("T09:30", 9.5),
            ("36:30:00", 36.5),
            ("09:30Z", 9.5),
        ] {
            assert_eq!(days(field, Order::TimeOfDay), Some(hours / 24.0), "{field}");
            assert_eq!(days(field, Order::YearMonthDay), None, "{field}");
        }
        assert_eq!(days("2026-11-25", Order::TimeOfDay), None);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for field in [
            "2026-13-01",
            "2026-02-30",
            "2026-11-25T25:61",
            "1.2.3.4.5",
            "2026-1x-01",
            "1.2.3",
            "1.2.10",
            "10.0.17",
            "maybe 5",
            "Mayor 2, 2020",
            "march",
            "12-34-5678",
            "2026-11-25 noon",
            "5/6",
            "1-2",
            "123-45-6789",
            "2026-11-25 09:30 here",
            "Nov 25 26 27",
            "13:61",
            "0:30 PM",
            "a 2026-11-25",
            "25 - - 11 2026",
            "192.168.10.25",
            "25 jui 2026",
            "25 Märzen 2026",
            "2026-Q5",
            "2026-Q0",
            "2026Q12",
            "2026-Q4-1",
            "2026-Q4 09:30",
            "Q42026",
            "Q4 26",
            "Q4",
            "Q 4 2026",
        ] {
            for order in ORDERS {
                assert_eq!(days(field, order), None, "{field} {order:?}");
            }
        }
        assert_eq!(days("11/25/2026", Order::DayMonthYear), None);
        assert_eq!(days("11/25/2026", Order::YearMonthDay), None);
    }

    #[test]
    fn numbers_count_from_1970_on_or_are_the_digits_of_a_date() {
        assert_eq!(days("1795599000", Order::UnixSeconds), Some(MORNING));
        assert_eq!(
            days("1795599000000", Order::UnixMilliseconds),
            Some(MORNING)
        );
        assert_eq!(days("20261125", Order::Digits), Some(DAY));
        assert_eq!(days("20261325", Order::Digits), None);
        assert_eq!(days("20782.5", Order::UnixSeconds), Some(20_782.5), "days");
    }
}
