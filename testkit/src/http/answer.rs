//! Answers in the service's dress: headers, error bodies, times.

use std::{convert::Infallible, fmt::Write, io};

use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use time::{OffsetDateTime, UtcOffset, format_description::FormatItem, macros::format_description};

use crate::account::Refusal;

/// A body that may break off.
pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;
/// An answer on its way.
pub(super) type Answer = Response<Body>;

const HTTP_DATE: &[FormatItem<'static>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// A time as HTTP writes it.
pub(crate) fn http_date(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    time.format(HTTP_DATE).expect("a date that can be written")
}

/// A body of these bytes.
pub(super) fn full(bytes: impl Into<Bytes>) -> Body {
    let never = |never: Infallible| match never {};
    Full::new(bytes.into()).map_err(never).boxed_unsync()
}

/// A body of these parts, without joining them.
pub(super) fn parts(parts: Vec<Bytes>) -> Body {
    let frames = parts.into_iter().map(|part| Ok(Frame::data(part)));
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// An answer without a body.
pub(super) fn empty(status: u16, now: OffsetDateTime) -> Answer {
    bare(status, now, full(Bytes::new()))
}

/// An answer of XML.
pub(super) fn xml(status: u16, now: OffsetDateTime, body: Body) -> Answer {
    let mut answer = bare(status, now, body);
    set(
        &mut answer,
        header::CONTENT_TYPE.as_str(),
        "application/xml",
    );
    answer
}

/// A refusal as the service words it.
pub(super) fn refusal(refusal: Refusal, now: OffsetDateTime) -> Answer {
    let (status, code, message) = refusal.parts();
    error(status, code, message, now)
}

/// An error as the service words it.
pub(super) fn error(status: u16, code: &str, message: &str, now: OffsetDateTime) -> Answer {
    let body = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}\n\
         RequestId:{REQUEST_ID}\nTime:{}</Message></Error>",
        http_date(now)
    );
    let mut answer = xml(status, now, full(body));
    set(&mut answer, "x-ms-error-code", code);
    answer
}

/// Sets a header to a text that can be one.
pub(super) fn set(answer: &mut Answer, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).expect("a header value");
    answer.headers_mut().insert(name, value);
}

/// Nobody asks for it, but every answer has one.
const REQUEST_ID: &str = "7e57c0de-001e-0000-0000-000000000000";

fn bare(status: u16, now: OffsetDateTime, body: Body) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    set(
        &mut answer,
        "server",
        "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
    );
    set(&mut answer, "x-ms-version", "2026-02-06");
    set(&mut answer, "x-ms-request-id", REQUEST_ID);
    set(&mut answer, header::DATE.as_str(), &http_date(now));
    answer
}

/// Text as XML content or attribute value. White space that a parser would not keep is escaped.
pub(super) fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => write!(out, "&#x{:X};", u32::from(c)).expect("a string"),
            c => out.push(c),
        }
    }
}
