//! A page of a listing in two allocations.

use std::ops::Range;

use time::OffsetDateTime;

use super::{
    access::Access,
    properties::{BlobRef, BlobType, marks_folder},
};

/// Where a listing goes on: the service's `NextMarker`, opaque to us.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Continuation(pub String);

/// A page of a listing, in name order as the service sent it.
///
/// All text stands in one string and each blob is a row of ranges into it, so that a page of
/// 5,000 blobs costs two allocations instead of 15,000.
#[derive(Debug, Clone)]
pub struct ListPage {
    text: String,
    rows: Vec<Row>,
    /// Where the next page starts; `None` on the last one.
    pub next: Option<Continuation>,
    /// When the service answered, by its own clock (the `Date` header).
    pub service_time: OffsetDateTime,
}

#[derive(Debug, Clone)]
struct Row {
    name: Range<u32>,
    etag: Range<u32>,
    content_type: Range<u32>,
    content_md5: Range<u32>,
    last_modified: i64,
    size: u64,
    blob_type: BlobType,
    access: Access,
    is_directory: bool,
}

impl ListPage {
    /// The most blobs that the service puts on a page ("List Blobs", Azure Storage REST API).
    pub const MOST: usize = 5_000;

    /// An empty page that was answered at `service_time`.
    pub fn new(service_time: OffsetDateTime) -> Self {
        Self {
            text: String::new(),
            rows: Vec::new(),
            next: None,
            service_time,
        }
    }

    /// Makes room for about `blobs` blobs with `text` bytes of names, ETags, content types and MD5s.
    pub fn reserve(&mut self, blobs: usize, text: usize) {
        self.rows.reserve(blobs);
        self.text.reserve(text);
    }

    /// Adds a blob at the end. The marker of a folder is a directory, whatever the caller says.
    pub fn push(&mut self, blob: BlobRef<'_>) {
        let name = self.keep(blob.name);
        let etag = self.keep(blob.etag);
        let content_type = self.keep(blob.content_type);
        let content_md5 = self.keep(blob.content_md5);
        let is_marker = blob.size == 0 && marks_folder(blob.name);
        self.rows.push(Row {
            name,
            etag,
            content_type,
            content_md5,
            last_modified: blob.last_modified,
            size: blob.size,
            blob_type: blob.blob_type,
            access: blob.access,
            is_directory: blob.is_directory || is_marker,
        });
    }

    /// The blobs in the order of the listing.
    pub fn blobs(&self) -> impl ExactSizeIterator<Item = BlobRef<'_>> {
        self.rows.iter().map(|row| self.blob(row))
    }

    /// The blob at this place of [`ListPage::blobs`].
    pub fn get(&self, at: usize) -> Option<BlobRef<'_>> {
        self.rows.get(at).map(|row| self.blob(row))
    }

    /// Keeps this number of blobs, the first ones.
    pub fn truncate(&mut self, blobs: usize) {
        self.rows.truncate(blobs);
    }

    /// How many blobs the page holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the page holds none. The service may send such a page in mid-listing.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    // A page is at most a few megabytes (the adapter limits it), so u32 holds every position.
    fn keep(&mut self, text: &str) -> Range<u32> {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        start..self.text.len() as u32
    }

    fn blob(&self, row: &Row) -> BlobRef<'_> {
        BlobRef {
            name: self.text(&row.name),
            etag: self.text(&row.etag),
            last_modified: row.last_modified,
            size: row.size,
            content_type: self.text(&row.content_type),
            blob_type: row.blob_type,
            content_md5: self.text(&row.content_md5),
            access: row.access,
            is_directory: row.is_directory,
        }
    }

    fn text(&self, range: &Range<u32>) -> &str {
        &self.text[range.start as usize..range.end as usize]
    }
}
