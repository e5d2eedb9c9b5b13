//! What is learned of each column while the file is read for the first time.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::distinct::{self, Distinct};
use crate::value::{self, Numerals, date};

/// How many examples of odd values are kept for the warnings.
const EXAMPLES: usize = 3;

/// How many characters of an example are shown.
const SHOWN: usize = 24;

/// In fewer steps of a 32-bit float than these, the range of a column is blurred.
const BLURRED: f64 = 1000.0;

/// A column, value for value, in a bounded memory.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How many rows had a value.
    pub values: u64,
    /// How many rows had none.
    pub missing: u64,
    /// How many values were numbers that a 32-bit float can hold.
    pub numbers: u64,
    /// How many of them were whole.
    pub integers: u64,
    /// How many values were numbers beyond a 32-bit float, `inf` among them.
    pub infinite: u64,
    /// How many values were yes or no in words.
    pub booleans: u64,
    /// How many values were dates, for each of [`date::ORDERS`].
    pub dates: [u64; 3],
    /// How many words all values have.
    pub words: u64,
    /// How many different values there are.
    pub distinct: Distinct,
    /// The least and the greatest number.
    pub range: (f64, f64),
    /// What stood for values that are missing, but for nothing at all.
    pub absent: Vec<String>,
    /// Values that were no number, and such that were none that can be held.
    pub odd: Vec<String>,
    step: Step,
    content: SipHasher13,
}

/// Whether the numbers so far rise or fall by the same step.
#[derive(Clone, Copy, Debug)]
enum Step {
    None,
    First(f64),
    Same { last: f64, step: f64 },
    Broken,
}

impl Profile {
    /// Of a column of which nothing was read yet.
    pub fn new(capacity: usize) -> Self {
        Profile {
            values: 0,
            missing: 0,
            numbers: 0,
            integers: 0,
            infinite: 0,
            booleans: 0,
            dates: [0; 3],
            words: 0,
            distinct: Distinct::new(capacity),
            range: (f64::INFINITY, f64::NEG_INFINITY),
            absent: Vec::new(),
            odd: Vec::new(),
            step: Step::None,
            content: SipHasher13::new(),
        }
    }

    /// Takes the column's field of the next row.
    pub fn add(&mut self, field: &str, numerals: Numerals) {
        let field = field.trim();
        if value::is_missing(field) {
            self.missing += 1;
            if !field.is_empty() {
                example(&mut self.absent, field);
            }
            self.content.write_u8(0xff);
            return;
        }
        self.values += 1;
        let hash = distinct::hash(field);
        self.distinct.add(hash);
        self.content.write_u64(hash);
        match value::number(field, numerals) {
            Some(number) if (number as f32).is_finite() => self.number(number),
            Some(_) => {
                self.infinite += 1;
                example(&mut self.odd, field);
            }
            None => self.word(field),
        }
    }

    fn number(&mut self, number: f64) {
        self.numbers += 1;
        self.integers += u64::from(number.fract() == 0.0);
        self.range = (self.range.0.min(number), self.range.1.max(number));
        self.step = match self.step {
            Step::None => Step::First(number),
            Step::First(first) if number != first => Step::Same {
                last: number,
                step: number - first,
            },
            Step::Same { last, step } if number - last == step => Step::Same { last: number, step },
            _ => Step::Broken,
        };
    }

    fn word(&mut self, field: &str) {
        self.booleans += u64::from(value::is_boolean(field));
        self.words += field.split_whitespace().count() as u64;
        for (count, order) in self.dates.iter_mut().zip(date::ORDERS) {
            *count += u64::from(date::days(field, order).is_some());
        }
        example(&mut self.odd, field);
    }

    /// Whether the column counts its rows: whole numbers, each once, without a gap, in any order.
    pub fn counts_rows(&self) -> bool {
        if self.numbers != self.values || self.integers != self.values || self.distinct.recurs() {
            return false;
        }
        let in_steps = matches!(self.step, Step::Same { .. });
        let no_gap = self.range.1 - self.range.0 + 1.0 == self.values as f64;
        self.values >= 3 && (in_steps || no_gap)
    }

    /// Whether its numbers are so near to each other, for their size, that 32-bit floats blur them.
    pub fn is_blurred(&self) -> bool {
        let (least, most) = self.range;
        let step = least.abs().max(most.abs()) * f64::from(f32::EPSILON);
        self.numbers > 1 && most > least && most - least < step * BLURRED
    }

    /// The same for columns with the same values in the same rows.
    pub fn fingerprint(&self) -> u64 {
        self.content.finish()
    }
}

/// Keeps some different values to show.
fn example(kept: &mut Vec<String>, field: &str) {
    let shown: String = field.chars().take(SHOWN).collect();
    let shown = if shown.len() < field.len() {
        format!("{shown}…")
    } else {
        shown
    };
    if kept.len() < EXAMPLES && !kept.contains(&shown) {
        kept.push(shown);
    }
}
