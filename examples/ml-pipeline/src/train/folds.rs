//! Cuts rows into folds: each is held out once, while models learn from the others.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::table::{Truth, spread};

/// How many rows the candidates are compared on; more say little more.
const COMPARED_ROWS: usize = 6_000;

/// How many folds small data is cut into, and how many is enough where there are many rows.
const FOLDS: (usize, usize) = (5, 3);

/// From how many rows there are many.
const MANY_ROWS: usize = 3_000;

/// Below how many rows a cut into folds is too much of chance, and how often it is made again then.
const FEW_ROWS: usize = 500;
const REPEATS: usize = 3;

/// The rows of a fold, and those of all others of the same cut.
#[derive(Debug)]
pub struct Fold {
    /// The others: to learn from.
    pub learn: Vec<usize>,
    /// Its own: held out.
    pub watch: Vec<usize>,
}

/// How the rows were cut.
#[derive(Debug)]
pub struct Cuts {
    /// Into how many folds.
    pub count: usize,
    /// How often.
    pub repeats: usize,
    /// All folds of all cuts.
    pub folds: Vec<Fold>,
}

impl Cuts {
    /// For so many rows.
    pub fn new(truth: &Truth, rows: usize, together: Option<&[u64]>) -> Self {
        let count = if rows < MANY_ROWS { FOLDS.0 } else { FOLDS.1 };
        let repeats = if rows < FEW_ROWS { REPEATS } else { 1 };
        let rows = spread(rows, COMPARED_ROWS);
        let mut all = Vec::new();
        for time in 0..repeats {
            let folds = folds(truth, &rows, count, time as u64, together);
            all.extend((0..count).map(|fold| {
                Fold {
                    learn: (0..count)
                        .filter(|&it| it != fold)
                        .flat_map(|it| folds[it].clone())
                        .collect(),
                    watch: folds[fold].clone(),
                }
            }));
        }
        Cuts {
            count,
            repeats,
            folds: all,
        }
    }
}

/// Cuts rows into folds, each with its share of each class; another `time`, in another way. Rows with the
/// same number in `together` come to the same fold, as long as there are as many of them as folds.
pub fn folds(
    truth: &Truth,
    rows: &[usize],
    count: usize,
    time: u64,
    together: Option<&[u64]>,
) -> Vec<Vec<usize>> {
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (together, &row) in together
        .into_iter()
        .flat_map(|all| rows.iter().map(|&row| all[row]).zip(rows))
    {
        groups.entry(together).or_default().push(row);
    }
    if groups.len() >= count {
        return whole_groups(truth, groups.into_values().collect(), count, time);
    }
    let mut order = rows.to_vec();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(crate::SEED + time));
    if let Truth::Classes(classes) = truth {
        order.sort_by_key(|&row| classes[row]);
    }
    let mut folds = vec![Vec::new(); count];
    for (place, row) in order.into_iter().enumerate() {
        folds[place % count].push(row);
    }
    folds
}

/// Gives each group to the fold that has the fewest rows, those of one class one after the other.
fn whole_groups(
    truth: &Truth,
    mut groups: Vec<Vec<usize>>,
    count: usize,
    time: u64,
) -> Vec<Vec<usize>> {
    groups.shuffle(&mut ChaCha8Rng::seed_from_u64(crate::SEED + time));
    if let Truth::Classes(classes) = truth {
        groups.sort_by_key(|rows| classes[rows[0]]);
    }
    let mut folds = vec![Vec::new(); count];
    for group in groups {
        if let Some(fold) = folds.iter_mut().min_by_key(|fold| fold.len()) {
            fold.extend(group);
        }
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_belong_together_are_in_one_fold() {
        let truth = Truth::Classes((0..60).map(|row| row / 6 % 2).collect());
        let rows: Vec<_> = (0..60).collect();
        let together: Vec<u64> = (0..60).map(|row| row / 6).collect();
        let cut = folds(&truth, &rows, 5, 0, Some(&together));
        for fold in &cut {
            let groups: std::collections::BTreeSet<_> = fold.iter().map(|&row| row / 6).collect();
            assert_eq!((fold.len(), groups.len()), (12, 2));
            assert_eq!(fold.iter().filter(|&&row| row / 6 % 2 == 0).count(), 6);
        }
        let all_one = vec![1; 60];
        let cut = folds(&truth, &rows, 5, 0, Some(&all_one));
        assert!(
            cut.iter().all(|fold| fold.len() == 12),
            "there is no other way"
        );
    }

    #[test]
    fn few_rows_are_cut_three_times_and_each_row_is_held_out_in_each() {
        let truth = Truth::Classes((0..100).map(|row| row % 2).collect());
        let cuts = Cuts::new(&truth, 100, None);
        assert_eq!((cuts.count, cuts.repeats, cuts.folds.len()), (5, 3, 15));
        let cuts = cuts.folds;
        let mut times = vec![0; 100];
        for fold in &cuts {
            assert_eq!(fold.learn.len() + fold.watch.len(), 100);
            assert_eq!(fold.watch.iter().filter(|&&row| row % 2 == 0).count(), 10);
            fold.watch.iter().for_each(|&row| times[row] += 1);
        }
        assert_eq!(times, [3; 100]);
        assert_ne!(cuts[0].watch, cuts[5].watch);
    }
}
