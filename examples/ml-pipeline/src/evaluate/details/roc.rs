//! ROC curves: how many of a class are found for how many false alarms, at all thresholds.

use serde::{Deserialize, Serialize};

use crate::evaluate::metrics;

/// Of how many classes there are curves: those that are hardest to find.
const CURVES: usize = 6;

/// How many points a curve has at most.
const POINTS: usize = 60;

/// The curve of a class against all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The class.
    pub class: String,
    /// The area under the curve.
    pub area: f64,
    /// From (0, 0) to (1, 1): the part of the other rows that are taken for the class, and the part of its rows
    /// that are.
    pub points: Vec<(f32, f32)>,
}

/// The curves of the classes, the least area first; of two classes that of the second, since the other is its
/// mirror image.
pub(super) fn curves(truth: &[u32], probabilities: &[f32], names: &[String]) -> Vec<Curve> {
    let shown = if names.len() == 2 {
        1..2
    } else {
        0..names.len()
    };
    let mut curves: Vec<_> = shown
        .filter_map(|class| {
            let of = probabilities
                .chunks_exact(names.len())
                .map(|all| all[class]);
            let mut rows: Vec<_> = of
                .zip(truth)
                .map(|(probability, &truth)| (probability, truth as usize == class))
                .collect();
            let area = metrics::area(rows.iter().map(|&(probability, is)| (is, probability)))?;
            rows.sort_by(|a, b| b.0.total_cmp(&a.0));
            Some(Curve {
                class: names[class].clone(),
                area,
                points: points(&rows),
            })
        })
        .collect();
    curves.sort_by(|a, b| a.area.total_cmp(&b.area));
    curves.truncate(CURVES);
    curves
}

/// The points of rows by falling probability. Rows of the same probability make one step.
fn points(rows: &[(f32, bool)]) -> Vec<(f32, f32)> {
    let all = rows.iter().filter(|(_, is)| *is).count().max(1) as f32;
    let others = rows.iter().filter(|(_, is)| !*is).count().max(1) as f32;
    let (mut hits, mut alarms) = (0.0, 0.0);
    let mut points = vec![(0.0, 0.0)];
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        for (_, is) in same {
            if *is { hits += 1.0 } else { alarms += 1.0 }
        }
        points.push((alarms / others, hits / all));
    }
    let step = points.len().div_ceil(POINTS);
    let last = points.len() - 1;
    let kept = points.into_iter().enumerate();
    kept.filter(|(at, _)| at.is_multiple_of(step) || *at == last)
        .map(|(_, point)| point)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_corner_to_corner() {
        let names = ["no", "yes"].map(str::to_owned);
        let of = |yes: f32| [1.0 - yes, yes];
        let probabilities = [0.9, 0.8, 0.3, 0.3].map(of).concat();
        let found = curves(&[1, 0, 1, 0], &probabilities, &names);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].class, "yes");
        assert_eq!(
            found[0].points,
            [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (1.0, 1.0)]
        );
        assert!((found[0].area - 0.625).abs() < 1e-9);
    }

    #[test]
    fn the_hardest_of_many_classes_are_kept_with_few_points() {
        let names: Vec<_> = (0..9).map(|class| class.to_string()).collect();
        let rows = 900_u32;
        let truth: Vec<_> = (0..rows).map(|row| row % 9).collect();
        let probabilities: Vec<_> = (0..u64::from(rows) * 9)
            .map(|at| (at.wrapping_mul(2_654_435_761) % 1000) as f32 / 1000.0)
            .collect();
        let found = curves(&truth, &probabilities, &names);
        assert_eq!(found.len(), CURVES);
        assert!(found.windows(2).all(|two| two[0].area <= two[1].area));
        assert!(found.iter().all(|curve| curve.points.len() <= POINTS + 1));
        assert!(found.iter().all(|it| it.points.last() == Some(&(1.0, 1.0))));
    }
}
