use azure_core::http::{RawResponse, StatusCode};

use super::*;

const SECRET: &str = "aHVudGVyMg";

fn call(continues: bool) -> Call<'static> {
    Call {
        operation: "listing container `datasets`",
        host: "store.blob.core.windows.net",
        via: None,
        continues,
        serves: Serves::Blobs,
    }
}

fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
    let mut headers = Headers::new();
    for &(name, value) in pairs {
        headers.insert(name, value);
    }
    headers
}

#[test]
fn every_status_and_code_has_its_kind() {
    for (status, code, kind) in [
        (400, "InvalidQueryParameterValue", Rejected),
        (401, "", Unauthenticated),
        (401, "NoAuthenticationInformation", Unauthenticated),
        (403, "AuthenticationFailed", Unauthenticated),
        (403, "AuthorizationFailure", Forbidden),
        (403, "AuthorizationPermissionMismatch", Forbidden),
        (403, "", Forbidden),
        (404, "ContainerNotFound", NotFound),
        (404, "ResourceNotFound", NotFound),
        (408, "", Transient),
        (409, "ContainerBeingDeleted", NotFound),
        (409, "AccountBeingCreated", Transient),
        (409, "BlobAlreadyExists", Rejected),
        (412, "LeaseIdMissing", Rejected),
        (429, "", Transient),
        (500, "InternalError", Transient),
        (501, "", Rejected),
        (502, "", Transient),
        (503, "ServerBusy", Transient),
        (504, "", Transient),
        (301, "", Protocol),
        (304, "", Protocol),
    ] {
        let headers = if code.is_empty() {
            headers(&[])
        } else {
            headers(&[("x-ms-error-code", code)])
        };
        let error = call(false).refused(status, &headers);
        assert_eq!(error.kind, kind, "{status} {code}");
        let start =
            format!("listing container `datasets` at store.blob.core.windows.net: {status} {code}");
        assert!(error.message.starts_with(start.trim_end()), "{error}");
    }
}

#[test]
fn a_bad_request_with_a_continuation_is_stale() {
    let headers = headers(&[("x-ms-error-code", "OutOfRangeQueryParameterValue")]);
    assert_eq!(call(true).refused(400, &headers).kind, StaleContinuation);
    assert_eq!(call(true).refused(409, &headers).kind, Rejected);
}

#[test]
fn retry_after_is_seconds_milliseconds_or_a_date() {
    let wait = |pairs: &[_]| call(false).refused(503, &headers(pairs)).retry_after;
    assert_eq!(wait(&[]), None);
    assert_eq!(wait(&[("retry-after", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(wait(&[("retry-after", "soon")]), None);
    assert_eq!(
        wait(&[("x-ms-retry-after-ms", "1500")]),
        Some(Duration::from_millis(1500))
    );
    let date = ("date", "Fri, 09 Oct 2009 21:04:30 GMT");
    let later = ("retry-after", "Fri, 09 Oct 2009 21:05:00 GMT");
    assert_eq!(wait(&[date, later]), Some(Duration::from_secs(30)));
    assert_eq!(
        wait(&[later]),
        Some(Duration::ZERO),
        "long past by our own clock"
    );
    let far = ("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT");
    let centuries = Duration::from_secs(86_400 * 365 * 7_000);
    assert!(wait(&[date, far]).is_some_and(|wait| wait > centuries));
    for (digits, seconds) in [
        ("1000000000", 1_000_000_000),
        ("99999999999999999999999", u64::MAX),
    ] {
        let asked = Some(Duration::from_secs(seconds));
        assert_eq!(wait(&[("retry-after", digits)]), asked);
    }
    for nonsense in [
        "-5",
        "+5",
        "1.5",
        "1e9",
        "",
        "\u{663}",
        "Fri, 31 Feb 9999 23:59:59 GMT",
    ] {
        assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense}");
    }
}

#[test]
fn neither_bodies_nor_urls_nor_foreign_headers_are_repeated() {
    let mut hostile = headers(&[]);
    hostile.insert("x-ms-error-code", format!("<script>{SECRET}"));
    let answer = RawResponse::from_bytes(StatusCode::BadRequest, hostile, SECRET);
    let kind = ErrorKind::HttpResponse {
        status: StatusCode::BadRequest,
        error_code: Some(SECRET.to_owned()),
        raw_response: Some(Box::new(answer)),
    };
    let refused = azure_core::Error::with_message(kind, SECRET);
    let url = std::io::Error::other(format!("error for url (https://store/?sig={SECRET})"));
    let unreachable = azure_core::Error::with_error(ErrorKind::Io, url, SECRET);
    for error in [refused, unreachable] {
        let error = call(false).failed(&error);
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
}

#[test]
fn a_host_without_address_is_unknown_and_a_closed_port_is_transient() {
    let of = |text: &str| {
        let cause = std::io::Error::other(text.to_owned());
        call(false).failed(&azure_core::Error::with_error(
            ErrorKind::Connection,
            cause,
            "x",
        ))
    };
    let unknown = "failed to lookup address information: Name or service not known";
    assert_eq!(of(unknown).kind, UnknownHost);
    assert_eq!(of("Name does not resolve").kind, UnknownHost);
    assert_eq!(of("Temporary failure in name resolution").kind, Transient);
    let refused = of("Connection refused (os error 111)");
    assert_eq!(refused.kind, Transient);
    assert!(refused.message.contains("Connection refused"), "{refused}");
}

#[test]
fn without_a_token_nobody_is_signed_in_unless_the_network_is_at_fault() {
    let none = azure_core::Error::with_message(ErrorKind::Credential, "no token\nTo troubleshoot");
    let error = call(false).failed(&none);
    assert_eq!(error.kind, Unauthenticated);
    assert!(error.message.ends_with(": no token"), "{error}");
    let network = azure_core::Error::with_message(ErrorKind::Connection, "down");
    let error = azure_core::Error::with_error(ErrorKind::Credential, network, "no token");
    assert_eq!(call(false).failed(&error).kind, Transient);
}
