//! What came out of the cases, as the repository keeps it: a row for each case, of the last run that it passed.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a case measured, by name.
pub(crate) type Figures = BTreeMap<String, Value>;

/// A case that passed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    /// The name of the case.
    pub(crate) case: String,
    /// What it shows, in a sentence.
    pub(crate) shown: String,
    /// What it measured.
    #[serde(default, skip_serializing_if = "Figures::is_empty")]
    pub(crate) figures: Figures,
    /// How long it took.
    pub(crate) seconds: u64,
    /// The day of the run.
    pub(crate) date: String,
    /// What was tried.
    pub(crate) commit: String,
    /// The versions of what it ran on, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) versions: BTreeMap<String, String>,
}

/// All rows.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Results(Vec<Row>);

impl Results {
    /// Reads the file.
    ///
    /// # Errors
    /// It is not what [`Self::text`] writes.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        serde_json::from_str(text).context("the results cannot be read")
    }

    /// What the file has.
    ///
    /// # Errors
    /// Never, as all of it is text and numbers.
    pub(crate) fn text(&self) -> Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Takes a row instead of the one that the case had, and keeps the rows in the order of the cases.
    pub(crate) fn put(&mut self, row: Row, cases: &[&str]) {
        self.0.retain(|it| it.case != row.case);
        self.0.push(row);
        self.0
            .sort_by_key(|row| cases.iter().position(|case| *case == row.case));
    }

    /// The rows, in the order of the file.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use super::*;

    /// A row of a run.
    pub(crate) fn row(case: &str, workflows: u64) -> Row {
        Row {
            case: case.to_owned(),
            shown: "it works".to_owned(),
            figures: [("Workflows".to_owned(), workflows.into())].into(),
            seconds: 7,
            date: "2026-11-29".to_owned(),
            commit: "0123456789ab".to_owned(),
            versions: [("Kubernetes".to_owned(), "1.34.4".to_owned())].into(),
        }
    }

    #[test]
    fn a_run_replaces_the_rows_of_its_own_cases_alone() {
        let cases = ["first", "second", "third"];
        let mut results = Results::default();
        for row in [row("third", 1), row("first", 2), row("third", 3)] {
            results.put(row, &cases);
        }
        assert_eq!(results.rows(), [row("first", 2), row("third", 3)]);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut results = Results::default();
        let bare = Row {
            figures: Figures::new(),
            versions: BTreeMap::new(),
            ..row("bare", 0)
        };
        for row in [bare, row("run", 3)] {
            results.put(row, &["bare", "run"]);
        }
        assert_eq!(Results::parse(&results.text().unwrap()).unwrap(), results);
    }
}
