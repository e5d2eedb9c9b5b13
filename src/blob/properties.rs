//! What is known of one blob: as a listing shows it, and as it is sent on.

use super::access::Access;

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

/// One version of a blob, borrowed from a [`ListPage`](super::ListPage).
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
    /// A directory of an account with hierarchical namespace, or the empty blob that stands for one, which is no
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
    /// What tells it from other versions of its name: see [`Version::text`](super::Version::text). Its event's id is made of it.
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
