//! Which columns a model needs: what it loses when one of them says nothing.

use anyhow::Result;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::runtime::Runtime;
use crate::{
    schema::Column,
    table::{Table, spread},
};

/// How often a column is shuffled.
const REPEATS: usize = 5;

/// How many columns are looked at: those that bear on the network the most.
pub const COLUMNS: usize = 40;

/// How many rows are looked at.
const ROWS: usize = 1000;

/// What a column is worth.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Importance {
    /// Its name.
    pub column: String,
    /// By how much the score falls when the column's values are shuffled, on average.
    pub drop: f64,
    /// The standard deviation of that between the shufflings.
    pub deviation: f64,
}

/// Shuffles one column after the other, the others as they are (Breiman, "Random Forests", 2001,
/// section 10). The most important come first.
///
/// # Errors
///
/// If the model does not run.
pub fn importance(
    runtime: &Runtime,
    table: &Table,
    columns: &[Column],
    strengths: &[f32],
) -> Result<Vec<Importance>> {
    let table = table.pick(&spread(table.len(), ROWS));
    let classes = runtime.classes().len();
    let full = runtime
        .judged(&table.columns)?
        .score(&table.target, classes);
    let mut looked: Vec<_> = (0..columns.len()).collect();
    looked.sort_by(|&a, &b| strengths[b].total_cmp(&strengths[a]));
    looked.truncate(COLUMNS);

    let of_column = |&column: &usize| {
        let mut random = ChaCha8Rng::seed_from_u64(crate::SEED ^ column as u64);
        let mut shuffled = table.columns.clone();
        let mut order: Vec<_> = (0..table.len()).collect();
        let mut drops = Vec::new();
        for _ in 0..REPEATS {
            order.shuffle(&mut random);
            shuffled[column] = table.columns[column].pick(&order);
            drops.push(full - runtime.judged(&shuffled)?.score(&table.target, classes));
        }
        let drop = drops.iter().sum::<f64>() / REPEATS as f64;
        let squares = drops.iter().map(|it| (it - drop).powi(2));
        Ok(Importance {
            column: columns[column].name.clone(),
            drop,
            deviation: (squares.sum::<f64>() / (REPEATS - 1) as f64).sqrt(),
        })
    };
    let mut found = looked
        .par_iter()
        .map(of_column)
        .collect::<Result<Vec<_>>>()?;
    found.sort_by(|a, b| {
        b.drop
            .total_cmp(&a.drop)
            .then_with(|| a.column.cmp(&b.column))
    });
    Ok(found)
}
