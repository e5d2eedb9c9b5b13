//! The rows that the trees of a round grow on, as they look at them.

use rayon::prelude::*;

use super::bins::{Bins, Feature, PIECE};

/// The bins of some rows in the features that a round asks, row by row.
#[derive(Debug)]
pub struct Drawn<'a> {
    /// The features asked, by their numbers, upwards.
    pub asked: &'a [usize],
    /// The same features.
    pub features: Vec<&'a Feature>,
    /// Where the cells of each begin in a histogram of all, and where the last one's end.
    pub starts: Vec<usize>,
    bins: Vec<u8>,
}

impl<'a> Drawn<'a> {
    /// Of some rows and features, which stand upwards.
    pub fn new(all: &'a Bins, rows: &[usize], asked: &'a [usize]) -> Self {
        let features: Vec<_> = asked.iter().map(|&it| &all.features[it]).collect();
        let mut starts = vec![0];
        let mut end = 0;
        for feature in &features {
            end += feature.bins();
            starts.push(end);
        }
        let width = asked.len();
        let mut bins = vec![0; rows.len() * width];
        let each = bins.par_chunks_mut(width.max(1)).zip(rows);
        each.with_min_len(PIECE / width.max(1))
            .for_each(|(bins, &row)| {
                let row = all.row(row);
                for (bin, &feature) in bins.iter_mut().zip(asked) {
                    *bin = row[feature];
                }
            });
        Drawn {
            asked,
            features,
            starts,
            bins,
        }
    }

    /// The bins of a row, by its place among those drawn: one for each feature asked.
    pub fn row(&self, place: usize) -> &[u8] {
        let width = self.asked.len();
        &self.bins[place * width..(place + 1) * width]
    }

    /// Where a feature asked stands in each row.
    pub fn place_of(&self, feature: usize) -> Option<usize> {
        self.asked.binary_search(&feature).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn a_row_has_its_bins_in_the_features_asked() {
        let values: Vec<_> = (0..300 * 3).map(|it| (it % 7) as f32).collect();
        let bins = Bins::of(&values, 3);
        let rows: Vec<_> = (0..300).step_by(2).collect();
        let drawn = Drawn::new(&bins, &rows, &[0, 2]);
        for (place, &row) in rows.iter().enumerate() {
            let own = bins.row(row);
            assert_eq!(drawn.row(place), [own[0], own[2]]);
        }
        assert_eq!((drawn.place_of(2), drawn.place_of(1)), (Some(1), None));
        assert_eq!(drawn.starts, [0, 8, 16]);
    }
}
