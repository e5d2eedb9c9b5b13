//! Bars: what columns are worth, and how residuals are spread.

use std::fmt::Write;

use super::{
    super::{escape, figure},
    WIDTH, drawing,
};
use crate::evaluate::{details::residuals::Residuals, importance::Importance};

/// What the columns are worth. Names are text of the page, so that long ones wrap and none is cut.
pub(in crate::report) fn importance(page: &mut String, columns: &[Importance]) {
    let most = columns.iter().map(|it| it.drop.abs()).fold(1e-9, f64::max);
    page.push_str("<table class=\"bars\">\n<tbody>\n");
    for it in columns {
        let _ = writeln!(
            page,
            "<tr><th scope=\"row\">{}</th><td><i style=\"width:{:.1}%\"></i></td><td>{:.3} ± {:.3}</td></tr>",
            escape(&it.column),
            it.drop.max(0.0) / most * 100.0,
            it.drop,
            it.deviation
        );
    }
    page.push_str("</tbody>\n</table>\n");
}

/// How many rows have which residual.
pub(in crate::report) fn histogram(residuals: &Residuals) -> String {
    let (left, top, height) = (10.0, 8.0, 160.0);
    let room = WIDTH - 2.0 * left;
    let most = residuals.bars.iter().max().copied().unwrap_or(1).max(1) as f64;
    let width = room / residuals.bars.len().max(1) as f64;
    let bottom = top + height;
    let mut svg = String::new();
    for (at, &rows) in residuals.bars.iter().enumerate() {
        let tall = rows as f64 / most * height;
        let _ = write!(
            svg,
            r#"<rect class="bar" x="{:.1}" y="{:.1}" width="{:.1}" height="{tall:.1}"><title>{rows}</title></rect>"#,
            left + at as f64 * width,
            bottom - tall,
            width - 1.0
        );
    }
    let _ = write!(
        svg,
        r#"<path class="axis" d="M{left} {bottom}H{0}"/><text x="{left}" y="{1}">{2}</text>
<text x="{3}" y="{1}" text-anchor="middle">0</text><text x="{0}" y="{1}" text-anchor="end">{4}</text>
<text class="quiet" x="{3}" y="{5}" text-anchor="middle">true minus predicted</text>"#,
        left + room,
        bottom + 18.0,
        figure(residuals.from),
        WIDTH / 2.0,
        figure(residuals.to),
        bottom + 36.0
    );
    drawing(bottom + 44.0, "How many rows have which residual", &svg)
}
