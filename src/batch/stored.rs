//! Reading a manifest back from the state container.

use super::manifest::{LONGEST, Manifest};
use crate::{
    ledger::batches::BatchId,
    ports::{error::StorageError, state::StateStore},
    state::folder::Folder,
};

/// The manifest of a batch: `None` when it is not there, an error in words when it is not as it was written. It is
/// tried once.
///
/// # Errors
/// As [`StateStore::read`].
pub async fn manifest_of(
    store: &dyn StateStore,
    folder: &Folder,
    id: BatchId,
) -> Result<Option<Result<Manifest, String>>, StorageError> {
    let chunk = store.read(&folder.manifest(id), 0, LONGEST).await?;
    Ok(chunk.map(|chunk| Manifest::parse(chunk.bytes)))
}
