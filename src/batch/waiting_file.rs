//! Says outside of this process which blobs wait in open batches, for `explain`.

use std::time::Duration;

use bytes::Bytes;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{
    open::OpenBatches,
    setup::{Batcher, ON, Step},
};
use crate::state::open_batches::{OpenBatch, OpenBatchList};

/// How often the file is written, at most.
const PERIOD: Duration = Duration::from_secs(15);
/// So many batches are named in it.
const MOST: usize = 1_000;

/// The file, as it was written last.
#[derive(Debug)]
pub(super) struct WaitingFile {
    next: Instant,
    written: Vec<(String, usize)>,
}

impl Default for WaitingFile {
    fn default() -> Self {
        Self {
            next: Instant::now() + PERIOD,
            // Whatever an earlier session left says nothing of this one.
            written: vec![(String::new(), 0)],
        }
    }
}

impl WaitingFile {
    /// When to write it again.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Writes it if it is another by now.
    pub(super) async fn write(&mut self, batcher: &Batcher, open: &OpenBatches) -> Step {
        self.next = Instant::now() + PERIOD;
        let (now, clock) = (Instant::now(), OffsetDateTime::now_utc());
        let waiting: Vec<_> = open.waiting(now).take(MOST).collect();
        let key = waiting.iter().map(|it| (it.group.to_string(), it.blobs));
        let key: Vec<_> = key.collect();
        if key == self.written {
            return ON;
        }
        let batches = waiting.into_iter().map(|it| OpenBatch {
            group: it.group.to_string(),
            replay: it.replay.as_deref().map(str::to_owned),
            blobs: it.blobs,
            since: clock - it.waits,
            closes: clock + it.closes_in,
        });
        let list = OpenBatchList {
            written: clock,
            more: open.len().saturating_sub(MOST),
            batches: batches.collect(),
        };
        let name = batcher.source_store.folder().open_batches();
        let bytes = Bytes::from(list.to_json());
        let put = || batcher.source_store.store.put(&name, bytes.clone());
        let retry = batcher.source_store.retry_proven("write open batches");
        retry.run(put).await?;
        self.written = key;
        ON
    }
}
