//! Writes down what came out: the results, and the table that the documentation has of them.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use serde_json::Value;
use time::{OffsetDateTime, macros::format_description};

use crate::{
    cluster::repository,
    command::run,
    results::{Figures, Results, Row},
    table::{page_with, table},
};

/// Where the results are.
const RESULTS: &str = "docs/verification/results.json";
/// The page with the table.
const PAGE: &str = "docs/verification.md";
/// What the cases run on, and the image of which that is the tag.
const PARTS: [(&str, &str); 2] = [
    ("Argo Events", "/argo-events:"),
    ("Argo Workflows", "/workflow-controller:"),
];

/// What all cases of a run have in common.
pub(crate) struct Recorder {
    cases: Vec<&'static str>,
    commit: String,
    versions: BTreeMap<String, String>,
}

impl Recorder {
    /// Asks Git what is tried, and the cluster what it is.
    ///
    /// # Errors
    /// One of them does not say.
    pub(crate) async fn start(cases: Vec<&'static str>) -> Result<Self> {
        Ok(Self {
            cases,
            commit: commit().await?,
            versions: versions().await?,
        })
    }

    /// Writes down that a case has passed.
    ///
    /// # Errors
    /// The results or the page cannot be read or written.
    pub(crate) fn passed(
        &self,
        case: &str,
        shown: &str,
        figures: Figures,
        took: Duration,
    ) -> Result<()> {
        let row = Row {
            case: case.to_owned(),
            shown: shown.to_owned(),
            figures,
            seconds: took.as_secs(),
            date: OffsetDateTime::now_utc().format(format_description!("[year]-[month]-[day]"))?,
            commit: self.commit.clone(),
            versions: self.versions.clone(),
        };
        let mut results = results()?;
        results.put(row, &self.cases);
        let path = path(RESULTS);
        fs::write(&path, results.text()?).with_context(|| path.display().to_string())?;
        write_table(&self.cases)
    }
}

/// Writes the table of the results into the page.
///
/// # Errors
/// The results or the page cannot be read or written.
pub(crate) fn write_table(cases: &[&str]) -> Result<()> {
    let path = path(PAGE);
    fs::write(&path, page(cases)?.1).with_context(|| path.display().to_string())
}

/// The page as it is, and as it is with the table of the results.
fn page(cases: &[&str]) -> Result<(String, String)> {
    let path = path(PAGE);
    let page = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let new = page_with(&page, &table(&results()?, cases)).context(PAGE)?;
    Ok((page, new))
}

fn results() -> Result<Results> {
    let path = path(RESULTS);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Results::parse(&text).context(RESULTS)
}

fn path(file: &str) -> PathBuf {
    repository().join(file)
}

/// The commit, and whether there is more than it has; what the documentation says does not count.
async fn commit() -> Result<String> {
    let repository = repository();
    let repository = repository.to_string_lossy();
    let git = async |args: &[&str]| run("git", &[&["-C", &repository], args].concat(), "").await;
    let commit = git(&["rev-parse", "--short=12", "HEAD"]).await?;
    let changes = git(&[
        "status",
        "--porcelain",
        "--untracked-files=no",
        "--",
        ".",
        ":!docs",
    ])
    .await?;
    let more = if changes.is_empty() {
        ""
    } else {
        " with changes"
    };
    Ok(format!("{}{more}", commit.trim()))
}

async fn versions() -> Result<BTreeMap<String, String>> {
    let said = run("kubectl", &["version", "-o", "json"], "").await?;
    let said: Value = serde_json::from_str(&said)?;
    let kubernetes = said["serverVersion"]["gitVersion"].as_str();
    let kubernetes = kubernetes.context("the API server does not say its version")?;
    let path = "jsonpath={range .items[*]}{.spec.template.spec.containers[*].image}{'\\n'}{end}";
    let images = run("kubectl", &["get", "deployments", "-A", "-o", path], "").await?;
    let mut versions = BTreeMap::from([("Kubernetes".to_owned(), number(kubernetes))]);
    for (part, image) in PARTS {
        versions.insert(part.to_owned(), tag(&images, image)?);
    }
    Ok(versions)
}

/// The tag of an image among those that run.
fn tag(images: &str, image: &str) -> Result<String> {
    let tags = images.split_whitespace();
    let tag = tags.filter_map(|it| it.split_once(image)).next();
    let (_, tag) = tag.with_context(|| format!("no Deployment has an image `…{image}…`"))?;
    Ok(number(tag))
}

fn number(version: &str) -> String {
    version.trim_start_matches('v').to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cases::CASES;

    #[test]
    fn the_page_has_the_table_of_the_results() {
        let cases: Vec<_> = CASES.iter().map(|case| case.name).collect();
        let (page, new) = page(&cases).unwrap();
        assert!(
            page == new,
            "{PAGE} is not what {RESULTS} says: `make e2e ARGS=--table` writes it"
        );
    }

    #[test]
    fn each_result_is_of_a_case_that_there_is_and_in_its_place() {
        let results = results().unwrap();
        let recorded: Vec<_> = results.rows().iter().map(|row| row.case.as_str()).collect();
        let cases = CASES.iter().map(|case| case.name);
        let known: Vec<_> = cases.filter(|case| recorded.contains(case)).collect();
        assert_eq!(recorded, known, "{RESULTS}");
    }

    #[test]
    fn a_version_is_the_tag_of_what_runs() {
        let images = "docker.io/coredns:1\nquay.io/argoproj/argo-events:v1.9.11\n";
        assert_eq!(tag(images, "/argo-events:").unwrap(), "1.9.11");
        assert!(tag(images, "/workflow-controller:").is_err());
    }
}
