//! Curves: ROC, calibration, the loss.

use std::fmt::Write;

use super::{super::figure, Square, WIDTH, drawing};
use crate::{
    evaluate::details::{reliability::Bin, roc::Curve},
    train::fit::Losses,
};

/// A curve for each class; the first is the hardest one and stands out.
pub(in crate::report) fn roc(curves: &[Curve]) -> String {
    let square = Square::NEW;
    let mut svg = square.frame(("false alarms", "found"), ("0", "1"));
    for (at, curve) in curves.iter().enumerate().rev() {
        let mut path = String::new();
        for &(x, y) in &curve.points {
            let (x, y) = square.place(f64::from(x), f64::from(y));
            let _ = write!(
                path,
                "{}{x:.1} {y:.1}",
                if path.is_empty() { 'M' } else { 'L' }
            );
        }
        let class = if at == 0 { "main" } else { "other" };
        let _ = write!(
            svg,
            r#"<path class="{class}" d="{path}"><title>{}: area {:.3}</title></path>"#,
            super::escape(&curve.class),
            curve.area
        );
    }
    drawing(square.height(), "ROC curves of the classes", &svg)
}

/// A point for each part of the probabilities, larger for more rows.
pub(in crate::report) fn calibration(bins: &[Bin]) -> String {
    let square = Square::NEW;
    let mut svg = square.frame(("predicted probability", "right"), ("0", "1"));
    let most = bins.iter().map(|bin| bin.rows).max().unwrap_or(1).max(1) as f64;
    for bin in bins {
        let (x, y) = square.place(bin.probability, bin.right);
        let _ = write!(
            svg,
            r#"<circle class="point" cx="{x:.1}" cy="{y:.1}" r="{:.1}"><title>{} rows: probability {:.3}, right {:.3}</title></circle>"#,
            3.0 + 9.0 * (bin.rows as f64 / most).sqrt(),
            bin.rows,
            bin.probability,
            bin.right
        );
    }
    drawing(square.height(), "How often a probability is right", &svg)
}

/// The loss in each epoch.
pub(in crate::report) fn losses(curve: &[Losses]) -> String {
    let (left, top, height) = (60.0, 24.0, 200.0);
    let room = WIDTH - left - 10.0;
    let losses = curve.iter().flat_map(|it| [Some(it.train), it.watched]);
    let finite = losses.flatten().filter(|loss| loss.is_finite());
    let most = f64::from(finite.fold(1e-9_f32, f32::max));
    let path = |class: &str, of: &dyn Fn(&Losses) -> Option<f32>| {
        let mut path = String::new();
        for (epoch, loss) in curve.iter().enumerate() {
            if let Some(loss) = of(loss).filter(|loss| loss.is_finite()) {
                let x = left + room * epoch as f64 / curve.len().saturating_sub(1).max(1) as f64;
                let y = top + height * (1.0 - f64::from(loss) / most);
                let _ = write!(
                    path,
                    "{}{x:.1} {y:.1}",
                    if path.is_empty() { 'M' } else { 'L' }
                );
            }
        }
        format!(r#"<path class="{class}" d="{path}"/>"#)
    };
    let bottom = top + height;
    let content = format!(
        r#"<path class="axis" d="M{left} {top}V{bottom}H{0}"/>{1}{2}
<text x="{3}" y="{4}" text-anchor="end">{5}</text><text x="{3}" y="{bottom}" text-anchor="end">0</text>
<text x="{0}" y="{6}" text-anchor="end">epoch {7}</text>
<path class="main" d="M{left} 8h20"/><text x="{8}" y="12">training</text>
<path class="other" d="M{9} 8h20"/><text x="{10}" y="12">validation</text>"#,
        left + room,
        path("main", &|it| Some(it.train)),
        path("other", &|it| it.watched),
        left - 6.0,
        top + 10.0,
        figure(most),
        bottom + 18.0,
        curve.len(),
        left + 26.0,
        left + 140.0,
        left + 166.0
    );
    drawing(bottom + 26.0, "The loss in each epoch", &content)
}
