//! One change: what happened to which blob.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::blob::{BlobType, is_name};

/// A change, borrowed from its [block](super::chunk::Block). What an event does not say, or says in another form than
/// the service ever did, is `None` or empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change<'a> {
    /// What happened.
    pub kind: Kind,
    /// What it happened to (`subject`). `None` for a `Control` event, which is about no blob. Of a
    /// [`Kind::BlobCreated`] that is worth a word to people.
    pub blob: Option<Place<'a>>,
    /// Which operation did it (`data.api`): `PutBlob`, `PutBlockList`, `CopyBlob`, ….
    pub api: &'a str,
    /// The version's ETag (`data.etag`), without quotes: `0x8D9F2155CBF7928`.
    pub etag: &'a str,
    /// When it happened, as it is written (`eventTime`): `2022-02-17T13:05:19.6798242Z`.
    pub event_time: &'a str,
    /// Bytes (`data.contentLength`).
    pub size: Option<u64>,
    /// How the blob is stored (`data.blobType`).
    pub blob_type: Option<BlobType>,
}

/// What happened (`eventType`, which has no `Microsoft.Storage.` before it here).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The content of a blob was written, by whatever operation.
    BlobCreated,
    /// Anything else: a blob was deleted, its properties were set, its tier was changed, and what later schemas add.
    Other,
}

/// A blob of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The container. The feed is of the account, so it may be any.
    pub container: &'a str,
    /// The whole name, exactly as in a listing.
    pub name: &'a str,
}

impl Change<'_> {
    /// When it happened. `None` when there is no time.
    pub fn time(&self) -> Option<OffsetDateTime> {
        OffsetDateTime::parse(self.event_time, &Rfc3339).ok()
    }
}

impl Kind {
    pub(super) fn of(event_type: &str) -> Self {
        match event_type {
            "BlobCreated" | "Microsoft.Storage.BlobCreated" => Self::BlobCreated,
            _ => Self::Other,
        }
    }
}

impl<'a> Place<'a> {
    /// The blob that `/blobServices/default/containers/CONTAINER/blobs/NAME` names. The name stands there as it is,
    /// not percent-encoded, and may hold `/blobs/` itself.
    pub(super) fn from_subject(subject: &'a str) -> Option<Self> {
        let rest = subject.strip_prefix("/blobServices/default/containers/")?;
        let (container, rest) = rest.split_once('/')?;
        let name = rest.strip_prefix("blobs/")?;
        (!container.is_empty() && is_name(name)).then_some(Self { container, name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::MAX_NAME;

    #[test]
    fn the_name_is_what_stands_in_the_subject() {
        fn place(subject: &str) -> Option<(&str, &str)> {
            Place::from_subject(subject).map(|it| (it.container, it.name))
        }
        let of = |rest: &str| format!("/blobServices/default/containers/{rest}");
        for (container, name) in [
            ("datasets", "raw/a.csv"),
            ("datasets", "/blobs/x"),
            ("$logs", "blob/2026/11/29/1400/000000.log"),
            ("datasets", "50% done?#größe ✓"),
            ("datasets", "a%20b"),
        ] {
            let subject = of(&format!("{container}/blobs/{name}"));
            assert_eq!(place(&subject), Some((container, name)));
        }
        let long = "x".repeat(MAX_NAME + 1);
        for wrong in [
            "",
            "datasets",
            "/blobs/x",
            "datasets/blobs/",
            "datasets/x",
            &format!("datasets/blobs/{long}"),
        ] {
            assert_eq!(place(&of(wrong)), None, "{wrong}");
        }
        assert_eq!(
            place("https://a.blob.core.windows.net/datasets/a.csv"),
            None
        );
        assert_eq!(place(""), None);
    }

    #[test]
    fn only_content_is_a_creation() {
        assert_eq!(Kind::of("BlobCreated"), Kind::BlobCreated);
        for other in [
            "BlobDeleted",
            "BlobPropertiesUpdated",
            "Control",
            "",
            "blobcreated",
        ] {
            assert_eq!(Kind::of(other), Kind::Other, "{other}");
        }
    }
}
