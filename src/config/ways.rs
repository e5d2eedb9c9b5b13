//! How blobs are found: `source`.

use std::time::Duration;

use super::{
    bounds,
    keys::{CHANGE_FEED, LISTING, QUEUE, SOURCE},
    mistake::Mistakes,
    names,
    place::place,
    reader::Section,
    source::QueueSource,
    span,
};
use crate::ports::connect::QueuePlace;

const DEFAULT_DELIVERIES: u32 = 5;
/// Of `source.listing`.
pub(super) const DEFAULT_PARALLELISM: usize = 4;

/// The ways of finding blobs.
pub(super) struct Ways {
    pub(super) listing: bool,
    pub(super) interval: Option<Duration>,
    pub(super) parallelism: usize,
    pub(super) queue: Option<QueueSource>,
    pub(super) change_feed: bool,
}

pub(super) fn ways(root: &Section<'_>, m: &mut Mistakes) -> Ways {
    let source = root.section("source", &SOURCE, m);
    let has = |key| source.as_ref().is_some_and(|it| it.has(key));
    let (listed, others) = (has("listing"), has("queue") || has("changeFeed"));
    let listing = source
        .as_ref()
        .and_then(|it| it.section("listing", &LISTING, m));
    let parallelism = listing.as_ref().and_then(|it| {
        it.optional("parallelism", m, |value| {
            value.whole_number(bounds::PARALLELISM)
        })
    });
    let interval = listing
        .and_then(|it| it.optional("interval", m, |value| span::read(value, bounds::INTERVAL)));
    let queue = source
        .as_ref()
        .and_then(|it| it.section("queue", &QUEUE, m));
    let change_feed = source
        .as_ref()
        .and_then(|it| it.section("changeFeed", &CHANGE_FEED, m))
        .is_some();
    Ways {
        listing: listed || !others,
        interval,
        parallelism: parallelism.unwrap_or(DEFAULT_PARALLELISM),
        queue: queue.and_then(|it| read(&it, m)),
        change_feed,
    }
}

fn read(queue: &Section<'_>, m: &mut Mistakes) -> Option<QueueSource> {
    let name = queue.required("name", "the name of the queue", m, |value| {
        names::queue(value.text()?)
    });
    let location = place(queue, "queue", m);
    let credential = queue.optional("credential", m, names::credential_of);
    let deliveries = queue.optional("maxDeliveries", m, |value| {
        value.whole_number(bounds::MAX_DELIVERIES)
    });
    Some(QueueSource {
        place: QueuePlace {
            name: name?,
            location,
            credential,
        },
        max_deliveries: deliveries.map_or(DEFAULT_DELIVERIES, |it| it as u32),
    })
}
