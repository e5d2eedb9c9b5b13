//! Made-up blobs: a container of millions that is nothing but its count.

use std::ops::Range;

use azure_blob_eventsource::blob::BlobType;
use time::{OffsetDateTime, macros::datetime};

use super::Item;
use crate::rng::mix;

/// What each name starts with.
const NAME: &str = "raw/part-";
/// What each name ends with.
const TYPE: &str = ".csv";

/// The blobs `raw/part-000000001.csv` to the `count`th, each a function of its index.
///
/// Name, ETag and size have a fixed width, so that a page can be rendered by patching a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Synthetic {
    /// How many there are.
    pub count: u64,
}

/// A page of made-up blobs as nothing but their indexes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntheticPage {
    /// Which blobs.
    pub indexes: Range<u64>,
    /// Where the next page starts.
    pub next: Option<String>,
}

impl Synthetic {
    /// `count` blobs, of which there may be as many as nine digits number.
    pub fn new(count: u64) -> Self {
        assert!(count < 1_000_000_000, "names have nine digits");
        Self { count }
    }

    /// The name of the blob at `index`, from 0.
    pub fn name(index: u64) -> String {
        format!("{NAME}{:09}{TYPE}", index + 1)
    }

    /// Its ETag: 12 hexadecimal digits that look random.
    pub fn etag(index: u64) -> String {
        format!("0x8DE{:012X}", Self::etag_bits(index))
    }

    /// The digits of [`Self::etag`].
    pub fn etag_bits(index: u64) -> u64 {
        // Zero is the one number that mixing leaves as it is.
        mix(index + 1) >> 16
    }

    /// Its size: always seven digits.
    pub fn size(index: u64) -> u64 {
        1_000_000 + mix(!index) % 9_000_000
    }

    /// When all of them were written.
    pub fn last_modified() -> OffsetDateTime {
        datetime!(2025-12-01 12:00 UTC)
    }

    /// All that a listing says of the blob at `index`.
    pub fn item(index: u64) -> Item {
        Item {
            name: Self::name(index),
            etag: Self::etag(index),
            last_modified: Self::last_modified(),
            size: Self::size(index),
            content_type: "text/csv".to_owned(),
            blob_type: BlobType::BlockBlob,
            metadata: Default::default(),
            content_md5: "1B2M2Y8AsgTpgAmY7PhCfg==".to_owned(),
            access: Default::default(),
            resource_type: None,
        }
    }

    /// The index of the first blob whose name is not before `name`.
    pub fn first_from(&self, name: &str) -> u64 {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = (low + high) / 2;
            if Self::name(middle).as_str() < name {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The index past the last blob whose name starts with `prefix`, if any does.
    pub fn end_of(&self, prefix: &str) -> u64 {
        let (mut low, mut high) = (self.first_from(prefix), self.count);
        while low < high {
            let middle = (low + high) / 2;
            if Self::name(middle).starts_with(prefix) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_range_of_indexes() {
        let blobs = Synthetic::new(1000);
        let range = |prefix| (blobs.first_from(prefix), blobs.end_of(prefix));
        assert_eq!(range(""), (0, 1000));
        assert_eq!(range("raw/part-0000001"), (99, 199));
        assert_eq!(range("raw/part-000001000.csv"), (999, 1000));
        assert_eq!(range("zzz"), (1000, 1000));
        assert_eq!(range("aaa"), (0, 0));
    }
}
