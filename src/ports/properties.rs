//! The port to the properties of one blob: what a listing would say of it now.

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::{
    blob::{BlobRef, ListPage},
    ports::error::StorageError,
};

/// The port to Get Blob Properties of one container.
///
/// Facts: "Get Blob Properties", Azure Storage REST API, version 2026-02-06.
///
/// # What an implementation promises
/// - The answer is what List Blobs says of the same blob, part for part, but for what changed in between: whoever
///   announces it makes the same event of it as a sweep would.
/// - It is of the blob that is there now: never of a snapshot, an earlier version or a deleted blob.
/// - `None` means that there is a container and no blob of this name in it. A container that does not exist is
///   [`StorageErrorKind::NotFound`](crate::ports::error::StorageErrorKind::NotFound).
/// - It tries once. When to try again is the caller's decision.
#[async_trait]
pub trait BlobProperties: Send + Sync {
    /// The properties of the blob `name`, exactly as it is written in a listing.
    async fn properties(&self, name: &str) -> Result<Option<Properties>, StorageError>;
}

/// One blob as the service knew it a moment ago.
#[derive(Debug, Clone)]
pub struct Properties(ListPage);

impl Properties {
    /// Of this blob, as it was at `service_time` by the service's clock. The marker of a folder is a directory, as
    /// it is in a listing.
    pub fn new(blob: BlobRef<'_>, service_time: OffsetDateTime) -> Self {
        let mut page = ListPage::new(service_time);
        page.push(blob);
        Self(page)
    }

    /// The blob, as a listing shows it.
    pub fn blob(&self) -> BlobRef<'_> {
        self.0.get(0).unwrap_or_default()
    }

    /// When the service answered, by its own clock.
    pub fn service_time(&self) -> OffsetDateTime {
        self.0.service_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_kept_whole_and_a_folders_marker_is_a_directory() {
        let blob = BlobRef {
            name: "raw/a.csv",
            etag: "0x1",
            last_modified: 7,
            size: 9,
            content_type: "text/csv",
            content_md5: "sQqNsWTgdUEFt6mb5y4/5Q==",
            ..BlobRef::default()
        };
        let kept = Properties::new(blob, OffsetDateTime::UNIX_EPOCH);
        assert_eq!(kept.blob(), blob);
        assert_eq!(kept.service_time(), OffsetDateTime::UNIX_EPOCH);
        let marker = BlobRef {
            name: "raw/",
            size: 0,
            ..blob
        };
        let kept = Properties::new(marker, OffsetDateTime::UNIX_EPOCH);
        assert!(kept.blob().is_directory);
    }
}
