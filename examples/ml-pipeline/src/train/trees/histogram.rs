//! What the rows of each bin come to, and which question that speaks for. Pure arithmetic.

use super::{bins::Bins, forest::Split};

/// What is added to the curvature of each leaf, so that few rows say less.
const PENALTY: f64 = 1.0;

/// The least curvature of a leaf: below, its rows are so sure already that a question says nothing.
const LEAST_CURVATURE: f64 = 1e-3;

/// The least fall of the loss that counts.
const LEAST_GAIN: f64 = 1e-7;

/// What some rows come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    slope: f64,
    curvature: f64,
    rows: u32,
}

impl Cell {
    /// Adds a row.
    pub fn take(&mut self, [slope, curvature]: [f32; 2]) {
        self.slope += f64::from(slope);
        self.curvature += f64::from(curvature);
        self.rows += 1;
    }

    /// What is best to answer for these rows.
    pub fn answer(&self) -> f64 {
        -self.slope / (self.curvature + PENALTY)
    }

    /// Twice the fall of the loss with that answer.
    fn gain(&self) -> f64 {
        self.slope * self.slope / (self.curvature + PENALTY)
    }

    fn and(&self, other: &Cell) -> Cell {
        Cell {
            slope: self.slope + other.slope,
            curvature: self.curvature + other.curvature,
            rows: self.rows + other.rows,
        }
    }

    fn without(&self, other: &Cell) -> Cell {
        Cell {
            slope: self.slope - other.slope,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }

    fn may_be_a_leaf(&self, rows: usize) -> bool {
        self.rows as usize >= rows && self.curvature >= LEAST_CURVATURE
    }
}

/// The cells of all bins of the features asked, one feature after the other. `gradients` stand in the
/// order of `rows`.
pub fn fill(bins: &Bins, rows: &[usize], gradients: &[[f32; 2]], asked: &[usize]) -> Vec<Cell> {
    let mut all = Vec::new();
    let mut total = Cell::default();
    gradients.iter().for_each(|&gradient| total.take(gradient));
    for &feature in asked {
        let start = all.len();
        let about = &bins.features[feature];
        all.resize(start + about.bins(), Cell::default());
        let cells = &mut all[start..];
        let column = bins.column(feature);
        match about.common {
            // Most words and pixels are 0: what is left of the whole is theirs.
            Some(common) => {
                for (&row, &gradient) in rows.iter().zip(gradients) {
                    let bin = column[row];
                    if bin != common {
                        cells[usize::from(bin)].take(gradient);
                    }
                }
                let others = cells
                    .iter()
                    .fold(Cell::default(), |sum, cell| sum.and(cell));
                cells[usize::from(common)] = total.without(&others);
            }
            None => {
                for (&row, &gradient) in rows.iter().zip(gradients) {
                    cells[usize::from(column[row])].take(gradient);
                }
            }
        }
    }
    all
}

/// The cells of the rows that are in `all` and not in `some`.
pub fn without(mut all: Vec<Cell>, some: &[Cell]) -> Vec<Cell> {
    for (cell, some) in all.iter_mut().zip(some) {
        *cell = cell.without(some);
    }
    all
}

/// The question after which the loss falls the most, if one leaves enough rows on both sides.
pub fn best(
    bins: &Bins,
    asked: &[usize],
    cells: &[Cell],
    total: &Cell,
    rows: usize,
) -> Option<Split> {
    let mut best: Option<Split> = None;
    let mut most = LEAST_GAIN;
    let mut rest = cells;
    for &feature in asked {
        let about = &bins.features[feature];
        let (own, others) = rest.split_at(about.bins());
        rest = others;
        let missing = own[0];
        let mut low = Cell::default();
        for (bin, cell) in (1_usize..).zip(&own[1..]) {
            low = low.and(cell);
            let end = about.ends.get(bin - 1);
            // After the last bin, only missing values are on the other side.
            if cell.rows == 0 && end.is_some() || end.is_none() && missing.rows == 0 {
                continue;
            }
            for with_missing in [false, true] {
                if with_missing && (missing.rows == 0 || end.is_none()) {
                    continue;
                }
                let yes = if with_missing { low.and(&missing) } else { low };
                let no = total.without(&yes);
                if !yes.may_be_a_leaf(rows) || !no.may_be_a_leaf(rows) {
                    continue;
                }
                let gain = (yes.gain() + no.gain() - total.gain()) / 2.0;
                if gain > most {
                    most = gain;
                    best = Some(Split {
                        feature,
                        end: end.copied().unwrap_or(f32::INFINITY),
                        // There are fewer bins than bytes.
                        bin: bin as u8,
                        // Where none is missing, one that comes later goes where most rows go.
                        missing: with_missing || missing.rows == 0 && yes.rows > no.rows,
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
    use anyhow::{Context, Result};

    #[test]
    fn the_best_question_parts_the_slopes_and_sends_missing_values_to_their_like() -> Result<()> {
        let bins = Bins::of(&[1.0, 2.0, 3.0, 4.0, f32::NAN, f32::NAN], 1)?;
        let gradients = [
            [-1.0, 1.0],
            [-1.0, 1.0],
            [1.0, 1.0],
            [1.0, 1.0],
            [-1.0, 1.0],
            [-1.0, 1.0],
        ];
        let rows: Vec<_> = (0..6).collect();
        let cells = fill(&bins, &rows, &gradients, &[0]);
        let mut total = Cell::default();
        gradients.iter().for_each(|&it| total.take(it));
        let split = best(&bins, &[0], &cells, &total, 1).context("a question")?;
        assert_eq!((split.end, split.missing), (2.5, true));
        assert_eq!(best(&bins, &[0], &cells, &total, 4), None);
        Ok(())
    }

    #[test]
    fn that_a_value_is_missing_may_be_all_that_is_asked() -> Result<()> {
        let bins = Bins::of(&[1.0, 2.0, f32::NAN, f32::NAN], 1)?;
        let gradients = [[-1.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, 1.0]];
        let rows: Vec<_> = (0..4).collect();
        let cells = fill(&bins, &rows, &gradients, &[0]);
        let mut total = Cell::default();
        gradients.iter().for_each(|&it| total.take(it));
        let split = best(&bins, &[0], &cells, &total, 2).context("a question")?;
        assert_eq!((split.end, split.missing), (f32::INFINITY, false));
        Ok(())
    }
}
