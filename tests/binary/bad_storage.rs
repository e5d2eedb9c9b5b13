//! Storage accounts that refuse, answer nonsense, or never come to an end: the stream ends with a
//! sentence where waiting does not help, and goes on by itself where it does.

use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::http::{HttpFault, HttpOp, RetryAfter};
use tonic::Code;

use crate::{
    process::wait_for,
    server::{Server, assert_status},
    storage::Place,
};

/// The most that a server may ever hold: an answer of 16 MiB that is read before it is refused, and
/// what it has anyway.
const MOST_KIB: u64 = 160 * 1024;

/// The host and port of an endpoint, as messages name it.
pub(crate) fn host(place: &Place) -> &str {
    place.endpoint.split('/').nth(2).unwrap()
}

/// A number of kB from the process's status, where the system tells it.
pub(crate) fn memory(server: &Server, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim_start_matches(':')
        .split_whitespace()
        .next()?
        .parse()
        .ok()
}

pub(crate) fn assert_small(server: &Server) {
    let Some(most) = memory(server, "VmHWM") else {
        println!("this system does not tell how much memory a process had");
        return;
    };
    println!("at most {} MiB were resident", most / 1024);
    assert!(most < MOST_KIB, "{most} KiB");
}

#[tokio::test]
async fn a_container_that_does_not_exist_is_named() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let missing = place
        .stateless_config()
        .replace(&place.container, "no-such-container");
    assert_status(
        &server.refusal(&missing).await,
        Code::NotFound,
        &format!(
            "the container was not found: listing container \
             `no-such-container` at {}: 404 ContainerNotFound, the container does not exist: create \
             it, or correct the name",
            host(&place)
        ),
    );
    let missing = place.config().replace(&place.state, "no-such-state");
    let status = server.refusal(&missing).await;
    assert_eq!(status.code(), Code::NotFound);
    assert!(
        status.message().contains("container `no-such-state` at"),
        "{status:?}"
    );
    // Both are there for whoever looks at the server: as refused streams, and as sources that fail.
    let told: Value = serde_json::from_str(&server.admin("/").await).unwrap();
    assert_eq!(told["refused"].as_array().unwrap().len(), 2, "{told}");
    for source in told["sources"].as_array().unwrap() {
        assert_eq!(source["state"], "refused", "{told}");
        let error = source["lastError"].as_str().unwrap();
        assert!(error.contains("no-such-"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let right = testkit::http::connection_string(&place.endpoint);
    place.write_credential("storage", &right.replace(testkit::http::KEY, "d3Jvbmc="));
    let status = server.refusal(&place.stateless_config()).await;
    // Azurite and the service tell it by different codes.
    let message = status
        .message()
        .replace("AuthorizationFailure", "AuthenticationFailed");
    let listing = format!(
        "listing container `{}` at {}",
        place.container,
        host(&place)
    );
    assert!(
        matches!(
            status.code(),
            Code::Unauthenticated | Code::PermissionDenied
        ),
        "{status:?}"
    );
    assert!(
        message.contains(&format!("{listing}: 403 AuthenticationFailed, ")),
        "{message}"
    );
    assert!(!message.contains("d3Jvbmc"));
}

/// The refusal of a stream from a service whose every list meets `fault`.
async fn refused_by(fault: HttpFault) -> (Server, tonic::Status, String) {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    face.storm(1, 1000, vec![fault]);
    let status = server.refusal(&place.stateless_config()).await;
    let listing = format!(
        "listing container `{}` at {}",
        place.container,
        host(&place)
    );
    (server, status, listing)
}

#[tokio::test]
async fn refusals_have_their_codes_and_say_what_to_do() {
    for (status, code, expected, start, end) in [
        (
            403,
            "AuthenticationFailed",
            Code::Unauthenticated,
            "signing in to the storage account failed",
            "403 AuthenticationFailed, the credential is not accepted: check that it belongs to this \
             account, that it was not rotated and has not expired, and that this machine's clock is \
             right",
        ),
        (
            403,
            "AuthorizationPermissionMismatch",
            Code::PermissionDenied,
            "the storage account denies access",
            "403 AuthorizationPermissionMismatch, the identity has no permission: give it a role such \
             as Storage Blob Data Reader (for the state container: Storage Blob Data Contributor)",
        ),
        (
            403,
            "AuthorizationFailure",
            Code::PermissionDenied,
            "the storage account denies access",
            "403 AuthorizationFailure, the account's firewall, the key or the credential's rights \
             forbid it",
        ),
    ] {
        let fault = HttpFault::Status {
            status,
            code,
            retry_after: None,
        };
        let (_, status, listing) = refused_by(fault).await;
        assert_status(&status, expected, &format!("{start}: {listing}: {end}"));
    }
}

#[tokio::test]
async fn a_server_that_answers_html_is_no_blob_service() {
    let (server, status, listing) = refused_by(HttpFault::Html).await;
    assert_status(
        &status,
        Code::FailedPrecondition,
        &format!(
            "the endpoint does not answer as Azure Blob Storage does: {listing}: it answered \
             with text/html instead of a List Blobs page: is it the blob service's URL?"
        ),
    );
    assert_small(&server);
}

#[tokio::test]
async fn a_page_without_end_is_given_up_and_fills_no_memory() {
    let asked = Instant::now();
    let (server, status, listing) = refused_by(HttpFault::Endless).await;
    assert_status(
        &status,
        Code::FailedPrecondition,
        &format!(
            "the endpoint does not answer as Azure Blob Storage does: {listing}: the answer has \
             more than 16 MiB: is it the blob service's URL?"
        ),
    );
    assert!(asked.elapsed() < Duration::from_secs(20));
    assert_small(&server);
}

/// After a fault that passes, the stream goes on; while it lasts, the status page says so.
async fn is_waited_out(fault: HttpFault, after_first_sweep: bool, words: &str) {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    // It keeps its ledger in memory, so that each list is one of the watched container.
    let config = place.stateless_config();
    let fail = || (0..2).for_each(|_| face.fault(HttpOp::ListBlobs, fault.clone()));
    let mut stream = if after_first_sweep {
        let stream = server.stream(&config).await;
        server.reaches("sweeps", 2).await;
        fail();
        stream
    } else {
        fail();
        server.stream(&config).await
    };
    wait_for("the fault on the status page", async || {
        let source = server.source().await;
        let error = source["lastError"].as_str().unwrap_or_default();
        (source["state"] == "retrying" && error.contains(words)).then_some(())
    })
    .await;
    place.put("raw/a.csv").await;
    assert_eq!(stream.name().await, "raw/a.csv");
    server.reaches("done", 1).await;
    server.sweeps_more(1).await;
    assert_eq!(server.source().await["state"], "watching");
    assert_eq!(server.source().await["lastError"], serde_json::Value::Null);
    let log = server.process.stderr();
    let count = |words: &str| log.iter().filter(|line| line.contains(words)).count();
    assert_eq!(count("trying again until it succeeds"), 1, "{log:#?}");
    assert_eq!(count("storage answers again"), 1, "{log:#?}");
    assert_small(&server);
}

#[tokio::test]
async fn xml_that_never_closes_is_waited_out() {
    for after in [false, true] {
        is_waited_out(HttpFault::UnclosedXml, after, "the page is incomplete").await;
    }
}

#[tokio::test]
async fn a_busy_service_is_waited_out() {
    for after in [false, true] {
        is_waited_out(HttpFault::busy(None), after, "503 ServerBusy").await;
    }
}

#[tokio::test]
async fn nonsense_from_a_service_that_has_proven_itself_is_waited_out() {
    is_waited_out(HttpFault::Html, true, "text/html").await;
    is_waited_out(HttpFault::Endless, true, "16 MiB").await;
}

/// What the status page says of the last thing that went wrong.
pub(crate) async fn last_error(server: &Server) -> String {
    let source = server.source().await;
    source["lastError"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_wait_that_the_service_asks_for_is_told_with_its_end() {
    for (after, asked) in [
        (RetryAfter::Seconds(1_000_000_000), "1000000000 s"),
        (
            RetryAfter::Text("99999999999999999999999"),
            "18446744073709551615 s",
        ),
        (RetryAfter::Text("Fri, 31 Dec 9999 23:59:59 GMT"), " s"),
    ] {
        let (place, face) = Place::fake().await;
        let server = Server::of(&place).await;
        let _stream = server.stream(&place.stateless_config()).await;
        server.reaches("sweeps", 2).await;
        face.fault(HttpOp::ListBlobs, HttpFault::busy(Some(after)));
        wait_for("the wait on the status page", async || {
            let error = last_error(&server).await;
            let told = error.contains(asked)
                && error.contains(": 503 ServerBusy, and asks for a wait of ")
                && error.contains(" (`Retry-After`); this server waits until 20")
                && error.ends_with("Z (at most 300 s at a time)");
            told.then_some(())
        })
        .await;
        let line = server.process.says("this server waits until 20").await;
        assert!(line.contains("trying again until it succeeds"), "{line}");
    }
    for nonsense in ["-5", "1.5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT"] {
        is_waited_out(
            HttpFault::busy(Some(RetryAfter::Text(nonsense))),
            true,
            "503 ServerBusy",
        )
        .await;
    }
}
