//! What can go wrong with a storage account, told apart by what a caller does about it.

use std::{fmt, time::Duration};

use thiserror::Error;
use time::OffsetDateTime;

/// A failed call to Azure Storage: its cause in one sentence, and what it means for the caller.
///
/// The message names the operation, the status and the service's error code. It never holds a
/// key, a SAS or a token, nor the body of an answer.
#[derive(Debug, Clone, Error)]
#[error("{message}{}", RetryAfter(*.retry_after))]
pub struct StorageError {
    /// What a caller does about it.
    pub kind: StorageErrorKind,
    /// One lower-case sentence for people.
    pub message: String,
    /// How long the service asked to be left alone (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// When the service answered, by its own clock, if it did.
    pub service_time: Option<OffsetDateTime>,
    /// Whether the connection was closed before a word of the answer came, as happens to one that was idle: worth
    /// one more try at once, without a word to anybody.
    pub unanswered: bool,
}

/// The classes of failure that callers tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StorageErrorKind {
    /// Worth another try: a connection that failed, a timeout, 408, 429, 500, 502, 503, 504, an incomplete answer.
    Transient,
    /// The service does not know who asks (401, or 403 with `AuthenticationFailed`), or no token could be had.
    Unauthenticated,
    /// The service knows who asks and says no (other 403).
    Forbidden,
    /// The container does not exist (404).
    NotFound,
    /// The endpoint's host name does not resolve: there is no such account, or name resolution fails.
    UnknownHost,
    /// The server's certificate is not trusted, so nothing was asked.
    Untrusted,
    /// A listing cannot go on, so that it has to start afresh: its continuation is refused (400 on a
    /// request that bore one), or it does not get ahead.
    StaleContinuation,
    /// The answer is not Azure Storage's: HTML, XML of another shape, more bytes than a page can have.
    Protocol,
    /// Any other refusal (4xx). Asking again would not help.
    Rejected,
}

/// A wait that was asked for, as the end of a sentence.
struct RetryAfter(Option<Duration>);

impl fmt::Display for RetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|asked| asked.as_secs()) {
            Some(seconds @ 1..) => {
                write!(f, ", and asks for a wait of {seconds} s (`Retry-After`)")
            }
            _ => Ok(()),
        }
    }
}

impl StorageError {
    /// An error of `kind`, with no wish about when to try again.
    pub fn new(kind: StorageErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            retry_after: None,
            service_time: None,
            unanswered: false,
        }
    }

    /// Whether the same call may succeed later without anybody's doing.
    pub fn is_transient(&self) -> bool {
        self.kind == StorageErrorKind::Transient
    }

    /// Whether to try again, of a service that has answered as it should before when `proven`: then a strange
    /// answer (a proxy's page), a name that does not resolve or another's certificate is a fault that passes.
    pub fn passes(&self, proven: bool) -> bool {
        use StorageErrorKind::{Protocol, UnknownHost, Untrusted};
        self.is_transient() || (proven && matches!(self.kind, Protocol | UnknownHost | Untrusted))
    }
}
