//! The report's drawings, as SVG within the page. Colours come from its style sheet.

use std::fmt::Write;

use super::escape;
use crate::{evaluate::importance::Importance, train::fit::Losses};

/// How wide all drawings are, in units of their own.
const WIDTH: f64 = 480.0;

/// The longest name that is shown beside a drawing, in characters.
const NAME: usize = 18;

fn drawing(height: f64, label: &str, content: &str) -> String {
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">{content}</svg>"#,
        escape(label)
    )
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME {
        return escape(name);
    }
    let start: String = name.chars().take(NAME - 1).collect();
    format!("{}…", escape(&start))
}

/// How often each class was taken for each: darker where that is the larger part of a class's rows.
pub(super) fn confusion(counts: &[Vec<u64>], classes: &[String]) -> String {
    let (left, top) = (130.0, 40.0);
    let cell = ((WIDTH - left) / counts.len() as f64).min(56.0);
    let mut svg = format!(r#"<text class="quiet" x="{left}" y="14">predicted</text>"#);
    for (row, (name, line)) in classes.iter().zip(counts).enumerate() {
        let y = top + cell * row as f64;
        let all = line.iter().sum::<u64>().max(1) as f64;
        let _ = write!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end">{}</text>"#,
            left - 8.0,
            y + cell / 2.0 + 4.0,
            short(name)
        );
        let _ = write!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="middle"><title>{}</title>{}</text>"#,
            left + cell * (row as f64 + 0.5),
            top - 8.0,
            escape(name),
            short_for(name, cell)
        );
        for (column, &count) in line.iter().enumerate() {
            let x = left + cell * column as f64;
            let class = if row == column { "bar" } else { "loss" };
            let _ = write!(
                svg,
                r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{cell:.1}" height="{cell:.1}" fill-opacity="{:.2}"/>"#,
                count as f64 / all * 0.75
            );
            if count > 0 {
                let (x, y) = (x + cell / 2.0, y + cell / 2.0 + 4.0);
                let _ = write!(
                    svg,
                    r#"<text x="{x:.1}" y="{y:.1}" text-anchor="middle">{count}</text>"#
                );
            }
        }
    }
    drawing(
        top + cell * counts.len() as f64 + 8.0,
        "How often each class was predicted as each class",
        &svg,
    )
}

/// What of a name fits above a cell.
fn short_for(name: &str, cell: f64) -> String {
    let room = (cell / 7.0) as usize;
    escape(&name.chars().take(room.max(1)).collect::<String>())
}

/// Predicted against true numbers, with the line on which both are equal.
pub(super) fn scatter(points: &[(f32, f32)]) -> String {
    let (size, left, top) = (390.0, 80.0, 10.0);
    let all = points.iter().flat_map(|&(a, b)| [a, b]);
    let (least, most) = all.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), n| {
        (low.min(n), high.max(n))
    });
    let span = if most > least {
        f64::from(most) - f64::from(least)
    } else {
        1.0
    };
    let place = |n: f32| (f64::from(n) - f64::from(least)) / span * size;
    let bottom = top + size;
    let mut svg = format!(
        r#"<path class="axis" d="M{left} {top}V{bottom}H{}"/><path class="other" d="M{left} {bottom}L{} {top}"/>"#,
        left + size,
        left + size
    );
    for &(truth, predicted) in points {
        let (x, y) = (left + place(truth), bottom - place(predicted));
        let _ = write!(
            svg,
            r#"<circle class="point" cx="{x:.1}" cy="{y:.1}" r="3"/>"#
        );
    }
    let (low, high) = (figure(f64::from(least)), figure(f64::from(most)));
    let _ = write!(
        svg,
        r#"<text x="{left}" y="{0}">{low}</text><text x="{1}" y="{0}" text-anchor="end">{high}</text>
<text class="quiet" x="{2}" y="{0}" text-anchor="middle">true</text>
<text x="{3}" y="{bottom}" text-anchor="end">{low}</text><text x="{3}" y="{4}" text-anchor="end">{high}</text>
<text class="quiet" x="{3}" y="{5}" text-anchor="end">predicted</text>"#,
        bottom + 18.0,
        left + size,
        left + size / 2.0,
        left - 6.0,
        top + 10.0,
        top + size / 2.0
    );
    drawing(bottom + 26.0, "Predicted against true values", &svg)
}

/// What the columns are worth, as bars.
pub(super) fn importance(columns: &[Importance]) -> String {
    let (left, height, room) = (140.0, 24.0, WIDTH - 140.0 - 50.0);
    let most = columns.iter().map(|it| it.drop.abs()).fold(1e-9, f64::max);
    let mut svg = String::new();
    for (index, it) in columns.iter().enumerate() {
        let y = height * index as f64;
        let width = it.drop.max(0.0) / most * room;
        let _ = write!(
            svg,
            r#"<text x="{}" y="{}" text-anchor="end"><title>{}</title>{}</text><rect class="bar" x="{left}" y="{}" width="{width:.1}" height="{}"/><text x="{:.1}" y="{}">{:.3}</text>"#,
            left - 8.0,
            y + 16.0,
            escape(&it.column),
            short(&it.column),
            y + 4.0,
            height - 8.0,
            left + width + 6.0,
            y + 16.0,
            it.drop
        );
    }
    drawing(
        height * columns.len() as f64 + 4.0,
        "How much the score falls when a column is shuffled",
        &svg,
    )
}

/// The loss in each epoch.
pub(super) fn losses(curve: &[Losses]) -> String {
    let (left, top, height) = (60.0, 24.0, 200.0);
    let room = WIDTH - left - 10.0;
    let each = |curve: &[Losses]| {
        curve
            .iter()
            .flat_map(|it| [Some(it.train), it.watched])
            .flatten()
            .collect::<Vec<_>>()
    };
    let most = f64::from(
        each(curve)
            .into_iter()
            .filter(|loss| loss.is_finite())
            .fold(1e-9_f32, f32::max),
    );
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

/// A number in few characters.
pub(super) fn figure(number: f64) -> String {
    if number == 0.0 || (0.000_05..100_000.0).contains(&number.abs()) {
        let digits = if number.abs() >= 100.0 { 1 } else { 4 };
        format!("{number:.digits$}")
    } else {
        format!("{number:.3e}")
    }
}
