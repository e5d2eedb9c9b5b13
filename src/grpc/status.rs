//! How a stream ends, and the status that says so.
//!
//! Argo's client logs the status's message, so each is a sentence that helps whoever reads
//! `kubectl logs` of the EventSource pod.

use thiserror::Error;
use tonic::{Code, Status};

use crate::{
    config::ConfigError,
    confirm::error::ConfirmError,
    ports::{connect::ConnectError, error::StorageErrorKind},
    session::SessionError,
    text::plain::is_hidden,
};

/// The longest message. Percent-encoding may treble it, and clients take headers of 16 KiB.
const LONGEST_MESSAGE: usize = 4096;

/// Why a stream does not start, or ends other than in peace.
#[derive(Debug, Error)]
pub enum End {
    /// The request's configuration is too long.
    #[error("the configuration has {0} bytes; at most {max} are allowed", max = super::limits::CONFIG_BYTES)]
    TooLong(usize),
    /// The request's event name is too long.
    #[error("the event's name has {0} bytes; at most {max} are allowed", max = super::limits::NAME_BYTES)]
    LongName(usize),
    /// The request's configuration has mistakes.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// No connection can be made from the configuration.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// The session gave up.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A newer stream of the same source has come to this server.
    #[error("another stream of source `{0}` has taken over")]
    TakenOver(String),
    /// The bearer token may not stream this source.
    #[error(
        "the bearer token may not stream source `{0}`: name the source in the token's line of the server's \
         token file, or give an `id` that is named there"
    )]
    NotAllowed(String),
    /// Another container is streamed under this source's name.
    #[error(
        "source `{source_id}` streams {here} here, and this configuration names {asked}: set another `id`"
    )]
    OtherContainer {
        /// The source's name.
        source_id: String,
        /// The container that is streamed.
        here: String,
        /// The container of the configuration.
        asked: String,
    },
    /// A client could not be seen to do better than the stream that it would take over.
    #[error(
        "source `{source_id}` has a live stream, which continues, and this client's configuration \
         could not be tried within {} s ({why}): try again",
        super::limits::PROOF.as_secs()
    )]
    Unproven {
        /// The source's name.
        source_id: String,
        /// What it waited for.
        why: String,
    },
    /// The client asked not to take over, and there is a live stream.
    #[error("source `{0}` has a live stream, and this client did not ask to take it over")]
    Taken(String),
    /// The client asked to take over a source, and there is none of this name.
    #[error(
        "no source of the event `{event}` has run, so there is nothing to take over{}",
        .meant.as_ref().map_or_else(String::new, |it| format!("; did you mean `{it}`?"))
    )]
    NothingToTakeOver {
        /// The event's name.
        event: String,
        /// The event whose name is nearest.
        meant: Option<String>,
    },
    /// Two clients take a source from each other.
    #[error(
        "source `{0}` has been taken over {take_overs} times within a minute and is still being streamed: \
         two EventSources share one source; set a distinct `id` in the configuration of one of them",
        take_overs = super::limits::TAKE_OVERS
    )]
    Contended(String),
    /// The server has all the streams it may have.
    #[error(
        "this server has the largest number of streams: end a stream, or set a larger --max-streams than {0}"
    )]
    Full(usize),
    /// The server is on its way out.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// A defect of ours.
    #[error("the stream ended because of a defect in the server; its log says more")]
    Defect,
}

impl From<&End> for Status {
    fn from(end: &End) -> Self {
        Self::new(code(end), plain(&message(end)))
    }
}

fn code(end: &End) -> Code {
    match end {
        End::TooLong(_) | End::LongName(_) | End::Config(_) => Code::InvalidArgument,
        End::Connect(ConnectError::Invalid(_)) => Code::InvalidArgument,
        // Nothing is wrong with the request: it will do once the operator has mounted the credential.
        End::Connect(
            ConnectError::NoCredential(_) | ConnectError::Credential(_) | ConnectError::Machine(_),
        ) => Code::FailedPrecondition,
        End::Session(SessionError::Storage(error)) => storage_code(error.kind),
        End::Session(SessionError::DamagedLedger(_) | SessionError::LostLedger { .. }) => {
            Code::DataLoss
        }
        End::Session(SessionError::NewerLedger(_)) => Code::FailedPrecondition,
        End::Session(SessionError::Confirm(error)) => confirm_code(error),
        End::Session(SessionError::ForeignLedger { .. }) => Code::FailedPrecondition,
        End::Session(SessionError::TakenOver(_)) | End::TakenOver(_) => Code::Aborted,
        End::NotAllowed(_) => Code::PermissionDenied,
        End::OtherContainer { .. } => Code::FailedPrecondition,
        End::NothingToTakeOver { .. } => Code::NotFound,
        End::Unproven { .. } => Code::Unavailable,
        End::Contended(_) | End::Taken(_) => Code::AlreadyExists,
        End::Full(_) => Code::ResourceExhausted,
        End::ShuttingDown => Code::Unavailable,
        End::Defect => Code::Internal,
    }
}

fn confirm_code(error: &ConfirmError) -> Code {
    match error {
        ConfirmError::Forbidden(_) => Code::PermissionDenied,
        ConfirmError::NoCluster(_) | ConfirmError::UnknownKind(_) => Code::FailedPrecondition,
        ConfirmError::Unreachable(_) => Code::Unavailable,
    }
}

fn storage_code(kind: StorageErrorKind) -> Code {
    match kind {
        // A session tries these again itself; should one get here, the client may try again too.
        StorageErrorKind::Transient | StorageErrorKind::StaleContinuation => Code::Unavailable,
        StorageErrorKind::Unauthenticated => Code::Unauthenticated,
        StorageErrorKind::Forbidden => Code::PermissionDenied,
        StorageErrorKind::NotFound | StorageErrorKind::UnknownHost => Code::NotFound,
        StorageErrorKind::Protocol | StorageErrorKind::Rejected | StorageErrorKind::Untrusted => {
            Code::FailedPrecondition
        }
    }
}

// A reader must be able to tell the storage account's refusals from this server's own.
fn message(end: &End) -> String {
    let error = match end {
        End::Session(SessionError::Storage(error)) => error,
        End::Config(error) => return numbered(error),
        end => return end.to_string(),
    };
    let what = match error.kind {
        StorageErrorKind::Transient | StorageErrorKind::StaleContinuation => {
            "the storage account is not available for the moment"
        }
        StorageErrorKind::Unauthenticated => "signing in to the storage account failed",
        StorageErrorKind::Forbidden => "the storage account denies access",
        StorageErrorKind::NotFound if error.to_string().contains("QueueNotFound") => {
            "the queue was not found"
        }
        StorageErrorKind::NotFound => "the container was not found",
        StorageErrorKind::UnknownHost => "the storage account was not found",
        StorageErrorKind::Untrusted => "the storage account's certificate is not trusted",
        StorageErrorKind::Protocol => "the endpoint does not answer as Azure Blob Storage does",
        StorageErrorKind::Rejected => "the storage account refused",
    };
    format!("{what}: {error}")
}

// On one line, mistakes run into each other unless they have numbers.
fn numbered(error: &ConfigError) -> String {
    let [first, second, ..] = &error.mistakes[..] else {
        return error.to_string();
    };
    let mut message = format!("several mistakes: (1) {first} (2) {second}");
    for (mistake, number) in error.mistakes.iter().skip(2).zip(3..) {
        message.push_str(&format!(" ({number}) {mistake}"));
    }
    message
}

/// One line of at most 4 KiB without control characters, whatever went in.
fn plain(message: &str) -> String {
    let mut plain = String::with_capacity(message.len().min(LONGEST_MESSAGE));
    for line in message.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let separator = match plain.chars().last() {
            None => "",
            Some(':' | ';' | ',') => " ",
            Some(_) => "; ",
        };
        plain.push_str(separator);
        plain.extend(line.chars().map(|c| if is_hidden(c) { ' ' } else { c }));
    }
    shorten(plain)
}

fn shorten(mut message: String) -> String {
    const MORE: &str = " …";
    if message.len() > LONGEST_MESSAGE {
        let end = (0..=LONGEST_MESSAGE - MORE.len())
            .rev()
            .find(|end| message.is_char_boundary(*end));
        message.truncate(end.unwrap_or(0));
        message.push_str(MORE);
    }
    message
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;
    use crate::{config::SourceConfig, ports::error::StorageError};

    fn storage(kind: StorageErrorKind) -> End {
        SessionError::from(StorageError::new(kind, "list blobs answered 4xx")).into()
    }

    #[test]
    fn each_end_has_its_code_and_words() {
        use StorageErrorKind as Kind;
        let invalid = SourceConfig::parse(b"nonsense").unwrap_err();
        let table = [
            (
                End::TooLong(70_000),
                Code::InvalidArgument,
                "70000 bytes; at most 65536",
            ),
            (
                End::LongName(999),
                Code::InvalidArgument,
                "999 bytes; at most 256",
            ),
            (invalid.into(), Code::InvalidArgument, ""),
            (
                ConnectError::Invalid("no".into()).into(),
                Code::InvalidArgument,
                "no",
            ),
            (
                ConnectError::Credential("gone".into()).into(),
                Code::FailedPrecondition,
                "gone",
            ),
            (
                storage(Kind::Transient),
                Code::Unavailable,
                "for the moment",
            ),
            (
                storage(Kind::StaleContinuation),
                Code::Unavailable,
                "for the moment",
            ),
            (
                storage(Kind::Unauthenticated),
                Code::Unauthenticated,
                "signing in to the storage account failed: list blobs",
            ),
            (
                storage(Kind::Forbidden),
                Code::PermissionDenied,
                "denies access",
            ),
            (storage(Kind::NotFound), Code::NotFound, "not found"),
            (
                storage(Kind::Untrusted),
                Code::FailedPrecondition,
                "certificate is not trusted",
            ),
            (
                ConnectError::Machine("no authorities".into()).into(),
                Code::FailedPrecondition,
                "no authorities",
            ),
            (
                storage(Kind::Protocol),
                Code::FailedPrecondition,
                "as Azure Blob Storage does",
            ),
            (storage(Kind::Rejected), Code::FailedPrecondition, "refused"),
            (
                SessionError::TakenOver("s".into()).into(),
                Code::Aborted,
                "source `s` has taken over",
            ),
            (
                SessionError::from(ConfirmError::Forbidden("kubectl create".into())).into(),
                Code::PermissionDenied,
                "kubectl create",
            ),
            (
                SessionError::from(ConfirmError::UnknownKind("no Jobb".into())).into(),
                Code::FailedPrecondition,
                "no Jobb",
            ),
            (
                SessionError::DamagedLedger("bad".into()).into(),
                Code::DataLoss,
                "bad",
            ),
            (
                SessionError::LostLedger {
                    source_id: "s".into(),
                    journal: "s/journal-0000000003".into(),
                }
                .into(),
                Code::DataLoss,
                "of source `s` was deleted from the state container while it was in use (`s/journal-0000000003` is gone)",
            ),
            (
                SessionError::NewerLedger("newer".into()).into(),
                Code::FailedPrecondition,
                "newer",
            ),
            (
                End::TakenOver("s".into()),
                Code::Aborted,
                "source `s` has taken over",
            ),
            (
                End::Contended("s".into()),
                Code::AlreadyExists,
                "distinct `id`",
            ),
            (
                End::NotAllowed("s".into()),
                Code::PermissionDenied,
                "may not stream source `s`: name the source",
            ),
            (
                End::OtherContainer {
                    source_id: "s".into(),
                    here: "https://a/1".into(),
                    asked: "https://a/2".into(),
                },
                Code::FailedPrecondition,
                "`s` streams https://a/1 here, and this configuration names https://a/2: set another `id`",
            ),
            (
                End::Unproven {
                    source_id: "s".into(),
                    why: "503".into(),
                },
                Code::Unavailable,
                "could not be tried within 15 s (503): try again",
            ),
            (
                End::NothingToTakeOver {
                    event: "e".into(),
                    meant: None,
                },
                Code::NotFound,
                "no source of the event `e` has run, so there is nothing to take over",
            ),
            (
                End::Full(64),
                Code::ResourceExhausted,
                "--max-streams than 64",
            ),
            (
                End::ShuttingDown,
                Code::Unavailable,
                "the server is shutting down",
            ),
            (End::Defect, Code::Internal, "defect"),
        ];
        for (end, code, words) in table {
            let status = Status::from(&end);
            assert_eq!(status.code(), code, "{end}");
            assert!(status.message().contains(words), "{}", status.message());
        }
    }

    #[test]
    fn lines_are_joined_and_control_characters_go() {
        let message = plain("2 mistakes:\n  - a: \u{1b}[31mred\n\n  - b\tc\r\n");
        assert_eq!(message, "2 mistakes: - a:  [31mred; - b c");
    }

    #[test]
    fn several_mistakes_are_told_apart() {
        let error = SourceConfig::parse(b"zzz: 1\n").unwrap_err();
        let message = Status::from(&End::from(error)).message().to_owned();
        assert!(
            message.starts_with("several mistakes: (1) unknown key `zzz`; allowed: `account`"),
            "{message}"
        );
        assert!(message.contains("as `endpoint` (3) container: is missing; give"));
    }

    #[test]
    fn a_message_is_bounded_at_a_character() {
        let message = plain(&"é".repeat(5000));
        assert!(message.len() <= LONGEST_MESSAGE);
        assert!(message.ends_with(" …"));
        assert_eq!(plain("short"), "short");
    }
}
