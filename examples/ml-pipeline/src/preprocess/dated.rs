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
}

impl Default for Dated {
    fn default() -> Self {
        Dated {
            counts: [0; ORDERS.len()],
            likely: Vec::new(),
            range: (f64::INFINITY, f64::NEG_INFINITY),
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

    /// The order that reads the most values, the first of equals, and how many.
    pub fn order(&self) -> (Order, u64) {
        let best = self.counts.iter().copied().max().unwrap_or_default();
        let place = self.counts.iter().position(|&count| count == best);
        (ORDERS[place.unwrap_or_default()], best)
    }

    /// How many values are dates or times.
    pub fn count(&self) -> u64 {
        self.order().1
    }

    /// Whether days and months could be exchanged.
    pub fn is_open(&self) -> bool {
        let [_, day_first, month_first, _] = self.counts;
        self.order().0 == Order::DayMonthYear && day_first == month_first
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
        assert!(!mixed.is_open());
        assert!(of((1..13).map(american)).is_open());
        assert_eq!(
            of((10..20).map(|hour| format!("{hour}:30"))).order().0,
            Order::TimeOfDay
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
