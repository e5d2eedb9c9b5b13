//! What people read of a model: one file, with nothing to load, for any screen.
//!
//! The order is that of a reader's questions: is it good, what is doubtful, which errors does it make, what does
//! it look at, how was it trained, from what.

mod about;
mod columns;
mod errors;
mod predictions;
mod score;
mod svg;
mod table;

use std::fmt::Write;

use crate::{evaluate::Metrics, schema::Task};

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
    score::verdict(&mut page, metrics);
    score::warnings(&mut page, metrics);
    score::figures(&mut page, metrics);
    predictions::predictions(&mut page, metrics);
    errors::errors(&mut page, metrics);
    columns::importance(&mut page, metrics);
    columns::columns(&mut page, metrics);
    about::training(&mut page, metrics);
    about::data(&mut page, metrics);
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

/// A number in few characters.
fn figure(number: f64) -> String {
    match number.abs() {
        size if size == 0.0 || (0.000_05..100.0).contains(&size) => format!("{number:.4}"),
        size if (100.0..100_000.0).contains(&size) => format!("{number:.1}"),
        size if (100_000.0..1e12).contains(&size) => {
            let sign = if number < 0.0 { "-" } else { "" };
            format!("{sign}{}", grouped(size.round() as u64))
        }
        _ => format!("{number:.3e}"),
    }
}

/// A part of a whole, in percent.
fn percent(part: f64) -> String {
    format!("{:.1} %", part * 100.0)
}

/// Whole numbers with a blank between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push('\u{a0}');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(figure(0.123_456), "0.1235");
        assert_eq!(figure(1234.56), "1234.6");
        assert_eq!(figure(-745_000.4), "-745\u{a0}000");
        assert_eq!(figure(1e12), "1.000e12");
        assert_eq!(percent(0.1234), "12.3 %");
        assert_eq!(grouped(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(grouped(12), "12");
    }

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(
            escape("<a href='x'>&\"\u{7}"),
            "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\u{fffd}"
        );
    }
}
