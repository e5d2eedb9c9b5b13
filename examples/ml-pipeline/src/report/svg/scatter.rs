//! Predicted against true numbers.

use std::fmt::Write;

use super::{super::figure, Square, drawing};
use crate::schema::Scale;

/// A point for each row, with the line on which both are equal. The numbers are on `scale`, which the axes name.
pub(in crate::report) fn scatter(points: &[(f32, f32)], scale: Scale) -> String {
    let all = points.iter().flat_map(|&(a, b)| [a, b]);
    let (least, most) = all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), n| {
        (low.min(n), high.max(n))
    });
    let (least, most) = (f64::from(least), f64::from(most));
    let span = if most > least { most - least } else { 1.0 };
    let place = |n: f32| (f64::from(n) - least) / span;
    let square = Square::NEW;
    let ends = (figure(least), figure(most));
    let names = match scale {
        Scale::Linear => ("true", "predicted"),
        _ => ("true, log scale", "predicted, log scale"),
    };
    let mut svg = square.frame(names, (&ends.0, &ends.1));
    for &(truth, predicted) in points {
        let (x, y) = square.place(place(truth), place(predicted));
        let _ = write!(
            svg,
            r#"<circle class="point" cx="{x:.1}" cy="{y:.1}" r="3"/>"#
        );
    }
    drawing(square.height(), "Predicted against true values", &svg)
}
