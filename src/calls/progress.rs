//! Whether a listing gets ahead, and how fast it may be asked. Pure.
//!
//! A sound listing comes to an end. One from a broken service or a proxy may repeat itself, or show
//! empty pages for ever; see `docs/adr/0016-a-listing-that-goes-nowhere.md`.

use std::time::Duration;

use crate::{
    blob::{Continuation, ListPage},
    ports::error::{StorageError, StorageErrorKind::StaleContinuation},
};

/// A page of fewer blobs is thin: the next one is asked for after a pause.
const THIN: usize = 100;
/// So many thin pages in a row cost no pause: a service ends pages early where its partitions meet.
const FREE: u32 = 16;
/// The longest pause after thin pages, in milliseconds: the service itself takes as long for one.
const AFTER_THIN: u32 = 100;
/// The longest pause after empty pages, in milliseconds.
const AFTER_EMPTY: u32 = 1000;
/// So many empty pages in a row are told to people, after about half a minute.
const TOLD: u32 = 250;
/// So many empty pages in a row are taken for a listing without end, the first time. The service
/// looks at 5,000 names for a page and leaves out what is deleted but kept, so a sound container has
/// as many only where it holds 50 million of those in a row.
const MOST_EMPTY: u32 = 10_000;

/// How far one listing has come.
#[derive(Debug)]
pub(crate) struct Progress {
    pages: u64,
    thin: u32,
    empty: u32,
    most_empty: u32,
    suspect: bool,
    mark: Option<Position>,
}

/// A page that must not come again. By Brent's method one page is enough, if it is chosen again
/// whenever there are twice as many: a circle of any length is found within three rounds of it.
#[derive(Debug)]
struct Position {
    next: Option<Continuation>,
    first: Option<String>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            pages: 0,
            thin: 0,
            empty: 0,
            most_empty: MOST_EMPTY,
            suspect: false,
            mark: None,
        }
    }
}

impl Progress {
    /// Takes note of the next page.
    ///
    /// # Errors
    /// `StaleContinuation`, when there is no use in going on: a page came again, or pages are empty
    /// without end.
    pub(crate) fn add(&mut self, page: &ListPage) -> Result<(), StorageError> {
        self.pages += 1;
        self.thin = next_in_row(self.thin, page.len() < THIN);
        self.empty = next_in_row(self.empty, page.is_empty());
        self.suspect |= self.empty >= TOLD;
        let first = page.blobs().next().map(|blob| blob.name);
        if self.mark.as_ref().is_some_and(|mark| mark.is(page, first)) {
            return Err(StorageError::new(StaleContinuation, CIRCLE));
        }
        if self.empty >= self.most_empty && page.next.is_some() {
            return Err(hollow(self.empty, "it starts again"));
        }
        if self.pages.is_power_of_two() {
            self.mark = Some(Position {
                next: page.next.clone(),
                first: first.map(str::to_owned),
            });
        }
        Ok(())
    }

    /// The listing starts from the beginning, as slowly as it ended. Where it had empty pages without end it may
    /// have twice as many now, so that a container which does have so many is swept anyway.
    pub(crate) fn start_over(&mut self) {
        let most_empty = match self.empty >= self.most_empty {
            true => self.most_empty.saturating_mul(2),
            false => self.most_empty,
        };
        *self = Self {
            most_empty,
            thin: self.thin,
            ..Self::default()
        };
    }

    /// How long to wait before the next page is asked for.
    pub(crate) fn pause(&self) -> Duration {
        let longest = match self.empty {
            0 => AFTER_THIN,
            _ => AFTER_EMPTY,
        };
        let millis = self.thin.saturating_sub(FREE).min(longest);
        Duration::from_millis(millis.into())
    }

    /// What to tell people of the empty pages, when there are many in a row just now.
    pub(crate) fn trouble(&self) -> Option<StorageError> {
        (self.empty >= TOLD).then(|| hollow(TOLD, "it continues slowly"))
    }

    /// Whether there were so many empty pages in a row that the listing may not have shown all.
    pub(crate) fn is_suspect(&self) -> bool {
        self.suspect
    }
}

impl Position {
    // A name is on one page of a listing only, whatever the order of names.
    fn is(&self, page: &ListPage, first: Option<&str>) -> bool {
        let same_next = page.next.is_some() && page.next == self.next;
        same_next || (first.is_some() && first == self.first.as_deref())
    }
}

const CIRCLE: &str = "the listing repeats itself: the same page came twice, so it starts again, and no blob \
    counts as deleted meanwhile; check whether a proxy or a cache answers instead of the storage \
    account";

fn hollow(count: u32, then: &str) -> StorageError {
    let what = format!(
        "the listing had {count} pages without a blob in a row and has not ended: {then}, and no blob counts as \
         deleted meanwhile; the cause may be many deleted blobs that are kept (soft delete), or \
         a proxy that answers instead of the storage account"
    );
    StorageError::new(StaleContinuation, what)
}

fn next_in_row(count: u32, one_more: bool) -> u32 {
    match one_more {
        true => count.saturating_add(1),
        false => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use crate::blob::BlobRef;
    use crate::calls::progress::*;

    fn page<'a>(names: impl IntoIterator<Item = &'a str>, next: Option<String>) -> ListPage {
        let mut page = ListPage::new(OffsetDateTime::UNIX_EPOCH);
        for name in names {
            page.push(BlobRef {
                name,
                etag: "0x1",
                ..BlobRef::default()
            });
        }
        page.next = next.map(Continuation);
        page
    }

    /// How many pages were taken until the listing was said to go nowhere.
    fn pages_until_stuck(mut page_at: impl FnMut(u64) -> ListPage, most: u64) -> Option<u64> {
        let mut progress = Progress::default();
        (0..most).find(|at| progress.add(&page_at(*at)).is_err())
    }

    #[test]
    fn two_pages_that_lead_to_each_other_are_found_at_once() {
        let turns = |at: u64| page([], Some((at % 2).to_string()));
        assert!(pages_until_stuck(turns, 100).is_some_and(|pages| pages < 6));
    }

    #[test]
    fn pages_whose_names_come_again_are_found_whatever_their_continuations() {
        let turns = |at: u64| page([["a", "b", "c"][at as usize % 3]], Some(at.to_string()));
        assert!(pages_until_stuck(turns, 100).is_some_and(|pages| pages < 12));
    }

    #[test]
    fn pages_without_blobs_are_slow_then_told_then_given_up_later_each_time() {
        let mut progress = Progress::default();
        let (mut waited, mut at) = (Duration::ZERO, 0);
        let mut until_stuck = |progress: &mut Progress| {
            let start = at;
            loop {
                at += 1;
                if progress.add(&page([], Some(at.to_string()))).is_err() {
                    return at - start;
                }
                waited += progress.pause();
                let (told, late) = (progress.trouble().is_some(), at - start >= u64::from(TOLD));
                assert_eq!(told, late);
            }
        };
        assert_eq!(until_stuck(&mut progress), u64::from(MOST_EMPTY));
        progress.start_over();
        assert!(!progress.is_suspect());
        assert_eq!(until_stuck(&mut progress), 2 * u64::from(MOST_EMPTY));
        assert!(waited > Duration::from_secs(3 * 9000), "{waited:?}");
    }

    #[test]
    fn one_blob_ends_a_row_of_empty_pages_and_its_sweep_stays_suspect() {
        let mut progress = Progress::default();
        for at in 0..TOLD {
            assert!(progress.add(&page([], Some(at.to_string()))).is_ok());
        }
        assert!(progress.add(&page(["a"], Some("x".to_owned()))).is_ok());
        assert!(progress.trouble().is_none() && progress.is_suspect());
        assert_eq!(progress.pause(), Duration::from_millis(AFTER_THIN.into()));
    }

    #[test]
    fn full_pages_and_a_few_thin_ones_are_not_held_up() {
        let mut progress = Progress::default();
        let names: Vec<_> = (0..THIN).map(|n| format!("{n:03}")).collect();
        for at in 0..1000 {
            let full = at % 10 == 0;
            let first = format!("{at:04}");
            let names = names.iter().map(String::as_str);
            let names =
                std::iter::once(first.as_str()).chain(names.take(if full { THIN } else { 1 }));
            let page = page(names, Some(at.to_string()));
            assert!(progress.add(&page).is_ok());
            assert_eq!(progress.pause(), Duration::ZERO);
        }
    }

    proptest! {
        /// However long the way to the circle and the circle are.
        #[test]
        fn every_circle_is_found(start in 0_u64..300, length in 1_u64..300, names in any::<bool>()) {
            let turns = |at: u64| {
                let place = if at < start { at } else { start + (at - start) % length };
                let place = place.to_string();
                match names {
                    true => page([place.as_str()], Some(format!("token {at}"))),
                    false => page([], Some(place)),
                }
            };
            let found = pages_until_stuck(turns, 4 * (start + length) + 8);
            prop_assert!(found.is_some_and(|pages| pages >= start));
        }

        #[test]
        fn no_listing_that_gets_ahead_is_taken_for_a_circle(pages in 1_u64..2000, empty in 1_u64..20) {
            let ahead = |at: u64| {
                let name = at.to_string();
                let names = at.is_multiple_of(empty).then_some(name.as_str());
                page(names, (at + 1 < pages).then(|| format!("token {at}")))
            };
            prop_assert_eq!(pages_until_stuck(ahead, pages), None);
        }
    }
}
