//! Features as small numbers of bins, in the order of their values.

use std::sync::Arc;

use anyhow::Result;

use crate::{parallel, table::spread};

/// How many bins the values of a feature have at most; one more is for missing values.
const BINS: usize = 254;

/// How many rows the ends of the bins are taken from; more move them by little.
const SEEN_ROWS: usize = 50_000;

/// The features of some rows, each value by its bin: 0 where it is missing, else from 1 on, upwards.
#[derive(Clone, Debug, Default)]
pub struct Bins {
    /// How many rows there are.
    pub rows: usize,
    /// The features.
    pub features: Vec<Feature>,
    /// The bin of each row, feature by feature; shared by all that have the same.
    columns: Vec<Arc<[u8]>>,
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
}

impl Bins {
    /// Of features that stand row by row, NaN where one is missing.
    ///
    /// # Errors
    ///
    /// If a thread ends early.
    pub fn of(features: &[f32], width: usize) -> Result<Self> {
        let rows = features.len() / width.max(1);
        let seen = spread(rows, SEEN_ROWS);
        let columns = parallel::map(width, |feature| {
            let value = |row: usize| features[row * width + feature];
            Ok(binned(rows, &seen, value))
        })?;
        let (features, columns) = columns.into_iter().unzip();
        Ok(Bins {
            rows,
            features,
            columns,
        })
    }

    /// The bin of each row.
    pub fn column(&self, feature: usize) -> &[u8] {
        &self.columns[feature]
    }

    /// Gives a feature other values. The ends of its bins are taken from some rows.
    pub fn replace(&mut self, feature: usize, values: &[f32], rows: &[usize]) {
        let seen = spread(rows.len(), SEEN_ROWS).into_iter();
        let seen: Vec<_> = seen.map(|place| rows[place]).collect();
        (self.features[feature], self.columns[feature]) =
            binned(self.rows, &seen, |row| values[row]);
    }
}

fn binned(rows: usize, seen: &[usize], value: impl Fn(usize) -> f32) -> (Feature, Arc<[u8]>) {
    let ends = ends(seen.iter().map(|&row| value(row)));
    let bins = (0..rows).map(|row| bin(&ends, value(row))).collect();
    (Feature { ends }, bins)
}

fn bin(ends: &[f32], value: f32) -> u8 {
    if value.is_nan() {
        return 0;
    }
    // There are fewer ends than bytes.
    ends.partition_point(|&end| end < value) as u8 + 1
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
    fn values_are_told_apart_and_missing_ones_have_a_bin_of_their_own() -> Result<()> {
        let bins = Bins::of(&[1.0, f32::NAN, 2.0, 5.0, 1.0, 5.0, f32::NAN, 5.0], 2)?;
        assert_eq!(bins.column(0), [1, 2, 1, 0]);
        assert_eq!(bins.column(1), [0, 1, 1, 1]);
        assert_eq!(bins.features[0].ends, [1.5]);
        Ok(())
    }

    proptest! {
        #[test]
        fn bins_keep_the_order_of_any_values(values in prop::collection::vec(any::<f32>(), 1..600)) {
            let bins = Bins::of(&values, 1).unwrap_or_default();
            prop_assert_eq!(bins.column(0).len(), values.len());
            let feature = &bins.features[0];
            prop_assert!(feature.bins() <= 256);
            for (&value, &bin) in values.iter().zip(bins.column(0)) {
                prop_assert_eq!(value.is_nan(), bin == 0);
                for (&end, at) in feature.ends.iter().zip(1_u8..) {
                    prop_assert!(value.is_nan() || (value <= end) == (bin <= at));
                }
            }
        }
    }
}
