//! Dates and times of day, as days since 1970-01-01.

pub mod clock;
mod forms;
pub mod names;
pub mod tokens;
mod zones;

use forms::Parts;
use serde::{Deserialize, Serialize};
use time::{Date, Month};
use tokens::{Token, Tokens, full_year};
use zones::Zone;

use super::{Numerals, measured, quantity::as_text};

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
    /// `26-11-25`, `26/11/25`
    ShortYearMonthDay,
    /// Numbers such as 20261125, or 20261125093000 with a time.
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
pub const ORDERS: [Order; 5] = [
    Order::YearMonthDay,
    Order::DayMonthYear,
    Order::MonthDayYear,
    Order::TimeOfDay,
    Order::ShortYearMonthDay,
];

/// The orders of numbers that count from 1970 on, and how many of them are a day.
pub const EPOCHS: [(Order, f64); 4] = [
    (Order::UnixSeconds, 86_400.0),
    (Order::UnixMilliseconds, 86_400e3),
    (Order::UnixMicroseconds, 86_400e6),
    (Order::UnixNanoseconds, 86_400e9),
];

/// How many seconds a day has.
const DAY: f64 = 86_400.0;

/// Up to here a number beside dates is days, as the model takes them: the year 4707.
const MOST_DAYS: f64 = 1e6;

/// A text that is a date, a time or both, before its order is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamp {
    day: Day,
    /// Since midnight in UTC; below 0 or above a day where an offset does that.
    seconds: f64,
    /// Whether its zone has a name that does not tell how far it is from UTC.
    pub has_open_zone: bool,
    /// Whether it has a day of the year, and no month.
    pub is_day_of_year: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Day {
    None,
    /// Days since 1970-01-01.
    Known(f64),
    /// Two numbers of which one is the month, and the year.
    Open(u8, u8, i32),
    /// Three numbers of two digits, of which the first or the last is the year.
    Short(u8, u8, u8),
}

/// Days since 1970-01-01 00:00, in UTC where an offset is given; the time of day is a fraction. `numerals` are those of
/// numbers that count from 1970 on, which may have groups of digits.
pub fn days(field: &str, order: Order, numerals: Numerals) -> Option<f64> {
    match order {
        order if ORDERS.contains(&order) => Stamp::of(field)?.days(order),
        _ => counted(measured(field, numerals, None)?, order),
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

/// The days of a number such as 20261125, or with a time behind it 202611250930 or 20261125093000.
pub fn digits(number: f64) -> Option<f64> {
    if !(18_000_101.0..22_001_232e6).contains(&number) || number.fract() != 0.0 {
        return None;
    }
    let number = number as u64;
    let (day, time) = match number {
        ..100_000_000 => (number, 0),
        100_000_000..1_000_000_000_000 => (number / 10_000, number % 10_000 * 100),
        _ => (number / 1_000_000, number % 1_000_000),
    };
    if !(18_000_101..=22_001_231).contains(&day) {
        return None;
    }
    let day = day as u32;
    let whole = calendar((day / 10_000) as i32, day / 100 % 100, day % 100)?;
    Some(whole + clock::compact(time)? / DAY)
}

impl Stamp {
    /// Reads a text: a date, a date and a time, or a time of day, in any usual form.
    pub fn of(field: &str) -> Option<Self> {
        // What is certainly none costs nothing.
        let field = bare(field);
        let bytes = field.as_bytes();
        let may_be = (3..=80).contains(&bytes.len())
            && bytes[0].is_ascii_alphanumeric()
            && bytes.iter().any(u8::is_ascii_digit)
            && (bytes[0].is_ascii_digit() || tokens::is_named(field));
        let tokens = if may_be { Tokens::of(field) } else { None };
        let tokens = tokens?;
        // `mar` is a month, and a weekday in three languages.
        let whole = tokens.is_month().then(|| Stamp::read(tokens.clone()));
        whole.flatten().or_else(|| {
            let mut rest = tokens;
            rest.skip_weekday();
            Stamp::read(rest)
        })
    }

    /// Reads what begins with a date or a time.
    fn read(mut tokens: Tokens) -> Option<Self> {
        let with = |day, (seconds, zone): (f64, Zone), is_day_of_year| Stamp {
            day,
            seconds,
            has_open_zone: zone.is_open,
            is_day_of_year,
        };
        if let Some(time) = clock::alone(&tokens) {
            return Some(with(Day::None, time, false));
        }
        let parts = forms::date(&mut tokens)?;
        tokens.skip_weekday_behind();
        let mut time = if tokens.is_end() {
            (0.0, Zone::default())
        } else {
            let is_after_t = tokens.skip_between();
            clock::with_zone(&mut tokens, is_after_t)?
        };
        let is_day_of_year = matches!(parts, Parts::DayOfYear(_));
        let day = match (parts, tokens.next()) {
            (Parts::Day(day) | Parts::DayOfYear(day), None) => day,
            // The year stands last in `Mon Nov 25 10:00:00 2026`, but for the zone that git writes.
            (Parts::MonthDay(month, day), Some(Token::Number(year, 4))) => {
                if tokens.is_followed() {
                    let zone = zones::zone(&mut tokens)?;
                    time = (time.0 - zone.ahead, zone);
                }
                Day::Known(calendar(year as i32, month, day)?)
            }
            _ => return None,
        };
        tokens.is_end().then(|| with(day, time, is_day_of_year))
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
            (Day::Short(day, month, year), Order::DayMonthYear)
            | (Day::Short(month, day, year), Order::MonthDayYear)
            | (Day::Short(year, month, day), Order::ShortYearMonthDay) => {
                let year = full_year(i32::from(year));
                calendar(year, u32::from(month), u32::from(day))?
            }
            _ => return None,
        };
        Some(whole + self.seconds / DAY)
    }

    /// The first and the last of three numbers of two digits, if it has such.
    pub fn ends(&self) -> Option<(u8, u8)> {
        match self.day {
            Day::Short(first, _, last) => Some((first, last)),
            _ => None,
        }
    }

    /// Whether only the order of the column says which number is the month.
    pub fn is_open(&self) -> bool {
        matches!(self.day, Day::Open(..) | Day::Short(..))
    }
}

/// Without what may stand around a date: brackets in logs, a `'` before texts in spreadsheets, a point at its end.
fn bare(field: &str) -> &str {
    let inner = field.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let inner = as_text(inner.unwrap_or(field));
    let ended = inner.strip_suffix('.');
    ended
        .filter(|it| it.ends_with(|last: char| last.is_ascii_digit()))
        .unwrap_or(inner)
}

fn calendar(year: i32, month: u32, day: u32) -> Option<f64> {
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok()?;
    Some(since_1970(date))
}

fn since_1970(date: Date) -> f64 {
    // The Julian day of 1970-01-01.
    f64::from(date.to_julian_day() - 2_440_588)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(field: &str, order: Order) -> Option<f64> {
        super::days(field, order, Numerals::Point)
    }

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
            "2026_11_25",
            "2026. 11. 25.",
            "2026-11-25.",
            "'2026-11-25",
            "2026-11-25 (Wed)",
            "2026-11-25, Wednesday",
            "25 Nov '26",
            "25 Nov \u{2019}26",
            "Nov 25, '26",
            "Mi, 25 Nov 2026",
            "mié 25 nov 2026",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(DAY), "{field}");
            assert_eq!(days(field, Order::MonthDayYear), Some(DAY), "{field}");
        }
        assert_eq!(days("1970-01-02", Order::YearMonthDay), Some(1.0));
        assert_eq!(days("Dec-2026", Order::YearMonthDay), Some(DAY + 6.0));
        for field in [
            "2026-12", "2026/12", "2026_12", "2026M12", "12-2026", "12/2026", "12.2026", "Dec'26",
            "Dec '26",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(DAY + 6.0), "{field}");
        }
        assert_eq!(days("mar 5 1970", Order::YearMonthDay), Some(63.0));
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
            "2026-Q4", "2026Q4", "2026 q4", "2026/Q4", "Q4 2026", "Q4-2026", "q4/2026", "Q4'26",
            "4Q26", "4Q2026",
        ] {
            for order in [Order::YearMonthDay, Order::DayMonthYear] {
                assert_eq!(days(field, order), Some(DAY - 55.0), "{field}");
            }
        }
        for field in ["1970-H2", "1970H2", "H2 1970", "h2/1970", "H2'70"] {
            assert_eq!(days(field, Order::YearMonthDay), Some(181.0), "{field}");
        }
        assert_eq!(days("1970-H1", Order::YearMonthDay), Some(0.0));
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
            "2026-11-25 12:30 MSK",
            "2026-11-25 18:30:00 JST",
            "2026-11-25 09:30:00 IST",
            "2026-11-25 09:30 Europe/Berlin",
            "2026-11-25 09:30 America/Argentina/Buenos_Aires",
            "2026-11-25T09:30:00[Europe/Berlin]",
            "2026-11-25T10:30:00+01:00[Europe/Paris]",
            "2026-11-25 9h30",
            "2026-11-25 09 h 30",
            "2026-11-25 09h30m00s",
            "2026-11-25 9:30 Uhr",
            "2026-11-25 9.30 Uhr",
            "2026-11-25 9.30 AM",
            "2026-11-25 9:30 a. m.",
            "2026年11月25日 09:30",
            "2026年11月25日9时30分",
            "2026년 11월 25일 9시 30분 0초",
            "2026-329T09:30:00",
            "2026-W48-3T09:30",
            "2026:11:25 09:30:00",
            "20261125_093000",
            "2026-11-25T0930",
            "2026-11-25T0930Z",
            "Wed Nov 25 10:30:00 2026 +0100",
            "[25/Nov/2026:10:30:00 +0100]",
            "25-NOV-26 09.30.00.000000 AM",
            "25-NOV-26 09.30.00.000000",
            "Nov 25, 2026 | 9:30 AM",
            "25 November 2026 @ 09:30",
            "2026-11-25 (Wed) 09:30",
            "2026-11-25 09:30A",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(MORNING), "{field}");
        }
        assert_eq!(days("2026-11-25T12", Order::YearMonthDay), Some(DAY + 0.5));
        for field in [
            "25.11.2026 21:30",
            "Mi., 25.11.2026 21:30",
            "mar 25/11/2026 21:30",
            "25. 11. 2026 21:30",
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
            ("9h30", 9.5),
            ("18h07", 18.0 + 7.0 / 60.0),
            ("9:30 Uhr", 9.5),
            ("9.30 Uhr", 9.5),
            ("9 Uhr", 9.0),
            ("9:30A", 9.5),
            ("9:30 P", 21.5),
            ("9am", 9.0),
            ("9.30.00 AM", 9.5),
        ] {
            assert_eq!(days(field, Order::TimeOfDay), Some(hours / 24.0), "{field}");
            assert_eq!(days(field, Order::YearMonthDay), None, "{field}");
        }
        assert_eq!(days("2026-11-25", Order::TimeOfDay), None);
    }

    #[test]
    fn days_of_the_year_weeks_and_signs_of_east_asia_are_dates() {
        for field in [
            "2026-329",
            "2026-W48-3",
            "2026W483",
            "2026年11月25日",
            "2026年 11月 25日",
            "2026년 11월 25일",
        ] {
            assert_eq!(days(field, Order::YearMonthDay), Some(DAY), "{field}");
        }
        for field in ["2026-W48", "2026 W48", "W48/2026", "W48 2026", "KW 48 2026"] {
            assert_eq!(days(field, Order::YearMonthDay), Some(DAY - 2.0), "{field}");
        }
        assert_eq!(days("2026年12月", Order::YearMonthDay), Some(DAY + 6.0));
        let is_open = |field| Stamp::of(field).is_some_and(|it| it.has_open_zone);
        assert!(is_open("09:30 IST") && is_open("2026-11-25 09:30 Asia/Kolkata"));
        assert!(!is_open("09:30 UTC") && !is_open("2026-11-25"));
        assert!(Stamp::of("2026-329").is_some_and(|it| it.is_day_of_year));
    }

    #[test]
    fn the_year_of_two_digits_may_stand_first() {
        for field in ["26-11-25", "26/11/25", "26.11.25", "26-11-25 00:00"] {
            assert_eq!(days(field, Order::ShortYearMonthDay), Some(DAY), "{field}");
        }
        assert_eq!(days("25-11-26", Order::DayMonthYear), Some(DAY));
        assert_eq!(days("11-25-26", Order::MonthDayYear), Some(DAY));
        for field in ["2026-11-25", "25 Nov 2026"] {
            assert_eq!(days(field, Order::ShortYearMonthDay), Some(DAY), "{field}");
        }
        for field in ["95-11-25", "25-11-95"] {
            let read = |order| days(field, order).is_some();
            assert_ne!(
                read(Order::DayMonthYear),
                read(Order::ShortYearMonthDay),
                "{field}"
            );
        }
        assert_eq!(days("25.11.2026", Order::ShortYearMonthDay), None);
        assert_eq!(days("6/11/25", Order::ShortYearMonthDay), None);
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
            "2026-367",
            "2025-366",
            "5551-123",
            "2026-W54-1",
            "2026-W48-8",
            "2026年13月1日",
            "2026年11月25",
            "2026-11-25 09:30 Foo/Bar",
            "2026-11-25 9.30",
            "9.30.15",
            "9A",
            "2026-11-25T2530",
            "2026-11-25T093",
            "2023/24",
            "2026-H3",
            "Q4-26",
            "13-2026",
            "12-2126",
            "W54/2026",
            "2026_11-25",
            "Nov'2",
            "10.09",
            "18h",
            "26-13-45",
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
        assert_eq!(days("202611250930", Order::Digits), Some(MORNING));
        assert_eq!(days("20261125093000", Order::Digits), Some(MORNING));
        for field in [
            "20261325",
            "202611252561",
            "20261125096000",
            "2026112509300",
        ] {
            assert_eq!(days(field, Order::Digits), None, "{field}");
        }
        assert_eq!(days("20782.5", Order::UnixSeconds), Some(20_782.5), "days");
        assert_eq!(days("1,795,599,000", Order::UnixSeconds), Some(MORNING));
        assert_eq!(days("1 795 599 000", Order::UnixSeconds), Some(MORNING));
        let german = super::days("1.795.599.000", Order::UnixSeconds, Numerals::Comma);
        assert_eq!(german, Some(MORNING));
    }
}
