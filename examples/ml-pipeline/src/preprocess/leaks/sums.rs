//! Columns that give the target together: as a sum with any weights, or as a product, which is a sum of logarithms.

use crate::train::ridge::system::cholesky;

/// How many columns are looked at: those that go with the target the most.
const COLUMNS: usize = 60;

/// How many rows of each column are needed, so that no sum fits by chance, and how many in any case.
const ROWS_OF_EACH: usize = 3;
const LEAST: usize = 50;

/// The part of the target's variance that such a sum may leave: what rounding does.
const LEFT: f64 = 1e-6;

/// The least weight that counts, for columns and a target with a variance of 1.
const WEIGHT: f64 = 0.01;

/// What keeps the equations solvable where columns hang together.
const PENALTY: f64 = 1e-10;

/// The columns of some that give the target together, by their places: two or more.
pub(super) fn together(columns: &[Option<&[f32]>], target: &[f32]) -> Option<Vec<usize>> {
    let number = |it: f32| Some(f64::from(it)).filter(|it| it.is_finite());
    let log = |it: f32| number(it).filter(|&it| it > 0.0).map(f64::ln);
    found(columns, target, number).or_else(|| found(columns, target, log))
}

fn found(
    columns: &[Option<&[f32]>],
    target: &[f32],
    scale: impl Fn(f32) -> Option<f64>,
) -> Option<Vec<usize>> {
    let scaled = |all: &[f32]| -> Option<Vec<f64>> { all.iter().map(|&it| scale(it)).collect() };
    let target = standard(scaled(target)?)?;
    let rows = target.len();
    let columns = columns.iter().enumerate();
    let mut columns: Vec<(usize, Vec<f64>)> = columns
        .filter_map(|(place, all)| Some((place, standard(scaled((*all)?)?)?)))
        .collect();
    columns.sort_by(|(_, a), (_, b)| {
        let strength = |all: &[f64]| product(all, &target).abs();
        strength(b).total_cmp(&strength(a))
    });
    columns.truncate(COLUMNS.min(rows / ROWS_OF_EACH));
    if rows < LEAST || columns.len() < 2 {
        return None;
    }
    let size = columns.len();
    let mut products = vec![0.0; size * size];
    for (a, (_, one)) in columns.iter().enumerate() {
        for (b, (_, other)) in columns[..=a].iter().enumerate() {
            products[a * size + b] = product(one, other);
        }
        products[a * size + a] += PENALTY * rows as f64;
    }
    let right = columns.iter().map(|(_, all)| product(all, &target));
    let weights = cholesky(products, right.collect());
    let left = (0..rows).map(|row| {
        let parts = weights.iter().zip(&columns);
        let sum: f64 = parts.map(|(weight, (_, all))| weight * all[row]).sum();
        (target[row] - sum).powi(2)
    });
    let is_exact = left.sum::<f64>() <= LEFT * rows as f64;
    let parts = weights.iter().zip(&columns);
    let parts = parts.filter(|(weight, _)| weight.abs() >= WEIGHT);
    let mut places: Vec<_> = parts.map(|(_, (place, _))| *place).collect();
    places.sort_unstable();
    (is_exact && places.len() > 1).then_some(places)
}

/// With a mean of 0 and a variance of 1; nothing where all are the same.
fn standard(mut numbers: Vec<f64>) -> Option<Vec<f64>> {
    let count = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let variance = numbers.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    numbers
        .iter_mut()
        .for_each(|it| *it = (*it - mean) / deviation);
    deviation.is_normal().then_some(numbers)
}

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(by: u32) -> Vec<f32> {
        let number = |row: u32| row.wrapping_mul(0x9e37_79b9).rotate_left(by) >> 20;
        (1..200).map(|row| number(row) as f32 + 1.0).collect()
    }

    #[test]
    fn sums_products_and_quotients_are_found_and_a_part_with_something_else_is_not() {
        let [a, b, other, rest] = [0, 7, 13, 21].map(part);
        let columns = [Some(&a[..]), None, Some(&other[..]), Some(&b[..])];
        let both = |of: fn(f32, f32) -> f32| -> Vec<f32> {
            a.iter().zip(&b).map(|(&a, &b)| of(a, b)).collect()
        };
        for of in [
            |a, b| a + b,
            |a, b| 0.3 * a - 2.0 * b + 5.0,
            |a, b| a * b,
            |a: f32, b: f32| 100.0 * a / b,
        ] {
            assert_eq!(together(&columns, &both(of)), Some(vec![0, 3]));
        }
        assert_eq!(
            together(&columns, &a),
            None,
            "a single one is another matter"
        );
        let sum = both(|a, b| a + b);
        let more: Vec<f32> = sum
            .iter()
            .zip(&rest)
            .map(|(sum, rest)| sum + rest / 50.0)
            .collect();
        assert_eq!(together(&columns, &more), None);
    }
}
