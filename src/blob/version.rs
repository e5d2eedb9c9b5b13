//! What makes a blob a new version of itself.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::properties::{Blob, BlobRef, BlobType};

/// What, beside its name, makes a blob a version of its own: `version` in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// Its ETag, which each write moves, of content, metadata or properties alike.
    #[default]
    Etag,
    /// Its Content-MD5 and size; its ETag where there is no MD5 that can be trusted.
    Content,
    /// Nothing: a name is announced once.
    Name,
}

impl Version {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Etag, Self::Content, Self::Name];

    /// As configurations say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Etag => "etag",
            Self::Content => "content",
            Self::Name => "name",
        }
    }

    /// What a configuration calls so.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|version| version.as_str() == name)
    }

    /// What tells this version of a blob from others of the same name. Fingerprints and event ids are
    /// made of it, so it never changes. No ETag starts with `md5:`.
    pub fn text<'a>(self, blob: &BlobRef<'a>) -> Cow<'a, str> {
        match self {
            Self::Etag => blob.etag.into(),
            Self::Content if blob.tells_content() => {
                format!("md5:{}:{}", blob.content_md5, blob.size).into()
            }
            Self::Content => blob.etag.into(),
            Self::Name => "".into(),
        }
    }
}

impl BlobRef<'_> {
    /// Whether Content-MD5 and size tell its content.
    ///
    /// Not those of a page blob: when pages are written in place, the service renews neither. An append
    /// blob keeps an old MD5 as well, but its size grows with each append.
    pub fn tells_content(&self) -> bool {
        !self.content_md5.is_empty() && self.blob_type != BlobType::PageBlob
    }
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
}

impl From<BlobRef<'_>> for Blob {
    /// The blob as the version that its ETag tells.
    fn from(blob: BlobRef<'_>) -> Self {
        Self::of(&blob, Version::Etag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blob() -> BlobRef<'static> {
        BlobRef {
            name: "a.csv",
            etag: "0x1",
            size: 7,
            content_md5: "sQqNsWTgdUEFt6mb5y4/5Q==",
            ..BlobRef::default()
        }
    }

    #[test]
    fn each_kind_of_version_is_made_of_its_own_parts() {
        let text = |version: Version| version.text(&blob()).into_owned();
        assert_eq!(text(Version::Etag), "0x1");
        assert_eq!(text(Version::Content), "md5:sQqNsWTgdUEFt6mb5y4/5Q==:7");
        assert_eq!(text(Version::Name), "");
    }

    #[test]
    fn where_no_md5_tells_the_content_the_etag_does() {
        let without = BlobRef {
            content_md5: "",
            ..blob()
        };
        let pages = BlobRef {
            blob_type: BlobType::PageBlob,
            ..blob()
        };
        assert_eq!(Version::Content.text(&without), "0x1");
        assert_eq!(Version::Content.text(&pages), "0x1");
    }

    #[test]
    fn names_are_read_as_they_are_written() {
        for version in Version::ALL {
            assert_eq!(Version::from_name(version.as_str()), Some(version));
        }
        assert_eq!(Version::from_name("ETag"), None);
    }
}
