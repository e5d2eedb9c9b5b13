//! What a page of the listing advises to configure. Pure.

use crate::{
    blob::{Access, BlobRef, BlobType, ListPage, Unreadable},
    cli::{
        explain::{min_age_advice, skip_empty_advice},
        report::Step,
    },
    config::SourceConfig,
    text::plain::Plain,
};

/// A line for each thing that blobs of the page make advisable, of those that would be announced.
pub(super) fn steps(page: &ListPage, config: &SourceConfig) -> Vec<Step> {
    let matching = |blob: &BlobRef<'_>| !blob.is_directory && config.filter.matches(blob.name);
    let (mut empty, mut growing) = (Found::default(), Found::default());
    let mut unreadable = Unreadable::default();
    for blob in page.blobs().filter(matching) {
        unreadable.add(blob.access);
        if blob.access != Access::Readable {
            continue;
        }
        if blob.size == 0 && !config.skip_empty {
            empty.add(blob.name);
        }
        if blob.blob_type == BlobType::AppendBlob && config.min_age.is_zero() {
            growing.add(blob.name);
        }
    }
    let unreadable = unreadable.described().map(|blobs| {
        let text = format!("held back until they can be read: {blobs}");
        Step::warn("access", text, "`explain` says what to do about each blob")
    });
    let empty = empty.described("no bytes");
    let growing = growing.described("append blobs");
    let steps = [
        unreadable,
        empty.map(|text| Step::warn("size", text, skip_empty_advice(config.version))),
        growing.map(|text| Step::warn("growth", text, min_age_advice(config.version))),
    ];
    steps.into_iter().flatten().collect()
}

/// How many blobs, and the first of them.
#[derive(Default)]
struct Found<'a> {
    count: u64,
    first: &'a str,
}

impl<'a> Found<'a> {
    fn add(&mut self, name: &'a str) {
        if self.count == 0 {
            self.first = name;
        }
        self.count += 1;
    }

    fn described(&self, what: &str) -> Option<String> {
        let Self { count, first } = self;
        let first = Plain(first);
        (*count > 0).then(|| format!("{what}: {count} of those that match, the first is {first}"))
    }
}
