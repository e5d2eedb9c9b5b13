//! Numbers that are dates: seconds since 1970 and parts of them, and numbers such as 20241125. Decisions alone.

use super::{names, profile::Profile, sentinels};
use crate::value::date::{EPOCHS, Order};

/// The days from 2000 to 2100, between which numbers that count from 1970 on are taken for dates.
const DAYS: (f64, f64) = (10_957.0, 47_482.0);

/// The seconds between which whole numbers are dates without a name that says so: from 2001 to 2036. They have as many
/// digits as other numbers do.
const SECONDS: (f64, f64) = (1e9, 2.1e9);

/// How many seconds such numbers may be apart: twenty years.
const APART: f64 = 20.0 * 366.0 * 86_400.0;

/// How many days a column has at least: fewer are blurred by 32-bit floats as dates too.
const LEAST_DAYS: f64 = 2.0;

/// Words in the name of a column of times.
const NAMES: [&str; 16] = [
    "time",
    "timestamp",
    "timestamps",
    "ts",
    "date",
    "datetime",
    "epoch",
    "unix",
    "utc",
    "created",
    "updated",
    "modified",
    "when",
    "at",
    "started",
    "ended",
];

/// How a column of numbers counts days, if it does.
pub fn order(name: &str, profile: &Profile) -> Option<Order> {
    if names::is_id(name) || profile.unit().is_some() {
        return None;
    }
    if profile.has_months() {
        return Some(Order::YearMonthDay);
    }
    if profile.dated_numbers == profile.numbers() {
        return Some(Order::Digits);
    }
    within(name, profile, profile.range)
}

/// The order of numbers in a range, of which some stand for no date if it is not that of all.
fn within(name: &str, profile: &Profile, (least, most): (f64, f64)) -> Option<Order> {
    let (order, day) = EPOCHS
        .into_iter()
        .find(|(_, day)| least >= DAYS.0 * day && most <= DAYS.1 * day)?;
    if most - least < LEAST_DAYS * day {
        return None;
    }
    let is_named = names::words(name)
        .iter()
        .any(|word| NAMES.contains(&word.as_str()));
    let is_whole = profile.integers == profile.numbers();
    let is_likely = match order {
        Order::UnixSeconds => least >= SECONDS.0 && most <= SECONDS.1 && most - least <= APART,
        _ => true,
    };
    (is_named || (is_whole && is_likely)).then_some(order)
}

/// A warning of 0 and -1 in a column whose other numbers are dates.
pub fn doubt(name: &str, profile: &Profile) -> Option<String> {
    if names::is_id(name) || profile.unit().is_some() {
        return None;
    }
    let (least, none) = profile.sentinels.but_zero()?;
    let zeros: u64 = none.iter().map(|(_, count)| count).sum();
    let order = if profile.dated_numbers + zeros == profile.numbers() {
        Order::Digits
    } else {
        within(name, profile, (least, profile.range.1))?
    };
    Some(format!(
        "'{name}': {}, and all others can be {}: --missing={} makes them dates, if that stands for no value in any column",
        sentinels::counts(&none, profile.numbers())?,
        what(order)?,
        sentinels::all(&none)
    ))
}

/// What is said of a column whose numbers are months.
pub fn months(name: &str, profile: &Profile) -> Option<String> {
    let example = profile.first_number.as_ref()?;
    profile.has_months().then(|| {
        format!("'{name}': its numbers are read as dates, as all of them can be a month and a year, such as '{example}'")
    })
}

/// What is said of such a column.
pub fn told(name: &str, order: Order) -> Option<String> {
    Some(format!(
        "'{name}': its numbers are read as dates, as all of them can be {}",
        what(order)?
    ))
}

/// What numbers of an order are.
fn what(order: Order) -> Option<&'static str> {
    Some(match order {
        Order::Digits => "dates such as 20241125 for 2024-11-25",
        Order::UnixSeconds => "seconds since 1970-01-01",
        Order::UnixMilliseconds => "milliseconds since 1970-01-01",
        Order::UnixMicroseconds => "microseconds since 1970-01-01",
        Order::UnixNanoseconds => "nanoseconds since 1970-01-01",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Missing, Numerals};

    fn of(name: &str, numbers: impl Iterator<Item = u64>) -> Option<Order> {
        let mut profile = Profile::new(64);
        let missing = Missing::default();
        numbers.for_each(|number| profile.add(&number.to_string(), Numerals::Point, &missing));
        order(name, &profile)
    }

    /// Two hours from one to the next.
    fn seconds() -> impl Iterator<Item = u64> {
        (0..100).map(|row| 1_700_000_000 + row * 7207)
    }

    #[test]
    fn zeros_among_dates_are_told() {
        let mut profile = Profile::new(64);
        let missing = Missing::default();
        for number in seconds()
            .map(|it| it.to_string())
            .chain(["0".to_owned(), "-1".to_owned()])
        {
            profile.add(&number, Numerals::Point, &missing);
        }
        assert_eq!(order("x", &profile), None);
        assert_eq!(
            doubt("x", &profile).unwrap_or_default(),
            "'x': 1 of 102 values is -1, 1 is 0, and all others can be seconds since 1970-01-01: --missing=-1,0 makes them \
             dates, if that stands for no value in any column"
        );
    }

    #[test]
    fn a_month_and_a_year_with_a_point_between_them_are_a_date() {
        let of = |numbers: &[&str]| {
            let mut profile = Profile::new(64);
            let missing = Missing::default();
            numbers
                .iter()
                .for_each(|it| profile.add(it, Numerals::Point, &missing));
            let told = months("when", &profile).unwrap_or_default();
            (order("when", &profile), told)
        };
        let (order, told) = of(&["03.2023", "11.2023", "1.2024"]);
        assert_eq!(order, Some(Order::YearMonthDay));
        assert_eq!(
            told,
            "'when': its numbers are read as dates, as all of them can be a month and a year, such as '03.2023'"
        );
        for numbers in [
            ["03.2023", "11.2023", "13.2023"],
            ["3.2023", "11.2023", "3.202"],
        ] {
            assert_eq!(of(&numbers), (None, String::new()), "{numbers:?}");
        }
    }

    #[test]
    fn numbers_are_dates_where_the_range_or_the_name_says_so() {
        assert_eq!(of("x", seconds()), Some(Order::UnixSeconds));
        assert_eq!(
            of("x", seconds().map(|it| it * 1000)),
            Some(Order::UnixMilliseconds)
        );
        assert_eq!(
            of("x", seconds().map(|it| it * 1_000_000)),
            Some(Order::UnixMicroseconds)
        );
        assert_eq!(
            of("x", seconds().map(|it| it * 1_000_000_000)),
            Some(Order::UnixNanoseconds)
        );
        assert_eq!(
            of("x", (0..100).map(|row| 20_240_101 + row % 28)),
            Some(Order::Digits)
        );
        let wide = || (0..100).map(|row| 950_000_000 + row * 20_000_000);
        assert_eq!(of("created_at", wide()), Some(Order::UnixSeconds));
        assert_eq!(of("revenue", wide()), None, "too wide");
        assert_eq!(of("user_id", seconds()), None);
        assert_eq!(
            of("x", (0..100).map(|row| 20_240_101 + row)),
            None,
            "no days"
        );
        assert_eq!(of("x", (0..100).map(|row| row * 1000)), None);
        assert_eq!(
            of("time", (0..100).map(|row| 1_700_000_000 + row)),
            None,
            "blurred"
        );
    }
}
