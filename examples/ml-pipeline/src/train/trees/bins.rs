//! Features as small numbers of bins, in the order of their values.

use std::sync::Arc;

use rayon::prelude::*;

use crate::table::spread;

/// How many bins the values of a feature have at most; one more is for missing values.
const BINS: usize = 254;

/// How many rows the ends of the bins are taken from; more move them by little.
const SEEN_ROWS: usize = 50_000;

/// From how many values on another thread is worth the change.
pub const PIECE: usize = 25_000;

/// The features of some rows, each value by its bin: 0 where it is missing, else from 1 on, upwards. The bins of a row
/// stand side by side, so that all that a tree asks of it is in one place.
#[derive(Clone, Debug, Default)]
pub struct Bins {
    /// The features.
    pub features: Vec<Feature>,
    /// The bins, row by row; shared by all that have the same.
    bins: Arc<Vec<u8>>,
}

/// The bins of one feature.
#[derive(Clone, Debug, Default)]
pub struct Feature {
    /// Between each bin and the next: a value up to this is in the lower one.
    pub ends: Vec<f32>,
}

impl Feature {
    /// How many bins there are, with that of missing values.
    pub fn bins(&self) -> usize {
        self.ends.len() + 2
    }

    fn bin(&self, value: f32) -> u8 {
        if value.is_nan() {
            return 0;
        }
        // There are fewer ends than bytes.
        self.ends.partition_point(|&end| end < value) as u8 + 1
    }
}

impl Bins {
    /// Of features that stand row by row, NaN where one is missing.
    pub fn of(features: &[f32], width: usize) -> Self {
        let seen = spread(features.len() / width.max(1), SEEN_ROWS);
        let all: Vec<_> = (0..width)
            .into_par_iter()
            .map(|feature| {
                let values = seen.iter().map(|row| features[row * width + feature]);
                Feature { ends: ends(values) }
            })
            .collect();
        let mut bins = vec![0; features.len()];
        let width = width.max(1);
        let rows = bins.par_chunks_mut(width).zip(features.par_chunks(width));
        rows.with_min_len(PIECE / width + 1)
            .for_each(|(bins, row)| {
                for ((bin, &value), feature) in bins.iter_mut().zip(row).zip(&all) {
                    *bin = feature.bin(value);
                }
            });
        Bins {
            features: all,
            bins: Arc::new(bins),
        }
    }

    /// The bins of a row: one for each feature.
    pub fn row(&self, row: usize) -> &[u8] {
        let width = self.features.len();
        &self.bins[row * width..(row + 1) * width]
    }

    /// Gives a feature other values. The ends of its bins are taken from some rows.
    pub fn replace(&mut self, feature: usize, values: &[f32], rows: &[usize]) {
        let seen = spread(rows.len(), SEEN_ROWS).into_iter();
        let seen: Vec<_> = seen.map(|place| rows[place]).collect();
        let width = self.features.len();
        let replaced = &mut self.features[feature];
        replaced.ends = ends(seen.iter().map(|&row| values[row]));
        let own = Arc::make_mut(&mut self.bins)[feature..]
            .iter_mut()
            .step_by(width);
        for (bin, &value) in own.zip(values) {
            *bin = replaced.bin(value);
        }
    }
}

/// The ends of bins that hold equally many values, as far as equal values allow.
fn ends(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut sorted: Vec<_> = values.filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let groups: Vec<_> = sorted.chunk_by(|a, b| a == b).collect();
    let mut ends = Vec::new();
    let (mut left, mut held) = (sorted.len(), 0);
    for pair in groups.windows(2) {
        held += pair[0].len();
        let wanted = left.div_ceil(BINS - ends.len()).max(1);
        if groups.len() <= BINS || held >= wanted {
            ends.push(between(pair[0][0], pair[1][0]));
            left -= held;
            held = 0;
        }
        if ends.len() == BINS - 1 {
            break;
        }
    }
    ends
}

/// A number from `low` on and below `high`, in their middle if 32 bits have such a one.
fn between(low: f32, high: f32) -> f32 {
    let middle = low / 2.0 + high / 2.0;
    if low <= middle && middle < high {
        middle
    } else {
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_told_apart_and_missing_ones_have_a_bin_of_their_own() {
        let bins = Bins::of(&[1.0, f32::NAN, 2.0, 5.0, 1.0, 5.0, f32::NAN, 5.0], 2);
        let rows: Vec<_> = (0..4).map(|row| bins.row(row)).collect();
        assert_eq!(rows, [[1, 0], [2, 1], [1, 1], [0, 1]]);
        assert_eq!(bins.features[0].ends, [1.5]);
    }

    #[test]
    fn a_feature_that_is_replaced_leaves_the_others_and_those_who_share_them_alone() {
        let bins = Bins::of(&[1.0, 7.0, 2.0, 8.0, 3.0, 7.0], 2);
        let mut replaced = bins.clone();
        replaced.replace(0, &[5.0, 5.0, f32::NAN], &[0, 1, 2]);
        let rows: Vec<_> = (0..3).map(|row| replaced.row(row)).collect();
        assert_eq!(rows, [[1, 1], [1, 2], [0, 1]]);
        assert_eq!(bins.row(2), [3, 1]);
    }

    #[test]
    fn without_features_there_are_no_bins() {
        let bins = Bins::of(&[], 0);
        assert!(bins.features.is_empty());
        assert!(bins.row(7).is_empty());
    }

    #[test]
    fn many_values_have_the_bins_that_few_have() {
        let values: Vec<_> = (0..3 * PIECE).map(|it| (it * it % 11) as f32).collect();
        let (many, few) = (Bins::of(&values, 3), Bins::of(&values[..3_000], 3));
        for row in 0..1_000 {
            assert_eq!(many.row(row), few.row(row), "row {row}");
        }
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_of_any_values(values in prop::collection::vec(any::<f32>(), 1..600)) {
            let bins = Bins::of(&values, 1);
            prop_assert_eq!(bins.bins.len(), values.len());
            let feature = &bins.features[0];
            prop_assert!(feature.bins() <= 256);
            for (&value, &bin) in values.iter().zip(&*bins.bins) {
                prop_assert_eq!(value.is_nan(), bin == 0);
                for (&end, at) in feature.ends.iter().zip(1_u8..) {
                    prop_assert!(value.is_nan() || (value <= end) == (bin <= at));
                }
            }
        }
    }
}
