//! Why a server cannot be reached, and what to do about it. Pure.

use std::{error::Error, io};

/// What is said of `error`, which `url` was answered with.
pub(super) fn told(url: &str, error: &(dyn Error + 'static)) -> String {
    let cause = last(error);
    let words = cause.to_string();
    match cure(url, cause, &words) {
        Some(cure) => format!("cannot connect to {url}: {words}; {cure}"),
        None => format!("cannot connect to {url}: {words}"),
    }
}

fn cure(url: &str, cause: &(dyn Error + 'static), words: &str) -> Option<String> {
    let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    let plain = || url.replacen("https://", "http://", 1);
    if kind == Some(io::ErrorKind::ConnectionRefused) {
        return Some(
            "nothing listens there: start the server (`serve --listen`), correct the port, or forward \
             the port of the cluster (`kubectl port-forward deployment/azure-blob-eventsource 50051`)"
                .to_owned(),
        );
    }
    // rustls' words for an answer that is no TLS.
    if words.contains("InvalidContentType") {
        return Some(format!(
            "what answers there does not speak TLS: write `{}`, or serve with --tls-cert and --tls-key",
            plain()
        ));
    }
    if words.contains("UnknownIssuer") {
        return Some(
            "give the authority that signed the server's certificate with --ca-file".to_owned(),
        );
    }
    if words.contains("lookup address") {
        return Some("correct the host's name, or see whether this machine resolves it".to_owned());
    }
    if words.contains("deadline") || kind == Some(io::ErrorKind::TimedOut) {
        return Some(
            "nothing answers: check that the address is right and no firewall blocks the connection"
                .to_owned(),
        );
    }
    None
}

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
        let no_tls = io::Error::other("received corrupt message of type InvalidContentType");
        let said = told("https://h:1", &no_tls);
        assert!(said.contains("write `http://h:1`"), "{said}");
        let other = told("http://h:1", &io::Error::other("strange"));
        assert_eq!(other, "cannot connect to http://h:1: strange");
    }
}
