//! Where the errors are: parts of the rows, and the worst rows.

use std::fmt::Write;

use super::{escape, figure, percent, table::Table};
use crate::{evaluate::Metrics, schema::Task};

/// From how many standard errors above the error of all rows a part is marked.
const MARKED: f64 = 3.0;

/// Lists them.
pub(super) fn errors(page: &mut String, metrics: &Metrics) {
    let details = &metrics.details;
    if details.slices.is_empty() && details.worst.is_empty() {
        return;
    }
    page.push_str("<h2>Errors</h2>\n");
    let named = |name| metrics.data.target.scale.named(name);
    let is_classes = matches!(metrics.data.target.task, Task::Classification { .. });
    let (name, shown): (_, fn(f64) -> String) = if is_classes {
        ("wrong".to_owned(), percent)
    } else {
        (named("MAE"), figure)
    };
    let mut table = Table::new(&["\"column", "\"values", "rows", &name, "\""]);
    for slice in &details.slices {
        let far = slice.above >= MARKED;
        table.row([
            slice.column.clone(),
            slice.values.clone(),
            slice.rows.to_string(),
            shown(slice.error),
            if far {
                "worse than the others".to_owned()
            } else {
                String::new()
            },
        ]);
    }
    if !table.is_empty() {
        page.push_str(
            "<h3>By the most important columns</h3>\n<p class=\"quiet\">A part is worse than the others if its error is more \
             than three standard errors above that of all rows.</p>\n",
        );
        table.write(page);
    }
    if details.worst.is_empty() {
        return;
    }
    page.push_str("<h3>Worst rows</h3>\n<p class=\"quiet\">Look at them first: often the data is wrong there, not the model. ");
    page.push_str("The place is that in the dataset.</p>\n");
    let (truth, predicted) = (named("true"), named("predicted"));
    let heads: &[&str] = match is_classes {
        true => &["\"place", "\"true", "\"predicted", "p(true)", "\"values"],
        false => &["\"place", &truth, &predicted, "\"values"],
    };
    let mut table = Table::new(heads);
    for row in &details.worst {
        let mut values = String::new();
        for (column, value) in &row.values {
            let value = if value.is_empty() { "missing" } else { value };
            let _ = write!(
                values,
                "<span class=\"value\"><i>{}</i> {}</span> ",
                escape(column),
                escape(value)
            );
        }
        let probability = row.probability.map(|it| format!("{it:.3}"));
        let cells = [
            escape(&row.place),
            escape(&row.truth),
            escape(&row.predicted),
        ];
        table.markup(
            cells
                .into_iter()
                .chain(probability)
                .chain([values])
                .collect(),
        );
    }
    table.write(page);
}
