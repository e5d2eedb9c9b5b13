//! How a row's values become the numbers that a network learns from.
//!
//! The same steps are part of the model (`onnx/features.rs`), in the same order and with the same
//! 32-bit floats, so that serving needs nothing but the model.

use serde::{Deserialize, Serialize};

use crate::{
    schema::{Kind, Schema},
    table::{Table, Values},
};

/// How many words of a column get a feature of their own: the most frequent ones.
const CATEGORY_LIMIT: usize = 50;

/// How far from the mean a number counts, in standard deviations: few values are beyond, and 8 bits are better spent on the others.
pub const CLIP: f32 = 4.0;

/// Sine or cosine.
pub type Wave = fn(f32) -> f32;

/// Which features a date has besides its place in time: a period in days, and sine or cosine of the
/// place in it.
pub const WAVES: [(f32, Wave); 4] = [
    (YEAR, f32::sin),
    (YEAR, f32::cos),
    (WEEK, f32::sin),
    (WEEK, f32::cos),
];

/// Days in a year, of the Gregorian calendar on average.
pub const YEAR: f32 = 365.2425;

/// Days in a week.
pub const WEEK: f32 = 7.0;

/// How the columns of a table become features, as learned from the rows to learn from.
///
/// Features stand in this order: each number, scaled; for each number that may be missing, whether it
/// is; each of [`WAVES`], for each date; one for each word of each category.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Encoder {
    /// The columns that are numbers or dates.
    pub numbers: Vec<Number>,
    /// The columns that are words.
    pub categories: Vec<Category>,
}

/// A column of numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Number {
    /// Which column of the table it is.
    pub column: usize,
    /// Its mean, which also stands in for a missing value.
    pub mean: f32,
    /// Its standard deviation.
    pub deviation: f32,
    /// Whether values are missing among the rows to learn from.
    pub may_miss: bool,
    /// Whether it counts days.
    pub is_date: bool,
}

/// A column of words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Category {
    /// Which column of the table it is.
    pub column: usize,
    /// The words that have a feature; all others have none set.
    pub words: Vec<String>,
}

impl Encoder {
    /// Learns the means and words of a table.
    pub fn of(schema: &Schema, table: &Table) -> Self {
        let mut encoder = Encoder::default();
        for (column, (meta, values)) in schema.columns.iter().zip(&table.columns).enumerate() {
            match values {
                Values::Numbers(values) => {
                    let is_date = matches!(meta.kind, Kind::Date { .. });
                    encoder.numbers.push(Number {
                        is_date,
                        ..scale(column, values)
                    });
                }
                Values::Words { words, rows } => {
                    encoder.categories.push(Category {
                        column,
                        words: frequent(words, rows),
                    });
                }
            }
        }
        encoder
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
        for _ in WAVES {
            let dates = self.numbers.iter().filter(|number| number.is_date);
            origins.extend(dates.map(|number| number.column));
        }
        let words = |category: &Category| vec![category.column; category.words.len()];
        origins.extend(self.categories.iter().flat_map(words));
        origins
    }

    /// The features of all rows, row by row.
    pub fn encode(&self, table: &Table) -> Vec<f32> {
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
            put(at, &mut |row| number.scaled(values[row]));
            at += 1;
        }
        for number in self.numbers.iter().filter(|number| number.may_miss) {
            let values = values(number.column);
            put(at, &mut |row| f32::from(values[row].is_nan()));
            at += 1;
        }
        for (period, wave) in WAVES {
            for number in self.numbers.iter().filter(|number| number.is_date) {
                let values = values(number.column);
                put(at, &mut |row| wave(number.turn(values[row], period)));
                at += 1;
            }
        }
        for category in &self.categories {
            if let Values::Words { words, rows } = &table.columns[category.column] {
                let place: Vec<_> = words
                    .iter()
                    .map(|word| category.words.iter().position(|known| known == word))
                    .collect();
                for (row, features) in features.chunks_exact_mut(width).enumerate() {
                    if let Some(place) = place[rows[row] as usize] {
                        features[at + place] = 1.0;
                    }
                }
            }
            at += category.words.len();
        }
        features
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

    /// The angle of a date within a period that begins at the mean: days since 1970 are so many that
    /// 32 bits would leave little of the angle.
    fn turn(&self, days: f32, period: f32) -> f32 {
        let turns = self.centered(days) / period;
        (turns - turns.floor()) * std::f32::consts::TAU
    }
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
        is_date: false,
    }
}

/// The words that stand in the most rows, those first; of equals, the one that comes first by name.
fn frequent(words: &[String], rows: &[u32]) -> Vec<String> {
    let mut counts: Vec<(usize, &String)> = words.iter().map(|word| (0, word)).collect();
    for &row in rows {
        counts[row as usize].0 += 1;
    }
    counts.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    counts
        .into_iter()
        .take(CATEGORY_LIMIT)
        .map(|(_, word)| word.clone())
        .collect()
}
