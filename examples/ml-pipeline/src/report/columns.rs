//! The columns: which ones the model needs, and what they are.

use std::fmt::Write;

use super::{escape, figure, percent, svg, table::Table};
use crate::{evaluate::Metrics, schema::Kind, train::summary::Summary};

/// How many columns' importance is drawn.
const DRAWN: usize = 20;

/// How many columns are listed.
const LISTED: usize = 200;

/// How many of the most frequent words are shown.
const WORDS: usize = 4;

/// Which columns the model needs.
pub(super) fn importance(page: &mut String, metrics: &Metrics) {
    let shown = &metrics.importance[..metrics.importance.len().min(DRAWN)];
    page.push_str(
        "<h2>Feature importance</h2>\n<p class=\"quiet\">How much the score falls when the values of a column are shuffled: \
         the average of several shuffles, ± the standard deviation. Where the fall is not larger than that, the column may \
         be unimportant.</p>\n",
    );
    svg::bars::importance(page, shown);
    let all = metrics.data.columns.len();
    if shown.len() < all {
        let _ = writeln!(
            page,
            "<p class=\"quiet\">The {} most important of {all} columns</p>",
            shown.len()
        );
    }
}

/// What they are, and what was done to them.
pub(super) fn columns(page: &mut String, metrics: &Metrics) {
    let data = &metrics.data;
    page.push_str("<h2>Columns</h2>\n<p class=\"quiet\">Figures are of the rows that the model learned from.</p>\n");
    let mut table = Table::new(&[
        "\"column",
        "\"kind",
        "missing",
        "\"values",
        "\"what was done",
    ]);
    let summaries = metrics.training.columns.iter();
    for (column, summary) in data.columns.iter().zip(summaries).take(LISTED) {
        let name = column.kind.name().to_owned();
        let missing = percent(summary.missing);
        let values = values(column.kind, summary);
        table.row([
            column.name.clone(),
            name,
            missing,
            values,
            summary.used_as.clone(),
        ]);
    }
    for dropped in data.dropped.iter().take(LISTED) {
        table.markup(vec![
            escape(&dropped.name),
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            format!(
                "<span class=\"quiet\">left out: {}</span>",
                escape(&dropped.reason)
            ),
        ]);
    }
    table.write(page);
    let beyond = |all: usize| all.saturating_sub(LISTED);
    let hidden = beyond(data.columns.len()) + beyond(data.dropped.len());
    if hidden > 0 {
        let _ = writeln!(
            page,
            "<p class=\"quiet\">and {hidden} more, in metrics.json</p>"
        );
    }
}

/// The range of numbers, or the most frequent words.
fn values(kind: Kind, summary: &Summary) -> String {
    if let Some([least, median, most]) = summary.range {
        let shown = |number: f32| match kind {
            Kind::Number => figure(f64::from(number)),
            _ => kind.shown(number),
        };
        let (least, median, most) = (shown(least), shown(median), shown(most));
        return format!("{least} to {most}, median {median}");
    }
    if kind == Kind::Text {
        return format!("{} different texts", summary.different);
    }
    let top: Vec<_> = summary
        .top
        .iter()
        .take(WORDS)
        .map(|(word, part)| format!("{word} ({})", percent(*part)))
        .collect();
    let rest = summary.different.saturating_sub(top.len() as u64);
    let more = if rest > 0 {
        format!(", and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", top.join(", "))
}
