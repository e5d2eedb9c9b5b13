//! What the rows of each bin come to, and which question that speaks for. Pure arithmetic.

use std::ops::Range;

use super::{drawn::Drawn, forest::Split};

/// What is added to the curvature of each leaf, so that few rows say less.
const PENALTY: f64 = 1.0;

/// The least curvature of a leaf: below, its rows are so sure already that a question says nothing.
const LEAST_CURVATURE: f64 = 1e-3;

/// The least fall of the loss that counts.
const LEAST_GAIN: f64 = 1e-7;

/// What some rows come to. The sums are whole numbers, so they are the same in any order, and what is taken away
/// again leaves nothing behind. Both are one addition of 128 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// In units of [`SLOPE`].
    slope: i64,
    /// How many rows, above [`ROWS`] bits of their curvature in units of [`CURVATURE`].
    rows_and_curvature: i64,
}

/// So many units are a slope of 1: sums of 100,000 slopes of up to 10,000 fit, of which most are below 10.
const SLOPE: f64 = (1_u64 << 32) as f64;

/// So many units are a curvature of 1, and so many bits a sum of them has: up to 262,144.
const CURVATURE: f64 = (1_u64 << 26) as f64;
const ROWS: u32 = 44;

impl Cell {
    /// A single row, by the slope and curvature of its loss.
    pub fn of([slope, curvature]: [f32; 2]) -> Self {
        Cell {
            slope: (f64::from(slope) * SLOPE) as i64,
            rows_and_curvature: (1 << ROWS) + (f64::from(curvature) * CURVATURE) as i64,
        }
    }

    /// Adds other rows.
    pub fn add(&mut self, other: &Cell) {
        self.slope += other.slope;
        self.rows_and_curvature += other.rows_and_curvature;
    }

    fn rows(&self) -> usize {
        (self.rows_and_curvature >> ROWS) as usize
    }

    fn slope(&self) -> f64 {
        self.slope as f64 / SLOPE
    }

    fn curvature(&self) -> f64 {
        (self.rows_and_curvature & ((1 << ROWS) - 1)) as f64 / CURVATURE
    }

    /// What is best to answer for these rows.
    pub fn answer(&self) -> f64 {
        -self.slope() / (self.curvature() + PENALTY)
    }

    /// Twice the fall of the loss with that answer, as a numerator and a denominator.
    fn gain(&self) -> (f64, f64) {
        (self.slope() * self.slope(), self.curvature() + PENALTY)
    }

    fn and(mut self, other: &Cell) -> Cell {
        self.add(other);
        self
    }

    fn without(&self, other: &Cell) -> Cell {
        Cell {
            slope: self.slope - other.slope,
            rows_and_curvature: self.rows_and_curvature - other.rows_and_curvature,
        }
    }

    fn may_be_a_leaf(&self, rows: usize) -> bool {
        self.rows() >= rows && self.curvature() >= LEAST_CURVATURE
    }
}

/// The cells of all bins of some of the features asked, one feature after the other, for the rows at some places.
/// `gradients` has those of all places.
pub fn fill(
    drawn: &Drawn,
    places: &[usize],
    gradients: &[Cell],
    features: Range<usize>,
) -> Vec<Cell> {
    let first = drawn.starts[features.start];
    let mut cells = vec![Cell::default(); drawn.starts[features.end] - first];
    let starts = &drawn.starts[features.clone()];
    for &place in places {
        let gradient = &gradients[place];
        let row = &drawn.row(place)[features.clone()];
        for (&bin, start) in row.iter().zip(starts) {
            cells[start - first + usize::from(bin)].add(gradient);
        }
    }
    cells
}

/// What all of some rows come to.
pub fn sum<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> Cell {
    cells.into_iter().fold(Cell::default(), Cell::and)
}

/// The cells of the rows that are in `all` and not in `some`.
pub fn without(mut all: Vec<Cell>, some: &[Cell]) -> Vec<Cell> {
    for (cell, some) in all.iter_mut().zip(some) {
        *cell = cell.without(some);
    }
    all
}

/// The question after which the loss falls the most, if one leaves enough rows on both sides.
pub fn best(drawn: &Drawn, cells: &[Cell], total: &Cell, rows: usize) -> Option<Split> {
    let mut best: Option<Split> = None;
    let mut most = LEAST_GAIN;
    let (of_all, below_all) = total.gain();
    let gain_of_all = of_all / below_all;
    let places = drawn.starts.windows(2).map(|ends| ends[0]..ends[1]);
    for ((&feature, about), place) in drawn.asked.iter().zip(&drawn.features).zip(places) {
        let own = &cells[place];
        let missing = own[0];
        let mut low = Cell::default();
        for (bin, cell) in (1_usize..).zip(&own[1..]) {
            low.add(cell);
            let end = about.ends.get(bin - 1);
            // After the last bin, only missing values are on the other side.
            if cell.rows() == 0 && end.is_some() || end.is_none() && missing.rows() == 0 {
                continue;
            }
            for with_missing in [false, true] {
                if with_missing && (missing.rows() == 0 || end.is_none()) {
                    continue;
                }
                let yes = if with_missing { low.and(&missing) } else { low };
                let no = total.without(&yes);
                if !yes.may_be_a_leaf(rows) || !no.may_be_a_leaf(rows) {
                    continue;
                }
                // Both as one fraction: a division takes longer than all else here.
                let ((of_yes, below_yes), (of_no, below_no)) = (yes.gain(), no.gain());
                let both = (of_yes * below_no + of_no * below_yes) / (below_yes * below_no);
                let gain = (both - gain_of_all) / 2.0;
                if gain > most {
                    most = gain;
                    best = Some(Split {
                        feature,
                        end: end.copied().unwrap_or(f32::INFINITY),
                        // There are fewer bins than bytes.
                        bin: bin as u8,
                        // Where none is missing, one that comes later goes where most rows go.
                        missing: with_missing || missing.rows() == 0 && yes.rows() > no.rows(),
                        yes: 0,
                        no: 0,
                        gain: gain as f32,
                    });
                }
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::trees::bins::Bins;
    use anyhow::{Context, Result};
    use proptest::prelude::*;

    #[test]
    fn the_best_question_parts_the_slopes_and_sends_missing_values_to_their_like() -> Result<()> {
        let bins = Bins::of(&[1.0, 2.0, 3.0, 4.0, f32::NAN, f32::NAN], 1);
        let gradients = [
            [-1.0, 1.0],
            [-1.0, 1.0],
            [1.0, 1.0],
            [1.0, 1.0],
            [-1.0, 1.0],
            [-1.0, 1.0],
        ];
        let rows: Vec<_> = (0..6).collect();
        let gradients = gradients.map(Cell::of);
        let drawn = Drawn::new(&bins, &rows, &[0]);
        let cells = fill(&drawn, &rows, &gradients, 0..1);
        let total = sum(&gradients);
        let split = best(&drawn, &cells, &total, 1).context("a question")?;
        assert_eq!((split.end, split.missing), (2.5, true));
        assert_eq!(best(&drawn, &cells, &total, 4), None);
        Ok(())
    }

    #[test]
    fn that_a_value_is_missing_may_be_all_that_is_asked() -> Result<()> {
        let bins = Bins::of(&[1.0, 2.0, f32::NAN, f32::NAN], 1);
        let gradients = [[-1.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, 1.0]];
        let rows: Vec<_> = (0..4).collect();
        let gradients = gradients.map(Cell::of);
        let drawn = Drawn::new(&bins, &rows, &[0]);
        let cells = fill(&drawn, &rows, &gradients, 0..1);
        let total = sum(&gradients);
        let split = best(&drawn, &cells, &total, 2).context("a question")?;
        assert_eq!((split.end, split.missing), (f32::INFINITY, false));
        Ok(())
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_rows_and_nothing_is_left_when_rows_go(
            gradients in prop::collection::vec((-300_f32..300.0, 1e-6_f32..2.5), 1..300),
            count in 0_usize..300,
        ) {
            let cells: Vec<_> = gradients.iter().map(|&(slope, curvature)| Cell::of([slope, curvature])).collect();
            let (some, others) = cells.split_at(count.min(cells.len()));
            let all = sum(&cells);
            prop_assert_eq!(all.rows(), cells.len());
            let (slopes, curvatures): (Vec<_>, Vec<_>) = gradients
                .iter()
                .map(|&(slope, curvature)| (f64::from(slope), f64::from(curvature)))
                .unzip();
            prop_assert!((all.slope() - slopes.iter().sum::<f64>()).abs() < 1e-6);
            prop_assert!((all.curvature() - curvatures.iter().sum::<f64>()).abs() < 1e-5);
            prop_assert_eq!(all.without(&sum(some)), sum(others));
        }

        #[test]
        fn each_feature_has_the_rows_of_its_own_bins(width in 1_usize..10, rows in 1_usize..40, from in 0_usize..9) {
            let values: Vec<_> = (0..width * rows).map(|it| (it * 7 % 11) as f32).collect();
            let bins = Bins::of(&values, width);
            let gradients: Vec<_> = (0..rows).map(|row| Cell::of([row as f32, 1.0])).collect();
            let asked: Vec<_> = (0..width).collect();
            let rows: Vec<_> = (0..rows).collect();
            let drawn = Drawn::new(&bins, &rows, &asked);
            let some = from.min(width)..width;
            let cells = fill(&drawn, &rows, &gradients, some.clone());
            let mut rest = cells.as_slice();
            for feature in some {
                let (of_feature, others) = rest.split_at(bins.features[feature].bins());
                for (bin, cell) in of_feature.iter().enumerate() {
                    let own = rows.iter().filter(|&&row| usize::from(bins.row(row)[feature]) == bin);
                    prop_assert_eq!(*cell, sum(own.map(|&row| &gradients[row])));
                }
                rest = others;
            }
            prop_assert!(rest.is_empty());
        }
    }
}
