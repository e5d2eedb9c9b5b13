//! How a row's values become the numbers that a network learns from.
//!
//! The same steps are part of the model (`onnx/features.rs`), in the same order and with the same
//! 32-bit floats, so that serving needs nothing but the model.

pub mod bag;
pub mod target_encoding;

use std::collections::HashMap;

use bag::Bag;
use target_encoding::Words;

use crate::{
    schema::{Kind, Schema, Task},
    table::{Table, Values},
    value::Missing,
};

/// How many words of a column get a feature of their own: the most frequent ones.
const OWN_WORDS: usize = 50;

/// How many words a model knows where there are more, which all get a target encoding.
const KNOWN_WORDS: usize = 50_000;

/// For how many classes at most words are encoded.
const ENCODED_CLASSES: usize = 32;

/// How far from the mean a number counts, in standard deviations: few values are beyond, and 8 bits are better spent on the others.
pub const CLIP: f32 = 4.0;

/// What is made of the place in a period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wave {
    /// The part of the period that is over, which trees ask for: such as the hour of a day.
    Part,
    /// The sine of the angle, and so on, which has no jump where a period ends.
    Sine,
    /// The cosine.
    Cosine,
}

/// Which features a date has besides its place in time: the weekday, the month and the hour, each in three forms.
pub const WAVES: [(Period, Wave); 9] = [
    (Period::Year, Wave::Part),
    (Period::Year, Wave::Sine),
    (Period::Year, Wave::Cosine),
    (Period::Week, Wave::Part),
    (Period::Week, Wave::Sine),
    (Period::Week, Wave::Cosine),
    (Period::Day, Wave::Part),
    (Period::Day, Wave::Sine),
    (Period::Day, Wave::Cosine),
];

/// What comes back again and again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Period {
    /// From the first of January on.
    Year,
    /// From Monday on.
    Week,
    /// From midnight in UTC on.
    Day,
}

impl Period {
    /// How long it is in days; a year of the Gregorian calendar on average.
    pub fn days(self) -> f32 {
        match self {
            Period::Year => 365.2425,
            Period::Week => 7.0,
            Period::Day => 1.0,
        }
    }

    /// How many days of the period are over after so many days. All weeks and all days come to the same, to the last
    /// bit: whole days are half a day away from where a period ends, and what is subtracted is exact.
    fn over(self, days: f32) -> f32 {
        let whole = ((days.floor() + HALF) / self.days()).floor();
        days - whole * self.days()
    }
}

/// Half a day.
pub const HALF: f32 = 0.5;

/// How the numbers among the features are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// Scaled, clipped, and the mean where one is missing.
    Scaled,
    /// As they are, and NaN where one is missing. Of a period the days that are over, and its sines and cosines are 0: a
    /// quotient or a sine differs between runtimes in the last bit, for which a tree may ask. All other features are the
    /// same.
    Raw,
}

/// How the columns of a table become features, as learned from the rows to learn from.
///
/// Features stand in this order: each number, scaled; for each number that may be missing, whether it
/// is; each of [`WAVES`], for each date; one for each frequent word of each category, and behind them its
/// target encoding, if it has more words; one for each known word of each free text.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    /// The columns that are numbers or dates.
    pub numbers: Vec<Number>,
    /// The columns that are words.
    pub categories: Vec<Category>,
    /// The columns that are free text.
    pub texts: Vec<Bag>,
    /// What stands for a missing value, which the model takes for such too.
    pub missing: Missing,
}

/// A column of numbers.
#[derive(Clone, Debug)]
pub struct Number {
    /// Which column of the table it is.
    pub column: usize,
    /// Its mean, which also stands in for a missing value.
    pub mean: f32,
    /// Its standard deviation.
    pub deviation: f32,
    /// Whether values are missing among the rows to learn from.
    pub may_miss: bool,
    /// If it counts days, where its periods begin.
    pub calendar: Option<Calendar>,
}

/// Where the periods of a column of dates begin, as near to the dates as can be: days since 1970 are so many that 32 bits
/// would leave little of the hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calendar {
    /// The first of January of the mean's year.
    year: f32,
    /// The Monday before it.
    monday: f32,
    /// Whether the dates have different days.
    has_days: bool,
    /// Whether they have different times of day.
    has_times: bool,
}

/// A column of words.
#[derive(Clone, Debug)]
pub struct Category {
    /// Which column of the table it is.
    pub column: usize,
    /// The words that are known, the most frequent first.
    pub words: Vec<String>,
    /// How many of them have a feature; all others have none set.
    pub own: usize,
    /// How many numbers the target encoding of a word has; none where all words have a feature.
    pub outputs: usize,
    /// The target encoding of each known word, and of all others as one more.
    pub encoding: Vec<f32>,
}

impl Encoder {
    /// Learns the means and words of a table. The target encoding is learned later: see [`Self::words`].
    pub fn of(schema: &Schema, table: &Table) -> Self {
        let outputs = match &schema.target.task {
            Task::Regression => 1,
            // The second class of two says all of the first.
            Task::Classification { classes } => (classes.len().max(2) - 1).min(ENCODED_CLASSES),
        };
        let mut encoder = Encoder {
            missing: schema.missing.clone(),
            ..Encoder::default()
        };
        let known = bag::known(schema.texts());
        for (column, (meta, values)) in schema.columns.iter().zip(&table.columns).enumerate() {
            match values {
                Values::Numbers(values) => {
                    let number = scale(column, values);
                    let is_date = matches!(meta.kind, Kind::Date { .. });
                    encoder.numbers.push(Number {
                        calendar: is_date.then(|| Calendar::of(values, number.mean)),
                        ..number
                    });
                }
                Values::Words { .. } if meta.kind == Kind::Text => {
                    encoder.texts.push(Bag::of(column, values, known));
                }
                Values::Words { words, rows } => {
                    encoder
                        .categories
                        .push(Category::of(column, words, rows, outputs));
                }
            }
        }
        encoder
    }

    /// The dates that have a period, and where it begins for each.
    pub fn turning(&self, period: Period) -> impl Iterator<Item = (&Number, f32)> {
        let numbers = self.numbers.iter();
        numbers.filter_map(move |number| Some((number, number.calendar?.start(period)?)))
    }

    /// How many features there are.
    pub fn width(&self) -> usize {
        self.origins().len()
    }

    /// Which column each feature is made from.
    pub fn origins(&self) -> Vec<usize> {
        let mut origins: Vec<_> = self.numbers.iter().map(|number| number.column).collect();
        origins.extend(
            self.numbers
                .iter()
                .filter(|number| number.may_miss)
                .map(|number| number.column),
        );
        for (period, _) in WAVES {
            origins.extend(self.turning(period).map(|(number, _)| number.column));
        }
        let words = |category: &Category| vec![category.column; category.width()];
        origins.extend(self.categories.iter().flat_map(words));
        let words = |text: &Bag| vec![text.column; text.words.len()];
        origins.extend(self.texts.iter().flat_map(words));
        origins
    }

    /// The words of the columns that need a target encoding, row by row.
    pub fn words(&self, table: &Table) -> Vec<Words> {
        let behind = self.categories.iter().map(Category::width).sum::<usize>()
            + self.texts.iter().map(|it| it.words.len()).sum::<usize>();
        let mut place = self.width() - behind;
        let mut all = Vec::new();
        for category in &self.categories {
            if category.outputs > 0 {
                all.push(Words {
                    place: place + category.own,
                    outputs: category.outputs,
                    count: category.words.len() + 1,
                    rows: category.places(&table.columns[category.column]),
                });
            }
            place += category.width();
        }
        all
    }

    /// Takes the target encodings of the columns that need one, in the order of [`Self::words`].
    pub fn encode_words(&mut self, encodings: Vec<Vec<f32>>) {
        let many = self.categories.iter_mut().filter(|it| it.outputs > 0);
        many.zip(encodings)
            .for_each(|(category, encoding)| category.encoding = encoding);
    }

    /// The features of all rows, row by row.
    pub fn encode(&self, table: &Table, form: Form) -> Vec<f32> {
        let width = self.width();
        let mut features = vec![0.0; width * table.len()];
        let mut at = 0;
        let mut put = |at: usize, value: &mut dyn FnMut(usize) -> f32| {
            for (row, features) in features.chunks_exact_mut(width.max(1)).enumerate() {
                features[at] = value(row);
            }
        };
        let values = |column: usize| match &table.columns[column] {
            Values::Numbers(values) => values.as_slice(),
            Values::Words { .. } => &[],
        };
        for number in &self.numbers {
            let values = values(number.column);
            put(at, &mut |row| match form {
                Form::Scaled => number.scaled(values[row]),
                Form::Raw => values[row],
            });
            at += 1;
        }
        for number in self.numbers.iter().filter(|number| number.may_miss) {
            let values = values(number.column);
            put(at, &mut |row| f32::from(values[row].is_nan()));
            at += 1;
        }
        for (period, wave) in WAVES {
            for (number, start) in self.turning(period) {
                let values = values(number.column);
                put(at, &mut |row| {
                    let over = period.over(number.known(values[row]) - start);
                    let part = over / period.days();
                    match (form, wave) {
                        (Form::Raw, Wave::Part) => over,
                        (Form::Raw, _) => 0.0,
                        (Form::Scaled, Wave::Part) => part,
                        (Form::Scaled, Wave::Sine) => (part * std::f32::consts::TAU).sin(),
                        (Form::Scaled, Wave::Cosine) => (part * std::f32::consts::TAU).cos(),
                    }
                });
                at += 1;
            }
        }
        for category in &self.categories {
            let places = category.places(&table.columns[category.column]);
            for (place, features) in places.into_iter().zip(features.chunks_exact_mut(width)) {
                category.set(place as usize, &mut features[at..at + category.width()]);
            }
            at += category.width();
        }
        for text in &self.texts {
            text.find(&table.columns[text.column], |row, word| {
                features[row * width + at + word] = 1.0;
            });
            at += text.words.len();
        }
        features
    }
}

impl Category {
    fn of(column: usize, words: &[String], rows: &[u32], outputs: usize) -> Self {
        let counted = counted(words, rows);
        let is_many = counted.len() > OWN_WORDS;
        let most = if is_many { KNOWN_WORDS } else { OWN_WORDS };
        let known = counted.into_iter().take(most);
        let words: Vec<_> = known.map(|(_, word)| word.clone()).collect();
        let outputs = if is_many { outputs } else { 0 };
        Category {
            column,
            own: words.len().min(OWN_WORDS),
            outputs,
            encoding: vec![0.0; (words.len() + 1) * outputs],
            words,
        }
    }

    fn width(&self) -> usize {
        self.own + self.outputs
    }

    /// Which of the known words stands in each row; a number beyond them for all others.
    fn places(&self, values: &Values) -> Vec<u32> {
        let Values::Words { words, rows } = values else {
            return Vec::new();
        };
        let known: HashMap<_, _> = self.words.iter().zip(0_u32..).collect();
        let other = self.words.len() as u32;
        let place = |word| known.get(word).copied().unwrap_or(other);
        let places: Vec<_> = words.iter().map(place).collect();
        rows.iter().map(|&word| places[word as usize]).collect()
    }

    fn set(&self, place: usize, features: &mut [f32]) {
        if place < self.own {
            features[place] = 1.0;
        }
        let encoding = &self.encoding[place * self.outputs..(place + 1) * self.outputs];
        features[self.own..].copy_from_slice(encoding);
    }
}

impl Number {
    fn known(&self, value: f32) -> f32 {
        if value.is_nan() { self.mean } else { value }
    }

    fn centered(&self, value: f32) -> f32 {
        self.known(value) - self.mean
    }

    fn scaled(&self, value: f32) -> f32 {
        (self.centered(value) / self.deviation).clamp(-CLIP, CLIP)
    }
}

impl Calendar {
    fn of(values: &[f32], mean: f32) -> Self {
        let known = || values.iter().filter(|value| !value.is_nan());
        let differ = |of: fn(f32) -> f32| {
            let first = known().next().map(|&value| of(value));
            known().any(|&value| Some(of(value)) != first)
        };
        let year = new_year(mean);
        Calendar {
            year,
            // 1970-01-01 was a Thursday.
            monday: year - (year + 3.0).rem_euclid(Period::Week.days()),
            has_days: differ(f32::floor),
            has_times: differ(|value| value - value.floor()),
        }
    }

    /// Where a period begins, if the dates have it.
    fn start(&self, period: Period) -> Option<f32> {
        match period {
            Period::Year => self.has_days.then_some(self.year),
            Period::Week => self.has_days.then_some(self.monday),
            Period::Day => self.has_times.then_some(self.monday),
        }
    }
}

/// The first of January of a day's year.
fn new_year(day: f32) -> f32 {
    let epoch = time::OffsetDateTime::UNIX_EPOCH.date();
    let date = epoch.checked_add(time::Duration::days(day as i64));
    let first = date.and_then(|date| time::Date::from_ordinal_date(date.year(), 1).ok());
    first.map_or(0.0, |first| (first - epoch).whole_days() as f32)
}

/// Mean and deviation by Welford's method, in 64 bits.
fn scale(column: usize, values: &[f32]) -> Number {
    let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
    for value in values.iter().filter(|value| !value.is_nan()) {
        let value = f64::from(*value);
        count += 1.0;
        let off = value - mean;
        mean += off / count;
        squares += off * (value - mean);
    }
    let deviation = if count > 0.0 {
        (squares / count).sqrt() as f32
    } else {
        0.0
    };
    Number {
        column,
        mean: mean as f32,
        // A column may be constant in these rows, though it is not in all.
        deviation: if deviation.is_normal() {
            deviation
        } else {
            1.0
        },
        may_miss: count < values.len() as f64,
        calendar: None,
    }
}

/// How many rows each word stands in, the most first; of equals, the one that comes first by name.
fn counted<'a>(words: &'a [String], rows: &[u32]) -> Vec<(usize, &'a String)> {
    let mut counts: Vec<(usize, &String)> = words.iter().map(|word| (0, word)).collect();
    for &row in rows {
        counts[row as usize].0 += 1;
    }
    // A table that was picked from another one may have words without a row.
    counts.retain(|(count, _)| *count > 0);
    counts.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{
        Numerals,
        date::{Order, days},
    };

    fn day(text: &str) -> f32 {
        days(text, Order::YearMonthDay, Numerals::Point).unwrap_or_default() as f32
    }

    #[test]
    fn periods_begin_with_the_year_on_monday_and_at_midnight() {
        let values = [day("2024-11-25 06:00"), day("2024-03-01 18:00")];
        let calendar = Calendar::of(&values, day("2024-07-01"));
        assert_eq!(calendar.start(Period::Year), Some(day("2024-01-01")));
        assert_eq!(
            calendar.start(Period::Week),
            Some(day("2024-01-01")),
            "a Monday"
        );
        assert_eq!(calendar.start(Period::Day), Some(day("2024-01-01")));
        assert_eq!(
            Calendar::of(&values, day("2023-07-01")).monday,
            day("2022-12-26")
        );
        let dates = Calendar::of(&[day("2024-11-25"), day("2024-11-26"), f32::NAN], 0.0);
        assert_eq!((dates.has_days, dates.has_times), (true, false));
        assert_eq!(
            Period::Week.over(9.25),
            Period::Week.over(2.25 + 7.0 * 500.0)
        );
        assert!((Period::Day.over(-0.75) - 0.25).abs() < f32::EPSILON);
        let times = Calendar::of(&[0.25, 0.5], 0.4);
        assert_eq!((times.has_days, times.has_times), (false, true));
    }
}
