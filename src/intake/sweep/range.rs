//! Listing one range of a container's names.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::plan::{Range, Sample};
use crate::{
    blob::ListPage,
    calls::{retry::Retry, walk::Walk},
    gate::{Closed, Gate, tally::Tally},
    metrics::SourceStats,
    ports::{
        error::{StorageError, StorageErrorKind},
        listing::BlobListing,
    },
};

/// Lists ranges, and gives what is there to the gate.
#[derive(Clone)]
pub struct RangeReader {
    /// The container.
    pub listing: Arc<dyn BlobListing>,
    /// What all names of interest start with; goes to the service.
    pub prefix: String,
    /// Where what is found goes.
    pub gate: Arc<Gate>,
    /// Numbers for people.
    pub stats: Arc<SourceStats>,
    /// Decides the jitter of retries.
    pub seed: u64,
}

/// A range that was listed to its end, or several of them.
#[derive(Debug, Default)]
pub struct RangeSwept {
    /// What happened to its blobs.
    pub tally: Tally,
    /// Whether the listing had so many empty pages that it may not have shown all.
    pub suspect: bool,
    /// Some of its names.
    pub sample: Sample,
    /// Where the listing met the ranges before and after this one.
    pub border: Border,
}

/// What the listing of a range showed at its ends. The name after a range is the first one of the next range, unless names
/// are sorted in another order than that of their bytes, or came or went meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Border {
    /// The first name.
    first: Option<String>,
    /// The first name that belongs to a later range.
    next: Option<String>,
}

/// Why a range was not listed to its end.
#[derive(Debug)]
pub enum RangeError {
    /// Nobody takes what it finds any more.
    Closed,
    /// Nothing that waiting fixes.
    Storage(StorageError),
    /// The names are not those of the range, or in another order than that of their bytes: the container cannot be cut.
    Unusable(StorageError),
}

impl From<Closed> for RangeError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl RangeReader {
    /// Lists a range from its first page to its last. Transient faults are waited out and it goes on where it was; only
    /// when the service no longer takes the continuation, or the listing does not get ahead, does it start over.
    ///
    /// # Errors
    /// [`RangeError`].
    pub async fn sweep(&self, range: Range, proven: &mut bool) -> Result<RangeSwept, RangeError> {
        let is_whole = range == Range::default();
        let mut swept = RangeSwept::default();
        let mut walk = Walk::starting_from(&*self.listing, &self.prefix, &range.from);
        let (mut stale, mut hollow) = (self.retry(), self.retry());
        loop {
            let next = walk.patiently(self.retry().proven(*proven)).await;
            match next {
                Ok(Some(mut page)) => {
                    *proven = true;
                    hollow.tell(walk.trouble());
                    if !is_whole {
                        swept.border.begin(&page);
                    }
                    let is_last = cut(&mut page, &range, &mut swept.border)?;
                    swept.sample.page(page.blobs().map(|blob| blob.name));
                    if !is_whole && !swept.sample.is_in_order() {
                        return Err(unusable(OUT_OF_ORDER));
                    }
                    self.show(&page);
                    self.gate.page(&page, &mut swept.tally).await?;
                    let backlog = self.gate.under_way() as u64;
                    self.stats.backlog.store(backlog, Relaxed);
                    if is_last {
                        break;
                    }
                }
                Ok(None) => break,
                Err(error) if error.kind == StorageErrorKind::StaleContinuation => {
                    stale.wait(&error).await;
                    walk.start_over();
                    swept.tally.start_over();
                    swept.sample = Sample::default();
                    swept.border = Border::default();
                }
                Err(error) => return Err(RangeError::Storage(error)),
            }
        }
        stale.succeeded();
        hollow.succeeded();
        swept.suspect = walk.is_suspect();
        Ok(swept)
    }

    fn retry(&self) -> Retry {
        Retry::new("list blobs", self.seed, &self.stats)
    }

    fn show(&self, page: &ListPage) {
        let blobs = page.len() as u64;
        self.stats.blobs_listed.fetch_add(blobs, Relaxed);
        let last = page.len().checked_sub(1).and_then(|last| page.get(last));
        let last = last.as_ref().map(|blob| blob.name);
        self.stats.sweep.lists(blobs, last);
    }
}

impl Border {
    fn begin(&mut self, page: &ListPage) {
        if self.first.is_none() {
            self.first = page.get(0).map(|blob| blob.name.to_owned());
        }
    }

    /// Whether the listing of a range ended where that of the next range begins. Otherwise there may be names between them.
    pub fn meets(&self, next: &Self) -> bool {
        self.next == next.first
    }
}

impl RangeSwept {
    /// Neighbouring ranges, the first one first, as one.
    pub fn join(ranges: impl IntoIterator<Item = Self>) -> Self {
        let mut whole = Self::default();
        let mut samples = Vec::new();
        for range in ranges {
            whole.tally.add(range.tally);
            whole.suspect |= range.suspect;
            samples.push(range.sample);
        }
        whole.sample = Sample::join(samples);
        whole
    }
}

const OUT_OF_ORDER: &str = "names do not come in the order of their bytes";

fn unusable(why: &str) -> RangeError {
    RangeError::Unusable(StorageError::new(StorageErrorKind::Protocol, why))
}

// Takes away what belongs to the next range, and says whether there was anything. Some services do not know `startFrom`,
// and answer as if it were not there.
fn cut(page: &mut ListPage, range: &Range, border: &mut Border) -> Result<bool, RangeError> {
    if page.get(0).is_some_and(|first| *first.name < *range.from) {
        return Err(unusable("the service ignores `startFrom`"));
    }
    let Some(end) = page.blobs().position(|blob| range.is_past(blob.name)) else {
        return Ok(false);
    };
    if !page.blobs().skip(end).map(|blob| blob.name).is_sorted() {
        return Err(unusable(OUT_OF_ORDER));
    }
    border.next = page.get(end).map(|blob| blob.name.to_owned());
    page.truncate(end);
    Ok(true)
}
