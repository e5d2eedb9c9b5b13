//! The state container.
//!
//! Facts: "Append Block", "Put Blob", "Put Block", "Put Block List", "Get Blob" and "Delete Blob", Azure Storage REST API, version 2026-02-06.
//!
//! Writes go through the official clients, which are given our sign-in and no retries. Reads do not:
//! the client fetches parts in tasks of their own, which nothing bounds. The list of names comes from
//! our own listing, which the contract of that port covers.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use azure_core::http::{Etag, NoFormat, RequestContent, Url};
use azure_storage_blob::{
    AppendBlobClient, AppendBlobClientOptions, BlobClient, BlobClientOptions, BlockBlobClient,
    BlockBlobClientOptions,
    models::{
        AppendBlobClientAppendBlockOptions, AppendBlobClientCreateOptions, BlobClientDeleteOptions,
        BlobClientUploadOptions, BlockBlobClientCommitBlockListOptions, BlockLookupList,
        DeleteSnapshotsOptionType,
    },
};
use bytes::Bytes;

use self::range::{CONTENT_LENGTH, chunk, number, range};
use super::{
    blobs::Listing,
    failure::{Call, answer_of},
    pipeline::{PATIENCE, Service, VERSION, within},
    unanswered::is_unanswered,
};
use crate::{
    blob::url::blob_url,
    calls::walk::Walk,
    ports::{
        error::{
            StorageError,
            StorageErrorKind::{Protocol, Rejected, StaleContinuation, Transient},
        },
        state::{Appended, Chunk, Put, StateStore},
    },
};

mod range;

/// The slowest connection on which a large read or write still counts as alive, in bytes a second.
const SLOWEST: u64 = 256 * 1024;

/// How long the list of names may take: they are some hundred, on one page.
const LISTING: Duration = Duration::from_secs(300);

/// More names than a source ever has: dead letters are most of them, and need a person each.
const MOST_NAMES: usize = 250_000;

/// How long all names together may be.
const MOST_BYTES: usize = 32 << 20;

/// How often a read is repeated that found the blob grown in between.
const READS: usize = 3;

/// A container as a place for ledgers.
pub(super) struct Container {
    service: Arc<Service>,
    container: String,
}

impl Container {
    /// The container called `container`.
    pub(super) fn new(service: Arc<Service>, container: &str) -> Self {
        Self {
            service,
            container: container.to_owned(),
        }
    }

    fn operation(&self, doing: &str, name: &str) -> String {
        format!("{doing} `{name}` in container `{}`", self.container)
    }

    // A name with a `.` or `..` segment would become another blob's URL.
    fn url(&self, call: Call<'_>, name: &str) -> Result<Url, StorageError> {
        let text = blob_url(self.service.endpoint(), &self.container, name);
        let url = Url::parse(&text).ok().filter(|url| url.as_str() == text);
        url.ok_or_else(|| call.error(Rejected, "a blob with this name has no URL"))
    }

    fn blob(&self, call: Call<'_>, name: &str) -> Result<BlobClient, StorageError> {
        let options = BlobClientOptions {
            client_options: self.service.options(),
            version: VERSION.to_owned(),
        };
        BlobClient::new(self.url(call, name)?, None, Some(options))
            .map_err(|error| call.failed(&error))
    }

    fn append_blob(&self, call: Call<'_>, name: &str) -> Result<AppendBlobClient, StorageError> {
        let options = AppendBlobClientOptions {
            client_options: self.service.options(),
            version: VERSION.to_owned(),
        };
        AppendBlobClient::new(self.url(call, name)?, None, Some(options))
            .map_err(|error| call.failed(&error))
    }

    fn block_blob(&self, call: Call<'_>, name: &str) -> Result<BlockBlobClient, StorageError> {
        let options = BlockBlobClientOptions {
            client_options: self.service.options(),
            version: VERSION.to_owned(),
        };
        BlockBlobClient::new(self.url(call, name)?, None, Some(options))
            .map_err(|error| call.failed(&error))
    }

    async fn read_once(
        &self,
        call: Call<'_>,
        name: &str,
        from: u64,
        limit: u64,
    ) -> Result<Option<Chunk>, StorageError> {
        let url = self.url(call, name)?;
        let answer = self
            .service
            .get(call, url.as_str(), Some(range(from, limit)))
            .await?;
        match answer.refusal() {
            (404, code) if is_of_blob(code) => Ok(None),
            (416, _) => self.length(call, &self.blob(call, name)?).await,
            _ => {
                let (headers, body) = answer.success(call)?;
                chunk(call, &headers, body, from, limit).await.map(Some)
            }
        }
    }

    // The client would otherwise be made to remember whatever a broken service invents.
    async fn names(&self, call: Call<'_>, prefix: &str) -> Result<Vec<String>, StorageError> {
        let listing = Listing::new(self.service.clone(), &self.container);
        let mut walk = Walk::new(&listing, prefix);
        let (mut names, mut bytes) = (Vec::new(), 0);
        while let Some(page) = walk.next().await.map_err(to_start_over)? {
            for blob in page.blobs().filter(|blob| !blob.is_directory) {
                bytes += blob.name.len();
                names.push(blob.name.to_owned());
            }
            if names.len() > MOST_NAMES || bytes > MOST_BYTES {
                return Err(call.error(Protocol, &too_many(prefix)));
            }
        }
        Ok(names)
    }

    // An empty chunk with the blob's length. A blob that has just been deleted is no blob.
    async fn length(
        &self,
        call: Call<'_>,
        blob: &BlobClient,
    ) -> Result<Option<Chunk>, StorageError> {
        match blob.get_properties(None).await {
            Ok(answer) => Ok(Some(Chunk {
                bytes: Bytes::new(),
                total: number(answer.headers(), &CONTENT_LENGTH)
                    .ok_or_else(|| call.error(Protocol, "the answer has no `Content-Length`"))?,
            })),
            Err(error) => match answer_of(&error) {
                Some((404, code)) if is_of_blob(code) => Ok(None),
                _ => Err(call.failed(&error)),
            },
        }
    }
}

#[async_trait]
impl StateStore for Container {
    async fn list(&self, prefix: &str) -> Result<Vec<String>, StorageError> {
        let operation = format!("listing container `{}`", self.container);
        let call = self.service.call(&operation, false);
        within(call, LISTING, self.names(call, prefix)).await
    }

    async fn read(&self, name: &str, from: u64, limit: u64) -> Result<Option<Chunk>, StorageError> {
        let operation = self.operation("reading", name);
        let call = self.service.call(&operation, false);
        for _ in 0..READS {
            let chunk = within(
                call,
                patience(limit),
                self.read_once(call, name, from, limit),
            )
            .await?;
            match &chunk {
                // Past the end when it was read, and not any more when its length was asked for.
                Some(it) if limit > 0 && it.bytes.is_empty() && it.total > from => {}
                _ => return Ok(chunk),
            }
        }
        Err(call.error(Transient, "it grows faster than it can be read"))
    }

    async fn create_append(&self, name: &str) -> Result<(), StorageError> {
        let operation = self.operation("creating append blob", name);
        let call = self.service.call(&operation, false);
        let blob = self.append_blob(call, name)?;
        let options = AppendBlobClientCreateOptions {
            if_none_match: Some(Etag::from("*")),
            ..Default::default()
        };
        within(call, PATIENCE, async {
            match blob.create(Some(options)).await {
                Ok(_) => Ok(()),
                Err(error) if is_there(&error) => Ok(()),
                Err(error) => Err(call.failed(&error)),
            }
        })
        .await
    }

    async fn append(&self, name: &str, at: u64, bytes: Bytes) -> Result<Appended, StorageError> {
        let operation = self.operation("appending to", name);
        let call = self.service.call(&operation, false);
        let blob = self.append_blob(call, name)?;
        let position =
            i64::try_from(at).map_err(|_| call.error(Rejected, "a blob cannot be this long"))?;
        let options = AppendBlobClientAppendBlockOptions {
            append_position: Some(position),
            ..Default::default()
        };
        let length = bytes.len() as u64;
        within(call, PATIENCE, async {
            match blob
                .append_block(content(bytes), length, Some(options))
                .await
            {
                Ok(_) => Ok(Appended::Yes),
                Err(error) if has_moved(&error) => Ok(Appended::PositionMoved),
                Err(error) => Err(StorageError {
                    unanswered: is_unanswered(&error),
                    ..call.failed(&error)
                }),
            }
        })
        .await
    }

    async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, StorageError> {
        let operation = self.operation("writing", name);
        let call = self.service.call(&operation, false);
        let blob = self.blob(call, name)?;
        let options = BlobClientUploadOptions {
            if_none_match: Some(Etag::from("*")),
            ..Default::default()
        };
        within(call, patience(bytes.len() as u64), async {
            match blob.upload(content(bytes), Some(options)).await {
                Ok(_) => Ok(Put::Written),
                Err(error) if is_there(&error) => Ok(Put::Existed),
                Err(error) => Err(call.failed(&error)),
            }
        })
        .await
    }

    async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StorageError> {
        let operation = self.operation("writing", name);
        let call = self.service.call(&operation, false);
        let blob = self.blob(call, name)?;
        within(call, patience(bytes.len() as u64), async {
            let written = blob.upload(content(bytes), None).await;
            written.map(drop).map_err(|error| call.failed(&error))
        })
        .await
    }

    async fn put_part(&self, name: &str, part: &str, bytes: Bytes) -> Result<(), StorageError> {
        let operation = self.operation("writing a part of", name);
        let call = self.service.call(&operation, false);
        let blob = self.block_blob(call, name)?;
        let length = bytes.len() as u64;
        within(call, patience(length), async {
            let staged = blob.stage_block(part.as_bytes(), length, content(bytes), None);
            staged.await.map(drop).map_err(|error| call.failed(&error))
        })
        .await
    }

    async fn put_parts(&self, name: &str, parts: &[String]) -> Result<Put, StorageError> {
        let operation = self.operation("writing", name);
        let call = self.service.call(&operation, false);
        let blob = self.block_blob(call, name)?;
        let list = BlockLookupList {
            latest: Some(parts.iter().map(|part| part.clone().into_bytes()).collect()),
            ..Default::default()
        };
        let list = list.try_into().map_err(|error| call.failed(&error))?;
        let options = BlockBlobClientCommitBlockListOptions {
            if_none_match: Some(Etag::from("*")),
            ..Default::default()
        };
        within(call, PATIENCE, async {
            match blob.commit_block_list(list, Some(options)).await {
                Ok(_) => Ok(Put::Written),
                // Whoever wrote a blob of this name has removed the parts.
                Err(error) if is_there(&error) || lacks_parts(&error) => Ok(Put::Existed),
                Err(error) => Err(call.failed(&error)),
            }
        })
        .await
    }

    async fn delete(&self, name: &str) -> Result<(), StorageError> {
        let operation = self.operation("deleting", name);
        let call = self.service.call(&operation, false);
        let blob = self.blob(call, name)?;
        // Without this, a snapshot that somebody took by hand would keep the blob for ever.
        let options = BlobClientDeleteOptions {
            delete_snapshots: Some(DeleteSnapshotsOptionType::Include),
            ..Default::default()
        };
        within(call, PATIENCE, async {
            match blob.delete(Some(options)).await {
                Ok(_) => Ok(()),
                Err(error) => match answer_of(&error) {
                    Some((404, code)) if is_of_blob(code) => Ok(()),
                    _ => Err(call.failed(&error)),
                },
            }
        })
        .await
    }
}

// Whoever asks for all names starts over by asking again.
pub(super) fn to_start_over(error: StorageError) -> StorageError {
    match error.kind {
        StaleContinuation => StorageError {
            kind: Transient,
            ..error
        },
        _ => error,
    }
}

fn too_many(prefix: &str) -> String {
    format!(
        "more than {MOST_NAMES} names start with `{prefix}`, or the names are longer than {} MiB \
         together: delete dead letters and other blobs there that nobody needs. If there are not so \
         many, check whether this is the state container (`state.container`) and whether a proxy answers \
         for the storage account",
        MOST_BYTES >> 20
    )
}

fn content(bytes: Bytes) -> RequestContent<Bytes, NoFormat> {
    bytes.into()
}

fn patience(bytes: u64) -> Duration {
    PATIENCE + Duration::from_secs(bytes.min(1 << 40) / SLOWEST)
}

// 404 is also said of a container, which is the operator's to make.
fn is_of_blob(code: Option<&str>) -> bool {
    matches!(code, None | Some("BlobNotFound" | "ResourceNotFound"))
}

fn is_there(error: &azure_core::Error) -> bool {
    matches!(
        answer_of(error),
        Some((
            409 | 412,
            None | Some("BlobAlreadyExists" | "ConditionNotMet")
        ))
    )
}

fn lacks_parts(error: &azure_core::Error) -> bool {
    matches!(answer_of(error), Some((400, Some("InvalidBlockList"))))
}

fn has_moved(error: &azure_core::Error) -> bool {
    match answer_of(error) {
        Some((412, code)) => matches!(
            code,
            None | Some("AppendPositionConditionNotMet" | "ConditionNotMet")
        ),
        Some((404, code)) => is_of_blob(code),
        _ => false,
    }
}
