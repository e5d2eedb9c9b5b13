//! One way through a listing, from its first page to its last.

use tokio::time::sleep;

use super::{progress::Progress, retry::Retry};
use crate::{
    blob::{Continuation, ListPage},
    ports::{error::StorageError, listing::BlobListing},
};

/// Asks for the pages of one listing, one after the other. It ends, or it fails: it neither turns in
/// a circle nor asks faster than the pages are worth.
pub struct Walk<'a> {
    listing: &'a dyn BlobListing,
    prefix: &'a str,
    from: &'a str,
    after: Option<Continuation>,
    over: bool,
    progress: Progress,
}

impl<'a> Walk<'a> {
    /// Begins at the first of the blobs whose names start with `prefix`.
    pub fn new(listing: &'a dyn BlobListing, prefix: &'a str) -> Self {
        Self::starting_from(listing, prefix, "")
    }

    /// Begins at the first of those that are not before `from`.
    pub fn starting_from(listing: &'a dyn BlobListing, prefix: &'a str, from: &'a str) -> Self {
        Self {
            listing,
            prefix,
            from,
            after: None,
            over: false,
            progress: Progress::default(),
        }
    }

    /// The next page; `None` after the last one.
    ///
    /// # Errors
    /// Those of the listing, after which the call may be made again, for the same page; and
    /// `StaleContinuation` when the listing does not get ahead, after which only
    /// [`start_over`](Self::start_over) helps.
    pub async fn next(&mut self) -> Result<Option<ListPage>, StorageError> {
        if self.over {
            return Ok(None);
        }
        let pause = self.progress.pause();
        if !pause.is_zero() {
            sleep(pause).await;
        }
        let page = self
            .listing
            .list_from(self.prefix, self.from, self.after.as_ref())
            .await?;
        self.progress.add(&page)?;
        self.after.clone_from(&page.next);
        self.over = page.next.is_none();
        Ok(Some(page))
    }

    /// As [`next`](Self::next), and waits out what passes.
    pub async fn patiently(&mut self, mut retry: Retry) -> Result<Option<ListPage>, StorageError> {
        loop {
            match self.next().await {
                Ok(page) => {
                    retry.succeeded();
                    return Ok(page);
                }
                Err(error) if retry.passes(&error) => retry.wait(&error).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Goes back to the first page.
    pub fn start_over(&mut self) {
        self.after = None;
        self.over = false;
        self.progress.start_over();
    }

    /// What to tell people, when the listing shows nothing but empty pages just now.
    pub fn trouble(&self) -> Option<StorageError> {
        self.progress.trouble()
    }

    /// Whether the listing had so many empty pages that it may not have shown all.
    pub fn is_suspect(&self) -> bool {
        self.progress.is_suspect()
    }
}
