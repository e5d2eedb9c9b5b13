//! Which rows are for learning and which for judging: the same in each run, and the same share of
//! each class.

use std::collections::HashMap;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::schema::Task;

/// One row of so many is for judging.
const TEST_OF: u64 = 5;

/// Below how many rows a class is too rare for a score to say much of it.
pub const RARE: u64 = 5;

/// Draws rows for the test part while they pass, without knowing those that come.
///
/// Of each class exactly its share is drawn, by selection sampling (Knuth, TAOCP volume 2, 3.4.2,
/// algorithm S): a row is taken with the chance of what is wanted still over what is left still.
#[derive(Debug)]
pub struct Split<R = ChaCha8Rng> {
    left: HashMap<String, Share>,
    random: R,
}

#[derive(Clone, Copy, Debug)]
struct Share {
    rows: u64,
    wanted: u64,
}

impl Split {
    /// For a target of which the number of rows is known, of each class where it has some.
    pub fn new(task: &Task, rows: u64) -> Self {
        let share = |rows| Share {
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
            random: ChaCha8Rng::seed_from_u64(crate::SEED),
        }
    }
}

impl<R: Rng> Split<R> {
    /// Whether the next row is for judging. The class of a regression is the empty one.
    pub fn is_test(&mut self, class: &str) -> bool {
        let Some(share) = self.left.get_mut(class) else {
            return false;
        };
        let drawn = share.rows > 0 && self.random.random_range(0..share.rows) < share.wanted;
        share.rows = share.rows.saturating_sub(1);
        share.wanted -= u64::from(drawn);
        drawn
    }
}

/// How many rows of a class are for judging: none of a single one, so that no class is only there.
pub fn test_rows(rows: u64) -> u64 {
    (rows + TEST_OF / 2) / TEST_OF
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Class;

    #[test]
    fn each_class_gives_its_share_and_a_single_row_is_never_only_for_judging() {
        let classes = [("a", 100), ("b", 13), ("c", 1), ("d", 2), ("e", 3)];
        let task = Task::Classification {
            classes: classes
                .iter()
                .map(|&(name, rows)| Class {
                    name: name.into(),
                    rows,
                })
                .collect(),
        };
        let mut split = Split::new(&task, 119);
        for (name, rows, test) in [
            ("a", 100, 20),
            ("b", 13, 3),
            ("c", 1, 0),
            ("d", 2, 0),
            ("e", 3, 1),
        ] {
            let drawn = (0..rows).filter(|_| split.is_test(name)).count();
            assert_eq!(drawn, test, "{name}");
        }
    }
}
