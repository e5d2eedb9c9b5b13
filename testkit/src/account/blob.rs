//! A stored blob, and what a writer says of a new one.

use std::collections::BTreeMap;

use azure_blob_eventsource::blob::{Access, BlobType};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{MAX_APPEND, Refusal};

/// The metadata key by which a directory of a hierarchical account is known.
pub(super) const FOLDER: &str = "hdi_isfolder";

/// A blob as a writer hands it in.
#[derive(Debug, Clone)]
pub struct NewBlob {
    /// The whole content.
    pub content: Bytes,
    /// The content type; the service's default is `application/octet-stream`.
    pub content_type: String,
    /// How it is stored.
    pub blob_type: BlobType,
    /// Its metadata, keys in lower case.
    pub metadata: BTreeMap<String, String>,
    /// Whether its content can be read.
    pub access: Access,
    /// Whether it has a Content-MD5, as one that is uploaded in a single call has.
    pub has_md5: bool,
}

impl NewBlob {
    /// A block blob of the default content type.
    pub fn new(content: impl Into<Bytes>) -> Self {
        Self {
            content: content.into(),
            content_type: "application/octet-stream".to_owned(),
            blob_type: BlobType::BlockBlob,
            metadata: BTreeMap::new(),
            access: Access::Readable,
            has_md5: true,
        }
    }

    /// An append blob; it starts empty.
    pub fn append() -> Self {
        Self {
            blob_type: BlobType::AppendBlob,
            has_md5: false,
            ..Self::new(Bytes::new())
        }
    }

    /// A directory, as a hierarchical account shows it to the Blob API.
    pub fn directory() -> Self {
        Self::new(Bytes::new()).metadata(FOLDER, "true")
    }

    /// With another content type.
    pub fn content_type(mut self, content_type: &str) -> Self {
        self.content_type = content_type.to_owned();
        self
    }

    /// With one more metadata entry.
    pub fn metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata.insert(key.to_owned(), value.to_owned());
        self
    }

    /// In this state of copy or tier.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Without a Content-MD5, as one that is uploaded in blocks has none.
    pub fn in_blocks(mut self) -> Self {
        self.has_md5 = false;
        self
    }

    pub(super) fn stored(self, etag: String, now: OffsetDateTime) -> StoredBlob {
        StoredBlob {
            content: self.content.into(),
            content_type: self.content_type,
            blob_type: self.blob_type,
            metadata: self.metadata,
            access: self.access,
            has_md5: self.has_md5,
            etag,
            last_modified: now,
            blocks: 0,
        }
    }
}

impl From<&'static str> for NewBlob {
    fn from(content: &'static str) -> Self {
        Self::new(Bytes::from_static(content.as_bytes()))
    }
}

/// A blob in the account.
#[derive(Debug, Clone)]
pub struct StoredBlob {
    content: BytesMut,
    /// See [`NewBlob::content_type`].
    pub content_type: String,
    /// How it is stored.
    pub blob_type: BlobType,
    /// Its metadata.
    pub metadata: BTreeMap<String, String>,
    /// Whether its content can be read.
    pub access: Access,
    /// See [`NewBlob::has_md5`].
    pub has_md5: bool,
    /// Without quotes; another one after each write.
    pub etag: String,
    /// In whole seconds.
    pub last_modified: OffsetDateTime,
    /// How many appends it has taken.
    pub blocks: usize,
}

impl StoredBlob {
    /// The whole content.
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    pub(super) fn set_content(&mut self, content: BytesMut) {
        self.content = content;
    }

    /// Its length.
    pub fn size(&self) -> u64 {
        self.content.len() as u64
    }

    /// Whether it stands for a directory.
    pub fn is_directory(&self) -> bool {
        self.size() == 0 && self.metadata.get(FOLDER).is_some_and(|it| it == "true")
    }

    /// Its Content-MD5, empty when it has none: not MD5, which nobody here needs to know, but 16 bytes
    /// in base64 that follow from the content alone.
    pub fn content_md5(&self) -> String {
        match self.has_md5 {
            true => STANDARD.encode(&Sha256::digest(&self.content)[..16]),
            false => String::new(),
        }
    }

    /// At most `limit` bytes from byte `from` on; none when it starts past the end.
    pub fn range(&self, from: u64, limit: u64) -> Bytes {
        let start = from.min(self.size()) as usize;
        let end = from.saturating_add(limit).min(self.size()) as usize;
        Bytes::copy_from_slice(&self.content[start..end])
    }

    pub(super) fn append(
        &mut self,
        at: Option<u64>,
        bytes: &[u8],
        most_blocks: usize,
        etag: String,
        now: OffsetDateTime,
    ) -> Result<u64, Refusal> {
        let position = self.size();
        if self.blob_type != BlobType::AppendBlob {
            return Err(Refusal::InvalidBlobType);
        }
        if bytes.is_empty() {
            return Err(Refusal::EmptyAppend);
        }
        if bytes.len() > MAX_APPEND {
            return Err(Refusal::TooLarge);
        }
        if at.is_some_and(|at| at != position) {
            return Err(Refusal::AppendPosition);
        }
        if self.blocks >= most_blocks {
            return Err(Refusal::TooManyBlocks);
        }
        self.content.extend_from_slice(bytes);
        self.blocks += 1;
        self.etag = etag;
        self.last_modified = now;
        Ok(position)
    }
}
