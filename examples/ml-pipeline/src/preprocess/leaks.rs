//! What makes a score look better than it is: a column that alone decides the target, and rows that hang
//! together with their neighbours. Decisions on some of the rows, in a bounded memory.

use std::collections::HashMap;

use super::distinct;
use crate::{
    schema::{Kind, Schema, Task},
    table::{Gatherer, Truth, Values},
};

/// How many values of all columns together are looked at.
const LOOKED: u64 = 1 << 20;

/// How many rows at most.
const ROWS: u64 = 5_000;

/// The part of the mistakes that guessing makes up to which a column counts as deciding.
const MISTAKES: f64 = 0.01;

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
        self.target.add(target);
    }

    /// Warnings of columns that alone decide the target.
    pub fn leaks(&mut self, schema: &Schema) -> Vec<String> {
        let columns = std::mem::take(&mut self.columns);
        let target = std::mem::replace(&mut self.target, Gatherer::new(false)).finish();
        let truth = match target {
            Values::Numbers(numbers) => Truth::Numbers(numbers),
            Values::Words { rows, .. } => Truth::Classes(rows),
        };
        let expected = EXPECTED + (columns.len().max(1) as f64).ln();
        let name = &schema.target.name;
        let found = columns.into_iter().zip(&schema.columns);
        found
            .filter_map(|(values, column)| {
                let what = decides(&values.finish(), &truth, expected)?;
                Some(format!(
                    "{what}'{}' alone decides the target '{name}': if it is only known once '{name}' is, the score \
                     is too good to be true; --ignore leaves a column out",
                    column.name
                ))
            })
            .collect()
    }

    /// A warning where the rows follow each other, so that a row at random has its neighbours to learn from.
    pub fn doubt(&self, schema: &Schema) -> Option<String> {
        let dated = self.orders.iter().zip(&schema.columns);
        let dated = dated
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
            (None, false) => return None,
        };
        let by = dated.unwrap_or("COLUMN");
        Some(format!(
            "{found}: if the model is to predict what comes later, a test with rows at random is too easy; \
             --split-by '{by}' tests with the last rows, --group COLUMN with whole groups"
        ))
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

/// Whether a column alone decides the target, and what of it, where that is not its value.
fn decides(values: &Values, truth: &Truth, expected: f64) -> Option<&'static str> {
    let codes = match values {
        Values::Words { rows, .. } => rows.clone(),
        Values::Numbers(numbers) => {
            if in_order(numbers, truth, expected) {
                return Some("");
            }
            let missing: Vec<_> = numbers.iter().map(|it| u32::from(it.is_nan())).collect();
            if each_has_one(&missing, truth, expected) {
                return Some("whether there is a value of ");
            }
            coded(numbers)
        }
    };
    each_has_one(&codes, truth, expected).then_some("")
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

/// Whether rows with the same value have the same target, where most values stand in several rows.
fn each_has_one(codes: &[u32], truth: &Truth, expected: f64) -> bool {
    let targets = match truth {
        Truth::Classes(classes) => classes.clone(),
        Truth::Numbers(numbers) => coded(numbers),
    };
    let mut first = HashMap::new();
    let (mut repeats, mut mistakes) = (0.0_f64, 0.0_f64);
    for (&code, &target) in codes.iter().zip(&targets) {
        match first.get(&code) {
            None => {
                first.insert(code, target);
            }
            Some(&known) => {
                repeats += 1.0;
                mistakes += f64::from(u8::from(known != target));
            }
        }
    }
    let guessed = repeats * guessed(truth);
    codes.len() >= LEAST
        && repeats * 2.0 >= codes.len() as f64
        && guessed >= expected
        && mistakes <= guessed * MISTAKES
}

/// Whether a number's order is that of the target: each class between two bounds, or a number that rises or
/// falls with it.
fn in_order(numbers: &[f32], truth: &Truth, expected: f64) -> bool {
    let mut order: Vec<_> = (0..numbers.len())
        .filter(|&row| !numbers[row].is_nan())
        .collect();
    // Numbers that are mostly missing decide nothing alone.
    if order.len() < LEAST || order.len() * 10 < numbers.len() * 9 {
        return false;
    }
    match truth {
        Truth::Classes(classes) => {
            order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
            let different: HashMap<_, ()> = order.iter().map(|&row| (classes[row], ())).collect();
            let changes = order
                .windows(2)
                .filter(|pair| classes[pair[0]] != classes[pair[1]])
                .count();
            let guessed = order.len() as f64 * guessed(truth);
            let mistakes = changes as f64 - (different.len() as f64 - 1.0);
            guessed >= expected && mistakes <= guessed * MISTAKES
        }
        Truth::Numbers(truth) => {
            let pick = |all: &[f32]| ranks(&order.iter().map(|&row| all[row]).collect::<Vec<_>>());
            correlation(&pick(numbers), &pick(truth)).abs() >= RANKS
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
        decides(values, truth, EXPECTED)
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
    fn a_rare_class_is_not_decided_by_what_says_nothing() {
        let rare = Truth::Classes((0..200).map(|row| u32::from(row == 7)).collect());
        assert_eq!(found(&words(|it| it % 5), &rare), None);
    }
}
