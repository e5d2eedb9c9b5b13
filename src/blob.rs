//! A blob version as a listing shows it, and a page of them in two allocations.

use std::ops::Range;

use time::OffsetDateTime;

mod access;
pub mod url;
mod version;

pub use access::{Access, Unreadable};
pub use version::Version;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
    /// The Content-MD5 in base64, as whoever wrote the blob or the service for single uploads set it.
    /// Empty when there is none.
    pub content_md5: &'a str,
    /// Whether its content can be read.
    pub access: Access,
    /// A directory of an account with hierarchical namespace, or the empty marker of one, which is no
    /// blob for our purposes: `ResourceType` `directory`, or no bytes and `hdi_isfolder` in its
    /// metadata or a name that [marks a folder](marks_folder).
    pub is_directory: bool,
}

/// Whether a blob of no bytes and this name is the marker of a folder, as programs write it that know
/// folders: `raw/2026/` (consoles and copying tools), `raw/2026_$folder$` (Hadoop).
pub fn marks_folder(name: &str) -> bool {
    name.ends_with('/') || name.ends_with("_$folder$")
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
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blob {
    /// See [`BlobRef::name`].
    pub name: String,
    /// What tells it from other versions of its name: see [`Version::text`]. Its event's id is made of it.
    pub version: String,
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
    /// See [`BlobRef::content_md5`].
    pub content_md5: String,
    /// Whether its content can be read.
    pub access: Access,
}

impl Blob {
    /// The blob as the version that `version` takes it for.
    pub fn of(blob: &BlobRef<'_>, version: Version) -> Self {
        Self {
            version: version.text(blob).into_owned(),
            name: blob.name.to_owned(),
            etag: blob.etag.to_owned(),
            last_modified: blob.last_modified,
            size: blob.size,
            content_type: blob.content_type.to_owned(),
            blob_type: blob.blob_type,
            content_md5: blob.content_md5.to_owned(),
            access: blob.access,
        }
    }

    /// The blob as a listing shows it.
    pub fn as_listed(&self) -> BlobRef<'_> {
        BlobRef {
            name: &self.name,
            etag: &self.etag,
            last_modified: self.last_modified,
            size: self.size,
            content_type: &self.content_type,
            blob_type: self.blob_type,
            content_md5: &self.content_md5,
            access: self.access,
            is_directory: false,
        }
    }
}

impl From<BlobRef<'_>> for Blob {
    /// The blob as the version that its ETag tells.
    fn from(blob: BlobRef<'_>) -> Self {
        Self::of(&blob, Version::Etag)
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
    content_md5: Range<u32>,
    last_modified: i64,
    size: u64,
    blob_type: BlobType,
    access: Access,
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
