//! Connections that the service closed before it answered.

use std::{error::Error, io};

use azure_core::error::ErrorKind;

/// Whether a call failed because its connection was closed, or had been, before a word of the answer came. The
/// request may have been carried out anyway. A connection that was not made, or that was silent for too
/// long, is another matter.
pub(super) fn is_unanswered(error: &azure_core::Error) -> bool {
    if !matches!(error.kind(), ErrorKind::Io) {
        return false;
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(link) = cause {
        if link.downcast_ref().is_some_and(is_closed) || link.downcast_ref().is_some_and(is_reset) {
            return true;
        }
        cause = link.source();
    }
    false
}

fn is_closed(error: &hyper::Error) -> bool {
    error.is_incomplete_message() || error.is_canceled() || error.is_closed()
}

fn is_reset(error: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof,
    };
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(kind: ErrorKind, cause: io::ErrorKind) -> azure_core::Error {
        azure_core::Error::with_error(kind, io::Error::from(cause), "x")
    }

    #[test]
    fn what_was_closed_is_told_from_what_did_not_come_about_or_was_silent() {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, UnexpectedEof};
        for cause in [BrokenPipe, ConnectionReset, UnexpectedEof] {
            assert!(is_unanswered(&failed(ErrorKind::Io, cause)), "{cause}");
            let connecting = failed(ErrorKind::Connection, cause);
            assert!(!is_unanswered(&connecting), "{cause}");
        }
        assert!(!is_unanswered(&failed(ErrorKind::Io, TimedOut)));
        let other = azure_core::Error::with_message(ErrorKind::Io, "x");
        assert!(!is_unanswered(&other));
    }
}
