//! The predictions of the test rows: which classes are found, how far probabilities can be trusted, how far numbers
//! are off.

use std::fmt::Write;

use super::{escape, figure, svg, table::Table};
use crate::{
    evaluate::{Drawn, Metrics, details::classes::ClassFigures},
    schema::Scale,
};

/// Up to how many classes the confusion matrix is shown; of more, the most frequent confusions are listed.
const MATRIX: usize = 12;

/// How many rows a list has at most.
const LISTED: usize = 20;

/// Draws them.
pub(super) fn predictions(page: &mut String, metrics: &Metrics) {
    let details = &metrics.details;
    page.push_str("<h2>Predictions</h2>\n<p class=\"quiet\">Test rows only");
    if metrics.data.target.scale != Scale::Linear {
        page.push_str("; numbers are on a log scale, as for the score");
    }
    page.push_str(".</p>\n");
    match &metrics.predictions {
        Drawn::Points { points } => {
            page.push_str("<h3>Predicted and true values</h3>\n");
            page.push_str(&svg::scatter::scatter(points, metrics.data.target.scale));
        }
        Drawn::Confusion { confusion } => {
            let classes = metrics.data.target.task.classes();
            page.push_str("<h3>Confusion</h3>\n");
            if classes.len() <= MATRIX {
                matrix(page, confusion, &classes);
            } else {
                confused(page, confusion, &classes);
            }
            per_class(page, &details.classes);
        }
    }
    if !details.roc.is_empty() {
        page.push_str(
            "<h3>ROC curve</h3>\n<p class=\"quiet\">How many rows of a class are found for how many false alarms, at all \
             thresholds. The diagonal is chance.</p>\n",
        );
        page.push_str(&svg::curves::roc(&details.roc));
        if details.roc.len() > 1 {
            let hardest = details.roc.iter();
            let told: Vec<_> = hardest
                .map(|it| format!("{} ({:.3})", escape(&it.class), it.area))
                .collect();
            let _ = writeln!(
                page,
                "<p class=\"quiet\">Area under the curve, the hardest classes first: {}</p>",
                told.join(", ")
            );
        }
    }
    if !details.calibration.is_empty() {
        page.push_str(
            "<h3>Calibration</h3>\n<p class=\"quiet\">Of the rows that are predicted with a probability of 0.8, 80 % should \
             be right: points on the diagonal are. Larger points are more rows.</p>\n",
        );
        page.push_str(&svg::curves::calibration(&details.calibration));
    }
    if let Some(residuals) = &details.residuals {
        page.push_str("<h3>Residuals</h3>\n");
        page.push_str(&svg::bars::histogram(residuals));
        let _ = writeln!(
            page,
            "<p class=\"quiet\">True minus predicted value. For 90 % of the rows it is between {} and {}; the median is {}.</p>",
            figure(residuals.low),
            figure(residuals.high),
            figure(residuals.median)
        );
    }
}

/// A table with true classes in rows and predicted ones in columns; darker where it is the larger part of a class.
fn matrix(page: &mut String, confusion: &[Vec<u64>], classes: &[String]) {
    page.push_str("<table class=\"matrix\">\n<thead>\n");
    let _ = writeln!(
        page,
        "<tr><td></td><th scope=\"colgroup\" colspan=\"{}\" class=\"quiet\">predicted</th></tr>\n<tr><th class=\"quiet\">true</th>",
        classes.len()
    );
    for class in classes {
        let _ = write!(
            page,
            "<th scope=\"col\"><span>{}</span></th>",
            escape(class)
        );
    }
    page.push_str("</tr>\n</thead>\n<tbody>\n");
    for (row, (class, counts)) in classes.iter().zip(confusion).enumerate() {
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", escape(class));
        let all = counts.iter().sum::<u64>().max(1) as f64;
        for (column, &count) in counts.iter().enumerate() {
            let kind = if row == column { "right" } else { "wrong" };
            let _ = write!(
                page,
                "<td class=\"{kind}\" style=\"--part:{:.0}%\">{count}</td>",
                count as f64 / all * 75.0
            );
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n");
}

/// The confusions that come most often.
fn confused(page: &mut String, confusion: &[Vec<u64>], classes: &[String]) {
    let mut pairs: Vec<_> = confusion
        .iter()
        .enumerate()
        .flat_map(|(truth, row)| {
            row.iter()
                .enumerate()
                .map(move |(predicted, &count)| (count, truth, predicted))
        })
        .filter(|&(count, truth, predicted)| count > 0 && truth != predicted)
        .collect();
    if pairs.is_empty() {
        page.push_str("<p>All rows are right.</p>\n");
        return;
    }
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut table = Table::new(&["\"true", "\"predicted", "rows"]);
    for (count, truth, predicted) in pairs.into_iter().take(LISTED) {
        table.row([&classes[truth], &classes[predicted], &count.to_string()]);
    }
    table.write(page);
}

/// Precision and recall; of many classes those with the lowest F1.
fn per_class(page: &mut String, classes: &[ClassFigures]) {
    let mut shown: Vec<_> = classes.iter().collect();
    if classes.len() > LISTED {
        let f1 = |it: &ClassFigures| it.f1.unwrap_or(f64::INFINITY);
        shown.sort_by(|a, b| f1(a).total_cmp(&f1(b)));
        shown.truncate(LISTED);
    }
    page.push_str("<h3>Classes</h3>\n");
    if shown.len() < classes.len() {
        let _ = writeln!(
            page,
            "<p class=\"quiet\">The {LISTED} with the lowest F1 of {}; all are in metrics.json</p>",
            classes.len()
        );
    }
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), figure);
    let mut table = Table::new(&["\"class", "rows", "predicted", "precision", "recall", "F1"]);
    for it in shown {
        table.row([
            it.class.clone(),
            it.rows.to_string(),
            it.predicted.to_string(),
            cell(it.precision),
            cell(it.recall),
            cell(it.f1),
        ]);
    }
    table.write(page);
}
