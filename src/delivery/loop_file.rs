//! A source that goes round in a loop says so with a blob in its folder, for those who ask from outside
//! of this process.

use bytes::Bytes;
use tokio::sync::watch;

use super::ownership::Ownership;
use crate::{journal::source_store::SourceStore, ports::error::StorageError, state::loops::Loops};

/// Keeps the blob that names the looping blobs.
pub(crate) struct LoopFileWriter {
    pub(crate) source_store: SourceStore,
    /// What the sweeps have found.
    pub(crate) found: watch::Receiver<Loops>,
    /// Asked before the blob is written: that of a source that was taken over is another stream's.
    pub(crate) ownership: Ownership,
}

impl LoopFileWriter {
    /// Writes the blob whenever something else is found, for as long as the session lives. What an
    /// earlier session wrote stays until then: it has its time in it.
    ///
    /// # Errors
    /// A refusal of the state container.
    pub(crate) async fn run(mut self) -> Result<(), StorageError> {
        let name = self.source_store.folder().loops();
        while self.found.changed().await.is_ok() {
            let loops = self.found.borrow_and_update().clone();
            if self.ownership.ask().await.is_none() {
                return Ok(());
            }
            if loops.blobs.is_empty() {
                let delete = || self.source_store.store.delete(&name);
                self.source_store
                    .retry_proven("delete loop file")
                    .run(delete)
                    .await?;
            } else {
                let bytes = Bytes::from(loops.to_json());
                let put = || self.source_store.store.put(&name, bytes.clone());
                self.source_store
                    .retry_proven("write loop file")
                    .run(put)
                    .await?;
            }
        }
        Ok(())
    }
}
