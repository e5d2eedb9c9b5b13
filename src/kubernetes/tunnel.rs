//! A client that reaches the API server through a proxy (`CONNECT`).
//!
//! The client library has one of its own, which reads `NO_PROXY` in a way that fits no API server: see
//! [`super::connect`](mod@super::connect). This one is put together of the same parts.

use std::time::Duration;

use http::Request;
use hyper_util::{
    client::legacy::{
        Client as HttpClient,
        connect::{HttpConnector, proxy::Tunnel},
    },
    rt::TokioExecutor,
};
use kube::{
    Client, Config,
    client::{Body, ClientBuilder, ConfigExt},
};
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tower::{BoxError, ServiceExt};

use crate::net::proxy::Way;

/// A client of the API server that `config` names, by `way`. A connection to the proxy may take so long as `connect`.
///
/// # Errors
/// What `config` says of keys and certificates cannot be used.
pub(crate) fn through(way: &Way, config: &Config, connect: Duration) -> kube::Result<Client> {
    if CryptoProvider::get_default().is_none() {
        // Should somebody else have been quicker, theirs will do.
        let _ = aws_lc_rs::default_provider().install_default();
    }
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(connect));
    let tunnel = Tunnel::new(way.proxy().clone(), connector);
    let tunnel = match way.authorization() {
        Some(authorization) => tunnel.with_auth(authorization.clone()),
        None => tunnel,
    };
    let connector = config.rustls_https_connector_with_connector(tunnel)?;
    let http = HttpClient::builder(TokioExecutor::new()).build::<_, Body>(connector);
    let http = ServiceExt::<Request<Body>>::map_err(http, BoxError::from);
    let namespace = config.default_namespace.clone();
    let client = ClientBuilder::new(http, namespace).with_layer(&config.extra_headers_layer()?);
    let base = config.base_uri_layer();
    Ok(match config.auth_layer()? {
        Some(authorization) => client.with_layer(&authorization).with_layer(&base).build(),
        None => client.with_layer(&base).build(),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use http::Uri;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use crate::kubernetes::tunnel::*;

    async fn head(connection: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    #[tokio::test]
    async fn the_api_server_is_asked_through_the_proxy() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://me:secret@{}", proxy.local_addr().unwrap());
        let way = Way::through(&url.parse().unwrap(), "HTTPS_PROXY").unwrap();
        let server = tokio::spawn(async move {
            let mut connection = proxy.accept().await.unwrap().0;
            let asked = head(&mut connection).await;
            let agreed = b"HTTP/1.1 200 OK\r\n\r\n";
            connection.write_all(agreed).await.unwrap();
            let request = head(&mut connection).await;
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            connection.write_all(answer).await.unwrap();
            (asked, request)
        });
        let config = Config::new(Uri::from_static("http://api.example:6443"));
        let client = through(&way, &config, Duration::from_secs(5)).unwrap();
        let request = Request::get("/version").body(Vec::new()).unwrap();
        assert_eq!(client.request_text(request).await.unwrap(), "{}");
        let (asked, request) = server.await.unwrap();
        assert!(
            asked.starts_with("CONNECT api.example:6443 HTTP/1.1\r\n"),
            "{asked}"
        );
        assert!(
            asked.contains("Basic bWU6c2VjcmV0"),
            "the proxy is told who asks: {asked}"
        );
        assert!(
            request.starts_with("GET /version HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(!request.contains("Basic"), "{request}");
    }
}
