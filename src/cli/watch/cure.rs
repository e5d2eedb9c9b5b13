//! Why a server cannot be reached, and what to do about it. Pure.

use std::{error::Error, io};

use crate::{
    cli::address::with_port,
    net::{
        plaintext::is_plaintext,
        trust::{BY_OPTION, distrust},
    },
};

/// What is said of `error`, for which there is no connection to `url`.
pub(super) fn told(url: &str, error: &(dyn Error + 'static)) -> String {
    let cause = last(error);
    let words = cause.to_string();
    if let Some(why) = distrust(&words, BY_OPTION) {
        return format!("cannot connect to {url}: {why}");
    }
    match cure(url, cause, &words) {
        Some(cure) => format!("cannot connect to {url}: {words}; {cure}"),
        None => format!("cannot connect to {url}: {words}"),
    }
}

fn cure(url: &str, cause: &(dyn Error + 'static), words: &str) -> Option<String> {
    let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    let is_silent = words.contains("deadline") || kind == Some(io::ErrorKind::TimedOut);
    let is_refused = kind == Some(io::ErrorKind::ConnectionRefused);
    if let Some(meant) = with_port(url).filter(|_| is_silent || is_refused) {
        return Some(format!("no port was given: write `{meant}`"));
    }
    if is_refused {
        return Some(
            "nothing listens there: start the server (`serve --listen`), correct the port, or forward \
             the port of the cluster (`kubectl port-forward deployment/azure-blob-eventsource 50051`)"
                .to_owned(),
        );
    }
    if is_plaintext(words) {
        return Some(format!(
            "the server there does not use TLS: write `{}`, or start the server with --tls-cert and --tls-key",
            url.replacen("https://", "http://", 1)
        ));
    }
    if words.contains("lookup address") {
        return Some(
            "correct the host's name, or check whether this machine can resolve it".to_owned(),
        );
    }
    is_silent.then(|| {
        "nothing answers: check that the address is right and no firewall blocks the connection"
            .to_owned()
    })
}

/// What is said when a connection to `url` was made and broke, with `error`, before anything was answered.
pub(super) fn unanswered(url: &str, error: &(dyn Error + 'static)) -> String {
    let words = last(error).to_string();
    // A server of TLS or of HTTP/1 closes, or answers with what h2 takes for a frame that is too long: which of both
    // comes first is chance.
    match url.strip_prefix("http://") {
        Some(rest) => format!(
            "no gRPC answer from {url} ({words}): if the server there uses TLS, write `https://{rest}`; if it is no gRPC \
             server, correct the port: {PORTS}"
        ),
        None => not_grpc(url, &words),
    }
}

/// What is said of an answer that no gRPC server gives.
pub(super) fn not_grpc(url: &str, words: &str) -> String {
    format!("the server at {url} is no gRPC server ({words}): {PORTS}")
}

const PORTS: &str = "gRPC is on port 50051 of the server, the status page on 9090";

/// What is at the bottom of an error.
pub(super) fn last<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    match error.source() {
        Some(cause) => last(cause),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_cure_are_named() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let said = told("http://localhost:1", &refused);
        assert!(
            said.starts_with("cannot connect to http://localhost:1: ")
                && said.contains("nothing listens there"),
            "{said}"
        );
        let said = told("http://localhost", &refused);
        let meant = "no port was given: write `http://localhost:50051`";
        assert!(said.ends_with(meant), "{said}");
        let no_tls = io::Error::other("received corrupt message of type InvalidContentType");
        let said = told("https://h:1", &no_tls);
        assert!(said.contains("write `http://h:1`"), "{said}");
        let other = told("http://h:1", &io::Error::other("strange"));
        assert_eq!(other, "cannot connect to http://h:1: strange");
    }

    #[test]
    fn a_certificate_that_is_not_trusted_has_its_cure() {
        for (reason, cure) in [
            ("UnknownIssuer", "--ca-file"),
            ("Other(OtherError(CaUsedAsEndEntity))", "CA:FALSE"),
        ] {
            let cause = io::Error::other(format!("invalid peer certificate: {reason}"));
            let said = told("https://h:1", &cause);
            let begin = "cannot connect to https://h:1: the server's certificate is not trusted (";
            assert!(said.starts_with(begin) && said.contains(cure), "{said}");
        }
    }

    #[test]
    fn what_does_not_speak_grpc_is_told_with_the_ports() {
        let broken = io::Error::other("stream closed because of a broken pipe");
        let foreign = io::Error::other("frame with invalid size");
        for error in [&broken, &foreign] {
            let said = unanswered("http://h:9090", error);
            assert!(
                said.starts_with("no gRPC answer from http://h:9090 ("),
                "{said}"
            );
            assert!(
                said.contains("write `https://h:9090`; if it is no gRPC server"),
                "{said}"
            );
            assert!(said.ends_with(PORTS), "{said}");
        }
        let said = unanswered("https://h:1", &broken);
        assert!(said.contains(":1 is no gRPC server ("), "{said}");
        assert!(said.ends_with(PORTS), "{said}");
    }
}
