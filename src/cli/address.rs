//! Addresses as people type them: what is meant by those that are none. Pure.

use std::net::SocketAddr;

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// An address to listen on.
///
/// # Errors
/// A sentence with an example.
pub(super) fn listen(typed: &str) -> Result<SocketAddr, String> {
    typed.parse().map_err(|_| {
        let (host, port) = parts(typed);
        let port = port.filter(|port| port.parse::<u16>().is_ok()).unwrap_or("50051");
        let host = match host {
            "localhost" => "127.0.0.1",
            _ => "0.0.0.0",
        };
        format!(
            "write an IP address and a port: `{host}:{port}`{}",
            match host {
                "0.0.0.0" => format!(
                    " for all addresses of this machine, or `127.0.0.1:{port}` for programs on this machine alone"
                ),
                _ => String::new(),
            }
        )
    })
}

/// The URL that was probably meant by one that is none.
pub(super) fn url(typed: &str) -> String {
    let (host, port) = parts(typed);
    let host = if host.is_empty() { "localhost" } else { host };
    format!("http://{host}:{}", port.unwrap_or("50051"))
}

// Host and port of whatever has them.
fn parts(typed: &str) -> (&str, Option<&str>) {
    let typed = typed.split_once("://").map_or(typed, |(_, rest)| rest);
    let typed = typed.split('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    match typed.rsplit_once(':') {
        _ if !typed.chars().all(is_plain) => ("", None),
        Some((host, port)) if is_number(port) => (host, Some(port)),
        Some((host, _)) => (host, None),
        None if is_number(typed) => ("", Some(typed)),
        None => (typed, None),
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// Options for addresses that other servers have, and this one has not.
const OTHERS: [&str; 10] = [
    "--port",
    "-p",
    "--host",
    "--address",
    "--addr",
    "--bind",
    "--grpc-port",
    "--admin-port",
    "--metrics-port",
    "--http-port",
];

/// What to type instead of an option for an address that there is not.
pub fn tip(error: &clap::Error) -> Option<&'static str> {
    let unknown = error.kind() == ErrorKind::UnknownArgument;
    match error.get(ContextKind::InvalidArg).filter(|_| unknown)? {
        ContextValue::String(found) if OTHERS.contains(&found.as_str()) => Some(
            "`serve` takes addresses: --listen 0.0.0.0:50051 for gRPC, --admin-listen 0.0.0.0:9090 for the status page and \
             metrics; `watch` takes a URL: --connect http://localhost:50051",
        ),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_with_an_example() {
        assert!(listen("0.0.0.0:0").is_ok() && listen("[::1]:50051").is_ok());
        for (typed, example) in [
            (":50052", "`0.0.0.0:50052` for all"),
            ("50052", "`127.0.0.1:50052` for programs"),
            (
                "localhost:50052",
                "write an IP address and a port: `127.0.0.1:50052`",
            ),
            ("http://localhost:50052/x", "`127.0.0.1:50052`"),
            ("0.0.0.0", "`0.0.0.0:50051`"),
            ("my.host:99999", "`0.0.0.0:50051`"),
            ("", "`0.0.0.0:50051`"),
        ] {
            let told = listen(typed).unwrap_err();
            assert!(told.contains(example), "{typed}: {told}");
        }
    }

    #[test]
    fn a_url_is_guessed() {
        for (typed, meant) in [
            (":50051", "http://localhost:50051"),
            ("50052", "http://localhost:50052"),
            ("localhost:50051", "http://localhost:50051"),
            ("server.svc", "http://server.svc:50051"),
            ("tcp://server:1", "http://server:1"),
            ("a b", "http://localhost:50051"),
            ("", "http://localhost:50051"),
        ] {
            assert_eq!(url(typed), meant, "{typed}");
        }
    }
}
