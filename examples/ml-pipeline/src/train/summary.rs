//! What the columns are like, for people: how much is missing, the range or the words, and what became of them.

use serde::{Deserialize, Serialize};

use crate::{
    features::{CLIP, Category, Encoder, Form, Number},
    schema::{Column, Schema},
    table::{Table, Values},
};

/// How many of the most frequent words are kept.
const WORDS: usize = 10;

/// A column, as the rows to learn from have it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Its name.
    pub column: String,
    /// The part of the rows without a value, from 0 to 1.
    pub missing: f64,
    /// How many different words it has; 0 for numbers and dates.
    pub different: u64,
    /// The least number, the median and the greatest; none for words. Dates are days since 1970-01-01.
    pub range: Option<[f32; 3]>,
    /// The most frequent words and the part of the rows that have them.
    pub top: Vec<(String, f64)>,
    /// What the chosen model gets of it, in words.
    pub used_as: String,
}

/// Summaries of all columns, still without what became of them.
pub fn summaries(schema: &Schema, table: &Table) -> Vec<Summary> {
    let columns = schema.columns.iter().zip(&table.columns);
    columns.map(|(column, values)| of(column, values)).collect()
}

fn of(column: &Column, values: &Values) -> Summary {
    let rows = values.len().max(1) as f64;
    let summary = Summary {
        column: column.name.clone(),
        missing: 0.0,
        different: 0,
        range: None,
        top: Vec::new(),
        used_as: String::new(),
    };
    match values {
        Values::Numbers(numbers) => {
            let mut known: Vec<f32> = numbers.iter().copied().filter(|it| !it.is_nan()).collect();
            known.sort_unstable_by(f32::total_cmp);
            let middle = known.len() / 2;
            Summary {
                missing: 1.0 - known.len() as f64 / rows,
                range: match known.as_slice() {
                    [] => None,
                    [first, .., last] => Some([*first, known[middle], *last]),
                    [only] => Some([*only; 3]),
                },
                ..summary
            }
        }
        Values::Words { words, rows: each } => {
            let mut counts = vec![0_u64; words.len()];
            each.iter().for_each(|&word| counts[word as usize] += 1);
            let is_missing = |place: usize| words[place].is_empty();
            let missing: u64 = (0..words.len())
                .filter(|&it| is_missing(it))
                .map(|it| counts[it])
                .sum();
            let mut known: Vec<_> = (0..words.len())
                .filter(|&it| !is_missing(it) && counts[it] > 0)
                .collect();
            known.sort_by(|&a, &b| {
                counts[b]
                    .cmp(&counts[a])
                    .then_with(|| words[a].cmp(&words[b]))
            });
            let part = |place: usize| (words[place].clone(), counts[place] as f64 / rows);
            Summary {
                missing: missing as f64 / rows,
                different: known.len() as u64,
                top: known.into_iter().take(WORDS).map(part).collect(),
                ..summary
            }
        }
    }
}

/// Adds what a model that takes `form` gets of each column.
pub fn tell_use(summaries: &mut [Summary], encoder: &Encoder, form: Form) {
    for number in &encoder.numbers {
        summaries[number.column].used_as = number_use(number, form);
    }
    for category in &encoder.categories {
        let different = summaries[category.column].different;
        summaries[category.column].used_as = category_use(category, different);
    }
    for bag in &encoder.texts {
        let words = bag.words.len();
        summaries[bag.column].used_as = format!("a feature for each of {words} words in it");
    }
}

fn number_use(number: &Number, form: Form) -> String {
    let mut told = match form {
        Form::Scaled => format!(
            "scaled to mean 0 and standard deviation 1, at most {CLIP} deviations from the mean"
        ),
        Form::Raw => "as it is".to_owned(),
    };
    if number.calendar.is_some() {
        told = format!("days since 1970-01-01, {told}; the weekday, the month and the hour");
    }
    if number.may_miss {
        told += match form {
            Form::Scaled => "; missing values: the mean, plus a feature that marks them",
            Form::Raw => "; a feature marks missing values",
        };
    }
    told
}

fn category_use(category: &Category, different: u64) -> String {
    let known = category.words.iter().filter(|word| !word.is_empty());
    let known = (known.count() as u64).min(category.own as u64);
    let rest = different.saturating_sub(known);
    let mut told = format!("a feature for each of {known} words");
    if category.outputs > 0 {
        told += &format!("; the other {rest} words: target encoding");
    } else if rest > 0 {
        told += &format!("; the {rest} rarest words are ignored");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Kind;

    fn column(kind: Kind) -> Column {
        Column {
            name: "c".to_owned(),
            kind,
            unit: None,
            numerals: None,
        }
    }

    #[test]
    fn numbers_have_a_range_and_what_is_missing() {
        let found = of(
            &column(Kind::Number),
            &Values::Numbers(vec![3.0, f32::NAN, 1.0, 2.0]),
        );
        assert_eq!((found.missing, found.range), (0.25, Some([1.0, 2.0, 3.0])));
        let none = of(&column(Kind::Number), &Values::Numbers(vec![f32::NAN]));
        assert_eq!((none.missing, none.range), (1.0, None));
    }

    #[test]
    fn words_are_counted_and_the_empty_one_is_missing() {
        let values = Values::Words {
            words: ["", "b", "a", "never"].map(str::to_owned).into(),
            rows: vec![0, 1, 2, 1],
        };
        let found = of(&column(Kind::Category), &values);
        assert_eq!((found.missing, found.different), (0.25, 2));
        assert_eq!(found.top, [("b".to_owned(), 0.5), ("a".to_owned(), 0.25)]);
    }
}
