//! What people read of a model: one file, with nothing to load, for any screen.

mod svg;

use std::fmt::Write;

use svg::figure;

use crate::{
    evaluate::{Drawn, Metrics},
    preprocess::counted,
    schema::Task,
};

/// Up to how many classes the confusion is drawn; of more, the worst confusions are listed.
const DRAWN_CLASSES: usize = 20;

/// How many columns' importance is drawn, and how many confusions are listed.
const LISTED: usize = 20;

/// How many columns are listed.
const COLUMNS: usize = 200;

/// The report, of what `metrics.json` has and nothing else.
pub fn html(metrics: &Metrics) -> String {
    let data = &metrics.data;
    let mut page = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{file}: {target}</title>
<style>
{style}</style>
</head>
<body>
<h1>{target} from {file}</h1>
<p class="quiet">{task}, because {because}</p>
"#,
        file = escape(&data.file),
        target = escape(&data.target.name),
        style = include_str!("report/style.css"),
        task = match &data.target.task {
            Task::Classification { classes } =>
                format!("Classification into {} classes", classes.len()),
            Task::Regression => "Regression".to_owned(),
        },
        because = escape(&data.target.because),
    );
    score(&mut page, metrics);
    warnings(&mut page, metrics);
    figures(&mut page, metrics);
    predictions(&mut page, metrics);
    importance(&mut page, metrics);
    training(&mut page, metrics);
    columns(&mut page, metrics);
    let _ = write!(
        page,
        "<p class=\"quiet\">ml-pipeline {}</p>\n</body>\n</html>\n",
        escape(&metrics.tool_version)
    );
    page
}

/// A text as it may stand in HTML, in an attribute too.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Controls are not allowed in HTML, however they are written.
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn score(page: &mut String, metrics: &Metrics) {
    let score = &metrics.score;
    let verdict = if score.low > score.baseline {
        "That is better than the baseline, which learns nothing from the columns."
    } else {
        "It is not certain that this is better than the baseline: more rows or other columns may help."
    };
    let _ = write!(
        page,
        r#"<div class="score"><b>{:.4}</b>{}
<p class="quiet">95 % confidence interval {:.4} to {:.4}; baseline {:.4}. {verdict}</p></div>
"#,
        score.value,
        escape(&score.name),
        score.low,
        score.high,
        score.baseline
    );
}

fn warnings(page: &mut String, metrics: &Metrics) {
    if metrics.data.warnings.is_empty() {
        return;
    }
    page.push_str("<h2>Warnings</h2>\n<ul>\n");
    for warning in &metrics.data.warnings {
        let _ = writeln!(page, "<li class=\"warning\">{}</li>", escape(warning));
    }
    page.push_str("</ul>\n");
}

fn figures(page: &mut String, metrics: &Metrics) {
    let quantized = metrics.quantized.as_ref();
    let eight = quantized.map(|it| it.model.rows());
    let none = metrics.baseline.rows();
    page.push_str(
        "<h2>How good it is</h2>\n<div class=\"wide\"><table>\n<tr><th></th><th>model</th><th>8 bits</th><th>baseline</th></tr>\n",
    );
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), figure);
    for (at, (name, value)) in metrics.model.rows().into_iter().enumerate() {
        let eight = eight.as_ref().and_then(|rows| rows[at].1);
        let _ = writeln!(
            page,
            "<tr><td>{name}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            cell(value),
            cell(eight),
            cell(none[at].1)
        );
    }
    let bytes = quantized.map_or("-".to_owned(), |it| it.model_bytes.to_string());
    let _ = writeln!(
        page,
        "<tr><td>bytes</td><td>{}</td><td>{bytes}</td><td>-</td></tr>",
        metrics.model_bytes
    );
    page.push_str("</table></div>\n");
    if let Some(quantized) = quantized {
        let _ = writeln!(
            page,
            "<p>In 8 bits the score falls by {:.4}; agreement with the full model is {:.4}.</p>",
            quantized.drop, quantized.agreement
        );
    }
    let rows = metrics.data.rows;
    let place = match metrics.data.files {
        1 => "the file".to_owned(),
        files => format!("{files} files"),
    };
    let _ = writeln!(
        page,
        "<p class=\"quiet\">Tested on {} that were not used for training, of {} in {place}; trained on {}.</p>",
        counted(rows.test, "row"),
        rows.read,
        metrics.training.rows
    );
}

fn predictions(page: &mut String, metrics: &Metrics) {
    page.push_str("<h2>Predictions</h2>\n");
    let classes = metrics.data.target.task.classes();
    match &metrics.predictions {
        Drawn::Points { points } => page.push_str(&svg::scatter(points)),
        Drawn::Confusion { confusion } if classes.len() <= DRAWN_CLASSES => {
            page.push_str(&svg::confusion(confusion, &classes));
        }
        Drawn::Confusion { confusion } => confused(page, confusion, &classes),
    }
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
    pairs.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    page.push_str("<div class=\"wide\"><table>\n<tr><th>true</th><th class=\"text\">predicted</th><th>rows</th></tr>\n");
    for (count, truth, predicted) in pairs.into_iter().take(LISTED) {
        let (truth, predicted) = (escape(&classes[truth]), escape(&classes[predicted]));
        let _ = writeln!(
            page,
            "<tr><td>{truth}</td><td class=\"text\">{predicted}</td><td>{count}</td></tr>"
        );
    }
    page.push_str("</table></div>\n");
}

fn importance(page: &mut String, metrics: &Metrics) {
    let shown = &metrics.importance[..metrics.importance.len().min(LISTED)];
    page.push_str("<h2>Feature importance</h2>\n<p class=\"quiet\">How much the score falls when a column is shuffled</p>\n");
    page.push_str(&svg::importance(shown));
    let all = metrics.data.columns.len();
    if shown.len() < all {
        let _ = writeln!(
            page,
            "<p class=\"quiet\">The {} most important of {all} columns</p>",
            shown.len()
        );
    }
}

fn training(page: &mut String, metrics: &Metrics) {
    let training = &metrics.training;
    let _ = write!(
        page,
        "<h2>Training</h2>\n<div class=\"wide\"><table>\n<tr><th>tried</th><th>{} in cross-validation</th><th>loss</th><th>epochs</th></tr>\n",
        escape(&metrics.score.name)
    );
    for trial in &training.trials {
        let taken = if trial.name == training.chosen {
            " (chosen)"
        } else {
            ""
        };
        let _ = writeln!(
            page,
            "<tr><td>{}{taken}</td><td>{:.4}</td><td>{}</td><td>{}</td></tr>",
            escape(&trial.name),
            trial.score,
            figure(trial.loss),
            trial.epochs
        );
    }
    page.push_str("</table></div>\n");
    page.push_str(&svg::losses(&training.curve));
}

fn columns(page: &mut String, metrics: &Metrics) {
    let data = &metrics.data;
    page.push_str("<h2>Columns</h2>\n<div class=\"wide\"><table>\n<tr><th>column</th><th class=\"text\">used as</th></tr>\n");
    for column in data.columns.iter().take(COLUMNS) {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td class=\"text\">{}</td></tr>",
            escape(&column.name),
            column.kind.name()
        );
    }
    for dropped in data.dropped.iter().take(COLUMNS) {
        let (name, reason) = (escape(&dropped.name), escape(&dropped.reason));
        let _ = writeln!(
            page,
            "<tr><td>{name}</td><td class=\"text quiet\">left out: {reason}</td></tr>"
        );
    }
    page.push_str("</table></div>\n");
    let hidden =
        data.columns.len().saturating_sub(COLUMNS) + data.dropped.len().saturating_sub(COLUMNS);
    if hidden > 0 {
        let _ = writeln!(
            page,
            "<p class=\"quiet\">and {hidden} more, in metrics.json</p>"
        );
    }
}
