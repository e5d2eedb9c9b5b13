//! A blob version as a listing shows it, and a page of them in two allocations.

use std::ops::Range;

use time::OffsetDateTime;

pub mod url;

/// The longest name of a blob, in [`characters`] ("Naming and Referencing Containers, Blobs, and Metadata", Azure
/// Storage documentation).
pub const MAX_NAME: usize = 1024;

/// How many characters a text has as the storage service counts them: UTF-16 code units.
pub fn characters(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Whether Azure Storage can have a blob of this name: one of 1 to [`MAX_NAME`] characters.
pub fn is_name(text: &str) -> bool {
    // A character has at least one byte, so most names need not be counted.
    !text.is_empty() && (text.len() <= MAX_NAME || characters(text) <= MAX_NAME)
}

/// One version of a blob, borrowed from a [`ListPage`].
///
/// Facts: "List Blobs", Azure Storage REST API, version 2026-02-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobRef<'a> {
    /// The whole name, `raw/mydata.csv`, exactly as it was written: at most 1,024 characters of any kind.
    pub name: &'a str,
    /// The version's ETag without quotes, `0x8DCAFE…`.
    pub etag: &'a str,
    /// When the content was last modified, in seconds since 1970. The service knows whole seconds only.
    pub last_modified: i64,
    /// Bytes.
    pub size: u64,
    /// Empty when the service names none.
    pub content_type: &'a str,
    /// How the blob is stored.
    pub blob_type: BlobType,
    /// A directory of an account with hierarchical namespace, which is no blob for our purposes:
    /// `hdi_isfolder` in its metadata, or `ResourceType` `directory`.
    pub is_directory: bool,
}

/// How a blob is stored. The names are the service's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BlobType {
    /// Uploaded in blocks; what nearly every dataset is.
    #[default]
    BlockBlob,
    /// Grows at its end.
    AppendBlob,
    /// Random access in pages of 512 bytes.
    PageBlob,
}

impl BlobType {
    /// The service's own name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BlockBlob => "BlockBlob",
            Self::AppendBlob => "AppendBlob",
            Self::PageBlob => "PageBlob",
        }
    }

    /// The type that the service calls so.
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::BlockBlob, Self::AppendBlob, Self::PageBlob];
        all.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One version of a blob that is on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// See [`BlobRef::name`].
    pub name: String,
    /// See [`BlobRef::etag`].
    pub etag: String,
    /// See [`BlobRef::last_modified`].
    pub last_modified: i64,
    /// Bytes.
    pub size: u64,
    /// See [`BlobRef::content_type`].
    pub content_type: String,
    /// How the blob is stored.
    pub blob_type: BlobType,
}

impl From<BlobRef<'_>> for Blob {
    fn from(blob: BlobRef<'_>) -> Self {
        Self {
            name: blob.name.to_owned(),
            etag: blob.etag.to_owned(),
            last_modified: blob.last_modified,
            size: blob.size,
            content_type: blob.content_type.to_owned(),
            blob_type: blob.blob_type,
        }
    }
}

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
    last_modified: i64,
    size: u64,
    blob_type: BlobType,
    is_directory: bool,
}

impl ListPage {
    /// An empty page that was answered at `service_time`.
    pub fn new(service_time: OffsetDateTime) -> Self {
        Self {
            text: String::new(),
            rows: Vec::new(),
            next: None,
            service_time,
        }
    }

    /// Makes room for about `blobs` blobs with `text` bytes of names, ETags and content types.
    pub fn reserve(&mut self, blobs: usize, text: usize) {
        self.rows.reserve(blobs);
        self.text.reserve(text);
    }

    /// Adds a blob at the end.
    pub fn push(&mut self, blob: BlobRef<'_>) {
        let name = self.keep(blob.name);
        let etag = self.keep(blob.etag);
        let content_type = self.keep(blob.content_type);
        self.rows.push(Row {
            name,
            etag,
            content_type,
            last_modified: blob.last_modified,
            size: blob.size,
            blob_type: blob.blob_type,
            is_directory: blob.is_directory,
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
            is_directory: row.is_directory,
        }
    }

    fn text(&self, range: &Range<u32>) -> &str {
        &self.text[range.start as usize..range.end as usize]
    }
}
