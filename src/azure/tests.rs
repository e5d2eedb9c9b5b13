//! The adapter against a small server that answers whatever a test wants.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeSet, net::SocketAddr, path::Path, sync::Mutex, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use url::Url;

use super::*;
use crate::{
    blob::Continuation,
    ports::{
        error::{StorageError, StorageErrorKind},
        state::{Appended, Put},
    },
};

const KEY: &str = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA==";
const PAGE: &str = "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Last-Modified>Fri, 09 Oct 2009 21:04:30 GMT</Last-Modified><Etag>0x1</Etag></Properties></Blob></Blobs><NextMarker>next</NextMarker></EnumerationResults>";

/// What the server was asked: method, path with query, `authorization`.
type Seen = Arc<Mutex<Vec<(String, String, String)>>>;

/// Starts a server that answers each request with what `answer` makes of it.
async fn server(
    answer: impl Fn(&Request) -> Response + Clone + Send + Sync + 'static,
) -> (String, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let app = axum::Router::new().fallback(move |request: Request| {
        let authorization = request
            .headers()
            .get("authorization")
            .map(|it| it.to_str().unwrap().to_owned());
        log.lock().unwrap().push((
            request.method().to_string(),
            request.uri().to_string(),
            authorization.unwrap_or_default(),
        ));
        let answer = answer(&request);
        async move { answer }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/acct", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (endpoint, seen)
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response {
    let mut builder = Response::builder().status(status);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(body.into()).unwrap()
}

fn write(dir: &Path, endpoint: &str, proof: &str) {
    let text = format!("BlobEndpoint={endpoint};AccountName=acct;{proof}\n");
    std::fs::write(dir.join("azure"), text).unwrap();
}

fn connector(dir: &Path) -> Connector {
    Connector {
        credentials_dir: Some(dir.to_owned()),
        allowed_endpoints: Vec::new(),
        ..Connector::default()
    }
}

async fn account(
    answer: impl Fn(&Request) -> Response + Clone + Send + Sync + 'static,
) -> (Account, Seen, tempfile::TempDir) {
    let (endpoint, seen) = server(answer).await;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &endpoint, &format!("AccountKey={KEY}"));
    let location = Location::Endpoint(Url::parse(&endpoint).unwrap());
    let account = connector(dir.path())
        .connect(&location, Some("azure"))
        .unwrap();
    (account, seen, dir)
}

async fn listed(answer: Response) -> Result<crate::blob::ListPage, StorageError> {
    let once = Arc::new(Mutex::new(Some(answer)));
    let (account, _, _dir) = account(move |_| once.lock().unwrap().take().unwrap()).await;
    account.listing("datasets").list("", None).await
}

#[tokio::test]
async fn accounts_of_one_connector_share_their_connections() {
    let ports = Arc::new(Mutex::new(BTreeSet::new()));
    let log = ports.clone();
    let app = axum::Router::new().fallback(move |ConnectInfo(peer): ConnectInfo<SocketAddr>| {
        log.lock().unwrap().insert(peer.port());
        async { answer(200, &[], PAGE) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/acct", listener.local_addr().unwrap());
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &endpoint, &format!("AccountKey={KEY}"));
    let location = Location::Endpoint(Url::parse(&endpoint).unwrap());
    let connector = connector(dir.path());
    for _ in 0..3 {
        let account = connector.connect(&location, Some("azure")).unwrap();
        account.listing("datasets").list("", None).await.unwrap();
    }
    assert_eq!(ports.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_page_is_asked_for_with_prefix_and_marker_and_signed() {
    let (account, seen, _dir) =
        account(|_| answer(200, &[("content-type", "application/xml")], PAGE)).await;
    let after = Continuation("2!x&=+ /é".to_owned());
    let page = account
        .listing("datasets")
        .list("raw/a b+c", Some(&after))
        .await
        .unwrap();
    assert_eq!(page.len(), 1);
    assert!(page.service_time.unix_timestamp() > 1_600_000_000);
    let (method, url, authorization) = seen.lock().unwrap()[0].clone();
    assert_eq!(method, "GET");
    assert_eq!(
        url,
        "/acct/datasets?restype=container&comp=list&include=copy,metadata&maxresults=5000&prefix=raw%2Fa%20b%2Bc&marker=2%21x%26%3D%2B%20%2F%C3%A9"
    );
    assert!(
        authorization.starts_with("SharedKey acct:"),
        "{authorization}"
    );
}

#[tokio::test]
async fn a_page_that_leads_to_itself_is_refused() {
    let (account, _, _dir) = account(|_| answer(200, &[], PAGE)).await;
    let same = Continuation("next".to_owned());
    let error = account
        .listing("datasets")
        .list("", Some(&same))
        .await
        .unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Protocol);
}

#[tokio::test]
async fn html_is_told_from_a_page() {
    let html = "<!DOCTYPE html><html>secret-body</html>";
    for kind in ["text/html; charset=utf-8", "application/xml"] {
        let error = listed(answer(200, &[("content-type", kind)], html))
            .await
            .unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Protocol);
        assert!(
            error.message.contains("is it the blob service's URL?"),
            "{error}"
        );
        assert!(!error.message.contains("secret-body"), "{error}");
    }
}

#[tokio::test]
async fn a_page_that_is_cut_or_has_no_date_or_no_end_is_an_error() {
    let kind = |outcome: Result<_, StorageError>| outcome.unwrap_err().kind;
    let cut = listed(answer(200, &[], &PAGE[..PAGE.len() - 5])).await;
    assert_eq!(kind(cut), StorageErrorKind::Transient);
    let no_date = listed(answer(200, &[("date", "today")], PAGE)).await;
    assert_eq!(kind(no_date), StorageErrorKind::Protocol);
    let piece = bytes::Bytes::from(vec![b' '; 1 << 20]);
    let endless = futures::stream::repeat_with(move || Ok::<_, std::io::Error>(piece.clone()));
    let endless = listed(answer(200, &[], Body::from_stream(endless))).await;
    assert_eq!(kind(endless), StorageErrorKind::Protocol);
}

#[tokio::test]
async fn refusals_say_what_was_refused_and_nothing_of_the_body() {
    let headers = [("x-ms-error-code", "ServerBusy"), ("retry-after", "3")];
    let error = listed(answer(503, &headers, "<Error>secret-body</Error>"))
        .await
        .unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Transient);
    assert_eq!(error.retry_after, Some(Duration::from_secs(3)));
    assert!(
        error
            .message
            .starts_with("listing container `datasets` at 127.0.0.1:"),
        "{error}"
    );
    assert!(error.message.ends_with(": 503 ServerBusy"), "{error}");
}

#[tokio::test]
async fn a_rotated_key_is_read_again_once() {
    let (account, seen, dir) = account(|request| {
        let fresh = request
            .uri()
            .query()
            .unwrap_or_default()
            .contains("sig=fresh");
        match fresh {
            true => answer(200, &[], PAGE),
            false => answer(403, &[("x-ms-error-code", "AuthenticationFailed")], ""),
        }
    })
    .await;
    let listing = account.listing("datasets");
    let error = listing.list("", None).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Unauthenticated);
    assert_eq!(
        seen.lock().unwrap().len(),
        1,
        "nothing new, so no second try"
    );

    write(
        dir.path(),
        "http://127.0.0.1:1/acct",
        "SharedAccessSignature=sv=1&sig=fresh",
    );
    assert!(
        listing.list("", None).await.is_err(),
        "a credential for elsewhere is not used here"
    );
    assert_eq!(seen.lock().unwrap().len(), 2);

    write(
        dir.path(),
        account.endpoint(),
        "SharedAccessSignature=sv=1&sig=fresh",
    );
    assert!(listing.list("", None).await.is_ok());
    assert_eq!(seen.lock().unwrap().len(), 4);
    assert!(listing.list("", None).await.is_ok());
    assert_eq!(seen.lock().unwrap().len(), 5, "what was read again is kept");
}

#[tokio::test]
async fn appends_carry_their_position_and_are_not_repeated() {
    let (account, seen, _dir) = account(|request| {
        assert_eq!(request.headers().get("x-ms-version").unwrap(), "2026-02-06");
        match request
            .headers()
            .get("x-ms-blob-condition-appendpos")
            .map(|it| it.to_str().unwrap())
        {
            Some("0") => answer(201, &[], ""),
            Some("1") => answer(
                412,
                &[("x-ms-error-code", "AppendPositionConditionNotMet")],
                "<Error/>",
            ),
            Some("2") => answer(404, &[("x-ms-error-code", "BlobNotFound")], ""),
            Some("3") => answer(404, &[("x-ms-error-code", "ContainerNotFound")], ""),
            Some("4") => answer(412, &[("x-ms-error-code", "LeaseIdMissing")], ""),
            _ => answer(500, &[], "secret-body"),
        }
    })
    .await;
    let state = account.state("state");
    let append = |at| state.append("s/journal-1", at, bytes::Bytes::from_static(b"frame"));
    assert_eq!(append(0).await.unwrap(), Appended::Yes);
    assert_eq!(append(1).await.unwrap(), Appended::PositionMoved);
    assert_eq!(append(2).await.unwrap(), Appended::PositionMoved);
    assert_eq!(
        append(3).await.unwrap_err().kind,
        StorageErrorKind::NotFound
    );
    assert_eq!(
        append(4).await.unwrap_err().kind,
        StorageErrorKind::Rejected
    );
    let error = append(5).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Transient);
    assert!(!error.message.contains("secret-body"), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 6);
    let url = &seen.lock().unwrap()[0].1;
    assert_eq!(url, "/acct/state/s/journal-1?comp=appendblock");
}

#[tokio::test]
async fn names_that_no_url_can_hold_are_refused_unsent() {
    let (account, seen, _dir) = account(|_| answer(201, &[], "")).await;
    let state = account.state("state");
    for name in ["a/../b", "./a", "..", "a/.", "a/%2e%2e/../b"] {
        let error = state.put_new(name, bytes::Bytes::new()).await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Rejected, "{name}");
    }
    assert!(seen.lock().unwrap().is_empty());
    let put = state
        .put_new("a/50% #1?.json", bytes::Bytes::new())
        .await
        .unwrap();
    assert_eq!(put, Put::Written);
    assert_eq!(
        seen.lock().unwrap()[0].1,
        "/acct/state/a/50%25%20%231%3F.json"
    );
}

#[test]
fn a_credential_only_goes_to_its_own_endpoint() {
    let dir = tempfile::tempdir().unwrap();
    write(
        dir.path(),
        "https://blobs.example/acct",
        &format!("AccountKey={KEY}"),
    );
    let connector = connector(dir.path());
    let connect = |location: Location| connector.connect(&location, Some("azure"));
    let at = |url: &str| Location::Endpoint(Url::parse(url).unwrap());

    let account = connect(Location::Account("acct".to_owned())).unwrap();
    assert_eq!(account.endpoint(), "https://blobs.example/acct");
    assert!(connect(at("HTTPS://Blobs.example:443/acct/")).is_ok());

    let below = connect(at("https://blobs.example/acct/datasets"));
    assert_eq!(
        below.unwrap_err().to_string(),
        "`endpoint` is https://blobs.example/acct/datasets, and the account of the credential `azure` is at \
         https://blobs.example/acct: write `endpoint: https://blobs.example/acct` and `container: datasets`"
    );
    let other = connect(Location::Account("other".to_owned()));
    assert_eq!(
        other.unwrap_err().to_string(),
        "`account` is `other`, but the credential `azure` is for the account `acct` at \
         https://blobs.example/acct: write `endpoint: https://blobs.example/acct`, or name the \
         credential of the account `other`"
    );
    for url in [
        "https://evil.example/acct",
        "http://blobs.example/acct",
        "https://blobs.example/other",
    ] {
        let error = connect(at(url)).unwrap_err().to_string();
        assert!(
            error.contains(url) && error.contains("https://blobs.example/acct"),
            "{error}"
        );
        assert!(!error.contains(KEY), "{error}");
    }
}

#[test]
fn whose_mistake_it_is_shows_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let connector = connector(dir.path());
    let account = || Location::Account("store".to_owned());
    let at = |url: &str| Location::Endpoint(Url::parse(url).unwrap());
    let missing = connector.connect(&account(), Some("azure"));
    assert!(matches!(missing, Err(ConnectError::NoCredential(_))));
    let outside = connector.connect(&account(), Some("../azure"));
    assert!(matches!(outside, Err(ConnectError::Invalid(_))));
    let elsewhere = connector.connect(&at("https://blobs.example"), None);
    assert!(matches!(elsewhere, Err(ConnectError::Invalid(_))));
    let none = Connector {
        credentials_dir: None,
        ..connector.clone()
    };
    assert!(matches!(
        none.connect(&account(), Some("azure")),
        Err(ConnectError::NoCredential(_))
    ));
    assert_eq!(
        none.connect(&account(), None).unwrap().endpoint(),
        "https://store.blob.core.windows.net"
    );
}

#[tokio::test]
async fn no_secret_is_in_any_debug_or_error() {
    let proofs = [
        format!("AccountKey={KEY}"),
        format!("SharedAccessSignature=sv=1&sig={KEY}"),
    ];
    for proof in proofs {
        // Nobody listens there, so that the failure comes with the URL that was asked for.
        let endpoint = "http://127.0.0.1:1/acct";
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), endpoint, &proof);
        let location = Location::Account("acct".to_owned());
        let account = connector(dir.path())
            .connect(&location, Some("azure"))
            .unwrap();
        let error = account
            .listing("datasets")
            .list("", None)
            .await
            .unwrap_err();
        let state = account.state("state").read("a", 0, 1).await.unwrap_err();
        let shown = format!(
            "{account:?} {:?} {error} {error:?} {state} {state:?}",
            account.service.options()
        );
        assert!(!shown.contains("c2VjcmV0"), "{shown}");
        assert_eq!(error.kind, StorageErrorKind::Transient);
    }
}
