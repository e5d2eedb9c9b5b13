//! What makes a score look better than it is: a column that alone decides the target, and rows that hang
//! together with their neighbours. Decisions on some of the rows, in a bounded memory.

mod hidden;
mod phrases;
mod sums;

use std::collections::{HashMap, HashSet};

use phrases::Phrases;

use super::{distinct, listed};
use crate::{
    schema::{Kind, Schema, Task},
    table::{Gatherer, Truth, Values},
};

/// How many values of all columns together are looked at.
const LOOKED: u64 = 1 << 20;

/// How many rows at most.
const ROWS: u64 = 5_000;

/// The part of the mistakes that guessing makes up to which a column counts as deciding, and up to which it does so in all
/// rows. A copy with some errors is one, too.
const MISTAKES: f64 = 0.03;
const NONE: f64 = 0.01;

/// The same for changes from row to row in the order of a number: each error is two of them.
const CHANGES: f64 = 0.05;

/// The part of the rows that a number must be known in to decide there, in percent.
const KNOWN: usize = 20;

/// Up to how many different values a column may be bands of the target, and how many rows of each there are on average.
const BANDS: usize = 50;
const ROWS_OF_BAND: usize = 5;

/// How far off, as a part of all ranks, the ranks of a copy with errors are at most, and in which part of the rows.
const OFF: f64 = 0.015;
const COPIED: f64 = 0.98;

/// How many columns of a sum are named.
const NAMED: usize = 5;

/// How many mistakes guessing must make, so that their absence is no chance; a little more with many columns.
const EXPECTED: f64 = 8.0;

/// From which rank correlation on a number alone decides another one.
const RANKS: f64 = 0.9995;

/// From how many rows on there is something to say.
const LEAST: usize = 20;

/// The part of the rows, in percent, that may break the order of a column.
const OUT_OF_ORDER: u64 = 1;

/// From how many rows on an order is none by chance.
const ORDERED_FROM: u64 = 50;

/// From which correlation of each number with the next one on rows hang together.
const CORRELATED: f64 = 0.8;

/// Watches the rows while they are written.
pub struct Watch {
    /// Of all rows, how many are taken of how many.
    share: (u64, u64),
    seen: u64,
    columns: Vec<Gatherer>,
    /// The words of the columns that are texts, if classes are predicted.
    phrases: Vec<Option<Phrases>>,
    target: Gatherer,
    orders: Vec<Order>,
    neighbours: Neighbours,
}

/// Whether a column's values rise or fall through the file.
#[derive(Clone, Copy, Debug, Default)]
struct Order {
    last: Option<f64>,
    up: u64,
    down: u64,
}

/// How much each row's target is like that of the row before.
#[derive(Clone, Debug, Default)]
struct Neighbours {
    rows: f64,
    /// What is subtracted from each number, so that sums stay exact.
    first: f64,
    last: f64,
    sum: f64,
    squares: f64,
    products: f64,
    order: Order,
    changes: f64,
    class: String,
}

impl Watch {
    /// For about so many rows of a table.
    pub fn new(schema: &Schema, rows: u64) -> Self {
        let most = (LOOKED / (schema.columns.len() as u64 + 1)).clamp(1, ROWS);
        let is_words = matches!(schema.target.task, Task::Classification { .. });
        Watch {
            share: (most.min(rows), rows.max(1)),
            seen: 0,
            columns: schema
                .columns
                .iter()
                .map(|column| Gatherer::new(column.kind.is_text()))
                .collect(),
            phrases: schema
                .columns
                .iter()
                .map(|column| (is_words && column.kind == Kind::Text).then(Phrases::default))
                .collect(),
            target: Gatherer::new(is_words),
            orders: vec![Order::default(); schema.columns.len()],
            neighbours: Neighbours::default(),
        }
    }

    /// Takes the next row, written as `preprocess` does. A copy of an earlier row says nothing of columns.
    pub fn row(&mut self, fields: &[String], target: &str, schema: &Schema, is_copy: bool) {
        for ((order, column), field) in self.orders.iter_mut().zip(&schema.columns).zip(fields) {
            if matches!(column.kind, Kind::Date { .. }) {
                order.add(field.parse().ok());
            }
        }
        match &schema.target.task {
            Task::Regression => self.neighbours.number(target.parse().unwrap_or_default()),
            Task::Classification { .. } => self.neighbours.class(target),
        }
        self.seen += 1;
        let (some, all) = self.share;
        if is_copy || self.seen * some / all == (self.seen - 1) * some / all {
            return;
        }
        for ((values, column), field) in self.columns.iter_mut().zip(&schema.columns).zip(fields) {
            if column.kind == Kind::Text {
                // A text is long, and only whether it is the same counts.
                values.add(&distinct::hash(field).to_string());
            } else {
                values.add(field);
            }
        }
        for (phrases, field) in self.phrases.iter_mut().zip(fields) {
            if let Some(phrases) = phrases {
                phrases.add(field, target);
            }
        }
        self.target.add(target);
    }

    /// What the rows that were looked at are to come to.
    fn truth(&self) -> Truth {
        match self.target.values() {
            Values::Numbers(numbers) => Truth::Numbers(numbers.clone()),
            Values::Words { rows, .. } => Truth::Classes(rows.clone()),
        }
    }

    /// Warnings of columns that alone, or together, decide the target.
    pub fn leaks(&self, schema: &Schema) -> Vec<String> {
        let truth = self.truth();
        let expected = EXPECTED + (self.columns.len().max(1) as f64).ln();
        let name = &schema.target.name;
        let doubt = |are: &str, columns: &str| {
            format!(
                "if {are} only known once '{name}' is, the score is too good to be true; --ignore leaves {columns} out"
            )
        };
        let mut told = Vec::new();
        let mut others = Vec::new();
        let columns = self.columns.iter().zip(&self.phrases);
        for ((values, phrases), column) in columns.zip(&schema.columns) {
            let own = &column.name;
            // A class that comes in a few periods is no copy of the date.
            let is_date = matches!(column.kind, Kind::Date { .. });
            let how = decides(values.values(), &truth, expected);
            if let Some(how) = how.filter(|how| !(is_date && how.is_nearly)) {
                let what = match how.is_band {
                    true => format!("in which range the target '{name}' is"),
                    false => format!("the target '{name}'"),
                };
                told.push(format!(
                    "{}'{own}' alone decides {what}{}: {}",
                    how.what,
                    how.where_it_does(),
                    doubt("it is", "a column")
                ));
                others.push(None);
                continue;
            }
            if let Some((word, class)) = phrases.as_ref().and_then(|it| it.telling(expected)) {
                told.push(format!(
                    "the word '{word}' in '{own}' alone decides whether '{name}' is '{class}': {}",
                    doubt("it is", "a column")
                ));
            }
            others.push(match values.values() {
                Values::Numbers(numbers) => Some(numbers.as_slice()),
                Values::Words { .. } => None,
            });
        }
        let Truth::Numbers(numbers) = &truth else {
            return told;
        };
        if let Some(places) = sums::together(&others, numbers) {
            let quoted = |&place: &usize| format!("'{}'", schema.columns[place].name);
            let mut parts: Vec<_> = places.iter().take(NAMED).map(quoted).collect();
            if places.len() > NAMED {
                parts.push(format!("{} more", places.len() - NAMED));
            }
            told.push(format!(
                "{} together give the target '{name}', as a sum or a product of them: {}",
                listed(&parts),
                doubt("they are", "columns")
            ));
        }
        told
    }

    /// A warning where the rows follow each other, so that a row at random has its neighbours to learn from.
    pub fn doubt(&self, schema: &Schema) -> Option<String> {
        let dated = self.orders.iter().zip(&schema.columns);
        let mut dated = dated
            .filter(|(order, _)| order.is_in_order())
            .map(|(_, column)| column.name.as_str())
            .next();
        let correlated = self.neighbours.are_alike(&schema.target.task);
        let name = &schema.target.name;
        let found = match (dated, correlated) {
            (Some(date), true) => format!(
                "the rows are in the order of '{date}', and '{name}' is nearly the same in neighbouring rows"
            ),
            (Some(date), false) => format!("the rows are in the order of '{date}'"),
            (None, true) => format!("'{name}' is nearly the same in neighbouring rows"),
            (None, false) => {
                let values: Vec<_> = self.columns.iter().map(Gatherer::values).collect();
                dated = hidden::order(&values, self.target.values(), schema);
                let date = dated?;
                format!(
                    "in the order of '{date}', '{name}' is nearly the same in neighbouring rows"
                )
            }
        };
        let by = dated.unwrap_or("COLUMN");
        Some(format!(
            "{found}: if the model is to predict what comes later, a test with rows at random is too easy; \
             --split-by '{by}' tests with the last rows, --group COLUMN with whole groups"
        ))
    }

    /// Warnings of columns whose values are the same persons or things in several rows.
    pub fn groups(&self, schema: &Schema) -> Vec<String> {
        let values: Vec<_> = self.columns.iter().map(Gatherer::values).collect();
        let name = &schema.target.name;
        let told = |group: &str| {
            format!(
                "'{group}' has the same values in several rows, and '{name}' is alike there: if later rows have other \
                 values of '{group}', a test with rows at random is too easy; --group '{group}' tests with whole groups"
            )
        };
        let found = hidden::groups(&values, &self.truth(), schema);
        found.into_iter().map(told).collect()
    }
}

impl Order {
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value else {
            return;
        };
        if let Some(last) = self.last {
            self.up += u64::from(value > last);
            self.down += u64::from(value < last);
        }
        self.last = Some(value);
    }

    /// Whether hardly a value goes against the order of the others.
    fn is_in_order(&self) -> bool {
        let (few, many) = (self.up.min(self.down), self.up.max(self.down));
        many >= ORDERED_FROM / 2 && few * 100 <= many * OUT_OF_ORDER
    }
}

impl Neighbours {
    fn number(&mut self, number: f64) {
        if self.rows == 0.0 {
            self.first = number;
        }
        let number = number - self.first;
        if self.rows > 0.0 {
            self.products += self.last * number;
        }
        self.order.add(Some(number));
        self.last = number;
        self.rows += 1.0;
        self.sum += number;
        self.squares += number * number;
    }

    fn class(&mut self, class: &str) {
        if self.class != class {
            self.changes += f64::from(u8::from(self.rows > 0.0));
            class.clone_into(&mut self.class);
        }
        self.rows += 1.0;
    }

    /// Whether the target hardly changes from row to row, and is not just sorted.
    fn are_alike(&self, task: &Task) -> bool {
        if self.rows < ORDERED_FROM as f64 {
            return false;
        }
        match task {
            Task::Regression => {
                let mean = self.sum / self.rows;
                let variance = self.squares / self.rows - mean * mean;
                let products = self.products / (self.rows - 1.0) - mean * mean;
                variance > 0.0 && products / variance > CORRELATED && !self.order.is_in_order()
            }
            Task::Classification { classes } => {
                let all: u64 = classes.iter().map(|class| class.rows).sum();
                let shares = classes.iter().map(|it| it.rows as f64 / all.max(1) as f64);
                let guessed = self.rows * (1.0 - shares.map(|share| share * share).sum::<f64>());
                let sorted = 3.0 * classes.len() as f64;
                self.changes >= sorted && self.changes < guessed * (1.0 - CORRELATED)
            }
        }
    }
}

/// How a column decides the target.
#[derive(Clone, Copy, Debug, PartialEq)]
struct How {
    /// What of it does, where that is not its value.
    what: &'static str,
    /// Whether it does so in nearly all rows alone.
    is_nearly: bool,
    /// In which rows alone, where these are not all.
    part: Option<&'static str>,
    /// Whether it only tells between which bounds a number is.
    is_band: bool,
}

const WITH_VALUE: &str = " where it has a value";
const WITHOUT: &str = " where it has none";

impl How {
    fn where_it_does(self) -> &'static str {
        match (self.part, self.is_nearly) {
            (Some(part), _) => part,
            (None, true) => " in nearly all rows",
            (None, false) => "",
        }
    }
}

/// Whether a column alone decides the target, and how.
fn decides(values: &Values, truth: &Truth, expected: f64) -> Option<How> {
    let how = |what, is_nearly, part| How {
        what,
        is_nearly,
        part,
        is_band: false,
    };
    let all = values.len();
    let is_known: Vec<bool> = match values {
        Values::Words { words, rows } => {
            let known = |&row: &u32| words.get(row as usize).is_none_or(|it| !it.is_empty());
            rows.iter().map(known).collect()
        }
        Values::Numbers(numbers) => numbers.iter().map(|it| !it.is_nan()).collect(),
    };
    let known: Vec<_> = (0..all).filter(|&row| is_known[row]).collect();
    let part = Some(WITH_VALUE).filter(|_| known.len() * 10 < all * 9);
    let codes = match values {
        Values::Words { rows, .. } => rows.clone(),
        Values::Numbers(numbers) => {
            let own: Vec<_> = known.iter().map(|&row| numbers[row]).collect();
            if let Some(is_nearly) = in_order(&own, &truth.pick(&known), expected)
                && known.len() * 100 >= all * KNOWN
            {
                return Some(how("", is_nearly, part));
            }
            let missing: Vec<_> = is_known.iter().map(|&it| u32::from(!it)).collect();
            if let Some(is_nearly) = each_has_one(&missing, truth, expected) {
                return Some(how(WHETHER, is_nearly, None));
            }
            coded(numbers)
        }
    };
    if let Some(is_nearly) = each_has_one(&codes, truth, expected) {
        return Some(how("", is_nearly, None));
    }
    if let Some(part) = filled(&is_known, truth, expected) {
        return Some(how(WHETHER, false, Some(part)));
    }
    if known.len() * 100 < all * KNOWN {
        return None;
    }
    let codes: Vec<_> = known.iter().map(|&row| codes[row]).collect();
    let truth = truth.pick(&known);
    if part.is_some()
        && let Some(is_nearly) = each_has_one(&codes, &truth, expected)
    {
        return Some(how("", is_nearly, part));
    }
    bands(codes, &truth, expected).map(|is_nearly| How {
        is_band: true,
        ..how("", is_nearly, part)
    })
}

const WHETHER: &str = "whether there is a value of ";

/// Whether all rows with a value are of one class, or all without, though other rows of this class are not like that.
fn filled(is_known: &[bool], truth: &Truth, expected: f64) -> Option<&'static str> {
    let Truth::Classes(classes) = truth else {
        return None;
    };
    let are_of_one = |side: bool| {
        let own: Vec<_> = (0..classes.len())
            .filter(|&row| is_known[row] == side)
            .collect();
        let mut counts: HashMap<u32, usize> = HashMap::new();
        for &row in &own {
            *counts.entry(classes[row]).or_default() += 1;
        }
        let most = counts.into_values().max().unwrap_or_default();
        let guessed = own.len() as f64 * guessed(truth);
        let mistakes = (own.len() - most) as f64;
        own.len() * 100 >= classes.len() * KNOWN
            && guessed >= expected
            && mistakes <= guessed * NONE
    };
    let sides = [(true, WITH_VALUE), (false, WITHOUT)];
    let found = sides.into_iter().find(|&(side, _)| are_of_one(side));
    found.map(|(_, part)| part)
}

/// Whether each value of a column has a range of numbers of its own; and whether in nearly all rows alone.
fn bands(codes: Vec<u32>, truth: &Truth, expected: f64) -> Option<bool> {
    let Truth::Numbers(numbers) = truth else {
        return None;
    };
    let different = codes.iter().collect::<HashSet<_>>().len();
    if !(2..=BANDS).contains(&different) || codes.len() < different * ROWS_OF_BAND {
        return None;
    }
    in_order(numbers, &Truth::Classes(codes), expected)
}

/// A number for each different value, in the order in which they come.
fn coded(numbers: &[f32]) -> Vec<u32> {
    let mut known = HashMap::new();
    numbers
        .iter()
        .map(|number| {
            let next = known.len() as u32;
            *known.entry(number.to_bits()).or_insert(next)
        })
        .collect()
}

/// How often two rows at random have another target.
fn guessed(truth: &Truth) -> f64 {
    match truth {
        Truth::Classes(classes) => {
            let mut counts = HashMap::new();
            for &class in classes {
                *counts.entry(class).or_insert(0.0_f64) += 1.0;
            }
            let all = classes.len().max(1) as f64;
            1.0 - counts.values().map(|it| (it / all).powi(2)).sum::<f64>()
        }
        Truth::Numbers(numbers) => guessed(&Truth::Classes(coded(numbers))),
    }
}

/// Whether rows with the same value have the same target, where most values stand in several rows; and whether in nearly
/// all rows alone.
fn each_has_one(codes: &[u32], truth: &Truth, expected: f64) -> Option<bool> {
    let targets = match truth {
        Truth::Classes(classes) => classes.clone(),
        Truth::Numbers(numbers) => coded(numbers),
    };
    let mut counts: HashMap<u32, HashMap<u32, f64>> = HashMap::new();
    for (&code, &target) in codes.iter().zip(&targets) {
        *counts.entry(code).or_default().entry(target).or_default() += 1.0;
    }
    let all = codes.len() as f64;
    let repeats = all - counts.len() as f64;
    let most = |own: &HashMap<u32, f64>| own.values().copied().fold(0.0, f64::max);
    let mistakes = all - counts.values().map(most).sum::<f64>();
    let guessed = repeats * guessed(truth);
    let is_it = codes.len() >= LEAST
        && repeats * 2.0 >= all
        && guessed >= expected
        && mistakes <= guessed * MISTAKES;
    is_it.then_some(mistakes > guessed * NONE)
}

/// Whether a number's order is that of the target: each class between two bounds, or a number that rises or falls with it;
/// and whether in nearly all rows alone.
fn in_order(numbers: &[f32], truth: &Truth, expected: f64) -> Option<bool> {
    if numbers.len() < LEAST {
        return None;
    }
    match truth {
        Truth::Classes(classes) => {
            let mut order: Vec<_> = (0..numbers.len()).collect();
            // Equals are mixed: in their order, they might have that of the classes.
            let mixed = |row: usize| row.wrapping_mul(0x9e37_79b9) & 0xffff_ffff;
            order.sort_by(|&a, &b| {
                let own = numbers[a].total_cmp(&numbers[b]);
                own.then_with(|| mixed(a).cmp(&mixed(b)))
            });
            let different: HashMap<_, ()> = order.iter().map(|&row| (classes[row], ())).collect();
            let changes = order
                .windows(2)
                .filter(|pair| classes[pair[0]] != classes[pair[1]])
                .count();
            let guessed = order.len() as f64 * guessed(truth);
            let mistakes = changes as f64 - (different.len() as f64 - 1.0);
            (guessed >= expected && mistakes <= guessed * CHANGES)
                .then_some(mistakes > guessed * NONE)
        }
        Truth::Numbers(truth) => {
            let (own, wanted) = (ranks(numbers), ranks(truth));
            if correlation(&own, &wanted).abs() >= RANKS {
                return Some(false);
            }
            let all = numbers.len() as f64;
            let near = |is_near: &dyn Fn(f64, f64) -> f64| {
                let pairs = own.iter().zip(&wanted);
                let near = pairs.filter(|&(&a, &b)| is_near(a, b).abs() <= OFF * all);
                near.count() as f64 >= COPIED * all
            };
            // Downwards, the ranks add up to the last one.
            (near(&|a, b| a - b) || near(&|a, b| a + b - (all - 1.0))).then_some(true)
        }
    }
}

/// The place of each number among the others; equals share theirs.
fn ranks(numbers: &[f32]) -> Vec<f64> {
    let mut order: Vec<_> = (0..numbers.len()).collect();
    order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut before = 0.0;
    for equals in order.chunk_by(|&a, &b| numbers[a] == numbers[b]) {
        let shared = before + (equals.len() as f64 - 1.0) / 2.0;
        equals.iter().for_each(|&row| ranks[row] = shared);
        before += equals.len() as f64;
    }
    ranks
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len().max(1) as f64;
    let mean = |all: &[f64]| all.iter().sum::<f64>() / count;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        let pairs = a.iter().zip(b);
        pairs.map(|(&a, &b)| f(a - mean_a, b - mean_b)).sum()
    };
    let deviations = (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
    if deviations > 0.0 {
        sum(&|a, b| a * b) / deviations
    } else {
        0.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    fn mixed(row: u32) -> u32 {
        row.wrapping_mul(0x9e37_79b9) >> 8
    }

    fn numbers(of: impl Fn(u32) -> f32) -> Vec<f32> {
        (0..200).map(|row| of(mixed(row))).collect()
    }

    fn words(of: impl Fn(u32) -> u32) -> Values {
        Values::Words {
            words: Vec::new(),
            rows: (0..200).map(|row| of(mixed(row))).collect(),
        }
    }

    fn found(values: &Values, truth: &Truth) -> Option<&'static str> {
        decides(values, truth, EXPECTED).map(|how| how.what)
    }

    fn place(values: &Values, truth: &Truth) -> Option<&'static str> {
        decides(values, truth, EXPECTED).map(How::where_it_does)
    }

    #[test]
    fn a_copy_with_blanks_or_errors_decides_it_too() {
        let price = |it: u32| (it % 5000) as f32 + 1.0;
        let truth = Truth::Numbers(numbers(price));
        let blank = numbers(|it| if it % 10 < 3 { f32::NAN } else { price(it) });
        let told = place(&Values::Numbers(blank), &truth);
        assert_eq!(told, Some(" where it has a value"));
        let wrong = |it: u32| if it % 97 == 4 { 1.0 } else { -price(it) };
        let told = place(&Values::Numbers(numbers(wrong)), &truth);
        assert_eq!(told, Some(" in nearly all rows"));
        let truth = Truth::Classes((0..200).map(|row| mixed(row) % 2).collect());
        let wrong = words(|it| if it % 97 == 4 { 1 - it % 2 } else { it % 2 });
        assert_eq!(place(&wrong, &truth), Some(" in nearly all rows"));
        let rarely = numbers(|it| if it % 10 < 9 { f32::NAN } else { price(it) });
        assert_eq!(place(&Values::Numbers(rarely), &truth), None);
    }

    #[test]
    fn copies_and_transforms_of_the_target_decide_it_and_good_predictors_do_not() {
        let price = |it: u32| (it % 5000) as f32 + 1.0;
        let truth = Truth::Numbers(numbers(price));
        for copy in [
            numbers(price),
            numbers(|it| -3.0 * price(it).ln()),
            numbers(|it| (price(it) / 10.0).round()),
        ] {
            assert_eq!(found(&Values::Numbers(copy), &truth), Some(""));
        }
        let near = numbers(|it| price(it) + (it % 301) as f32);
        assert_eq!(found(&Values::Numbers(near), &truth), None);

        let class = |it: u32| it % 3;
        let truth = Truth::Classes((0..200).map(|row| class(mixed(row))).collect());
        assert_eq!(found(&words(class), &truth), Some(""));
        assert_eq!(found(&words(|it| it % 12), &truth), Some(""), "parts of it");
        let score = numbers(|it| (class(it) * 10 + it % 9) as f32);
        assert_eq!(found(&Values::Numbers(score), &truth), Some(""));
        assert_eq!(found(&words(|it| it % 7), &truth), None);
        assert_eq!(found(&words(|it| it), &truth), None, "each stands once");
        let empty = numbers(|it| {
            if class(it) == 1 {
                f32::NAN
            } else {
                (it % 97) as f32
            }
        });
        let two = Truth::Classes(
            (0..200)
                .map(|row| u32::from(class(mixed(row)) == 1))
                .collect(),
        );
        assert_eq!(
            found(&Values::Numbers(empty), &two),
            Some("whether there is a value of ")
        );
    }

    #[test]
    fn bands_of_a_number_decide_its_range_and_good_predictors_do_not() {
        let price = |it: u32| (it % 5000) as f32 + 1.0;
        let truth = Truth::Numbers(numbers(price));
        let band = |values: &Values| {
            decides(values, &truth, EXPECTED).map(|it| (it.is_band, it.is_nearly))
        };
        let decile = |it: u32| it % 5000 / 500;
        assert_eq!(band(&words(|it| decile(it) * 7 % 10)), Some((true, false)));
        let codes = numbers(|it| (decile(it) * 7 % 10) as f32);
        assert_eq!(band(&Values::Numbers(codes)), Some((true, false)));
        assert_eq!(
            band(&words(|it| u32::from(it % 5000 > 3000))),
            Some((true, false))
        );
        assert_eq!(band(&words(|it| (it % 5000 + it % 611) / 500)), None);
        assert_eq!(band(&words(|it| it % 10)), None);
    }

    #[test]
    fn what_is_filled_or_empty_only_in_one_class_decides_it_there() {
        let class = |it: u32| it % 2;
        let truth = Truth::Classes((0..200).map(|row| class(mixed(row))).collect());
        let filled = |side: u32| {
            numbers(|it| match class(it) == side && it % 10 > 1 {
                true => (it % 97) as f32,
                false => f32::NAN,
            })
        };
        let told = |numbers| decides(&Values::Numbers(numbers), &truth, EXPECTED);
        let how = told(filled(1)).unwrap();
        assert_eq!((how.what, how.where_it_does()), (WHETHER, WITH_VALUE));
        let empty = numbers(|it| match class(it) == 1 && it % 10 > 3 {
            true => f32::NAN,
            false => (it % 97) as f32,
        });
        assert_eq!(told(empty).unwrap().where_it_does(), WITHOUT);
        assert_eq!(
            told(numbers(|it| if it % 10 > 3 { f32::NAN } else { 1.0 })),
            None
        );
    }

    #[test]
    fn a_rare_class_is_not_decided_by_what_says_nothing() {
        let rare = Truth::Classes((0..200).map(|row| u32::from(row == 7)).collect());
        assert_eq!(found(&words(|it| it % 5), &rare), None);
    }
}
