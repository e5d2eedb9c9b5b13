//! The table of the documentation, as it is made of the results.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::results::{Results, Row};

/// The lines between which the table is.
const BEGIN: &str = "<!-- written by `make e2e ARGS=--record`, from verification/results.json -->";
const END: &str = "<!-- up to here -->";

/// A page with this table instead of the one that it has.
///
/// # Errors
/// The page has not exactly one place for it.
pub(crate) fn page_with(page: &str, table: &str) -> Result<String> {
    let place =
        || format!("the page needs the lines `{BEGIN}` and `{END}`, once each, in this order");
    ensure!(
        page.matches(BEGIN).count() == 1 && page.matches(END).count() == 1,
        place()
    );
    let (before, rest) = page.split_once(BEGIN).with_context(place)?;
    let (_, after) = rest.split_once(END).with_context(place)?;
    Ok(format!("{before}{BEGIN}\n\n{table}\n{END}{after}"))
}

/// The table, and below it what the cases ran on and which have no row yet.
pub(crate) fn table(results: &Results, cases: &[&str]) -> String {
    let mut text = String::from(
        "| case | what is shown | measured | seconds | when, and on which commit |\n|---|---|---|---|---|\n",
    );
    for row in results.rows() {
        text.push_str(&line(row));
    }
    for (versions, of) in by_versions(results) {
        text.push_str(&format!("\nWith {versions}: {}.\n", names(&of)));
    }
    let is_missing = |case: &&&str| results.rows().iter().all(|row| row.case != **case);
    let missing: Vec<_> = cases.iter().filter(is_missing).copied().collect();
    if !missing.is_empty() {
        text.push_str(&format!("\nNot recorded yet: {}.\n", names(&missing)));
    }
    text
}

fn line(row: &Row) -> String {
    let figures: Vec<_> = row.figures.iter().map(figure).collect();
    format!(
        "| `{}` | {} | {} | {} | {}, `{}` |\n",
        row.case,
        cell(&row.shown),
        cell(&figures.join("; ")),
        row.seconds,
        row.date,
        row.commit,
    )
}

fn figure((name, value): (&String, &Value)) -> String {
    match value {
        Value::String(text) => format!("{name}: {text}"),
        number => format!("{name}: {number}"),
    }
}

/// A text that is one cell, whatever is in it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn names(cases: &[&str]) -> String {
    let quoted: Vec<_> = cases.iter().map(|case| format!("`{case}`")).collect();
    quoted.join(", ")
}

/// The cases by what they ran on, in the order of the table. Typed rows do not say.
fn by_versions(results: &Results) -> Vec<(String, Vec<&str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for row in results.rows().iter().filter(|row| !row.versions.is_empty()) {
        let versions = row.versions.iter();
        let versions: Vec<_> = versions.map(|(part, it)| format!("{part} {it}")).collect();
        let versions = versions.join(", ");
        match groups.iter_mut().find(|(known, _)| *known == versions) {
            Some((_, cases)) => cases.push(&row.case),
            None => groups.push((versions, vec![&row.case])),
        }
    }
    groups
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::results::tests::row;

    #[test]
    fn a_row_has_what_was_measured() {
        let mut results = Results::default();
        let bare = Row {
            versions: [].into(),
            shown: "a|b".to_owned(),
            ..row("bare", 3)
        };
        for row in [row("run", 21), bare] {
            results.put(row, &["run", "bare", "never"]);
        }
        let text = table(&results, &["run", "bare", "never"]);
        let (_, rows) = text.split_once("|---|---|---|---|---|\n").unwrap();
        assert_eq!(
            rows,
            "| `run` | it works | Workflows: 21 | 7 | 2026-11-29, `0123456789ab` |\n\
             | `bare` | a\\|b | Workflows: 3 | 7 | 2026-11-29, `0123456789ab` |\n\
             \n\
             With Kubernetes 1.34.4: `run`.\n\
             \n\
             Not recorded yet: `never`.\n"
        );
    }

    #[test]
    fn a_page_keeps_what_is_around_its_table() {
        let page = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = page_with(&page, "new\n").unwrap();
        assert_eq!(new, format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        assert_eq!(page_with(&new, "new\n").unwrap(), new);
        for page in ["", BEGIN, &format!("{END}\n{BEGIN}\n")] {
            assert!(page_with(page, "new\n").is_err(), "{page}");
        }
    }
}
