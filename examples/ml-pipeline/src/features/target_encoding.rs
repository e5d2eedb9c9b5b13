//! Target encoding: a word becomes what the target is like in its rows. For columns with more words than
//! can have a feature each (Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
//! attributes", 2001).
//!
//! Few rows of a word say little: their mean is drawn towards that of all rows, the more the less the
//! words differ (a random-effects model; Searle et al., "Variance Components", 1992, section 3.6). A row to
//! learn from gets what the rows of other folds say, as its own target would be in it otherwise.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Into how many folds the rows to learn from are cut.
const FOLDS: usize = 5;

/// What is beyond is a target far from all others, which a word must not repeat.
const MOST: f64 = super::CLIP as f64;

/// The words of a column with many of them, by row.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Its first feature, one for each output.
    pub place: usize,
    /// How many outputs it has a feature for.
    pub outputs: usize,
    /// How many words are told apart; the last one stands for all others.
    pub count: usize,
    /// The word of each row.
    pub rows: Vec<u32>,
}

/// Some rows, and the sum of their numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    rows: f64,
    sum: f64,
}

impl Sum {
    fn add(&mut self, value: f64) {
        self.rows += 1.0;
        self.sum += value;
    }

    fn mean(self) -> f64 {
        self.sum / self.rows.max(1.0)
    }
}

/// What one output is like in the rows of each word.
struct Output {
    words: Vec<Sum>,
    /// The words that stand in one row each, and those that are not told apart: what a word is like that comes later.
    rare: Sum,
    all: Sum,
    pull: f64,
}

impl Output {
    fn of(words: &Words, rows: &[usize], wanted: &dyn Fn(usize) -> f64) -> Self {
        let mut sums = vec![Sum::default(); words.count];
        let (mut all, mut squares) = (Sum::default(), 0.0);
        for &row in rows {
            let value = wanted(row);
            sums[words.rows[row] as usize].add(value);
            all.add(value);
            squares += value * value;
        }
        let pull = pull(&sums, all, squares);
        let mut rare = sums.last().copied().unwrap_or_default();
        for word in sums.iter().rev().skip(1).filter(|word| word.rows == 1.0) {
            rare.add(word.sum);
        }
        Output {
            words: sums,
            rare,
            all,
            pull,
        }
    }

    /// How far a word's mean is from that of all rows, if as many rows as `pull` were at that.
    fn effect(&self, word: u32) -> f32 {
        let is_last = word as usize + 1 == self.words.len();
        let own = self.words[word as usize];
        let word = if is_last || own.rows == 0.0 {
            self.rare
        } else {
            own
        };
        if word.rows == 0.0 {
            return 0.0;
        }
        let off = (word.sum - word.rows * self.all.mean()) / (word.rows + self.pull);
        off.clamp(-MOST, MOST) as f32
    }
}

/// The variance within the words for each of that between them: of so many rows the mean of a word is as
/// much chance as its own. Infinite where words do not differ more than by chance.
fn pull(words: &[Sum], all: Sum, squares: f64) -> f64 {
    let seen = words.iter().filter(|word| word.rows > 0.0);
    let (mut count, mut of_means, mut sizes) = (0.0, 0.0, 0.0);
    for word in seen {
        count += 1.0;
        of_means += word.sum * word.mean();
        sizes += word.rows * word.rows;
    }
    if count < 2.0 || all.rows <= count {
        return f64::INFINITY;
    }
    let within = ((squares - of_means) / (all.rows - count)).max(0.0);
    let between = (of_means - all.sum * all.mean()) / (count - 1.0);
    let size = (all.rows - sizes / all.rows) / (count - 1.0);
    let between = (between - within) / size;
    if between > 0.0 {
        within / between
    } else {
        f64::INFINITY
    }
}

/// The encoding of each word, as `rows` teach it: word by word, a number for each output.
pub fn learned(words: &Words, rows: &[usize], wanted: impl Fn(usize, usize) -> f64) -> Vec<f32> {
    let outputs: Vec<_> = (0..words.outputs)
        .map(|output| Output::of(words, rows, &|row| wanted(row, output)))
        .collect();
    (0..words.count as u32)
        .flat_map(|word| outputs.iter().map(move |output| output.effect(word)))
        .collect()
}

/// The features of the rows to learn from and of rows to watch, for one output: by row, 0 for all other
/// rows. What is watched teaches nothing. Rows with the same number in `together` are in one fold.
pub fn features(
    words: &Words,
    (learn, watch): (&[usize], &[usize]),
    together: Option<&[u64]>,
    wanted: impl Fn(usize) -> f64,
) -> Vec<f32> {
    let mut features = vec![0.0; words.rows.len()];
    let mut fill = |rows: &[usize], output: &Output| {
        for &row in rows {
            features[row] = output.effect(words.rows[row]);
        }
    };
    fill(watch, &Output::of(words, learn, &wanted));
    let folds = folds(learn, together);
    for (place, fold) in folds.iter().enumerate() {
        let others = folds.iter().enumerate().filter(|(it, _)| *it != place);
        let others: Vec<_> = others.flat_map(|(_, rows)| rows).copied().collect();
        fill(fold, &Output::of(words, &others, &wanted));
    }
    features
}

fn folds(rows: &[usize], together: Option<&[u64]>) -> Vec<Vec<usize>> {
    let group = |row: usize| together.map_or(row as u64, |all| all[row]);
    let mut groups: Vec<u64> = rows.iter().map(|&row| group(row)).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut folds: Vec<_> = (0..groups.len()).map(|place| place % FOLDS).collect();
    folds.shuffle(&mut ChaCha8Rng::seed_from_u64(crate::SEED));
    let mut cut = vec![Vec::new(); FOLDS];
    for &row in rows {
        let place = groups.binary_search(&group(row)).unwrap_or_default();
        cut[folds[place]].push(row);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(rows: Vec<u32>, count: usize) -> Words {
        Words {
            place: 0,
            outputs: 1,
            count,
            rows,
        }
    }

    /// Numbers between -1 and 1 that follow no rule.
    fn noise(row: usize) -> f64 {
        let mixed = (row as u32 + 1).wrapping_mul(0x9e37_79b9) >> 8;
        f64::from(mixed % 2001) / 1000.0 - 1.0
    }

    #[test]
    fn a_word_is_what_its_rows_are_and_few_rows_are_drawn_to_the_mean() {
        // Word 0 is always 1 and word 1 always -1, but for some noise; word 2 has a single row.
        let rows: Vec<u32> = (0..41)
            .map(|row| if row == 40 { 2 } else { row % 2 })
            .collect();
        let wanted = |row: usize, _| match rows[row] {
            0 => 1.0 + noise(row) / 2.0,
            1 => -1.0 + noise(row) / 2.0,
            _ => 2.0,
        };
        let all: Vec<_> = (0..41).collect();
        let found = learned(&words(rows.clone(), 4), &all, wanted);
        assert!((found[0] - 1.0).abs() < 0.2, "{found:?}");
        assert!((found[1] + 1.0).abs() < 0.2, "{found:?}");
        assert!((1.0..1.95).contains(&found[2]), "{found:?}");
        assert_eq!(found[3], found[2], "never seen, as those that came once");
    }

    #[test]
    fn words_that_do_not_differ_say_nothing() {
        let rows: Vec<u32> = (0..400).map(|row| row % 40).collect();
        let all: Vec<_> = (0..400).collect();
        let found = learned(&words(rows, 40), &all, |row, _| noise(row * 7));
        assert!(found.iter().all(|it| it.abs() < 0.2), "{found:?}");
    }

    #[test]
    fn no_row_has_its_own_target_in_its_feature() {
        // Two rows a word, and noise for a target: all that a feature could say is what it must not know.
        let rows: Vec<u32> = (0..1000).map(|row| row / 2).collect();
        let all: Vec<_> = (0..1000).collect();
        let words = words(rows, 500);
        // A target that differs between words, so that they are not all drawn to the mean.
        let wanted = |row: usize| noise(row) + noise(row / 2 + 7919) * 2.0;
        let of = |wanted: &dyn Fn(usize) -> f64| features(&words, (&all, &[]), None, wanted);
        let before = of(&wanted);
        assert!(before.iter().any(|&it| it != 0.0));
        for changed in (0..1000).step_by(97) {
            let after = of(&|row| wanted(row) + if row == changed { 50.0 } else { 0.0 });
            assert_eq!(after[changed], before[changed]);
            assert_ne!(after, before, "other rows learn from it");
        }
    }

    #[test]
    fn what_is_watched_or_belongs_together_teaches_nothing() {
        let rows: Vec<u32> = (0..60).map(|row| row % 3).collect();
        let words = words(rows, 4);
        let (learn, watch): (Vec<_>, Vec<_>) = (0..60).partition(|row| row % 6 < 3);
        let wanted = |row: usize| noise(row) + f64::from(words.rows[row]);
        let with = |watched: f64| {
            let wanted = |row: usize| if row % 6 < 3 { wanted(row) } else { watched };
            features(&words, (&learn, &watch), None, wanted)
        };
        assert_eq!(with(0.0), with(100.0));
        let together: Vec<u64> = (0..60).map(|row| row / 10).collect();
        for fold in folds(&learn, Some(&together)) {
            for row in learn.iter().filter(|row| !fold.contains(row)) {
                assert!(fold.iter().all(|other| together[*other] != together[*row]));
            }
        }
    }
}
