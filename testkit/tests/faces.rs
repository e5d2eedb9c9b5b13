//! The fake service answers as Azurite does: the same requests, the same statuses, codes, headers
//! and bytes. What differs is listed, with its reason.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use bytes::Bytes;
use http::Method;
use testkit::{account::FakeAccount, azurite::Azurite, client::BlobClient, http::HttpFace};

/// A request, relative to a container that starts out absent.
struct Step {
    method: Method,
    blob: &'static str,
    query: &'static [(&'static str, &'static str)],
    headers: Vec<(&'static str, &'static str)>,
    body: &'static str,
}

fn step(
    method: Method,
    blob: &'static str,
    query: &'static [(&'static str, &'static str)],
    headers: &[(&'static str, &'static str)],
    body: &'static str,
) -> Step {
    Step {
        method,
        blob,
        query,
        headers: headers.to_vec(),
        body,
    }
}

const CONTAINER: &[(&str, &str)] = &[("restype", "container")];
const LIST: &[(&str, &str)] = &[("restype", "container"), ("comp", "list")];
const APPEND: &[(&str, &str)] = &[("comp", "appendblock")];
const BLOCK_BLOB: (&str, &str) = ("x-ms-blob-type", "BlockBlob");
const APPEND_BLOB: (&str, &str) = ("x-ms-blob-type", "AppendBlob");
const NEW: (&str, &str) = ("if-none-match", "*");

fn steps() -> Vec<Step> {
    let (put, get) = (Method::PUT, Method::GET);
    vec![
        step(get.clone(), "", LIST, &[], ""),
        step(get.clone(), "/a", &[], &[], ""),
        step(put.clone(), "/a", &[], &[BLOCK_BLOB], "x"),
        step(put.clone(), "", CONTAINER, &[], ""),
        step(put.clone(), "", CONTAINER, &[], ""),
        step(Method::HEAD, "", CONTAINER, &[], ""),
        step(get.clone(), "/a", &[], &[], ""),
        step(Method::HEAD, "/a", &[], &[], ""),
        step(Method::DELETE, "/a", &[], &[], ""),
        step(put.clone(), "/a", &[], &[BLOCK_BLOB, NEW], "0123456789"),
        step(put.clone(), "/a", &[], &[BLOCK_BLOB, NEW], "other"),
        step(put.clone(), "/a", &[], &[APPEND_BLOB, NEW], ""),
        step(put.clone(), "/a", APPEND, &[], "x"),
        step(get.clone(), "/a", &[], &[], ""),
        step(get.clone(), "/a", &[], &[("x-ms-range", "bytes=2-4")], ""),
        step(get.clone(), "/a", &[], &[("range", "bytes=2-4")], ""),
        step(get.clone(), "/a", &[], &[("x-ms-range", "bytes=7-")], ""),
        step(get.clone(), "/a", &[], &[("x-ms-range", "bytes=8-99")], ""),
        step(get.clone(), "/a", &[], &[("x-ms-range", "bytes=10-11")], ""),
        step(get.clone(), "/a", &[], &[("x-ms-range", "bytes=99-")], ""),
        step(Method::HEAD, "/a", &[], &[], ""),
        step(put.clone(), "/log", APPEND, &[], "x"),
        step(put.clone(), "/log", &[], &[APPEND_BLOB], ""),
        step(get.clone(), "/log", &[], &[], ""),
        step(get.clone(), "/log", &[], &[("x-ms-range", "bytes=0-9")], ""),
        step(put.clone(), "/log", APPEND, &[at("0")], "one"),
        step(put.clone(), "/log", APPEND, &[at("0")], "one"),
        step(put.clone(), "/log", APPEND, &[at("4")], "one"),
        step(put.clone(), "/log", APPEND, &[at("3")], "two"),
        step(put.clone(), "/log", APPEND, &[], "three"),
        step(get.clone(), "/log", &[], &[], ""),
        step(put.clone(), "/log", &[], &[APPEND_BLOB, NEW], ""),
        step(Method::HEAD, "/log", &[], &[], ""),
        step(Method::DELETE, "/log", &[], &[], ""),
        step(Method::DELETE, "/log", &[], &[], ""),
        step(Method::DELETE, "", CONTAINER, &[], ""),
    ]
}

const fn at(position: &'static str) -> (&'static str, &'static str) {
    ("x-ms-blob-condition-appendpos", position)
}

/// What of an answer a client acts on.
async fn answers(endpoint: &str) -> Vec<String> {
    let client = BlobClient::new(endpoint);
    let mut answers = Vec::new();
    for step in steps() {
        let path = format!("faces{}", step.blob);
        let body = Bytes::from_static(step.body.as_bytes());
        let reply = client
            .send(step.method.clone(), &path, step.query, &step.headers, body)
            .await;
        let kept = [
            "x-ms-error-code",
            "content-range",
            "x-ms-blob-type",
            "x-ms-blob-append-offset",
            "x-ms-blob-committed-block-count",
        ];
        let mut text = format!("{} {path} {:?} {:?}", step.method, step.query, step.headers);
        text += &format!(" -> {}", reply.status());
        for name in kept {
            if let Some(value) = reply.headers().get(name) {
                text += &format!(" {name}: {}", value.to_str().unwrap());
            }
        }
        if reply.status().is_success() && step.method == Method::GET {
            text += &format!(" {:?}", reply.body());
        }
        answers.push(text);
    }
    answers
}

#[tokio::test]
async fn the_fake_answers_as_azurite_does() {
    let face = HttpFace::start(FakeAccount::new()).await;
    let fake = answers(&face.endpoint()).await;
    let real = answers(&Azurite::shared().await.endpoint()).await;
    let both = fake.iter().zip(&real).filter(|(fake, real)| fake != real);
    let differences: Vec<_> = both.map(|(_, real)| real.as_str()).collect();
    assert_eq!(differences, AZURITES_OWN);
}

/// From exactly the end on, the service and the fake answer 416, as Azurite does one byte further.
const AZURITES_OWN: [&str; 1] = [
    "GET faces/a [] [(\"x-ms-range\", \"bytes=10-11\")] -> 206 Partial Content \
     content-range: bytes 10-9/10 x-ms-blob-type: BlockBlob b\"\"",
];
