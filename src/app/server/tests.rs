#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Status, transport::Channel};
use tonic_health::{
    ServingStatus,
    pb::{HealthCheckRequest, health_client::HealthClient},
};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::*;
use crate::grpc::{
    contract::{EventSource, eventing_client::EventingClient},
    limits::CONFIG_BYTES,
};

fn options() -> ServeOptions {
    ServeOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        admin_listen: "127.0.0.1:0".parse().unwrap(),
        connector: Connector {
            credentials_dir: None,
            allowed_endpoints: Vec::new(),
            ..Connector::default()
        },
        token_file: None,
        tls: None,
        max_streams: 4,
        about: About::default(),
        kubernetes_events: false,
        collector: None,
    }
}

struct Running {
    grpc: SocketAddr,
    admin: SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), ServeError>>,
}

async fn start(options: ServeOptions) -> Running {
    let server = Server::bind(options).await.unwrap();
    let shutdown = CancellationToken::new();
    Running {
        grpc: server.grpc_addr(),
        admin: server.admin_addr(),
        task: tokio::spawn(server.run(shutdown.clone())),
        shutdown,
    }
}

impl Running {
    async fn channel(&self) -> Channel {
        let url = format!("http://{}", self.grpc);
        Channel::from_shared(url).unwrap().connect().await.unwrap()
    }

    async fn ask(&self, config: &[u8], token: Option<&str>) -> Result<(), Status> {
        let mut request = Request::new(EventSource {
            name: "e".to_owned(),
            config: config.to_vec(),
        });
        if let Some(token) = token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.metadata_mut().insert("authorization", value);
        }
        let mut client = EventingClient::new(self.channel().await);
        client.start_event_source(request).await.map(drop)
    }

    async fn get(&self, path: &str, accept: &str) -> String {
        let mut stream = TcpStream::connect(self.admin).await.unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: h\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn requests_that_cannot_be_served_are_told_why() {
    let server = start(options()).await;
    let status = server.ask(b"[nonsense", None).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(!status.message().contains('\n'));
    let status = server
        .ask(&vec![b'#'; CONFIG_BYTES + 1], None)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("at most 65536"), "{status}");
}

#[tokio::test]
async fn the_token_guards_all_but_health() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    fs::write(&file, "s3cret\n").unwrap();
    let server = start(ServeOptions {
        token_file: Some(file),
        ..options()
    })
    .await;
    let code = |result: Result<(), Status>| result.unwrap_err().code();
    assert_eq!(code(server.ask(b"[", None).await), Code::Unauthenticated);
    assert_eq!(
        code(server.ask(b"[", Some("x")).await),
        Code::Unauthenticated
    );
    assert_eq!(
        code(server.ask(b"[", Some("s3cret")).await),
        Code::InvalidArgument
    );
    assert_eq!(
        code(services(&server).await.map(drop)),
        Code::Unauthenticated
    );
    assert_eq!(health(&server, "").await, ServingStatus::Serving as i32);
}

#[tokio::test]
async fn reflection_names_the_services() {
    let server = start(options()).await;
    let names = services(&server).await.unwrap();
    assert!(names.contains(&"generic.Eventing".to_owned()), "{names:?}");
    assert!(
        names.contains(&"grpc.health.v1.Health".to_owned()),
        "{names:?}"
    );
}

async fn services(server: &Running) -> Result<Vec<String>, Status> {
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut client = ServerReflectionClient::new(server.channel().await);
    let mut answers = client
        .server_reflection_info(tokio_stream::iter([request]))
        .await?
        .into_inner();
    let answer = answers.message().await?.and_then(|a| a.message_response);
    let Some(MessageResponse::ListServicesResponse(list)) = answer else {
        panic!("not a list: {answer:?}")
    };
    Ok(list.service.into_iter().map(|s| s.name).collect())
}

async fn health(server: &Running, service: &str) -> i32 {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let mut client = HealthClient::new(server.channel().await);
    client.check(request).await.unwrap().into_inner().status
}

#[tokio::test]
async fn the_admin_port_answers_people_and_machines() {
    let server = start(options()).await;
    assert!(server.get("/healthz", "*/*").await.contains("200 OK"));
    assert!(server.get("/readyz", "*/*").await.contains("200 OK"));
    let scraped = server
        .get(
            "/metrics",
            "application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        )
        .await;
    assert!(scraped.contains("content-type: application/openmetrics-text; version=1.0.0"));
    assert!(scraped.ends_with("# EOF\n"));
    for accept in ["text/html", "*/*"] {
        let shown = server.get("/metrics", accept).await;
        assert!(shown.contains("content-type: text/plain; version=0.0.4"));
        assert!(!shown.contains("# EOF"));
    }
    for (file, kind) in [("/page.css", "text/css"), ("/page.js", "text/javascript")] {
        let file = server.get(file, "*/*").await;
        assert!(file.contains("200 OK") && file.contains(kind), "{file}");
    }
    let status = server.get("/status.json", "text/html").await;
    assert!(
        status.contains("content-type: application/json") && status.contains("\"sources\": []")
    );
    let page = server.get("/", "text/html").await;
    assert!(page.contains("<!doctype html>") && page.contains("content-security-policy"));
    assert!(
        server
            .get("/", "application/json")
            .await
            .contains("\"sources\": []")
    );
}

#[tokio::test]
async fn a_shutdown_is_told_to_watchers_and_does_not_wait_for_them() {
    let server = start(options()).await;
    let request = HealthCheckRequest {
        service: "generic.Eventing".to_owned(),
    };
    let mut client = HealthClient::new(server.channel().await);
    let mut watch = client.watch(request).await.unwrap().into_inner();
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status, ServingStatus::Serving as i32);
    let start = Instant::now();
    server.shutdown.cancel();
    let second = watch.next().await.unwrap().unwrap();
    assert_eq!(second.status, ServingStatus::NotServing as i32);
    server.task.await.unwrap().unwrap();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!(TcpStream::connect(server.grpc).await.is_err());
    assert!(TcpStream::connect(server.admin).await.is_err());
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_with_its_option() {
    let server = start(options()).await;
    let taken = ServeOptions {
        admin_listen: server.admin,
        ..options()
    };
    let error = Server::bind(taken).await.map(drop).unwrap_err();
    let said = format!(
        "cannot listen on {} (--admin-listen): another process already uses this port: stop it, or use another port, \
         such as `--admin-listen 127.0.0.1:",
        server.admin
    );
    assert!(error.to_string().starts_with(&said), "{error}");
}

#[tokio::test]
async fn a_token_or_certificate_that_cannot_be_read_shows_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let missing = ServeOptions {
        token_file: Some(dir.path().join("none")),
        ..options()
    };
    let error = Server::bind(missing).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("cannot be read"));
    let file = dir.path().join("tls.pem");
    fs::write(&file, "no certificate").unwrap();
    let nonsense = ServeOptions {
        tls: Some(TlsFiles {
            cert: file.clone(),
            key: file,
        }),
        ..options()
    };
    let error = Server::bind(nonsense).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("cannot be used"), "{error}");
}
