//! Which rows are for learning and which for judging: the same in each run, and where nothing else is asked
//! for, the same share of each class.

use std::collections::{HashMap, HashSet};

use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::schema::Task;

/// One row of so many is for judging.
const TEST_OF: u64 = 5;

/// Below how many rows a class is too rare for a score to say much of it.
pub const RARE: u64 = 5;

/// Of how many different rows or groups it is known where they went. Of others the hash decides alone, so
/// that copies still come to one side.
pub(super) const KNOWN: usize = 1 << 18;

/// Up to how many rows a class is counted out even then.
const COUNTED: u64 = 1000;

/// Draws rows for the test part while they pass, without knowing those that come.
///
/// Of each class exactly its share is drawn, by selection sampling (Knuth, TAOCP volume 2, 3.4.2,
/// algorithm S): a row is taken with the chance of what is wanted still over what is left still. A copy of
/// an earlier row goes where that went.
#[derive(Debug)]
pub struct Split<R = ChaCha8Rng> {
    left: HashMap<String, Share>,
    sides: HashMap<u64, bool>,
    /// The rows for judging, where that was decided before they pass.
    judging: Option<HashSet<u64>>,
    random: R,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    all: u64,
    rows: u64,
    wanted: u64,
}

impl Split {
    /// For a target of which the number of rows is known, of each class where it has some.
    pub fn new(task: &Task, rows: u64) -> Self {
        let share = |rows| Share {
            all: rows,
            rows,
            wanted: test_rows(rows),
        };
        let left = match task {
            Task::Classification { classes } => classes
                .iter()
                .map(|class| (class.name.clone(), share(class.rows)))
                .collect(),
            Task::Regression => HashMap::from([(String::new(), share(rows))]),
        };
        Split {
            left,
            sides: HashMap::new(),
            judging: None,
            random: ChaCha8Rng::seed_from_u64(crate::SEED),
        }
    }
}

impl Split {
    /// The same, but the rows with these keys are for judging, and no others.
    pub(super) fn with(self, judging: Option<HashSet<u64>>) -> Self {
        Split { judging, ..self }
    }
}

impl<R: Rng> Split<R> {
    /// Whether the next row is for judging, and whether it is a copy of an earlier one. The class of a
    /// regression is the empty one; `key` is the same for rows that stay together.
    pub fn is_test(&mut self, class: &str, key: Option<u64>) -> (bool, bool) {
        let Some(share) = self.left.get_mut(class) else {
            return (false, false);
        };
        let known = key.and_then(|key| self.sides.get(&key)).copied();
        let decided = key.zip(self.judging.as_ref());
        let decided = decided.map(|(key, judging)| judging.contains(&key));
        let drawn = match (known.or(decided), key) {
            (Some(side), _) => side,
            (None, Some(key)) if self.sides.len() >= KNOWN && share.all > COUNTED => {
                key % TEST_OF == 0
            }
            _ => share.rows > 0 && self.random.random_range(0..share.rows) < share.wanted,
        };
        share.rows = share.rows.saturating_sub(1);
        share.wanted = share.wanted.saturating_sub(u64::from(drawn));
        if let (None, Some(key)) = (known, key)
            && self.sides.len() < KNOWN
        {
            self.sides.insert(key, drawn);
        }
        (drawn, known.is_some())
    }
}

/// How many rows of a class are for judging: none of a single one, so that no class is only there.
pub fn test_rows(rows: u64) -> u64 {
    (rows + TEST_OF / 2) / TEST_OF
}

/// How many rows each group has, as far as they are few enough to be known.
#[derive(Clone, Debug, Default)]
pub struct Groups(HashMap<u64, u64>);

impl Groups {
    /// Takes the group of the next row.
    pub fn add(&mut self, group: u64) {
        if self.0.len() < KNOWN || self.0.contains_key(&group) {
            *self.0.entry(group).or_default() += 1;
        }
    }

    /// How many groups there are; no more than are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no group.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The groups for judging: at least one, never all of two, and of others about a fifth of the rows.
    /// Nothing where there are too many to know all, so that the hash decides.
    pub fn judging(&self) -> Option<HashSet<u64>> {
        if self.0.len() >= KNOWN {
            return None;
        }
        let mut order: Vec<_> = self.0.iter().collect();
        order.sort_unstable();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(crate::SEED));
        let wanted = test_rows(self.0.values().sum());
        let (mut judging, mut rows) = (HashSet::new(), 0);
        for &(&group, &size) in order.iter().take(self.0.len().saturating_sub(1)) {
            // A large group is left to learn from where a smaller one will do.
            if rows < wanted && (rows + size <= wanted + wanted / 2 || judging.is_empty()) {
                judging.insert(group);
                rows += size;
            }
        }
        Some(judging)
    }
}

/// Whether a group that is not known one by one is for judging.
pub fn by_hash(group: u64) -> bool {
    group.is_multiple_of(TEST_OF)
}

/// The value above which rows are for judging: the last fifth of them; nothing if all values are the same.
pub fn last_fifth(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let most = *values.last()?;
    let wanted = test_rows(values.len() as u64) as usize;
    let bound = *values.get(values.len().checked_sub(wanted.max(1) + 1)?)?;
    if bound < most {
        return Some(bound);
    }
    // More than a fifth has the greatest value: those alone are judged.
    values.into_iter().rev().find(|&value| value < most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Class;

    fn task(classes: &[(&str, u64)]) -> Task {
        let class = |&(name, rows): &(&str, u64)| Class {
            name: name.into(),
            rows,
        };
        Task::Classification {
            classes: classes.iter().map(class).collect(),
        }
    }

    #[test]
    fn each_class_gives_its_share_and_a_single_row_is_never_only_for_judging() {
        let classes = [("a", 100), ("b", 13), ("c", 1), ("d", 2), ("e", 3)];
        let mut split = Split::new(&task(&classes), 119);
        for (name, rows, test) in [
            ("a", 100, 20),
            ("b", 13, 3),
            ("c", 1, 0),
            ("d", 2, 0),
            ("e", 3, 1),
        ] {
            let drawn = (0..rows)
                .filter(|&row| split.is_test(name, Some(row)).0)
                .count();
            assert_eq!(drawn, test, "{name}");
            split.sides.clear();
        }
    }

    #[test]
    fn copies_go_where_the_first_one_went() {
        let mut split = Split::new(&task(&[("a", 400)]), 400);
        let sides: Vec<_> = (0..400)
            .map(|row| split.is_test("a", Some(row % 50)))
            .collect();
        for (row, side) in sides.iter().enumerate() {
            assert_eq!(*side, (sides[row % 50].0, row >= 50));
        }
        let test = sides.iter().filter(|(is_test, _)| *is_test).count();
        assert!((40..=120).contains(&test), "{test}");
    }

    #[test]
    fn groups_are_judged_as_a_whole_and_some_are_left_to_learn_from() {
        let of = |sizes: &[u64]| {
            let mut groups = Groups::default();
            for (group, &size) in sizes.iter().enumerate() {
                (0..size).for_each(|_| groups.add(group as u64));
            }
            let judging = groups.judging().unwrap_or_default();
            judging.iter().map(|&group| sizes[group as usize]).sum()
        };
        let rows: u64 = of(&[10; 50]);
        assert_eq!(rows, 100);
        assert_eq!(of(&[30, 30]), 30_u64);
        assert_eq!(of(&[30]), 0_u64);
    }

    #[test]
    fn what_comes_last_is_judged_and_equals_stay_together() {
        let hundred = (0..100).map(f64::from).collect();
        assert_eq!(last_fifth(hundred), Some(79.0));
        assert_eq!(last_fifth(vec![1.0, 2.0, 2.0, 2.0, 2.0]), Some(1.0));
        assert_eq!(last_fifth(vec![2.0; 9]), None);
        assert_eq!(last_fifth(Vec::new()), None);
    }
}
