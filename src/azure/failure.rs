//! Failures of calls, told apart by what a caller does about them.
//!
//! Facts: "Status and error codes" and "Blob Storage error codes", Azure Storage REST API.

use std::{error::Error, time::Duration};

use azure_core::{
    error::ErrorKind,
    http::headers::{HeaderName, Headers},
};
use time::OffsetDateTime;

use super::date;
use crate::{
    net::{
        plaintext::is_plaintext,
        proxy,
        trust::{BY_VARIABLE, distrust},
    },
    ports::error::{
        StorageError,
        StorageErrorKind::{
            self, Forbidden, NotFound, Protocol, Rejected, StaleContinuation, Transient,
            Unauthenticated, UnknownHost, Untrusted,
        },
    },
    text::plain::is_hidden,
};

const ERROR_CODE: HeaderName = HeaderName::from_static("x-ms-error-code");
const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");
/// In milliseconds; the first is what Azure's gateways send.
const RETRY_AFTER_MS: [HeaderName; 2] = [
    HeaderName::from_static("x-ms-retry-after-ms"),
    HeaderName::from_static("retry-after-ms"),
];

/// A call, for the messages of its failures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// What is done to what: "listing container `datasets`".
    pub(super) operation: &'a str,
    /// The host that is asked.
    pub(super) host: &'a str,
    /// The variable that names the proxy that it is asked through.
    pub(super) via: Option<&'static str>,
    /// Whether the request bears a listing's continuation.
    pub(super) continues: bool,
    /// What is asked there, for advice.
    pub(super) serves: Serves,
}

/// What an account's endpoint serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serves {
    /// Containers and blobs.
    Blobs,
    /// Queues and messages.
    Queues,
}

impl Call<'_> {
    /// A failure of this call.
    pub(super) fn error(&self, kind: StorageErrorKind, what: &str) -> StorageError {
        StorageError::new(kind, format!("{} at {}: {what}", self.operation, self.host))
    }

    /// The call took longer than `limit`.
    pub(super) fn timed_out(&self, limit: Duration) -> StorageError {
        self.error(
            Transient,
            &format!("no complete answer within {} s", limit.as_secs()),
        )
    }

    /// The service answered with a status that is no success.
    pub(super) fn refused(&self, status: u16, headers: &Headers) -> StorageError {
        let code = error_code(headers);
        let kind = match kind_of(status, code) {
            Rejected if status == 400 && self.continues => StaleContinuation,
            kind => kind,
        };
        let shown = [status.to_string(), code.unwrap_or_default().to_owned()].join(" ");
        let mut error = self.error(
            kind,
            &format!("{}{}", shown.trim_end(), self.advice(kind, code)),
        );
        error.retry_after = retry_after(headers);
        error.service_time = date::of(headers);
        error
    }

    fn advice(&self, kind: StorageErrorKind, code: Option<&str>) -> &'static str {
        match self.serves {
            Serves::Blobs => advice(kind, code),
            Serves::Queues => advice_on_queues(kind, code).unwrap_or(advice(kind, code)),
        }
    }

    /// The call failed in the client library: no answer, no token, or an answer that it takes for a failure.
    pub(super) fn failed(&self, error: &azure_core::Error) -> StorageError {
        match error.kind() {
            ErrorKind::HttpResponse {
                status,
                raw_response,
                ..
            } => match raw_response {
                Some(answer) => self.refused(u16::from(*status), answer.headers()),
                None => self.refused(u16::from(*status), &Headers::new()),
            },
            ErrorKind::Connection | ErrorKind::Io => self.unreachable(error),
            ErrorKind::Credential => self.without_token(error),
            ErrorKind::DataConversion => self.error(Protocol, "the answer has invalid headers"),
            _ => self.error(Rejected, "the request cannot be made"),
        }
    }

    fn without_token(&self, error: &azure_core::Error) -> StorageError {
        if let Some(what) = distrust(&deepest(error), BY_VARIABLE) {
            return self.error(Untrusted, &format!("signing in: {what}"));
        }
        match is_passing(error) {
            true => self.error(Transient, &first_line(error)),
            false => self.error(Unauthenticated, &first_line(error)),
        }
    }

    fn unreachable(&self, error: &azure_core::Error) -> StorageError {
        let cause = deepest(error);
        let hint = self.via.map(proxy::hint).unwrap_or_default();
        if let Some(what) = distrust(&cause, BY_VARIABLE) {
            return self.error(Untrusted, &format!("{what}{hint}"));
        }
        let no_such_host = ["not known", "not resolve", "No address", "nodename nor"]
            .iter()
            .any(|sign| cause.contains(sign));
        match (no_such_host, self.via) {
            (true, None) => self.error(
                UnknownHost,
                "no host has this name: is the account's name right?",
            ),
            (false, None) if cause.contains("Connection refused") => self.error(
                Transient,
                &format!(
                    "nothing listens there ({cause}): start it, or correct the address or the port"
                ),
            ),
            (false, None) if is_plaintext(&cause) => self.error(
                Transient,
                "the server there does not use TLS: correct the port, or write `http://` where the endpoint or \
                 `BlobEndpoint` has `https://`",
            ),
            // The proxy looks the account's name up: here its own has no address.
            _ => self.error(Transient, &format!("the connection failed ({cause}){hint}")),
        }
    }
}

/// The service's error code, if it is one: a proxy may write anything into a header.
pub(super) fn error_code(headers: &Headers) -> Option<&str> {
    headers
        .get_optional_str(&ERROR_CODE)
        .filter(|code| code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Status and error code of the answer that `error` is made of, if it is made of one.
pub(super) fn answer_of(error: &azure_core::Error) -> Option<(u16, Option<&str>)> {
    match error.kind() {
        ErrorKind::HttpResponse {
            status,
            raw_response,
            ..
        } => {
            let code = raw_response
                .as_ref()
                .and_then(|answer| error_code(answer.headers()));
            Some((u16::from(*status), code))
        }
        _ => None,
    }
}

fn kind_of(status: u16, code: Option<&str>) -> StorageErrorKind {
    match (status, code) {
        (_, Some("ContainerBeingDeleted")) => NotFound,
        (_, Some("AccountBeingCreated")) => Transient,
        (401, _) | (403, Some("AuthenticationFailed" | "InvalidAuthenticationInfo")) => {
            Unauthenticated
        }
        (403, _) => Forbidden,
        (404, _) => NotFound,
        (408 | 429, _) => Transient,
        (501 | 505, _) => Rejected,
        (500..=599, _) => Transient,
        (400..=499, _) => Rejected,
        _ => Protocol,
    }
}

fn advice(kind: StorageErrorKind, code: Option<&str>) -> &'static str {
    match (kind, code) {
        (Unauthenticated, _) => {
            ", the credential is not accepted: check that it belongs to this account, that it was not rotated and has not expired, and that this machine's clock is right"
        }
        (Forbidden, Some("AuthorizationFailure")) => {
            ", the account's firewall, the key or the credential's rights forbid it"
        }
        (Forbidden, Some("KeyBasedAuthenticationNotPermitted")) => {
            ", the account does not allow keys: sign in with workload identity"
        }
        (Forbidden, _) => {
            ", the identity has no permission: give it a role such as Storage Blob Data Reader (for the state container: Storage Blob Data Contributor)"
        }
        (NotFound, Some("ContainerNotFound")) => {
            ", the container does not exist: create it, or correct the name"
        }
        (StaleContinuation, _) => ", the listing cannot continue after its last page",
        (Protocol, _) => {
            ", a status that the blob service never sends: is it the blob service's URL?"
        }
        _ => "",
    }
}

// Where it differs from that on blobs.
fn advice_on_queues(kind: StorageErrorKind, code: Option<&str>) -> Option<&'static str> {
    Some(match (kind, code) {
        (Forbidden, Some("AuthorizationFailure" | "KeyBasedAuthenticationNotPermitted")) => {
            return None;
        }
        (Forbidden, _) => {
            ", the identity has no permission: give it the role Storage Queue Data Contributor on both queues"
        }
        (NotFound, Some("QueueNotFound")) => {
            ", the queue does not exist: create it, or correct the name"
        }
        (Protocol, _) => {
            ", a status that the queue service never sends: is it the queue service's URL?"
        }
        _ => return None,
    })
}

/// How long the service asks to be left alone: milliseconds, seconds, or until a date. What is none of
/// these is no wish; how much of it is obeyed is decided by who waits.
fn retry_after(headers: &Headers) -> Option<Duration> {
    let milliseconds = RETRY_AFTER_MS
        .iter()
        .find_map(|name| number(headers.get_optional_str(name)?.trim()))
        .map(Duration::from_millis);
    milliseconds.or_else(|| {
        let text = headers.get_optional_str(&RETRY_AFTER)?.trim();
        let seconds = number(text).or_else(|| seconds_until(text, headers))?;
        Some(Duration::from_secs(seconds))
    })
}

// More digits than a number can have are the largest there is.
fn number(digits: &str) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(u64::MAX))
}

// By the service's own clock if it tells it, for ours may differ.
fn seconds_until(date: &str, headers: &Headers) -> Option<u64> {
    let now = date::of(headers).unwrap_or_else(OffsetDateTime::now_utc);
    Some(u64::try_from(date::parse(date)? - now.unix_timestamp()).unwrap_or_default())
}

// What a link of the chain says may hold a URL, and a URL may hold a SAS: only the last one is shown,
// which is the operating system's or the TLS library's, and only when it has none.
fn deepest(error: &azure_core::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    shortened(&cause.to_string())
}

fn first_line(error: &azure_core::Error) -> String {
    shortened(error.to_string().lines().next().unwrap_or_default())
}

fn shortened(text: &str) -> String {
    if text.contains("://") {
        return "the connection failed".to_owned();
    }
    let plain = text.chars().filter(|character| !is_hidden(*character));
    plain.take(400).collect()
}

// A sign-in service that is down or far away says nothing about who we are.
fn is_passing(error: &azure_core::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(link) = cause {
        let passing = match link
            .downcast_ref::<azure_core::Error>()
            .map(azure_core::Error::kind)
        {
            Some(ErrorKind::Connection | ErrorKind::Io) => true,
            Some(ErrorKind::HttpResponse { status, .. }) => {
                kind_of(u16::from(*status), None) == Transient
            }
            _ => false,
        };
        if passing {
            return true;
        }
        cause = link.source();
    }
    false
}

#[cfg(test)]
mod tests;
