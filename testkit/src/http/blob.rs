//! Put Blob, Put Block, Put Block List, Append Block, Get Blob and Get Blob Properties.

use azure_blob_eventsource::blob::{Access, BlobType};

use super::{
    answer::{self, Answer, full, http_date, set},
    call::{Call, HttpOp},
};
use crate::account::{FakeAccount, NewBlob, Refusal, StoredBlob};

const METADATA: &str = "x-ms-meta-";

pub(super) fn put(account: &FakeAccount, call: &Call) -> Result<Answer, Refusal> {
    let only_new = call.header("if-none-match") == Some("*");
    let blob = new_blob(call)?;
    let (container, name) = (call.container.as_str(), call.blob.as_str());
    match only_new {
        true => account.put_new(container, name, blob)?,
        false => account.put(container, name, blob)?,
    };
    written(account, call)
}

/// Blocks are known by their names in base64, as they come.
pub(super) fn put_block(account: &FakeAccount, call: &Call) -> Result<Answer, Refusal> {
    let block = call.query.get("blockid").ok_or(Refusal::InvalidQuery)?;
    account.put_part(&call.container, &call.blob, block, call.body.clone())?;
    Ok(answer::empty(201, account.now()))
}

/// Only with a list of `Latest` blocks, and where there is no blob of that name.
pub(super) fn put_block_list(account: &FakeAccount, call: &Call) -> Result<Answer, Refusal> {
    if call.header("if-none-match") != Some("*") {
        return Err(Refusal::InvalidHeader);
    }
    let list = std::str::from_utf8(&call.body).map_err(|_| Refusal::InvalidHeader)?;
    let blocks: Vec<_> = list
        .split("<Latest>")
        .skip(1)
        .filter_map(|block| Some(block.split_once("</Latest>")?.0.to_owned()))
        .collect();
    account.put_parts(&call.container, &call.blob, &blocks)?;
    written(account, call)
}

pub(super) fn append(account: &FakeAccount, call: &Call) -> Result<Answer, Refusal> {
    let at = call.number("x-ms-blob-condition-appendpos")?;
    let offset = account.append(&call.container, &call.blob, at, &call.body)?;
    let mut answer = written(account, call)?;
    set(&mut answer, "x-ms-blob-append-offset", &offset.to_string());
    let blob = account.get(&call.container, &call.blob)?;
    let blocks = blob.blocks.to_string();
    set(&mut answer, "x-ms-blob-committed-block-count", &blocks);
    Ok(answer)
}

pub(super) fn get(account: &FakeAccount, call: &Call) -> Result<Answer, Refusal> {
    let now = account.now();
    let blob = account.get(&call.container, &call.blob)?;
    if call.op == HttpOp::BlobProperties {
        return properties(account, call, &blob);
    }
    let wanted = call.header("if-match").filter(|it| *it != "*");
    if wanted.is_some_and(|it| it.trim_matches('"') != blob.etag) {
        return Err(Refusal::ConditionNotMet);
    }
    let Some((from, limit)) = range(call)? else {
        let mut answer = answer::empty(200, now);
        *answer.body_mut() = full(blob.range(0, u64::MAX));
        describe(&mut answer, &blob);
        return Ok(answer);
    };
    if from >= blob.size() {
        let mut answer = answer::refusal(Refusal::InvalidRange, now);
        set(
            &mut answer,
            "content-range",
            &format!("bytes */{}", blob.size()),
        );
        return Ok(answer);
    }
    let bytes = blob.range(from, limit);
    let last = from + bytes.len() as u64 - 1;
    let mut answer = answer::empty(206, now);
    *answer.body_mut() = full(bytes);
    describe(&mut answer, &blob);
    set(
        &mut answer,
        "content-range",
        &format!("bytes {from}-{last}/{}", blob.size()),
    );
    Ok(answer)
}

/// All that a listing says, in headers.
fn properties(account: &FakeAccount, call: &Call, blob: &StoredBlob) -> Result<Answer, Refusal> {
    let mut answer = answer::empty(200, account.now());
    set(&mut answer, "content-length", &blob.size().to_string());
    describe(&mut answer, blob);
    describe_access(&mut answer, blob.access);
    if blob.has_md5 {
        set(&mut answer, "content-md5", &blob.content_md5());
    }
    let item = account.item(&call.container, &call.blob)?;
    if let Some(kind) = item.resource_type {
        set(&mut answer, "x-ms-resource-type", kind);
    }
    Ok(answer)
}

/// The answer to a write: 201 with what the blob is now.
fn written(account: &FakeAccount, call: &Call) -> Result<Answer, Refusal> {
    let blob = account.get(&call.container, &call.blob)?;
    let mut answer = answer::empty(201, account.now());
    stamp(&mut answer, &blob);
    Ok(answer)
}

fn new_blob(call: &Call) -> Result<NewBlob, Refusal> {
    let mut blob = match call.header("x-ms-blob-type") {
        Some("BlockBlob") => NewBlob::new(call.body.clone()),
        Some("AppendBlob") if call.body.is_empty() => NewBlob::append(),
        _ => return Err(Refusal::InvalidHeader),
    };
    let types = ["x-ms-blob-content-type", "content-type"];
    if let Some(content_type) = types.iter().find_map(|name| call.header(name)) {
        blob = blob.content_type(content_type);
    }
    for (name, value) in &call.headers {
        if let Some(key) = name.as_str().strip_prefix(METADATA) {
            let value = value.to_str().map_err(|_| Refusal::InvalidHeader)?;
            blob = blob.metadata(key, value);
        }
    }
    Ok(blob)
}

fn stamp(answer: &mut Answer, blob: &StoredBlob) {
    set(answer, "etag", &format!("\"{}\"", blob.etag));
    set(answer, "last-modified", &http_date(blob.last_modified));
}

fn describe(answer: &mut Answer, blob: &StoredBlob) {
    stamp(answer, blob);
    set(answer, "content-type", &blob.content_type);
    set(answer, "accept-ranges", "bytes");
    set(answer, "x-ms-blob-type", blob.blob_type.as_str());
    set(answer, "x-ms-lease-status", "unlocked");
    set(answer, "x-ms-lease-state", "available");
    set(answer, "x-ms-server-encrypted", "true");
    if blob.blob_type == BlobType::AppendBlob {
        let blocks = blob.blocks.to_string();
        set(answer, "x-ms-blob-committed-block-count", &blocks);
    }
    for (key, value) in &blob.metadata {
        let name = http::HeaderName::try_from(format!("{METADATA}{key}")).expect("a header name");
        answer
            .headers_mut()
            .insert(name, value.parse().expect("a header value"));
    }
}

fn describe_access(answer: &mut Answer, access: Access) {
    let (header, value) = match access {
        Access::Readable => ("x-ms-access-tier", "Hot"),
        Access::Copying => ("x-ms-copy-status", "pending"),
        Access::CopyFailed => ("x-ms-copy-status", "failed"),
        Access::Archived => ("x-ms-access-tier", "Archive"),
        Access::Rehydrating => {
            set(answer, "x-ms-access-tier", "Archive");
            ("x-ms-archive-status", "rehydrate-pending-to-hot")
        }
    };
    set(answer, header, value);
}

/// `bytes=<from>-[<last>]` as the first byte and how many.
fn range(call: &Call) -> Result<Option<(u64, u64)>, Refusal> {
    let header = call.header("x-ms-range").or_else(|| call.header("range"));
    let Some(text) = header else {
        return Ok(None);
    };
    let parse = || {
        let (from, last) = text.strip_prefix("bytes=")?.split_once('-')?;
        let from: u64 = from.parse().ok()?;
        if last.is_empty() {
            return Some((from, u64::MAX));
        }
        let last: u64 = last.parse().ok()?;
        Some((from, last.checked_sub(from)?.saturating_add(1)))
    };
    parse().map(Some).ok_or(Refusal::InvalidHeader)
}
