//! The port to a container's listing.

use async_trait::async_trait;

use super::error::StorageError;
use crate::blob::{Continuation, ListPage};

/// The port to a container's List Blobs.
///
/// # What an implementation promises
/// - Pages come in name order. A blob that exists before the first page is asked for and after the
///   last one arrived is on exactly one page; what is written or deleted meanwhile may be on one, or not.
/// - `Ok` means a whole page: an incomplete answer is an error, never a shorter page.
/// - An empty page with a continuation is not the end; only `next: None` is.
/// - The same call may be made again after an error, any number of times.
/// - It tries once. When to try again is the caller's decision.
#[async_trait]
pub trait BlobListing: Send + Sync {
    /// The page of blobs whose names start with `prefix` (empty: all) and are not before `from` (empty: all), from the
    /// start or from where an earlier page ended.
    ///
    /// Not every service knows `from` (`startFrom` of List Blobs, since version 2026-02-06): one refuses it, another
    /// answers as if it were empty. The caller looks at the names that come.
    async fn list_from(
        &self,
        prefix: &str,
        from: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError>;

    /// As [`list_from`](Self::list_from), from the first name.
    async fn list(
        &self,
        prefix: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        self.list_from(prefix, "", after).await
    }
}
