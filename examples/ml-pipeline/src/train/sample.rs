//! The rows that models learn from, as they take them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1};

use super::trees::bins::Bins;
use crate::{
    features::target_encoding::{self, Words},
    table::Truth,
};

/// Features and truths of some rows. A copy shares all that is large.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How many features a row has.
    pub width: usize,
    /// Whether classes are learned, and not numbers.
    pub is_classes: bool,
    /// How many outputs a row has: one for each class, or one.
    pub outputs: usize,
    /// The features, scaled and row by row, but for the target encodings.
    features: Arc<Vec<f32>>,
    /// The target encodings, by the places of their features.
    encoded: Vec<(usize, Vec<f32>)>,
    /// The same as they are, for trees.
    pub bins: Bins,
    /// What is to come out, row by row: the class's weight at the class's place, or the scaled number.
    pub wanted: Arc<Vec<f32>>,
    /// What the target encodings are learned from.
    words: Arc<Vec<Words>>,
    /// The same number for rows that no fold may part, if some belong together.
    together: Option<Arc<Vec<u64>>>,
}

/// How the numbers of a regression are scaled while it is learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Their mean.
    pub mean: f32,
    /// Their standard deviation.
    pub deviation: f32,
}

impl Scale {
    /// Of the numbers to learn from; of classes there is none.
    pub fn of(truth: &Truth) -> Self {
        let Truth::Numbers(numbers) = truth else {
            return Scale {
                mean: 0.0,
                deviation: 1.0,
            };
        };
        let count = numbers.len().max(1) as f64;
        let mean = numbers.iter().map(|&n| f64::from(n)).sum::<f64>() / count;
        let variance = numbers
            .iter()
            .map(|&n| (f64::from(n) - mean).powi(2))
            .sum::<f64>()
            / count;
        let deviation = variance.sqrt() as f32;
        Scale {
            mean: mean as f32,
            deviation: if deviation.is_normal() {
                deviation
            } else {
                1.0
            },
        }
    }
}

impl Sample {
    /// Of encoded features and their truths.
    pub fn new(
        features: Vec<f32>,
        bins: Bins,
        width: usize,
        truth: &Truth,
        classes: usize,
        scale: Scale,
    ) -> Self {
        let (outputs, wanted) = match truth {
            Truth::Classes(rows) => (classes, weighted(rows, classes)),
            Truth::Numbers(rows) => (
                1,
                rows.iter()
                    .map(|&n| (n - scale.mean) / scale.deviation)
                    .collect(),
            ),
        };
        Sample {
            width,
            is_classes: matches!(truth, Truth::Classes(_)),
            outputs,
            features: Arc::new(features),
            encoded: Vec::new(),
            bins,
            wanted: Arc::new(wanted),
            words: Arc::default(),
            together: None,
        }
    }

    /// With words that need a target encoding, and with what belongs together.
    pub fn with_words(self, words: Vec<Words>, together: Option<&[u64]>) -> Self {
        let together = together.filter(|_| !words.is_empty());
        Sample {
            words: Arc::new(words),
            together: together.map(|all| Arc::new(all.to_vec())),
            ..self
        }
    }

    /// The same rows with target encodings that `watch` does not teach, those of a row without itself. To be
    /// asked for rows of `learn` and `watch` alone. Rows of neither teach, too: words that are rare among
    /// some rows of many would say less than in the end.
    pub fn encoded(&self, learn: &[usize], watch: &[usize]) -> Self {
        let mut sample = self.clone();
        if self.words.is_empty() {
            return sample;
        }
        let teach = self.teachers(learn, watch);
        let together = self.together.as_ref().map(|all| all.as_slice());
        for words in self.words.iter() {
            for output in 0..words.outputs {
                let scale = self.scale(output, &teach);
                let wanted = |row| (self.target(row, output) - scale.0) / scale.1;
                let values = target_encoding::features(words, (&teach, watch), together, wanted);
                let place = words.place + output;
                if !self.bins.features.is_empty() {
                    sample.bins.replace(place, &values, learn);
                }
                sample.encoded.push((place, values));
            }
        }
        sample
    }

    /// All rows but those of `watch` and what belongs together with them.
    fn teachers(&self, learn: &[usize], watch: &[usize]) -> Vec<usize> {
        let mut teaches = vec![true; self.len()];
        if let Some(together) = &self.together {
            let watched: HashSet<u64> = watch.iter().map(|&row| together[row]).collect();
            let own = teaches.iter_mut().zip(together.iter());
            own.for_each(|(teaches, group)| *teaches = !watched.contains(group));
            // Where there are too few groups, folds part them.
            learn.iter().for_each(|&row| teaches[row] = true);
        }
        watch.iter().for_each(|&row| teaches[row] = false);
        (0..self.len()).filter(|&row| teaches[row]).collect()
    }

    /// The target encoding of each word, as all rows teach it: for each column that needs one.
    pub fn encodings(&self) -> Vec<Vec<f32>> {
        let rows: Vec<_> = (0..self.len()).collect();
        let encoding = |words: &Words| {
            let scales: Vec<_> = (0..words.outputs)
                .map(|output| self.scale(output, &rows))
                .collect();
            target_encoding::learned(words, &rows, |row, output| {
                (self.target(row, output) - scales[output].0) / scales[output].1
            })
        };
        self.words.iter().map(encoding).collect()
    }

    /// What a target encoding is learned from: whether the row is of a class, or the number.
    fn target(&self, row: usize, output: usize) -> f64 {
        if !self.is_classes {
            return f64::from(self.wanted[row]);
        }
        // Of two classes the second, as in trees.
        let class = if self.outputs == 2 { 1 } else { output };
        f64::from(u8::from(self.wanted[row * self.outputs + class] > 0.0))
    }

    /// The mean and the standard deviation of that in some rows.
    fn scale(&self, output: usize, rows: &[usize]) -> (f64, f64) {
        let count = rows.len().max(1) as f64;
        let mean = rows
            .iter()
            .map(|&row| self.target(row, output))
            .sum::<f64>()
            / count;
        let squares = rows
            .iter()
            .map(|&row| (self.target(row, output) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        (mean, if deviation > 0.0 { deviation } else { 1.0 })
    }

    /// The scaled features of a row.
    pub fn features_of(&self, row: usize) -> Cow<'_, [f32]> {
        let features = &self.features[row * self.width..(row + 1) * self.width];
        if self.encoded.is_empty() {
            return features.into();
        }
        let mut features = features.to_vec();
        for (place, values) in &self.encoded {
            features[*place] = values[row];
        }
        features.into()
    }

    /// What is to come out for a row.
    pub fn wanted_of(&self, row: usize) -> &[f32] {
        &self.wanted[row * self.outputs..(row + 1) * self.outputs]
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.wanted.len() / self.outputs
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }

    /// The features of some rows, a row each.
    pub fn features_of_all(&self, rows: &[usize]) -> Array2<f32> {
        let mut all = Array2::zeros((rows.len(), self.width));
        for (mut place, &row) in all.rows_mut().into_iter().zip(rows) {
            place.assign(&ArrayView1::from(&*self.features_of(row)));
        }
        all
    }
}

/// How much a rare class's rows may count, at most, against the average row.
const WEIGHT_LIMIT: f32 = 10.0;

/// Each class weighs as much as the others, however many rows it has.
fn weighted(rows: &[u32], classes: usize) -> Vec<f32> {
    let mut counts = vec![0.0_f32; classes];
    rows.iter().for_each(|&class| counts[class as usize] += 1.0);
    let present = counts.iter().filter(|&&count| count > 0.0).count() as f32;
    let even = rows.len() as f32 / present;
    let mut wanted = vec![0.0; rows.len() * classes];
    for (row, &class) in rows.iter().enumerate() {
        wanted[row * classes + class as usize] = (even / counts[class as usize]).min(WEIGHT_LIMIT);
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_watched_rows_nor_what_belongs_to_them_teach_the_encodings() {
        let truth = Truth::Numbers(
            (0..60_u8)
                .map(|row| f32::from(row % 3 * 5 + row % 7))
                .collect(),
        );
        let words = Words {
            place: 0,
            outputs: 1,
            count: 4,
            rows: (0..60).map(|row| row % 3).collect(),
        };
        let scale = Scale::of(&truth);
        let sample = Sample::new(vec![0.0; 60], Bins::default(), 1, &truth, 0, scale);
        let together: Vec<u64> = (0..60).map(|row| row / 2).collect();
        let sample = sample.with_words(vec![words], Some(&together));
        // Row 9 belongs to row 8; rows from 20 on are neither learned from nor watched.
        let (learn, watch): (Vec<_>, Vec<_>) =
            (0..20).filter(|&row| row != 9).partition(|&row| row < 8);
        let teach = sample.teachers(&learn, &watch);
        let expected: Vec<_> = (0..8).chain(20..60).collect();
        assert_eq!(teach, expected);
        let encoded = sample.encoded(&learn, &watch);
        assert!(
            (0..20)
                .filter(|&row| row != 9)
                .any(|row| encoded.features_of(row)[0] != 0.0)
        );
        assert_eq!(encoded.features_of(9)[0], 0.0);
    }
}
