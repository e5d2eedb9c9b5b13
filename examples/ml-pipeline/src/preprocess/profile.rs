//! What is learned of each column while the file is read for the first time.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::{
    alike::Alike,
    codes::Digits,
    dated::Dated,
    distinct::{self, Distinct},
    prose::Prose,
    sentinels::Sentinels,
    units::Units,
};
use crate::value::{self, Marks, Missing, Numerals, date, missing::Marker, quantity};

/// How many examples of odd values are kept: one more than are shown, which tells a few from many.
pub const EXAMPLES: usize = 4;

/// How many characters of an example are shown.
const SHOWN: usize = 24;

/// In fewer steps of a 32-bit float than these, the range of a column is blurred.
const BLURRED: f64 = 1000.0;

/// A column, value for value, in a bounded memory.
#[derive(Clone, Debug)]
pub struct Profile {
    /// How many rows had a value.
    pub values: u64,
    /// How many of these values are markers of a missing one beside numbers or dates, and words elsewhere.
    pub unclear: u64,
    /// How many rows had none.
    pub missing: u64,
    /// How many values were numbers that a 32-bit float can hold, without a unit.
    plain: u64,
    /// The units of the others.
    pub units: Units,
    /// Their decimal marks.
    pub marks: Marks,
    /// How many numbers were whole.
    pub integers: u64,
    /// How many values were numbers beyond a 32-bit float, `inf` among them.
    pub infinite: u64,
    /// How many values were yes or no in words.
    pub booleans: u64,
    /// How many of these were `true` or `false`, in letters of any case.
    pub truths: u64,
    /// Those that were dates or times.
    pub dates: Dated,
    /// How many numbers were dates such as 20241125.
    pub dated_numbers: u64,
    /// How many numbers may be a month and a year, as `03.2023`.
    pub months: u64,
    /// The first of all numbers, as it is written.
    pub first_number: Option<String>,
    /// How many values begin like a number or a date, and are none that can be read.
    pub figures: u64,
    /// How many words all values have.
    pub words: u64,
    /// How many different values there are.
    pub distinct: Distinct,
    /// The least and the greatest number.
    pub range: (f64, f64),
    /// Numbers that may stand for no value.
    pub sentinels: Sentinels,
    /// How its digits are written.
    pub digits: Digits,
    /// Its words that differ only in case or blanks.
    pub alike: Alike,
    /// The words within its values.
    pub prose: Prose,
    /// What stood for values that are missing, but for nothing at all.
    pub absent: Vec<String>,
    /// Values that were neither a number that can be held nor a date: some of them, each once.
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
            unclear: 0,
            missing: 0,
            plain: 0,
            units: Units::default(),
            marks: Marks::default(),
            integers: 0,
            infinite: 0,
            booleans: 0,
            truths: 0,
            dates: Dated::default(),
            dated_numbers: 0,
            months: 0,
            first_number: None,
            figures: 0,
            words: 0,
            distinct: Distinct::new(capacity),
            range: (f64::INFINITY, f64::NEG_INFINITY),
            sentinels: Sentinels::default(),
            digits: Digits::default(),
            alike: Alike::new((capacity / 8).max(1)),
            prose: Prose::new(capacity),
            absent: Vec::new(),
            odd: Vec::new(),
            step: Step::None,
            content: SipHasher13::new(),
        }
    }

    /// Takes the column's field of the next row.
    pub fn add(&mut self, field: &str, numerals: Numerals, missing: &Missing) {
        let field = field.trim();
        let number = value::plain(field, numerals);
        let marker = match number {
            // No marker is a number.
            Some(_) => None,
            None => missing.marker(field),
        };
        if marker == Some(Marker::Always) || missing.names(field) {
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
        self.digits.add(quantity::as_text(field));
        self.marks.add(field);
        match number {
            Some(number) if (number as f32).is_finite() => {
                self.plain += 1;
                self.months += u64::from(is_month(field));
                self.first_number.get_or_insert_with(|| field.to_owned());
                self.number(number);
            }
            Some(_) => {
                self.infinite += 1;
                example(&mut self.odd, field);
            }
            None if marker.is_some() => {
                self.unclear += 1;
                self.words += field.split_whitespace().count() as u64;
            }
            None => self.text(field, hash, numerals),
        }
    }

    fn text(&mut self, field: &str, hash: u64, numerals: Numerals) {
        match value::quantity(field, numerals) {
            Some(it) if (it.value as f32).is_finite() => {
                self.number(it.value);
                if self.units.add(&it) {
                    // `3 rooms` may turn out to be words.
                    self.word(field, hash);
                } else {
                    self.plain += 1;
                }
            }
            _ => {
                if !self.word(field, hash) {
                    self.figures += u64::from(begins_with_figures(field));
                    example(&mut self.odd, field);
                }
            }
        }
    }

    fn number(&mut self, number: f64) {
        self.integers += u64::from(number.fract() == 0.0);
        self.range = (self.range.0.min(number), self.range.1.max(number));
        self.sentinels.add(number);
        self.dated_numbers += u64::from(date::digits(number).is_some());
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

    /// Takes a word, and tells whether it is a date.
    fn word(&mut self, field: &str, hash: u64) -> bool {
        self.alike.add(field, hash);
        self.prose.add(field);
        self.booleans += u64::from(value::is_boolean(field));
        self.truths += u64::from(value::truth(field).is_some());
        self.words += field.split_whitespace().count() as u64;
        self.dates.add(field)
    }

    /// How many values are numbers that a 32-bit float can hold, of one unit.
    pub fn numbers(&self) -> u64 {
        self.plain + self.units.count()
    }

    /// How many values there are in a column of numbers or dates.
    pub fn known(&self) -> u64 {
        self.values - self.unclear
    }

    /// The unit of its numbers, if they have one.
    pub fn unit(&self) -> Option<String> {
        self.units.unit()
    }

    /// Whether its numbers may be those of its rows: whole, each once, without a gap or in equal steps.
    pub fn counts_rows(&self) -> bool {
        if self.plain != self.values || self.integers != self.values || self.distinct.recurs() {
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
        self.numbers() > 1 && most > least && most - least < step * BLURRED
    }

    /// Whether all of its numbers may be months with their years. Of as many others, some would be shorter.
    pub fn has_months(&self) -> bool {
        self.months > 0 && self.months == self.numbers() && self.distinct.count() > 2
    }

    /// Some values that were no number, in quotes.
    pub fn examples(&self) -> String {
        let shown: Vec<_> = self
            .odd
            .iter()
            .take(EXAMPLES - 1)
            .map(|it| format!("'{it}'"))
            .collect();
        shown.join(", ")
    }

    /// The same for columns with the same values in the same rows.
    pub fn fingerprint(&self) -> u64 {
        self.content.finish()
    }
}

/// Whether a number is like `03.2023`.
fn is_month(field: &str) -> bool {
    let Some((month, year)) = field.split_once('.') else {
        return false;
    };
    let is_year = year.len() == 4 && (year.starts_with("19") || year.starts_with("20"));
    is_year && month.len() <= 2 && month.parse::<u8>().is_ok_and(|it| (1..=12).contains(&it))
}

/// How many letters may stand beside figures that may be a number.
const LETTERS: usize = 5;

/// Whether a value begins with figures that may be a number or a date: those of a code go on with letters.
fn begins_with_figures(field: &str) -> bool {
    let field = field.trim_start_matches(|c: char| !c.is_alphanumeric());
    let rest = field.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.' || c == ',');
    rest.len() < field.len()
        && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-')
        && rest.chars().filter(|c| c.is_alphabetic()).count() <= LETTERS
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
