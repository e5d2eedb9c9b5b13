//! Addresses as people type them: what is meant by those that are none. Pure.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The port of gRPC, of which clients think first.
const GRPC: &str = "50051";
/// The port of the status page.
const ADMIN: &str = "9090";

/// An address to serve gRPC on.
///
/// # Errors
/// A sentence with an example.
pub(super) fn grpc(typed: &str) -> Result<SocketAddr, String> {
    listen(typed, GRPC)
}

/// An address to serve the status page on.
///
/// # Errors
/// A sentence with an example.
pub(super) fn admin(typed: &str) -> Result<SocketAddr, String> {
    listen(typed, ADMIN)
}

/// The host and the admin port of all pods of a server.
///
/// # Errors
/// A sentence with an example.
pub(super) fn peers(typed: &str) -> Result<String, String> {
    let authority = typed.parse::<http::uri::Authority>().ok();
    let fits = authority.is_some_and(|it| {
        let has_port = it.port_u16().is_some_and(|port| port > 0);
        has_port && !it.host().is_empty() && !typed.contains('@')
    });
    match fits {
        true => Ok(typed.to_owned()),
        false => Err(format!(
            "write the host of a headless Service and the admin port, such as azure-blob-eventsource-peers:{ADMIN}"
        )),
    }
}

fn listen(typed: &str, usual: &str) -> Result<SocketAddr, String> {
    typed.parse().map_err(|_| {
        let (host, port) = match of_ipv6(typed) {
            Some((host, port)) => (format!("[{host}]"), port),
            None => {
                let (host, port) = parts(typed);
                (of_this_machine(host), port)
            }
        };
        let wrong = port.filter(|port| port.parse::<u16>().is_err());
        let wrong = wrong.map(|port| format!("{port} is not a port number: allowed is 1 to 65535; "));
        let port = port.filter(|_| wrong.is_none()).unwrap_or(usual);
        let all = match host.as_str() {
            "0.0.0.0" => format!(
                " for all addresses of this machine, or `127.0.0.1:{port}` for programs on this machine alone"
            ),
            _ => String::new(),
        };
        format!(
            "{}write an IP address and a port: `{host}:{port}`{all}",
            wrong.unwrap_or_default()
        )
    })
}

fn of_this_machine(host: &str) -> String {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_string(),
        Err(_) if host == "localhost" => "127.0.0.1".to_owned(),
        Err(_) => "0.0.0.0".to_owned(),
    }
}

// Without brackets a port looks like one more part of the address.
fn of_ipv6(typed: &str) -> Option<(Ipv6Addr, Option<&str>)> {
    if let Some((host, rest)) = typed.strip_prefix('[').and_then(|it| it.split_once(']')) {
        let port = rest.strip_prefix(':').filter(|port| is_number(port));
        return Some((host.parse().ok()?, port));
    }
    let (host, port) = typed.rsplit_once(':')?;
    match (host.parse(), port.parse::<u32>()) {
        (Ok(host), Ok(1024..)) => Some((host, Some(port))),
        _ => Some((typed.parse().ok()?, None)),
    }
}

/// The URL that was probably meant by one that is none.
pub(super) fn url(typed: &str) -> String {
    let (host, port) = parts(typed);
    let host = if host.is_empty() { "localhost" } else { host };
    format!("http://{host}:{}", port.unwrap_or(GRPC))
}

/// What is wrong with the port of a URL; `None` when nothing is, or it has none.
pub(super) fn wrong_port(url: &str) -> Option<String> {
    let (_, port) = parts(url);
    let wrong = port.filter(|port| !matches!(port.parse::<u16>(), Ok(1..)))?;
    Some(format!(
        "{wrong} is not a port number: allowed is 1 to 65535"
    ))
}

/// The same URL with the port of gRPC; `None` when it has one.
pub(super) fn with_port(url: &str) -> Option<String> {
    let (scheme, _) = url.split_once("://")?;
    let (host, port) = parts(url);
    let is_whole = port.is_none() && !host.is_empty();
    is_whole.then(|| format!("{scheme}://{host}:{GRPC}"))
}

/// The URL of a storage account that was probably meant by one that is none.
pub(super) fn account(typed: &str) -> String {
    let typed = typed.split_once("://").map_or(typed, |(_, rest)| rest);
    let host = parts(typed).0;
    let is_account = !typed.is_empty()
        && typed
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit());
    match host {
        "" => "https://NAME.blob.core.windows.net".to_owned(),
        "localhost" | "127.0.0.1" => format!("http://{typed}"),
        _ if is_account => format!("https://{typed}.blob.core.windows.net"),
        _ => format!("https://{typed}"),
    }
}

// Host and port of whatever has them.
fn parts(typed: &str) -> (&str, Option<&str>) {
    let typed = typed.split_once("://").map_or(typed, |(_, rest)| rest);
    let typed = typed.split('/').next().unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:*".contains(c);
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_a_host_and_a_port() {
        for typed in ["peers:9090", "peers.ml-pipelines.svc:9090", "[::1]:9090"] {
            assert_eq!(peers(typed).as_deref(), Ok(typed));
        }
        for typed in [
            ":9090",
            "peers",
            "peers:",
            "peers:0",
            "peers:99999",
            "me@peers:9090",
            "http://peers:9090",
        ] {
            let wrong = peers(typed).expect_err(typed);
            assert!(
                wrong.ends_with("such as azure-blob-eventsource-peers:9090"),
                "{wrong}"
            );
        }
    }

    #[test]
    fn an_address_is_told_with_an_example() {
        assert!(grpc("0.0.0.0:0").is_ok() && admin("[::1]:50051").is_ok());
        for (typed, example) in [
            (":50052", "`0.0.0.0:50052` for all"),
            ("50052", "`127.0.0.1:50052` for programs"),
            (
                "localhost:50052",
                "write an IP address and a port: `127.0.0.1:50052`",
            ),
            ("http://localhost:50052/x", "`127.0.0.1:50052`"),
            ("0.0.0.0", "`0.0.0.0:50051`"),
            ("127.0.0.1", "a port: `127.0.0.1:50051`"),
            ("*:21200", "`0.0.0.0:21200`"),
            ("::1:21200", "`[::1]:21200`"),
            ("::1", "`[::1]:50051`"),
            ("[::]", "`[::]:50051`"),
            (
                "[::1]:99999",
                "99999 is not a port number: allowed is 1 to 65535; write",
            ),
            ("my.host:99999", "99999 is not a port number"),
            ("my.host:99999", "`0.0.0.0:50051`"),
            ("", "`0.0.0.0:50051`"),
        ] {
            let told = grpc(typed).unwrap_err();
            assert!(told.contains(example), "{typed}: {told}");
        }
    }

    #[test]
    fn each_option_has_its_own_port() {
        for typed in ["localhost", "127.0.0.1", "[::]", "", "x:99999"] {
            let told = admin(typed).unwrap_err();
            assert!(told.contains(":9090`") && !told.contains("50051"), "{told}");
        }
    }

    #[test]
    fn the_port_of_a_url_is_told() {
        for (url, wrong) in [
            ("http://127.0.0.1:99999", true),
            ("http://h:0/", true),
            ("https://h:50051", false),
            ("http://h", false),
        ] {
            assert_eq!(wrong_port(url).is_some(), wrong, "{url}");
        }
        let with = with_port("http://127.0.0.1/x");
        assert_eq!(with.as_deref(), Some("http://127.0.0.1:50051"));
        assert_eq!(with_port("http://h:1"), None);
        assert_eq!(with_port("http://[::1]:1"), None);
    }

    #[test]
    fn the_url_of_an_account_is_guessed() {
        for (typed, meant) in [
            (
                "127.0.0.1:10000/devstoreaccount1",
                "http://127.0.0.1:10000/devstoreaccount1",
            ),
            ("localhost:10000", "http://localhost:10000"),
            ("mystore", "https://mystore.blob.core.windows.net"),
            (
                "mystore.blob.core.windows.net",
                "https://mystore.blob.core.windows.net",
            ),
            (
                "ftp://mystore.blob.core.windows.net",
                "https://mystore.blob.core.windows.net",
            ),
            ("a b", "https://NAME.blob.core.windows.net"),
            ("", "https://NAME.blob.core.windows.net"),
        ] {
            assert_eq!(account(typed), meant, "{typed}");
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
