//! [`BlobProperties`] over the model.

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::StorageError,
    properties::{BlobProperties, Properties},
};

use super::{Wire, listed, storage_error};
use crate::{
    account::{FakeAccount, Refusal},
    faults::{FaultSource, Op},
};

/// The blobs of a container one by one, straight from the model.
#[derive(Clone)]
pub struct FakeProperties {
    account: FakeAccount,
    container: String,
    wire: Wire,
}

impl FakeProperties {
    /// The blobs of `container`, with what `faults` does to it.
    pub fn new(account: FakeAccount, container: &str, faults: FaultSource) -> Self {
        Self {
            account,
            container: container.to_owned(),
            wire: Wire::new(faults),
        }
    }

    fn look(&self, name: &str) -> Result<Option<Properties>, StorageError> {
        let item = match self.account.item(&self.container, name) {
            Ok(item) => item,
            Err(Refusal::BlobNotFound) => return Ok(None),
            Err(refusal) => return Err(storage_error(refusal, false)),
        };
        Ok(Some(Properties::new(listed(&item), self.account.now())))
    }
}

#[async_trait]
impl BlobProperties for FakeProperties {
    async fn properties(&self, name: &str) -> Result<Option<Properties>, StorageError> {
        let (this, name) = (self.clone(), name.to_owned());
        self.wire
            .call(Op::Properties, move || this.look(&name))
            .await
    }
}
