//! A tidy part of the data in memory, column by column, as the model takes it.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use csv::StringRecord;

use crate::schema::{Schema, Task};

/// A part of the data.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns that the model takes, in the schema's order.
    pub columns: Vec<Values>,
    /// What is to be predicted.
    pub target: Truth,
}

/// The values of a column.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers, NaN where one is missing.
    Numbers(Vec<f32>),
    /// Words, each kept once; the empty one where it is missing.
    Words {
        /// All different words.
        words: Vec<String>,
        /// Which of them stands in each row.
        rows: Vec<u32>,
    },
}

/// What each row's prediction should be.
#[derive(Clone, Debug)]
pub enum Truth {
    /// The number of a class.
    Classes(Vec<u32>),
    /// A number.
    Numbers(Vec<f32>),
}

impl Truth {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Truth::Classes(rows) => rows.len(),
            Truth::Numbers(rows) => rows.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the rows.
    pub fn pick(&self, rows: &[usize]) -> Truth {
        match self {
            Truth::Classes(all) => Truth::Classes(rows.iter().map(|&row| all[row]).collect()),
            Truth::Numbers(all) => Truth::Numbers(rows.iter().map(|&row| all[row]).collect()),
        }
    }
}

impl Values {
    /// Some of the rows, in the order given.
    pub fn pick(&self, picked: &[usize]) -> Values {
        match self {
            Values::Numbers(all) => Values::Numbers(picked.iter().map(|&row| all[row]).collect()),
            Values::Words { words, rows } => Values::Words {
                words: words.clone(),
                rows: picked.iter().map(|&row| rows[row]).collect(),
            },
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Values::Numbers(all) => all.len(),
            Values::Words { rows, .. } => rows.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// At most `most` of so many rows, the first of each few.
pub fn spread(rows: usize, most: usize) -> Vec<usize> {
    (0..rows).step_by(rows.div_ceil(most).max(1)).collect()
}

/// Gathers a column's values, looking up words that were there before.
pub struct Gatherer {
    values: Values,
    known: HashMap<String, u32>,
}

impl Gatherer {
    /// For a column of words or of numbers.
    pub fn new(is_text: bool) -> Self {
        let values = if is_text {
            Values::Words {
                words: Vec::new(),
                rows: Vec::new(),
            }
        } else {
            Values::Numbers(Vec::new())
        };
        Gatherer {
            values,
            known: HashMap::new(),
        }
    }

    /// Takes the next value, written as `preprocess` does.
    pub fn add(&mut self, field: &str) {
        match &mut self.values {
            Values::Numbers(all) => all.push(field.parse().unwrap_or(f32::NAN)),
            Values::Words { words, rows } => {
                let next = words.len() as u32;
                let word = match self.known.get(field) {
                    Some(&word) => word,
                    None => {
                        words.push(field.to_owned());
                        self.known.insert(field.to_owned(), next);
                        next
                    }
                };
                rows.push(word);
            }
        }
    }

    /// All that was taken.
    pub fn finish(self) -> Values {
        self.values
    }
}

impl Table {
    /// Reads one of the files that `preprocess` left; of `rows` in it at most `limit`, evenly spread.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or does not fit the schema.
    pub fn load(dir: &Path, name: &str, schema: &Schema, rows: u64, limit: u64) -> Result<Self> {
        let path = dir.join(name);
        let file = File::open(&path).with_context(|| {
            format!(
                "cannot read {}, which `preprocess` leaves there",
                path.display()
            )
        })?;
        let mut reader = csv::Reader::from_reader(std::io::BufReader::new(file));
        let width = schema.columns.len();
        let found = reader
            .headers()
            .with_context(|| path.display().to_string())?
            .len();
        ensure!(
            found == width + 1,
            "{} does not fit {}: run `preprocess` again",
            path.display(),
            crate::schema::files::SCHEMA
        );
        let mut columns: Vec<_> = schema
            .columns
            .iter()
            .map(|column| Gatherer::new(column.kind.is_text()))
            .collect();
        let mut target = Target::new(&schema.target.task);
        let mut record = StringRecord::new();
        let mut at = 0;
        while reader
            .read_record(&mut record)
            .with_context(|| path.display().to_string())?
        {
            at += 1;
            // Bresenham's line: each row is taken with which the wanted share grows by a whole.
            if rows > limit && at * limit / rows == (at - 1) * limit / rows {
                continue;
            }
            for (column, field) in columns.iter_mut().zip(&record) {
                column.add(field);
            }
            target.add(record.get(width).unwrap_or_default());
        }
        Ok(Table {
            columns: columns.into_iter().map(Gatherer::finish).collect(),
            target: target.truth,
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.target.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of the rows, in the order given.
    pub fn pick(&self, rows: &[usize]) -> Table {
        Table {
            columns: self
                .columns
                .iter()
                .map(|column| column.pick(rows))
                .collect(),
            target: self.target.pick(rows),
        }
    }
}

struct Target {
    truth: Truth,
    classes: HashMap<String, u32>,
}

impl Target {
    fn new(task: &Task) -> Self {
        let classes = task.classes().into_iter().zip(0..).collect();
        let truth = match task {
            Task::Classification { .. } => Truth::Classes(Vec::new()),
            Task::Regression => Truth::Numbers(Vec::new()),
        };
        Target { truth, classes }
    }

    fn add(&mut self, field: &str) {
        match &mut self.truth {
            Truth::Classes(rows) => rows.push(self.classes.get(field).copied().unwrap_or_default()),
            Truth::Numbers(rows) => rows.push(field.parse().unwrap_or_default()),
        }
    }
}
