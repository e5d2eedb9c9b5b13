//! Which rows are for judging where many rows come several times: a fifth of each class, though copies stay together.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::Result;
use csv::StringRecord;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{
    distinct,
    parts::{Far, Tidied},
    split::{KNOWN, test_rows},
    survey::fits,
};
use crate::{
    read::Dataset,
    schema::{Schema, Task},
};

/// From which part of the rows on copies are many, in percent. Fewer are divided well enough while the rows pass.
pub(super) const MANY_PERCENT: u64 = 5;

/// The keys of the rows for judging, for which the dataset is read once more; nothing where there are too many different
/// rows to know all.
pub(super) fn judging(
    data: &Dataset,
    target: usize,
    schema: &Schema,
) -> Result<Option<HashSet<u64>>> {
    let mut sizes: BTreeMap<String, HashMap<u64, u64>> = BTreeMap::new();
    let (mut known, mut far) = (0, Far::default());
    let mut tidied = Tidied::of(data, target, schema);
    let mut rows = data.rows();
    let mut record = StringRecord::new();
    while rows.next(&mut record)? {
        if !fits(&record, data.names.len()) {
            continue;
        }
        let Some(class) = tidied.row(&record, &mut far) else {
            continue;
        };
        let key = distinct::row(tidied.fields.iter().map(String::as_str).chain([&*class]));
        let class = match schema.target.task {
            Task::Classification { .. } => class.into_owned(),
            Task::Regression => String::new(),
        };
        let size = sizes.entry(class).or_default().entry(key).or_default();
        known += usize::from(*size == 0);
        *size += 1;
        if known >= KNOWN {
            return Ok(None);
        }
    }
    Ok(Some(sizes.into_values().flat_map(drawn).collect()))
}

/// Groups of a class that have as near to a fifth of its rows as can be, never all of them.
fn drawn(sizes: HashMap<u64, u64>) -> Vec<u64> {
    let wanted = test_rows(sizes.values().sum());
    let mut order: Vec<_> = sizes.into_iter().collect();
    order.sort_unstable();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(crate::SEED));
    order.pop();
    let (mut drawn, mut rows, mut left) = (Vec::new(), 0, Vec::new());
    for (key, size) in order {
        if rows + size <= wanted {
            drawn.push(key);
            rows += size;
        } else {
            left.push((size, key));
        }
    }
    // One more may come nearer.
    if let Some(&(size, key)) = left.iter().min()
        && size < 2 * (wanted - rows)
    {
        drawn.push(key);
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_is_drawn_whatever_the_sizes_and_never_all() {
        let of = |sizes: &[u64]| -> u64 {
            let drawn = drawn((0..).zip(sizes.iter().copied()).collect());
            drawn.iter().map(|&key| sizes[key as usize]).sum()
        };
        assert_eq!(of(&[8; 26]), 40, "42 are wanted");
        assert_eq!(of(&[8; 24]), 40, "38 are wanted");
        assert_eq!(of(&[1; 100]), 20);
        assert_eq!(of(&[50]), 0, "to learn from");
        let mixed: Vec<u64> = (0..60).map(|row| 1 + row % 7).collect();
        assert_eq!(of(&mixed), test_rows(mixed.iter().sum()));
    }
}
