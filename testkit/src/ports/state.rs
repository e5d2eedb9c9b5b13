//! [`StateStore`] over the model.

use async_trait::async_trait;
use azure_blob_eventsource::ports::{
    error::StorageError,
    state::{Appended, Chunk, Put, StateStore},
};
use bytes::Bytes;

use super::{LateEffects, Wire, storage_error};
use crate::{
    account::{FakeAccount, NewBlob, Refusal},
    faults::{FaultSource, Op},
};

/// A state container, straight from the model.
#[derive(Clone)]
pub struct FakeState {
    account: FakeAccount,
    container: String,
    wire: Wire,
}

impl FakeState {
    /// The state in `container`, with what `faults` does to it.
    pub fn new(account: FakeAccount, container: &str, faults: FaultSource) -> Self {
        Self {
            account,
            container: container.to_owned(),
            wire: Wire::new(faults),
        }
    }

    /// The effects that are still to come although their callers have had an error.
    pub fn late_effects(&self) -> LateEffects {
        self.wire.late.clone()
    }

    /// Runs `effect` on the container, as the wire lets it.
    async fn call<T>(
        &self,
        op: Op,
        effect: impl Fn(&FakeAccount, &str) -> Result<T, Refusal> + Send + Sync + 'static,
    ) -> Result<T, StorageError> {
        let (account, container) = (self.account.clone(), self.container.clone());
        let effect = move || effect(&account, &container).map_err(|it| storage_error(it, false));
        self.wire.call(op, effect).await
    }
}

#[async_trait]
impl StateStore for FakeState {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let prefix = prefix.to_owned();
        self.call(Op::List, move |account, container| {
            let mut names = account.try_names(container)?;
            names.retain(|name| name.starts_with(&prefix));
            Ok(names)
        })
        .await
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        let name = name.to_owned();
        self.call(Op::Read, move |account, container| {
            match account.read(container, &name, from, limit) {
                Ok((bytes, total)) => Ok(Some(Chunk { bytes, total })),
                Err(Refusal::BlobNotFound) => Ok(None),
                Err(other) => Err(other),
            }
        })
        .await
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        let name = name.to_owned();
        self.call(Op::CreateAppend, move |account, container| {
            match account.put_new(container, &name, NewBlob::append()) {
                Ok(_) | Err(Refusal::BlobAlreadyExists) => Ok(()),
                Err(other) => Err(other),
            }
        })
        .await
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        let name = name.to_owned();
        self.call(Op::Append, move |account, container| {
            match account.append(container, &name, Some(at), &bytes) {
                Ok(_) => Ok(Appended::Yes),
                Err(Refusal::AppendPosition | Refusal::BlobNotFound) => Ok(Appended::PositionMoved),
                Err(other) => Err(other),
            }
        })
        .await
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        let name = name.to_owned();
        self.call(Op::PutNew, move |account, container| {
            match account.put_new(container, &name, NewBlob::new(bytes.clone())) {
                Ok(_) => Ok(Put::Written),
                Err(Refusal::BlobAlreadyExists) => Ok(Put::Existed),
                Err(other) => Err(other),
            }
        })
        .await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        let name = name.to_owned();
        self.call(Op::Put, move |account, container| {
            let put = account.put(container, &name, NewBlob::new(bytes.clone()));
            put.map(|_| ())
        })
        .await
    }

    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError> {
        let (name, part) = (name.to_owned(), part.to_owned());
        self.call(Op::Put, move |account, container| {
            account.put_part(container, &name, &part, bytes.clone())
        })
        .await
    }

    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError> {
        let (name, parts) = (name.to_owned(), parts.to_vec());
        self.call(Op::PutNew, move |account, container| {
            match account.put_parts(container, &name, &parts) {
                Ok(_) => Ok(Put::Written),
                Err(Refusal::BlobAlreadyExists | Refusal::InvalidBlockList) => Ok(Put::Existed),
                Err(other) => Err(other),
            }
        })
        .await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        let name = name.to_owned();
        self.call(Op::Delete, move |account, container| {
            match account.delete(container, &name) {
                Ok(()) | Err(Refusal::BlobNotFound) => Ok(()),
                Err(other) => Err(other),
            }
        })
        .await
    }
}
