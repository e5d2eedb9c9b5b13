//! How good the model is: the verdict, what is doubtful, all figures beside those of the baseline.

use std::fmt::Write;

use super::{escape, figure, grouped, table::Table};
use crate::{evaluate::Metrics, preprocess::counted};

/// The score and the verdict.
pub(super) fn verdict(page: &mut String, metrics: &Metrics) {
    let score = &metrics.score;
    let _ = write!(
        page,
        r#"<div class="score"><b>{:.4}</b>{}
<p class="quiet">95 % confidence interval {:.4} to {:.4}; baseline {:.4}; {}</p>
<p class="verdict {}">{}</p></div>
"#,
        score.value,
        escape(&score.name),
        score.low,
        score.high,
        score.baseline,
        escape(&metrics.judged_on()),
        metrics.verdict.outcome.name(),
        escape(&sentence(&metrics.verdict.because))
    );
}

/// With a capital at its beginning and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), rest.as_str())
}

/// What people should know before they use the model.
pub(super) fn warnings(page: &mut String, metrics: &Metrics) {
    if metrics.data.warnings.is_empty() {
        return;
    }
    page.push_str("<h2>Warnings</h2>\n<ul>\n");
    for warning in &metrics.data.warnings {
        let _ = writeln!(page, "<li class=\"warning\">{}</li>", escape(warning));
    }
    page.push_str("</ul>\n");
}

/// All figures of the model, of its 8-bit form and of the baseline.
pub(super) fn figures(page: &mut String, metrics: &Metrics) {
    page.push_str("<h2>Figures</h2>\n");
    let quantized = metrics.quantized.as_ref();
    let eight = quantized.map(|it| it.model.rows());
    let none = metrics.baseline.rows();
    let cell = |value: Option<f64>| value.map_or("-".to_owned(), figure);
    let mut table = Table::new(&["\"", "model", "8 bits", "baseline"]);
    for (at, (name, value)) in metrics.model.rows().into_iter().enumerate() {
        let eight = eight.as_ref().and_then(|rows| rows[at].1);
        let name = metrics.data.target.scale.named(name);
        table.row([name.as_str(), &cell(value), &cell(eight), &cell(none[at].1)]);
    }
    let bytes = quantized.map_or("-".to_owned(), |it| grouped(it.model_bytes));
    table.row(["bytes", &grouped(metrics.model_bytes), &bytes, "-"]);
    table.write(page);
    if let Some(quantized) = quantized {
        let told = match &quantized.because {
            Some(_) => quantized.told(metrics),
            None => format!(
                "In {} the score {} on the same rows; agreement with the full model is {:.4}; the file is {} of the size.",
                quantized.form,
                moved(quantized.drop),
                quantized.agreement,
                super::percent(quantized.model_bytes as f64 / metrics.model_bytes.max(1) as f64)
            ),
        };
        let _ = writeln!(page, "<p>{}</p>", escape(&told));
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

/// By how much a score moved, in words, of what it lost.
fn moved(drop: f64) -> String {
    match format!("{:.4}", drop.abs()) {
        same if same == "0.0000" => "stays the same".to_owned(),
        risen if drop < 0.0 => format!("rises by {risen}"),
        fallen => format!("falls by {fallen}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_falls_rises_or_stays() {
        let told = [0.0123, -0.002, -0.000_04].map(moved);
        assert_eq!(
            told,
            ["falls by 0.0123", "rises by 0.0020", "stays the same"]
        );
    }
}
