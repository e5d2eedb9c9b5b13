//! What is in the container, as far as can be seen in a few seconds.

use std::{cell::Cell, time::Duration};

use tokio::time::Instant;

use crate::{
    blob::{BlobRef, ListPage},
    cli::counts::counted,
    filter::Filter,
    ports::{error::StorageError, listing::BlobListing},
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
    /// Names that the filter does not take, from all over the container.
    pub(super) names: Vec<String>,
    stride: u64,
    others: u64,
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

    fn add(&mut self, page: &ListPage, filter: &Filter, look: &mut impl FnMut(&BlobRef<'_>)) {
        let now = page.service_time.unix_timestamp();
        for blob in page.blobs().filter(|blob| !blob.is_directory) {
            self.all += 1;
            self.listed += u64::from(blob.name.starts_with(filter.listing_prefix()));
            match filter.matches(blob.name) {
                true => {
                    self.matching += 1;
                    self.changed += u64::from(blob.last_modified > now - DAY);
                    look(&blob);
                }
                false => self.note(blob.name),
            }
        }
    }

    // Of many names every second, fourth or eighth is kept.
    fn note(&mut self, name: &str) {
        if self.others.is_multiple_of(self.stride) {
            self.names.push(name.to_owned());
        }
        self.others += 1;
        if self.names.len() > NAMES {
            let mut number = 0_usize;
            self.names.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.stride *= 2;
        }
    }
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
        assert!(seen.names.len() <= NAMES + 1 && seen.names.len() > NAMES / 3);
        assert!(seen.names.last().is_some_and(|it| it.starts_with("099")));
    }
}
