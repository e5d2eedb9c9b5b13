//! What is in the container, as far as can be seen in a few seconds.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

use crate::{
    blob::{BlobRef, ListPage},
    cli::{counts::counted, report::Step},
    filter::{Filter, FilterSpec},
    ports::{error::StorageError, listing::BlobListing},
    text::plain::Plain,
};

/// For how long pages are asked for.
const LONG: Duration = Duration::from_secs(10);
/// How many names are kept.
const NAMES: usize = 2_000;
/// In seconds.
const DAY: i64 = 24 * 3600;

/// The blobs of a container, whatever the configuration announces of them.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// How many were seen.
    pub(super) all: u64,
    /// How many of them a sweep lists: those below the filter's listing prefix.
    pub(super) listed: u64,
    /// How many of them the filter takes.
    pub(super) matching: u64,
    /// How many of these were modified in the last 24 hours.
    pub(super) changed: u64,
    /// Whether these are all that there are.
    pub(super) is_complete: bool,
    /// Names that the filter does not take.
    pub(super) names: Sample,
    stride: u64,
    /// The patterns that have matched no name so far, each as a filter of its own.
    idle: Vec<Filter>,
}

/// Names of a container that the filter does not take.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Some of them, from all over the container.
    pub(super) names: Vec<String>,
    /// How many there are.
    pub(super) of: u64,
}

impl Sample {
    /// How many of all names are of a kind of which the sample has so many.
    pub(super) fn estimate(&self, count: usize) -> String {
        let (count, seen) = (count as u64, self.names.len() as u64);
        match seen {
            0 => count.to_string(),
            seen if seen >= self.of => count.to_string(),
            seen => format!("about {}", count.saturating_mul(self.of) / seen),
        }
    }
}

/// Looks through the container, and has each blob that matches looked at. `first` is the first page below the filter's
/// listing prefix, which is not asked for again where it is the container's. `seen` is how many blobs were looked through
/// so far.
///
/// # Errors
/// As [`BlobListing::list`].
pub(super) async fn survey(
    blobs: &dyn BlobListing,
    filter: &Filter,
    first: &ListPage,
    seen: &Cell<u64>,
    mut look: impl FnMut(&BlobRef<'_>),
) -> Result<Survey, StorageError> {
    let end = Instant::now() + LONG;
    let mut survey = Survey {
        stride: 1,
        idle: each_pattern(filter.spec()),
        ..Survey::default()
    };
    let mut page = match filter.listing_prefix().is_empty() {
        true => first.clone(),
        false => blobs.list("", None).await?,
    };
    loop {
        survey.add(&page, filter, &mut look);
        seen.set(survey.all);
        let Some(next) = page.next else {
            survey.is_complete = true;
            return Ok(survey);
        };
        if Instant::now() >= end {
            return Ok(survey);
        }
        page = blobs.list("", Some(&next)).await?;
    }
}

impl Survey {
    /// How many there are, and how many are announced.
    pub(super) fn described(&self) -> String {
        let Self { all, matching, .. } = self;
        match self.is_complete {
            true => format!(
                "{} in all, of which {matching} match prefix and pattern",
                counted(*all, "blob")
            ),
            false => format!(
                "{} in {} s and there are more; {matching} of these match prefix and pattern",
                counted(*all, "blob"),
                LONG.as_secs()
            ),
        }
    }

    /// The step of a container of which blobs match.
    pub(super) fn step(&self) -> Step {
        let idle = self.idle.iter().filter(|_| self.is_complete);
        let idle: Vec<_> = idle
            .flat_map(|it| &it.spec().patterns)
            .map(|it| format!("`{}`", Plain(it)))
            .collect();
        match idle.is_empty() {
            true => Step::ok("list", self.described()),
            false => Step::warn(
                "list",
                format!(
                    "{}; none of them matches {}",
                    self.described(),
                    idle.join(" or ")
                ),
                "correct this pattern, or leave it if blobs of this name are still to come",
            ),
        }
    }

    fn add(&mut self, page: &ListPage, filter: &Filter, look: &mut impl FnMut(&BlobRef<'_>)) {
        let now = page.service_time.unix_timestamp();
        for blob in page.blobs().filter(|blob| !blob.is_directory) {
            self.all += 1;
            self.listed += u64::from(blob.name.starts_with(filter.listing_prefix()));
            match filter.matches(blob.name) {
                true => {
                    self.matching += 1;
                    self.changed += u64::from(blob.last_modified > now - DAY);
                    self.idle.retain(|it| !it.matches(blob.name));
                    look(&blob);
                }
                false => self.note(blob.name),
            }
        }
    }

    // Of many names every second, fourth or eighth is kept.
    fn note(&mut self, name: &str) {
        let Sample { names, of } = &mut self.names;
        if of.is_multiple_of(self.stride) {
            names.push(name.to_owned());
        }
        *of += 1;
        if names.len() > NAMES {
            let mut number = 0_usize;
            names.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.stride *= 2;
        }
    }
}

/// Of several patterns, each that takes names, as a filter of its own.
fn each_pattern(filter: &FilterSpec) -> Vec<Filter> {
    let wanted = filter.patterns.iter().filter(|it| !it.starts_with('!'));
    let wanted: Vec<_> = wanted.collect();
    if wanted.len() < 2 {
        return Vec::new();
    }
    let alone = |pattern: &String| {
        Filter::new(FilterSpec {
            prefix: filter.prefix.clone(),
            patterns: vec![pattern.clone()],
        })
    };
    wanted.into_iter().filter_map(|it| alone(it).ok()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        filter::FilterSpec,
        testing::{FakeListing, SERVICE_TIME},
    };

    #[tokio::test]
    async fn all_blobs_are_counted_and_names_are_kept_from_all_over() {
        let mut page = ListPage::new(SERVICE_TIME);
        let names: Vec<_> = (0..10_000).map(|n| format!("{n:05}.csv")).collect();
        for name in &names {
            page.push(BlobRef {
                name,
                ..BlobRef::default()
            });
        }
        let filter = Filter::new(FilterSpec {
            prefix: String::new(),
            patterns: vec!["0000*".into()],
        });
        let first = ListPage::new(SERVICE_TIME);
        let (count, mut looked) = (Cell::new(0), 0);
        let listing = FakeListing::Page(page);
        let look = |_: &BlobRef<'_>| looked += 1;
        let seen = survey(&listing, &filter.unwrap(), &first, &count, look).await;
        let seen = seen.unwrap();
        assert_eq!((count.get(), looked), (10_000, 10));
        assert_eq!((seen.all, seen.listed, seen.matching), (10_000, 10, 10));
        assert!(seen.is_complete);
        let Sample { names, of } = &seen.names;
        assert_eq!(*of, 9_990);
        assert!(names.len() <= NAMES + 1 && names.len() > NAMES / 3);
        assert!(names.last().is_some_and(|it| it.starts_with("099")));
    }

    #[tokio::test]
    async fn a_pattern_that_matches_no_blob_is_named() {
        let mut page = ListPage::new(SERVICE_TIME);
        page.push(BlobRef {
            name: "raw/a.csv",
            ..BlobRef::default()
        });
        let step = async |patterns: &[&str]| {
            let filter = Filter::new(FilterSpec {
                prefix: "raw/".into(),
                patterns: patterns.iter().map(|it| (*it).to_owned()).collect(),
            });
            let listing = FakeListing::Page(page.clone());
            let seen = survey(&listing, &filter.unwrap(), &page, &Cell::new(0), |_| ()).await;
            seen.unwrap().step().to_json().to_string()
        };
        let told = step(&["**/*.csv", "**/*.nope", "!**/*.tmp"]).await;
        assert!(told.contains("none of them matches `**/*.nope`"), "{told}");
        assert!(told.contains("correct this pattern"), "{told}");
        for patterns in [
            &["**/*.csv"][..],
            &["**/*.csv", "raw/**"],
            &["**/*.csv", "!x"],
        ] {
            let told = step(patterns).await;
            assert!(!told.contains("none of them"), "{told}");
        }
    }
}
