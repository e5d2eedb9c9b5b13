//! The equations of a ridge regression, in as many unknowns as there are columns or rows, whichever
//! are fewer (Saunders et al., "Ridge regression learning algorithm in dual variables", 1998).

use crate::train::{network::Layer, sample::Sample};

/// What does not depend on the penalty.
pub struct System {
    /// The means of the features, which are taken off them.
    means: Vec<f64>,
    /// The mean of what is wanted.
    middle: f64,
    /// The products of all columns, or of all rows, with each other.
    products: Vec<f64>,
    /// What the unknowns are to come to.
    right: Vec<f64>,
    is_by_rows: bool,
}

impl System {
    /// For some rows.
    pub fn new(sample: &Sample, rows: &[usize]) -> Self {
        if rows.len() < sample.width {
            System::by_rows(sample, rows)
        } else {
            System::by_columns(sample, rows)
        }
    }

    /// An unknown for each column.
    pub fn by_columns(sample: &Sample, rows: &[usize]) -> Self {
        let width = sample.width;
        let (means, middle) = means(sample, rows);
        let (mut products, mut right) = (vec![0.0; width * width], vec![0.0; width]);
        for &row in rows {
            let features = centered(sample, row, &means);
            let wanted = f64::from(sample.wanted[row]) - middle;
            for (a, &feature) in features.iter().enumerate() {
                right[a] += feature * wanted;
                let line = &mut products[a * width..=a * width + a];
                for (sum, other) in line.iter_mut().zip(&features) {
                    *sum += feature * other;
                }
            }
        }
        System {
            means,
            middle,
            products,
            right,
            is_by_rows: false,
        }
    }

    /// An unknown for each row.
    pub fn by_rows(sample: &Sample, rows: &[usize]) -> Self {
        let (means, middle) = means(sample, rows);
        let all: Vec<_> = rows
            .iter()
            .map(|&row| centered(sample, row, &means))
            .collect();
        let mut products = vec![0.0; rows.len() * rows.len()];
        for (a, features) in all.iter().enumerate() {
            for (b, others) in all[..=a].iter().enumerate() {
                products[a * rows.len() + b] = product(features, others);
            }
        }
        let right = rows
            .iter()
            .map(|&row| f64::from(sample.wanted[row]) - middle)
            .collect();
        System {
            means,
            middle,
            products,
            right,
            is_by_rows: true,
        }
    }

    /// The weights under a penalty, which counts for each row.
    pub fn solve(&self, sample: &Sample, rows: &[usize], penalty: f64) -> Layer {
        let size = self.right.len();
        let mut matrix = self.products.clone();
        (0..size).for_each(|at| matrix[at * size + at] += penalty * rows.len() as f64);
        let unknowns = cholesky(matrix, self.right.clone());
        let weights = if self.is_by_rows {
            let mut weights = vec![0.0; sample.width];
            for (&row, unknown) in rows.iter().zip(&unknowns) {
                let features = centered(sample, row, &self.means);
                weights
                    .iter_mut()
                    .zip(features)
                    .for_each(|(weight, feature)| *weight += unknown * feature);
            }
            weights
        } else {
            unknowns
        };
        let shift: f64 = weights
            .iter()
            .zip(&self.means)
            .map(|(weight, mean)| weight * mean)
            .sum();
        Layer {
            inputs: sample.width,
            outputs: 1,
            weights: weights.iter().map(|&weight| weight as f32).collect(),
            bias: vec![(self.middle - shift) as f32],
        }
    }
}

fn means(sample: &Sample, rows: &[usize]) -> (Vec<f64>, f64) {
    let count = rows.len().max(1) as f64;
    let (mut means, mut middle) = (vec![0.0; sample.width], 0.0);
    for &row in rows {
        for (mean, &feature) in means.iter_mut().zip(sample.features_of(row).iter()) {
            *mean += f64::from(feature) / count;
        }
        middle += f64::from(sample.wanted[row]) / count;
    }
    (means, middle)
}

fn centered(sample: &Sample, row: usize, means: &[f64]) -> Vec<f64> {
    let features = sample.features_of(row);
    let features = features.iter().zip(means);
    features
        .map(|(&feature, mean)| f64::from(feature) - mean)
        .collect()
}

/// The sum of the products of two lists, as far as both go; four at a time, as the processor has room for.
fn product(a: &[f64], b: &[f64]) -> f64 {
    let length = a.len().min(b.len());
    let (a, b) = (a[..length].chunks_exact(4), b[..length].chunks_exact(4));
    let rest: f64 = a
        .remainder()
        .iter()
        .zip(b.remainder())
        .map(|(x, y)| x * y)
        .sum();
    let mut sums = [0.0; 4];
    for (a, b) in a.zip(b) {
        sums.iter_mut()
            .zip(a.iter().zip(b))
            .for_each(|(sum, (x, y))| *sum += x * y);
    }
    sums.iter().sum::<f64>() + rest
}

/// Solves a positive definite system, of which the lower half is read: `L Lᵀ x = right`.
pub(crate) fn cholesky(mut matrix: Vec<f64>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for row in 0..size {
        let (above, own) = matrix.split_at_mut(row * size);
        for (column, other) in above.chunks_exact(size).enumerate() {
            own[column] = (own[column] - product(&own[..column], other)) / other[column];
        }
        let squares = product(&own[..row], &own[..row]);
        // The penalty keeps this above 0, but for rounding.
        own[row] = (own[row] - squares).max(f64::MIN_POSITIVE).sqrt();
        let known = product(&own[..row], &right);
        right[row] = (right[row] - known) / own[row];
    }
    for row in (0..size).rev() {
        right[row] /= matrix[row * size + row];
        let value = right[row];
        for column in 0..row {
            right[column] -= matrix[row * size + column] * value;
        }
    }
    right
}
