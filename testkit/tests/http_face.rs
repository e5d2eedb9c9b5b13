//! The fake service as its clients see it: the official pager reads its lists, and its faults are
//! what they say they are.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::time::Duration;

use azure_core::http::Url;
use azure_storage_blob::BlobContainerClient;
use bytes::Bytes;
use futures::StreamExt;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use testkit::{
    account::{FakeAccount, NewBlob, Synthetic},
    client::BlobClient,
    http::{HttpFace, HttpFault, HttpOp, RetryAfter},
    names,
};

async fn face(page_size: usize) -> HttpFace {
    let account = FakeAccount::new();
    account.set_page_size(page_size);
    account.create_container("c").unwrap();
    HttpFace::start(account).await
}

/// Every name that the official client's pager finds.
async fn official(face: &HttpFace, container: &str) -> Vec<String> {
    let url = Url::parse(&format!("{}/{container}", face.endpoint())).unwrap();
    let client = BlobContainerClient::new(url, None, None).unwrap();
    let mut pager = client.list_blobs(None).unwrap();
    let mut names = Vec::new();
    while let Some(blob) = pager.next().await {
        names.push(blob.unwrap().name.unwrap());
    }
    names
}

#[tokio::test]
async fn the_official_pager_reads_it() {
    let face = face(7).await;
    let mut names = names::odd();
    names.extend(names::beyond_azurite());
    names.sort();
    for name in &names {
        face.account().put("c", name, NewBlob::new("x")).unwrap();
    }
    // It trims names, as the service's own XML lets a reader do.
    let trimmed: Vec<_> = names.iter().map(|it| it.trim().to_owned()).collect();
    let found: Vec<_> = official(&face, "c").await;
    let found: Vec<_> = found.iter().map(|it| it.trim().to_owned()).collect();
    assert_eq!(found, trimmed);
}

#[tokio::test]
async fn made_up_blobs_are_listed_with_and_without_a_byte_order_mark() {
    let face = face(1000).await;
    let account = face.account();
    account.create_synthetic_container("many", 3500).unwrap();
    for bom in [true, false] {
        face.set_bom(bom);
        let names = official(&face, "many").await;
        assert!(names.iter().cloned().eq((0..3500).map(Synthetic::name)));
    }
    assert_eq!(face.requests(HttpOp::ListBlobs), 8);
}

/// A list request whose failure is a value. `Ok` holds status, `Retry-After`, type and body.
async fn list(face: &HttpFace) -> Result<(StatusCode, Option<String>, String, Bytes), String> {
    let uri = format!("{}/c?restype=container&comp=list", face.endpoint());
    let request = Request::get(uri).body(Full::<Bytes>::default()).unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let answer = client.request(request).await.map_err(|it| it.to_string())?;
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let (status, retry_after) = (answer.status(), header("retry-after"));
    let content_type = header("content-type").unwrap_or_default();
    let body = answer.into_body().collect().await;
    let body = body.map_err(|it| it.to_string())?.to_bytes();
    Ok((status, retry_after, content_type, body))
}

#[tokio::test]
async fn faults_are_what_they_say() {
    let face = face(1).await;
    let fault = |fault| face.fault(HttpOp::ListBlobs, fault);
    fault(HttpFault::busy(Some(RetryAfter::Seconds(7))));
    fault(HttpFault::busy(Some(RetryAfter::Date(7))));
    fault(HttpFault::DropRequest);
    fault(HttpFault::CutAnswer(40));
    fault(HttpFault::Html);
    fault(HttpFault::UnclosedXml);
    fault(HttpFault::WrongContentType);
    let (status, after, _, body) = list(&face).await.unwrap();
    assert_eq!((status.as_u16(), after.as_deref()), (503, Some("7")));
    assert!(String::from_utf8_lossy(&body).contains("<Code>ServerBusy</Code>"));
    let (_, after, ..) = list(&face).await.unwrap();
    assert!(after.unwrap().ends_with(" GMT"));
    list(&face).await.expect_err("a dropped request");
    list(&face).await.expect_err("a cut answer");
    let (status, _, content_type, _) = list(&face).await.unwrap();
    assert_eq!((status.as_u16(), content_type.as_str()), (200, "text/html"));
    let (_, _, _, body) = list(&face).await.unwrap();
    assert!(!body.is_empty() && !body.ends_with(b"</EnumerationResults>"));
    let (_, _, content_type, body) = list(&face).await.unwrap();
    assert!(body.ends_with(b"</EnumerationResults>"));
    assert_eq!(content_type, "application/octet-stream");
    assert!(list(&face).await.is_ok(), "the script is over");
}

#[tokio::test]
async fn an_endless_answer_goes_on_until_its_reader_leaves() {
    let face = face(1).await;
    face.fault(HttpOp::ListBlobs, HttpFault::Endless);
    let endless = tokio::time::timeout(Duration::from_millis(50), list(&face)).await;
    assert!(endless.is_err());
    assert!(list(&face).await.is_ok());
}

#[tokio::test]
async fn a_page_can_repeat_its_marker() {
    let face = face(1).await;
    for name in ["1", "2", "3"] {
        face.account().put("c", name, NewBlob::new("")).unwrap();
    }
    face.fault(HttpOp::ListBlobs, HttpFault::Delay(Duration::ZERO));
    face.fault(HttpOp::ListBlobs, HttpFault::RepeatMarker);
    assert_eq!(official(&face, "c").await, ["1", "2", "2", "3"]);
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_a_rule_turns_all_away() {
    let face = face(1).await;
    let client = BlobClient::new(&face.endpoint());
    face.fault(HttpOp::PutBlob, HttpFault::LoseAnswer);
    let put = tokio::spawn(async move {
        client.put_blob("c", "a", &NewBlob::new("x")).await;
    });
    assert!(put.await.unwrap_err().is_panic(), "no answer");
    assert_eq!(face.account().names("c"), ["a"]);
    face.authorize(|_| false);
    let client = BlobClient::new(&face.endpoint());
    let reply = client
        .send(Method::GET, "c/a", &[], &[], Bytes::new())
        .await;
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    assert_eq!(reply.headers()["x-ms-error-code"], "AuthenticationFailed");
    face.authorize(|parts| parts.headers.contains_key("authorization"));
    assert!(client.get("c", "a").await.is_some());
}
