//! A source that goes round in a loop says so with a blob in its folder, for those who ask from outside
//! of this process.

use bytes::Bytes;
use tokio::sync::watch;

use super::fence::Fence;
use crate::{folder::Folder, ledger::home::Home, loops::Loops, storage::StorageError};

/// Keeps the blob that names the looping blobs.
pub(super) struct LoopWriter {
    pub(super) home: Home,
    /// What the sweeps have found.
    pub(super) found: watch::Receiver<Loops>,
    /// Asked before the blob is written: that of a source that was taken over is another stream's.
    pub(super) fence: Fence,
}

impl LoopWriter {
    /// Writes the blob whenever something else is found, for as long as the session lives. What an
    /// earlier session wrote stays until then: it has its time in it.
    ///
    /// # Errors
    /// A refusal of the state container.
    pub(super) async fn run(mut self) -> Result<(), StorageError> {
        let name = Folder::of(&self.home.source_id).loops();
        while self.found.changed().await.is_ok() {
            let loops = self.found.borrow_and_update().clone();
            if self.fence.ask().await.is_none() {
                return Ok(());
            }
            if loops.blobs.is_empty() {
                let delete = || self.home.store.delete(&name);
                self.home.retry_proven("unsay loops").run(delete).await?;
            } else {
                let bytes = Bytes::from(loops.to_json());
                let put = || self.home.store.put(&name, bytes.clone());
                self.home.retry_proven("say loops").run(put).await?;
            }
        }
        Ok(())
    }
}
