//! The report's drawings, as SVG within the page. Colours come from its style sheet.

pub(super) mod bars;
pub(super) mod curves;
pub(super) mod scatter;

use super::escape;

/// How wide all drawings are, in units of their own.
const WIDTH: f64 = 480.0;

fn drawing(height: f64, label: &str, content: &str) -> String {
    format!(
        r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{}">{content}</svg>
"#,
        escape(label)
    )
}

/// A square with two axes, from `(0, 0)` to `(1, 1)`.
struct Square {
    left: f64,
    top: f64,
    size: f64,
}

impl Square {
    const NEW: Square = Square {
        left: 84.0,
        top: 10.0,
        size: 380.0,
    };

    /// Where a point is.
    fn place(&self, x: f64, y: f64) -> (f64, f64) {
        (self.left + x * self.size, self.top + (1.0 - y) * self.size)
    }

    /// Axes, the diagonal, and the ends of both axes with their names.
    fn frame(&self, (across, up): (&str, &str), (low, high): (&str, &str)) -> String {
        let (right, bottom) = self.place(1.0, 0.0);
        let Square { left, top, size } = *self;
        format!(
            r#"<path class="axis" d="M{left} {top}V{bottom}H{right}"/><path class="axis" d="M{left} {bottom}L{right} {top}"/>
<text x="{left}" y="{0}">{low}</text><text x="{right}" y="{0}" text-anchor="end">{high}</text>
<text class="quiet" x="{1}" y="{0}" text-anchor="middle">{across}</text>
<text x="{2}" y="{bottom}" text-anchor="end">{low}</text><text x="{2}" y="{3}" text-anchor="end">{high}</text>
<text class="quiet" transform="translate({4} {5}) rotate(-90)" text-anchor="middle">{up}</text>"#,
            bottom + 18.0,
            left + size / 2.0,
            left - 6.0,
            top + 10.0,
            16.0,
            top + size / 2.0
        )
    }

    /// How high a drawing with this square is.
    fn height(&self) -> f64 {
        self.top + self.size + 26.0
    }
}
