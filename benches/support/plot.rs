//! Plots of what grows with what, as SVG.

use std::{error::Error, path::Path};

use plotters::prelude::*;

/// One panel of a plot: a figure against what all panels of it grow with. Both axes are logarithmic.
pub(crate) struct Panel<'a> {
    /// What is measured, with its unit.
    pub(crate) title: &'a str,
    /// Pairs of what it grows with and the figure, both above 0.
    pub(crate) points: Vec<(f64, f64)>,
}

/// Pixels of a panel.
const SIZE: (u32, u32) = (330, 260);
const LINE: RGBColor = RGBColor(0, 98, 155);
const FONT: &str = "sans-serif";

/// Writes panels beside each other to `path`. `axis` says what they grow with.
pub(crate) fn write(path: &Path, axis: &str, panels: &[Panel<'_>]) -> Result<(), Box<dyn Error>> {
    let size = (SIZE.0 * panels.len() as u32, SIZE.1);
    let root = SVGBackend::new(path, size).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((1, panels.len())).iter().zip(panels) {
        let (xs, ys): (Vec<f64>, Vec<f64>) = panel.points.iter().copied().unzip();
        let mut chart = ChartBuilder::on(area)
            .caption(panel.title, (FONT, 14))
            .margin(10)
            .margin_right(20)
            .x_label_area_size(35)
            .y_label_area_size(50)
            .build_cartesian_2d(decades(&xs).log_scale(), decades(&ys).log_scale())?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .x_desc(axis)
            .x_label_formatter(&short)
            .y_label_formatter(&short)
            .label_style((FONT, 12))
            .draw()?;
        chart.draw_series(LineSeries::new(panel.points.iter().copied(), &LINE))?;
        let dots = panel.points.iter().copied();
        chart.draw_series(dots.map(|at| Circle::new(at, 3, LINE.filled())))?;
    }
    root.present()?;
    Ok(())
}

/// Whole decades around all values.
fn decades(values: &[f64]) -> std::ops::Range<f64> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(0.0, f64::max);
    let low = 10_f64.powf(least.log10().floor());
    let high = 10_f64.powf(greatest.log10().ceil());
    low..high.max(low * 10.0)
}

/// `1000000` as `1M`: an axis has little room.
fn short(value: &f64) -> String {
    match *value {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e3 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}
