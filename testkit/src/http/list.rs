//! List Blobs: the XML that the service sends.

use std::{fmt::Write, sync::atomic::Ordering};

use azure_blob_eventsource::blob::Access;
use bytes::Bytes;
use http::header;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    Shared,
    answer::{self, Answer, escape, full, http_date, parts},
    call::Call,
};
use crate::{
    account::{Item, ListQuery, Refusal},
    lost::Lost,
};

/// All but the characters that never need it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

pub(super) fn list(shared: &Shared, call: &Call) -> Result<Answer, Refusal> {
    let text = |name: &str| call.query.get(name).map_or("", String::as_str);
    let query = ListQuery {
        prefix: text("prefix"),
        marker: call.query.get("marker").map(String::as_str),
        start_from: text("startFrom"),
        max_results: max_results(call)?,
    };
    let includes = |what: &str| text("include").split(',').any(|it| it == what);
    let (metadata, copy) = (includes("metadata"), includes("copy"));
    let now = shared.account.now();
    let head = head(shared, call);
    if let Some(page) = shared.account.list_synthetic(&call.container, &query) {
        let page = page?;
        let items = shared.pages.items(page.indexes, metadata);
        let body = vec![head.into(), items, tail(page.next.as_deref()).into()];
        let length: usize = body.iter().map(Bytes::len).sum();
        let mut answer = answer::xml(200, now, parts(body));
        let length = length.to_string().parse().expect("a number");
        answer.headers_mut().insert(header::CONTENT_LENGTH, length);
        return Ok(answer);
    }
    let page = shared.account.list(&call.container, &query)?;
    let mut body = head;
    for item in &page.items {
        write_item(&mut body, item, metadata, copy);
    }
    body += &tail(page.next.as_deref());
    Ok(answer::xml(200, now, full(body)))
}

/// The page of a listing that goes nowhere.
pub(super) fn lost(shared: &Shared, call: &Call, lost: Lost) -> Answer {
    let (items, next) = lost.page(call.query.get("marker").map(String::as_str));
    let mut body = head(shared, call);
    for item in &items {
        write_item(&mut body, item, false, false);
    }
    body += &tail(next.as_deref());
    answer::xml(200, shared.account.now(), full(body))
}

fn max_results(call: &Call) -> Result<Option<usize>, Refusal> {
    let number = call.query.get("maxresults").map(|it| it.parse());
    match number.transpose() {
        Ok(Some(0)) | Err(_) => Err(Refusal::InvalidQuery),
        Ok(number) => Ok(number),
    }
}

fn head(shared: &Shared, call: &Call) -> String {
    let mut head = String::with_capacity(512);
    if shared.bom.load(Ordering::SeqCst) {
        head.push('\u{feff}');
    }
    let host = call.header("host").unwrap_or("localhost");
    let (account, container) = (super::ACCOUNT, &call.container);
    let _ = write!(
        head,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults \
         ServiceEndpoint=\"http://{host}/{account}\" ContainerName=\"{container}\">"
    );
    if let Some(prefix) = call.query.get("prefix") {
        write_name(&mut head, "Prefix", prefix);
    }
    for (parameter, element) in [("marker", "Marker"), ("maxresults", "MaxResults")] {
        if let Some(value) = call.query.get(parameter) {
            let _ = write!(head, "<{element}>");
            escape(&mut head, value);
            let _ = write!(head, "</{element}>");
        }
    }
    head + "<Blobs>"
}

fn tail(next: Option<&str>) -> String {
    let marker = match next {
        Some(next) => format!("<NextMarker>{next}</NextMarker>"),
        None => "<NextMarker />".to_owned(),
    };
    format!("</Blobs>{marker}</EnumerationResults>")
}

/// One `<Blob>` element.
pub(super) fn write_item(out: &mut String, item: &Item, metadata: bool, copy: bool) {
    out.push_str("<Blob>");
    write_name(out, "Name", &item.name);
    let date = http_date(item.last_modified);
    let _ = write!(
        out,
        "<Properties><Creation-Time>{date}</Creation-Time><Last-Modified>{date}</Last-Modified>\
         <Etag>{}</Etag>",
        item.etag
    );
    if let Some(kind) = item.resource_type {
        let _ = write!(out, "<ResourceType>{kind}</ResourceType>");
    }
    let _ = write!(
        out,
        "<Content-Length>{}</Content-Length><Content-Type>",
        item.size
    );
    escape(out, &item.content_type);
    let _ = write!(
        out,
        "</Content-Type><Content-Encoding /><Content-Language /><Content-CRC64 />\
         <Content-MD5>{}</Content-MD5><Cache-Control /><Content-Disposition />\
         <BlobType>{}</BlobType>",
        item.content_md5,
        item.blob_type.as_str()
    );
    out.push_str(match item.access {
        Access::Archived => "<AccessTier>Archive</AccessTier>",
        Access::Rehydrating => {
            "<AccessTier>Archive</AccessTier><ArchiveStatus>rehydrate-pending-to-hot</ArchiveStatus>"
        }
        _ => "<AccessTier>Hot</AccessTier><AccessTierInferred>true</AccessTierInferred>",
    });
    out.push_str("<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>");
    if copy {
        write_copy(out, item);
    }
    out.push_str("<ServerEncrypted>true</ServerEncrypted></Properties>");
    if metadata {
        write_metadata(out, item);
    }
    out.push_str("<OrMetadata /></Blob>");
}

fn write_copy(out: &mut String, item: &Item) {
    let status = match item.access {
        Access::Copying => "pending",
        Access::CopyFailed => "failed",
        _ => return,
    };
    let _ = write!(
        out,
        "<CopyId>1f812371-a41d-49e6-b123-f4b542e851c5</CopyId><CopyStatus>{status}</CopyStatus>\
         <CopySource>https://elsewhere/raw/a.csv</CopySource><CopyProgress>0/525</CopyProgress>"
    );
}

fn write_metadata(out: &mut String, item: &Item) {
    if item.metadata.is_empty() {
        out.push_str("<Metadata />");
        return;
    }
    out.push_str("<Metadata>");
    for (key, value) in &item.metadata {
        let _ = write!(out, "<{key}>");
        escape(out, value);
        let _ = write!(out, "</{key}>");
    }
    out.push_str("</Metadata>");
}

/// A name; one with characters that XML cannot hold is percent-encoded and says so.
fn write_name(out: &mut String, element: &str, name: &str) {
    if name.chars().all(in_xml) {
        let _ = write!(out, "<{element}>");
        escape(out, name);
    } else {
        let name = utf8_percent_encode(name, ENCODED);
        let _ = write!(out, "<{element} Encoded=\"true\">{name}");
    }
    let _ = write!(out, "</{element}>");
}

/// Whether XML 1.0 has the character.
fn in_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}
