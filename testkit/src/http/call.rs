//! A request, taken apart: which operation it is, on what.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, request::Parts};
use percent_encoding::percent_decode_str;

use super::queue;
use crate::account::Refusal;

/// The operations that the fake service knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HttpOp {
    /// Create Container.
    CreateContainer,
    /// Delete Container.
    DeleteContainer,
    /// Get Container Properties.
    ContainerProperties,
    /// List Blobs.
    ListBlobs,
    /// Put Blob, of a block blob or an (empty) append blob.
    PutBlob,
    /// Put Block.
    PutBlock,
    /// Put Block List.
    PutBlockList,
    /// Append Block.
    AppendBlock,
    /// Get Blob.
    GetBlob,
    /// Get Blob Properties.
    BlobProperties,
    /// Delete Blob.
    DeleteBlob,
    /// Create Queue.
    CreateQueue,
    /// Get Messages.
    ReceiveMessages,
    /// Peek Messages.
    PeekMessages,
    /// Put Message.
    PutMessage,
    /// Update Message.
    UpdateMessage,
    /// Delete Message.
    DeleteMessage,
    /// Get Queue Metadata.
    QueueMetadata,
}

/// One request.
pub(super) struct Call {
    pub(super) op: HttpOp,
    /// A container, or a queue.
    pub(super) container: String,
    /// Empty for operations on a container. Of a queue, `messages` and perhaps an id behind it.
    pub(super) blob: String,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    /// Reads a request whose body has arrived.
    pub(super) fn read(parts: &Parts, body: Bytes) -> Result<Self, Refusal> {
        let query: BTreeMap<String, String> =
            url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
                .into_owned()
                .collect();
        let (container, blob) = resource(parts.uri.path())?;
        let op = match queue::is_of(parts.uri.path()) {
            true => queue::operation(&parts.method, &blob, &query),
            false => operation(&parts.method, &blob, &query),
        };
        let op = op.ok_or(Refusal::UnsupportedOperation)?;
        Ok(Self {
            op,
            container,
            blob,
            query,
            headers: parts.headers.clone(),
            body,
        })
    }

    /// A header's text, if it has that header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A header that holds a number.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let number = self.header(name).map(str::parse).transpose();
        number.map_err(|_| Refusal::InvalidHeader)
    }
}

/// `/<account>/<container>/<blob>`, decoded.
fn resource(path: &str) -> Result<(String, String), Refusal> {
    let mut parts = path.splitn(4, '/').skip(2);
    let mut next = || {
        let part = percent_decode_str(parts.next().unwrap_or_default()).decode_utf8();
        part.map(|it| it.into_owned())
            .map_err(|_| Refusal::InvalidName)
    };
    let (container, blob) = (next()?, next()?);
    // The service counts characters as .NET does, in UTF-16 units.
    if blob.encode_utf16().count() > 1024 {
        return Err(Refusal::InvalidName);
    }
    Ok((container, blob))
}

fn operation(method: &Method, blob: &str, query: &BTreeMap<String, String>) -> Option<HttpOp> {
    let comp = query.get("comp").map_or("", String::as_str);
    let restype = query.get("restype").map_or("", String::as_str);
    let op = match (method.as_str(), blob.is_empty(), restype, comp) {
        ("GET", true, "container", "list") => HttpOp::ListBlobs,
        ("PUT", true, "container", "") => HttpOp::CreateContainer,
        ("DELETE", true, "container", "") => HttpOp::DeleteContainer,
        ("GET" | "HEAD", true, "container", "") => HttpOp::ContainerProperties,
        ("PUT", false, "", "") => HttpOp::PutBlob,
        ("PUT", false, "", "block") => HttpOp::PutBlock,
        ("PUT", false, "", "blocklist") => HttpOp::PutBlockList,
        ("PUT", false, "", "appendblock") => HttpOp::AppendBlock,
        ("GET", false, "", "") => HttpOp::GetBlob,
        ("HEAD", false, "", "") => HttpOp::BlobProperties,
        ("DELETE", false, "", "") => HttpOp::DeleteBlob,
        _ => return None,
    };
    Some(op)
}
