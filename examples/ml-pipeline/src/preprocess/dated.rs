//! The dates of a column: in which orders they can be read, and which may stand for none.

use crate::value::date::{ORDERS, Order, Stamp};

/// Days since 1970-01-01 of dates that are often written where none is known: the first and last days of calendars and
/// programs.
const LIKELY: [f64; 14] = [
    2_932_896.0,
    2_932_532.0,
    376_199.0,
    375_835.0,
    47_481.0,
    0.0,
    -25_567.0,
    -25_568.0,
    -25_569.0,
    -62_091.0,
    -79_257.0,
    -134_774.0,
    -313_430.0,
    -719_162.0,
];

/// The dates so far.
#[derive(Clone, Debug)]
pub struct Dated {
    /// How many values each of [`ORDERS`] reads.
    counts: [u64; ORDERS.len()],
    /// The likely ones: how many, and how the first was written.
    likely: Vec<(f64, u64, String)>,
    /// The first and the last of all others.
    range: (f64, f64),
    short: Short,
    /// The first with a zone whose name does not tell how far it is from UTC.
    zoned: Option<String>,
    /// The first with a day of the year.
    counted: Option<String>,
}

/// The dates of three numbers of two digits, as bits of a set: their first numbers, and their last ones.
#[derive(Clone, Debug, Default)]
struct Short {
    first: u128,
    last: u128,
    example: Option<String>,
}

impl Short {
    fn add(&mut self, (first, last): (u8, u8), field: &str) {
        self.first |= 1 << first;
        self.last |= 1 << last;
        if self.example.is_none() {
            self.example = Some(field.to_owned());
        }
    }

    /// Whether the last number is the day for sure, where any order reads all: it has most days, and the first few years.
    fn ends_with_days(&self) -> bool {
        are_days(self.last, self.first)
    }

    fn begins_with_days(&self) -> bool {
        are_days(self.first, self.last)
    }
}

fn are_days(days: u128, years: u128) -> bool {
    days.count_ones() > 12 && years.count_ones() * 2 <= days.count_ones()
}

impl Default for Dated {
    fn default() -> Self {
        Dated {
            counts: [0; ORDERS.len()],
            likely: Vec::new(),
            range: (f64::INFINITY, f64::NEG_INFINITY),
            short: Short::default(),
            zoned: None,
            counted: None,
        }
    }
}

impl Dated {
    /// Takes the next value that is no number, and tells whether it is a date or a time.
    pub fn add(&mut self, field: &str) -> bool {
        let Some(stamp) = Stamp::of(field) else {
            return false;
        };
        let mut found = None;
        for (count, order) in self.counts.iter_mut().zip(ORDERS) {
            let days = stamp.days(order);
            *count += u64::from(days.is_some());
            found = found.or(days);
        }
        let Some(days) = found else {
            return false;
        };
        if let Some(ends) = stamp.ends() {
            self.short.add(ends, field);
        }
        for (is_it, first) in [
            (stamp.has_open_zone, &mut self.zoned),
            (stamp.is_day_of_year, &mut self.counted),
        ] {
            if is_it && first.is_none() {
                *first = Some(field.to_owned());
            }
        }
        if !LIKELY.contains(&days.floor()) {
            self.range = (self.range.0.min(days), self.range.1.max(days));
            return true;
        }
        match self.likely.iter_mut().find(|it| it.0 == days.floor()) {
            Some((_, count, _)) => *count += 1,
            None => self.likely.push((days.floor(), 1, field.to_owned())),
        }
        true
    }

    /// The order that reads the most values, the first of equals, and how many. Where years and days of two digits could be
    /// exchanged, the days are many and the years few.
    pub fn order(&self) -> (Order, u64) {
        let best = self.counts.iter().copied().max().unwrap_or_default();
        let place = self.counts.iter().position(|&count| count == best);
        let order = ORDERS[place.unwrap_or_default()];
        if self.is_exchangeable() && self.short.ends_with_days() {
            return (Order::ShortYearMonthDay, best);
        }
        (order, best)
    }

    /// How many values are dates or times.
    pub fn count(&self) -> u64 {
        self.order().1
    }

    /// Whether the year of two digits could be the first number and the last one.
    fn is_exchangeable(&self) -> bool {
        let [any, day_first, month_first, _, year_first] = self.counts;
        year_first > any && year_first == day_first.max(month_first)
    }

    /// Warnings of dates that could also be read in another way.
    pub fn doubts(&self, name: &str) -> Vec<String> {
        let [_, day_first, month_first, ..] = self.counts;
        let (order, _) = self.order();
        let exchanged = (order == Order::DayMonthYear && day_first == month_first).then(|| {
            format!(
                "'{name}': its dates are read as day, month, year, but could also be month, day, year"
            )
        });
        let is_short = self.is_exchangeable() && !self.short.begins_with_days();
        let short = self.short.example.as_ref().filter(|_| is_short);
        let short = short.map(|example| {
            let (read, other) = match order {
                Order::ShortYearMonthDay if day_first < month_first => ("year, month, day", "month, day, year"),
                Order::ShortYearMonthDay => ("year, month, day", "day, month, year"),
                Order::MonthDayYear => ("month, day, year", "year, month, day"),
                _ => ("day, month, year", "year, month, day"),
            };
            format!(
                "'{name}': dates such as '{example}' are read as {read}, but could also be {other}: write years with four \
                 digits if that is wrong"
            )
        });
        let zoned = self.zoned.as_ref().map(|example| {
            format!(
                "'{name}': the zone of times such as '{example}' does not tell how far they are from UTC: they are read as \
                 they stand there, without a zone"
            )
        });
        let counted = self.counted.as_ref().map(|example| {
            format!("'{name}': dates such as '{example}' are read as a year and a day of the year")
        });
        [exchanged, short, zoned, counted]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Warnings of likely dates that are far from all others.
    pub fn told(&self, name: &str) -> Option<String> {
        let (first, last) = self.range;
        let mut far = self.likely.iter().filter(|(days, count, _)| {
            let off = (first - days).max(days - last);
            first <= last && *count > 1 && off > 366.0 && off > (last - first) / 2.0
        });
        let (_, count, written) = far.next()?;
        let mut counts = format!("{count} of {} dates are '{written}'", self.count());
        let mut all = written.clone();
        for (_, count, written) in far {
            counts = format!("{counts}, {count} are '{written}'");
            all = format!("{all},{written}");
        }
        Some(format!(
            "'{name}': {counts}, far from all others: if that stands for no value, --missing='{all}' says so"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dates: impl IntoIterator<Item = String>) -> Dated {
        let mut dated = Dated::default();
        for date in dates {
            assert!(dated.add(&date), "{date}");
        }
        dated
    }

    fn usual() -> impl Iterator<Item = String> {
        (1..29).map(|day| format!("2024-11-{day:02}"))
    }

    #[test]
    fn the_order_that_reads_the_most_is_that_of_the_column() {
        assert_eq!(of(usual()).order(), (Order::YearMonthDay, 28));
        let american = |day: u32| format!("11/{day:02}/2024");
        let mixed = of((1..29).map(american).chain(usual()));
        assert_eq!(mixed.order(), (Order::MonthDayYear, 56));
        assert_eq!(mixed.doubts("a"), [""; 0]);
        assert_eq!(
            of((1..13).map(american)).doubts("a"),
            ["'a': its dates are read as day, month, year, but could also be month, day, year"]
        );
        assert_eq!(
            of((10..20).map(|hour| format!("{hour}:30"))).order().0,
            Order::TimeOfDay
        );
    }

    #[test]
    fn years_of_two_digits_stand_where_the_values_are_few() {
        let sure = of((1..29).map(|day| format!("95-04-{day:02}")));
        assert_eq!(sure.order().0, Order::ShortYearMonthDay);
        assert_eq!(sure.doubts("a"), [""; 0]);
        let first = of((1..29).map(|day| format!("{}-04-{day:02}", 22 + day % 4)));
        assert_eq!(first.order().0, Order::ShortYearMonthDay);
        assert_eq!(
            first.doubts("a"),
            [
                "'a': dates such as '23-04-01' are read as year, month, day, but could also be day, month, year: write years \
                 with four digits if that is wrong"
            ]
        );
        let last = of((1..29).map(|day| format!("{day:02}/04/{}", 22 + day % 4)));
        assert_eq!(last.order().0, Order::DayMonthYear);
        assert_eq!(last.doubts("a"), [""; 0]);
        let few = of((1..9).map(|day| format!("{day:02}/04/{}", 22 + day % 4)));
        assert_eq!(few.order().0, Order::DayMonthYear);
        assert!(
            few.doubts("a")
                .iter()
                .any(|it| it.contains("but could also be year, month, day"))
        );
    }

    #[test]
    fn a_zone_that_does_not_tell_and_days_of_the_year_are_told() {
        let zoned = of((10..20).map(|hour| format!("2024-11-25 {hour}:00 IST")));
        assert!(
            zoned.doubts("a")[0]
                .starts_with("'a': the zone of times such as '2024-11-25 10:00 IST'")
        );
        let counted = of((100..200).map(|day| format!("2024-{day}")));
        assert_eq!(
            counted.doubts("a"),
            ["'a': dates such as '2024-100' are read as a year and a day of the year"]
        );
    }

    #[test]
    fn the_end_of_the_calendar_is_told_and_a_day_among_others_is_not() {
        let never = || std::iter::repeat_n("9999-12-31".to_owned(), 3);
        let told = of(usual().chain(never())).told("until").unwrap_or_default();
        assert!(
            told.starts_with("'until': 3 of 31 dates are '9999-12-31'"),
            "{told}"
        );
        let old = || std::iter::repeat_n("1900-01-01".to_owned(), 2);
        let told = of(usual().chain(never()).chain(old())).told("until");
        let told = told.unwrap_or_default();
        assert!(
            told.starts_with(
                "'until': 3 of 33 dates are '9999-12-31', 2 are '1900-01-01', far from"
            ),
            "{told}"
        );
        assert!(told.contains("--missing='9999-12-31,1900-01-01'"), "{told}");
        assert_eq!(of(usual()).told("until"), None);
        let old = ["1895-05-05", "1970-01-01", "1970-01-01", "1999-09-09"].map(str::to_owned);
        assert_eq!(of(old).told("born"), None);
    }
}
