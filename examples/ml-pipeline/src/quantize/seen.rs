//! What goes into a layer, over the rows that it was trained on: how far it reaches, and how its features go together.

/// Of how many features the products are summed at most, and how many products of a row that is all in all; with more rows,
/// the first ones are enough.
const FEATURES: usize = 800;
const PRODUCTS: usize = 2_000_000_000;

/// What was seen of a layer's inputs.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The least value.
    pub least: f32,
    /// The greatest one.
    pub most: f32,
    width: usize,
    rows: usize,
    /// The sums of the products of all features with each other, and with a last one that is always 1. Those on and above
    /// the diagonal are set.
    products: Vec<f64>,
}

impl Seen {
    /// Of a layer with so many inputs, before any row.
    pub fn of(width: usize) -> Self {
        let products = if width <= FEATURES {
            vec![0.0; (width + 1) * (width + 1)]
        } else {
            Vec::new()
        };
        Seen {
            width,
            products,
            ..Seen::default()
        }
    }

    /// Takes in some rows.
    pub fn add(&mut self, values: &[f32]) {
        for &value in values {
            self.least = self.least.min(value);
            self.most = self.most.max(value);
        }
        let size = self.width + 1;
        if self.products.is_empty() || self.width == 0 {
            return;
        }
        for row in values.chunks_exact(self.width) {
            if self.rows >= PRODUCTS / (size * size) {
                break;
            }
            self.rows += 1;
            let row: Vec<_> = row.iter().map(|&it| f64::from(it)).chain([1.0]).collect();
            for (at, feature) in row.iter().enumerate() {
                let sums = &mut self.products[at * size + at..(at + 1) * size];
                for (sum, other) in sums.iter_mut().zip(&row[at..]) {
                    *sum += feature * other;
                }
            }
        }
    }

    /// How the features go together, unless there are too many of them.
    pub fn factor(&self) -> Option<Factor> {
        (self.rows > 0).then(|| Factor::of(self.products.clone(), self.width + 1))
    }
}

/// The part of the mean square of a feature that is added to each: of features that always go together, none may make up
/// for the others without end.
const ADDED: f64 = 1e-5;

/// The triangle `R` of a matrix of products, which is `R` times its transpose.
#[derive(Clone, Debug)]
pub struct Factor {
    size: usize,
    values: Vec<f64>,
}

impl Factor {
    fn of(mut values: Vec<f64>, size: usize) -> Self {
        let squares: f64 = (0..size).map(|at| values[at * size + at]).sum();
        let added = (squares / size as f64 * ADDED).max(f64::MIN_POSITIVE);
        (0..size).for_each(|at| values[at * size + at] += added);
        // Cholesky's way, from the last row to the first: each line above takes what is left of it.
        for last in (0..size).rev() {
            let (above, from) = values.split_at_mut(last * size);
            let line = &mut from[..size];
            let rest: f64 = line[last + 1..].iter().map(|it| it * it).sum();
            let root = (line[last] - rest).max(added).sqrt();
            line[last] = root;
            for other in above.chunks_exact_mut(size) {
                let both = other[last + 1..].iter().zip(&line[last + 1..]);
                let rest: f64 = both.map(|(a, b)| a * b).sum();
                other[last] = (other[last] - rest) / root;
            }
        }
        Factor { size, values }
    }

    /// By how much a weight should be greater, so that it makes up for what those before it lost.
    pub fn owed(&self, lost: &[f64]) -> f64 {
        let at = lost.len();
        let column = self.values.iter().skip(at).step_by(self.size);
        let sum: f64 = lost.iter().zip(column).map(|(lost, it)| lost * it).sum();
        sum / self.values[at * self.size + at]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_one_weight_lost_is_owed_by_those_that_go_with_it() {
        let mut seen = Seen::of(3);
        for row in 0..60_u8 {
            let (a, b) = (f32::from(row % 7) - 3.0, f32::from(row % 5) - 2.0);
            seen.add(&[a, a, b]);
        }
        assert_eq!((seen.least, seen.most), (-3.0, 3.0));
        let factor = seen.factor().unwrap();
        assert!(
            (factor.owed(&[0.5]) - 0.5).abs() < 1e-3,
            "the second is a copy"
        );
        assert!(
            factor.owed(&[0.5, -0.5]).abs() < 1e-3,
            "nothing is left to make up for"
        );
        assert!(
            factor.owed(&[0.5, 0.0]).abs() < 0.05,
            "the third is another one"
        );
        assert!(Seen::of(5).factor().is_none(), "nothing was seen");
    }
}
