//! A tidy part of the data in memory, column by column, as the model takes it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use csv::StringRecord;

use crate::schema::{Schema, Task, files};

/// A part of the data.
#[derive(Clone, Debug)]
pub struct Table {
    /// The columns that the model takes, in the schema's order.
    pub columns: Vec<Values>,
    /// What is to be predicted, on the scale on which it is learned.
    pub target: Truth,
    /// The same number for rows that no fold may part, if some belong together.
    pub together: Option<Vec<u64>>,
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

    /// What was taken so far.
    pub fn values(&self) -> &Values {
        &self.values
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
        let mut reader = csv::Reader::from_reader(BufReader::new(file));
        let width = schema.columns.len();
        let found = reader
            .headers()
            .with_context(|| path.display().to_string())?
            .len();
        ensure!(
            found == width + 1,
            "{} does not fit {}: run `preprocess` again",
            path.display(),
            files::SCHEMA
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
            if !is_taken(at, rows, limit) {
                continue;
            }
            for (column, field) in columns.iter_mut().zip(&record) {
                column.add(field);
            }
            target.add(record.get(width).unwrap_or_default());
        }
        let beside = match name {
            files::TRAIN => files::TOGETHER,
            _ => files::TOGETHER_TEST,
        };
        let together = together(&dir.join(beside), rows, limit)?;
        ensure!(
            together
                .as_ref()
                .is_none_or(|all| all.len() == target.truth.len()),
            "{beside} does not fit {}: run `preprocess` again",
            path.display()
        );
        if let Truth::Numbers(numbers) = &mut target.truth {
            schema.target.scale.apply_all(numbers);
        }
        Ok(Table {
            columns: columns.into_iter().map(Gatherer::finish).collect(),
            target: target.truth,
            together,
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
            together: self
                .together
                .as_ref()
                .map(|all| rows.iter().map(|&row| all[row]).collect()),
        }
    }
}

/// Whether a row, counted from 1, is one of at most `limit` of so many. Bresenham's line: each row is taken
/// with which the wanted share grows by a whole.
fn is_taken(at: u64, rows: u64, limit: u64) -> bool {
    rows <= limit || at * limit / rows != (at - 1) * limit / rows
}

/// Which rows belong together, of those that [`is_taken`] takes; nothing if none do.
fn together(path: &Path, rows: u64, limit: u64) -> Result<Option<Vec<u64>>> {
    lines(path, (rows, limit), |line| Ok(line.parse()?))
}

/// Where in the dataset the rows of the test are, of those that [`Table::load`] takes; nothing if it is not known.
///
/// # Errors
///
/// If the file is there and cannot be read.
pub fn places(dir: &Path, rows: u64, limit: u64) -> Result<Vec<String>> {
    let places = lines(&dir.join(files::PLACES), (rows, limit), Ok)?;
    Ok(places.unwrap_or_default())
}

/// What stands beside each row, of those that [`is_taken`] takes; nothing if there is no such file.
fn lines<T>(
    path: &Path,
    (rows, limit): (u64, u64),
    of: impl Fn(String) -> Result<T>,
) -> Result<Option<Vec<T>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        file => file.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let lines = BufReader::new(file).lines().zip(1..);
    let taken = lines.filter(|&(_, at)| is_taken(at, rows, limit));
    let all = taken.map(|(line, _)| of(line?));
    all.collect::<Result<_>>()
        .map(Some)
        .with_context(|| format!("{} is not what `preprocess` wrote", path.display()))
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
