//! To which side of the split each row goes: at random, by the order of a column, or by its groups.

use std::collections::HashSet;

use anyhow::{Result, bail, ensure};
use csv::StringRecord;

use super::{
    copies, counted,
    distinct::{self, hash},
    roles,
    split::{self, Split},
    survey::Survey,
    tidy::Reading,
};
use crate::{
    read::Dataset,
    schema::{Kind, Schema, Splitting, Task},
    value::{Missing, Numerals},
};

/// Decides of each row.
pub(super) enum Sides {
    /// A share of each class.
    Random {
        split: Box<Split>,
        /// Whether equal rows are copies.
        copies: bool,
    },
    /// What is greater is for judging.
    Order {
        index: usize,
        kind: Kind,
        unit: Option<String>,
        numerals: Numerals,
        missing: Missing,
        bound: f64,
        /// How many rows so far had no value to order by.
        blank: u64,
    },
    /// Whole groups.
    Group {
        index: usize,
        /// The groups for judging, unless there are too many.
        judging: Option<HashSet<u64>>,
    },
}

/// Where a row goes.
pub(super) struct Side {
    pub(super) is_test: bool,
    /// Whether the same row came before.
    pub(super) is_copy: bool,
    /// The same for rows that belong together.
    pub(super) key: Option<u64>,
}

impl Sides {
    /// For a dataset that was read once. `usable` is how many rows have a target.
    pub(super) fn of(
        survey: &Survey,
        data: &Dataset,
        schema: &Schema,
        usable: u64,
    ) -> Result<Self> {
        let place = |name: &str| data.names.iter().position(|it| it == name);
        match &schema.split {
            Splitting::Random => {
                let equal = survey.rows.saturating_sub(survey.different.count());
                let copies = are_copies(survey, data, schema, usable);
                let are_many = copies && equal * 100 >= survey.rows * copies::MANY_PERCENT;
                let target = place(&schema.target.name).unwrap_or_default();
                let judging = are_many.then(|| copies::judging(data, target, schema));
                let split = Split::new(&schema.target.task, usable);
                Ok(Sides::Random {
                    split: Box::new(split.with(judging.transpose()?.flatten())),
                    copies,
                })
            }
            Splitting::Order { column } => {
                let index = place(column).unwrap_or_default();
                let Some(kind) = roles::ordered(column, &survey.profiles[index]) else {
                    bail!(
                        "--split-by: '{column}' has neither numbers nor dates, and what comes last is not clear: name \
                         a column that has"
                    );
                };
                let unit = survey.profiles[index].unit();
                let reading = Reading {
                    kind,
                    unit: unit.as_deref(),
                    numerals: survey.numerals[index],
                    missing: &schema.missing,
                };
                let mut text = String::new();
                let values = survey.ordered.kept.iter();
                let values = values.filter_map(|field| {
                    reading.tidy(field, &mut text);
                    text.parse().ok()
                });
                let Some(bound) = split::last_fifth(values.collect()) else {
                    bail!(
                        "--split-by: '{column}' has the same value in all rows, so that none comes last: name another \
                         column"
                    );
                };
                Ok(Sides::Order {
                    index,
                    kind,
                    numerals: survey.numerals[index],
                    missing: schema.missing.clone(),
                    bound,
                    unit,
                    blank: 0,
                })
            }
            Splitting::Group { column } => {
                let groups = survey.groups.len();
                ensure!(
                    groups >= 2,
                    "--group: '{column}' has the same value in all rows: at least two groups are needed, to learn from \
                     and for the test"
                );
                Ok(Sides::Group {
                    index: place(column).unwrap_or_default(),
                    judging: survey.groups.judging(),
                })
            }
        }
    }

    /// Where the next row goes. `fields` are its columns as they are written, `class` its target.
    pub(super) fn side(
        &mut self,
        record: &StringRecord,
        fields: &[String],
        class: &str,
        task: &Task,
    ) -> Side {
        match self {
            Sides::Random { split, copies } => {
                let all = fields.iter().map(String::as_str).chain([class]);
                let key = copies.then(|| distinct::row(all));
                let class = match task {
                    Task::Classification { .. } => class,
                    Task::Regression => "",
                };
                let (is_test, is_copy) = split.is_test(class, key);
                Side {
                    is_test,
                    is_copy,
                    key,
                }
            }
            Sides::Order {
                index,
                kind,
                unit,
                numerals,
                missing,
                bound,
                blank,
            } => {
                let reading = Reading {
                    kind: *kind,
                    unit: unit.as_deref(),
                    numerals: *numerals,
                    missing,
                };
                let mut text = String::new();
                reading.tidy(record.get(*index).unwrap_or_default(), &mut text);
                let value: Option<f64> = text.parse().ok();
                *blank += u64::from(value.is_none());
                Side {
                    is_test: value.is_some_and(|value| value > *bound),
                    is_copy: false,
                    key: None,
                }
            }
            Sides::Group { index, judging } => {
                let group = hash(record.get(*index).unwrap_or_default().trim());
                Side {
                    is_test: match judging {
                        Some(judging) => judging.contains(&group),
                        None => split::by_hash(group),
                    },
                    is_copy: false,
                    key: Some(group),
                }
            }
        }
    }
}

impl Sides {
    /// A warning, once all rows have a side, if the place of some in an order is not known.
    pub(super) fn told(&self, schema: &Schema) -> Option<String> {
        let (Sides::Order { blank, .. }, Splitting::Order { column }) = (self, &schema.split)
        else {
            return None;
        };
        let all = schema.rows.train + schema.rows.test;
        (*blank > 0).then(|| {
            format!(
                "{} of {all} have no value of '{column}', which orders them: they are all used for training, though some \
                 may be later than the test",
                counted(*blank, "row")
            )
        })
    }
}

/// How many times more equal rows than chance makes are copies.
const MORE: f64 = 3.0;

/// Whether equal rows are copies: chance makes no pair of them, or far fewer than there are. A table of a
/// few words has equal rows by chance, and they belong on both sides.
fn are_copies(survey: &Survey, data: &Dataset, schema: &Schema, rows: u64) -> bool {
    let kept = |name: &String| schema.columns.iter().any(|column| column.name == *name);
    let different = data.names.iter().zip(&survey.profiles);
    let possible: f64 = different
        .filter(|(name, _)| kept(name) || **name == schema.target.name)
        .map(|(_, profile)| (profile.distinct.count().max(1) as f64).ln())
        .sum();
    let pairs = (rows.max(1) as f64).powi(2) / 2.0;
    let by_chance = (pairs.ln() - possible).exp();
    let equal = survey.rows.saturating_sub(survey.different.count());
    by_chance < 1.0 || equal as f64 > by_chance * MORE
}
