//! Listings that go nowhere: pages that are each as they should be, and lead to no end.

use azure_blob_eventsource::blob::BlobType;
use time::OffsetDateTime;

use crate::account::Item;

/// How a listing goes nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// So many pages of a blob each lead back to their beginning.
    Circle(u64),
    /// So many pages of no blob lead back to their beginning.
    EmptyCircle(u64),
    /// So many pages come again and again, each time under new continuations.
    Again(u64),
    /// There is always one more page, of no blob.
    Empty,
    /// So many pages of no blob, and then the end.
    EmptyThen(u64),
    /// There is always one more page, of so many blobs that nobody wrote.
    Invented(u64),
}

impl Lost {
    /// What is on the page that `marker` leads to, and where that page leads.
    pub fn page(self, marker: Option<&str>) -> (Vec<Item>, Option<String>) {
        let number = marker.and_then(|it| it.strip_prefix("page-"));
        let number: u64 = number.and_then(|it| it.parse().ok()).unwrap_or_default();
        let (places, next) = match self {
            Self::Circle(length) => (number..number + 1, (number + 1) % length),
            Self::EmptyCircle(length) => (0..0, (number + 1) % length),
            Self::Again(length) => (number % length..number % length + 1, number + 1),
            Self::Empty => (0..0, number + 1),
            Self::EmptyThen(length) if number >= length => return (Vec::new(), None),
            Self::EmptyThen(_) => (0..0, number + 1),
            Self::Invented(blobs) => (number * blobs..(number + 1) * blobs, number + 1),
        };
        (places.map(item).collect(), Some(format!("page-{next}")))
    }
}

fn item(place: u64) -> Item {
    Item {
        name: format!("lost/{place:012}"),
        etag: "0x8DE000000000001".to_owned(),
        last_modified: OffsetDateTime::UNIX_EPOCH,
        size: 1,
        content_type: "text/csv".to_owned(),
        blob_type: BlobType::BlockBlob,
        metadata: Default::default(),
        content_md5: "1B2M2Y8AsgTpgAmY7PhCfg==".to_owned(),
        access: Default::default(),
        resource_type: None,
    }
}
