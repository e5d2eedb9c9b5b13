//! The bearer token: who is let in, what is open to all, and rotation without a restart.

use std::fs;

use tonic::{
    Code, Request, Status,
    metadata::{Ascii, MetadataValue},
    transport::Channel,
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::{
    process::run,
    server::{EVENT, Server, Stream, assert_status},
    storage::Place,
};

/// A server that wants the token `s3cret`, and the file that says so.
async fn guarded(place: &Place) -> (Server, String) {
    let file = place.credentials().join("token");
    fs::write(&file, "s3cret\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    let mut args = place.storage_args().to_vec();
    // With all that libraries have to say, among which the token must not be.
    args.extend(["--token-file", &file, "--log", "trace"].map(str::to_owned));
    (Server::start(&args).await, file)
}

async fn ask(server: &Server, place: &Place, token: Option<&str>) -> Result<Stream, Status> {
    Stream::ask(server.channel().await, place.config().as_bytes(), token).await
}

#[tokio::test]
async fn streams_want_the_token() {
    let place = Place::azurite().await;
    let (server, _) = guarded(&place).await;
    assert_status(
        &ask(&server, &place, None).await.err().unwrap(),
        Code::Unauthenticated,
        "this server wants a bearer token: set `authSecret` of the EventSource, or the metadata \
         `authorization: Bearer <token>`",
    );
    for wrong in ["s3cre", "s3cret2", "S3CRET", ""] {
        assert_status(
            &ask(&server, &place, Some(wrong)).await.err().unwrap(),
            Code::Unauthenticated,
            "this server does not know the bearer token: compare the EventSource's `authSecret` with \
             the server's token",
        );
    }
    let mut stream = ask(&server, &place, Some("s3cret")).await.unwrap();
    place.put("raw/a.csv").await;
    assert_eq!(stream.name().await, "raw/a.csv");
    let log = server.process.stderr().join("\n");
    assert!(
        log.contains("a request was refused") && !log.contains("s3cre"),
        "{log}"
    );
}

#[tokio::test]
async fn a_rotated_token_is_valid_at_once_and_live_streams_go_on() {
    let place = Place::azurite().await;
    let (server, file) = guarded(&place).await;
    let mut stream = ask(&server, &place, Some("s3cret")).await.unwrap();
    fs::write(&file, "fresh").unwrap();
    let refused = ask(&server, &place, Some("s3cret")).await.err().unwrap();
    assert_eq!(refused.code(), Code::Unauthenticated);
    place.put("a").await;
    assert_eq!(stream.name().await, "a");
    server.reaches("done", 1).await;
    let mut stream = ask(&server, &place, Some("fresh")).await.unwrap();
    place.put("b").await;
    assert_eq!(stream.name().await, "b");
    // A file that is gone lets nobody in, and the client comes back.
    fs::remove_file(&file).unwrap();
    let refused = ask(&server, &place, Some("fresh")).await.err().unwrap();
    assert_status(
        &refused,
        Code::Unavailable,
        "the server cannot read its bearer token; its log says why",
    );
}

/// The services that reflection names.
async fn reflected(channel: Channel, token: Option<&str>) -> Result<Vec<String>, Status> {
    let list = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let mut request = Request::new(tokio_stream::iter([list]));
    if let Some(token) = token {
        let value: MetadataValue<Ascii> = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
    }
    let mut client = ServerReflectionClient::new(channel);
    let mut answers = client.server_reflection_info(request).await?.into_inner();
    let answer = answers.message().await?.unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else {
        panic!("{answer:?}");
    };
    Ok(list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect())
}

#[tokio::test]
async fn health_is_open_to_all_and_reflection_is_not() {
    let place = Place::azurite().await;
    let (server, _) = guarded(&place).await;
    let channel = server.channel().await;
    for service in ["", "generic.Eventing"] {
        let service = service.to_owned();
        let mut health = HealthClient::new(channel.clone());
        let answer = health.check(HealthCheckRequest { service }).await.unwrap();
        assert_eq!(answer.into_inner().status, 1);
    }
    for token in [None, Some("wrong")] {
        let refused = reflected(channel.clone(), token).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    let services = reflected(channel, Some("s3cret")).await.unwrap();
    assert!(
        services.contains(&"generic.Eventing".to_owned()),
        "{services:?}"
    );
}

#[tokio::test]
async fn probes_and_metrics_answer_without_a_token() {
    let place = Place::azurite().await;
    let (server, _) = guarded(&place).await;
    assert_eq!(server.admin("/healthz").await, "ok\n");
    assert_eq!(server.admin("/readyz").await, "ready\n");
    let metrics = server.admin("/metrics").await;
    assert!(metrics.contains("# TYPE azure_blob_eventsource_connections gauge"));
}

#[tokio::test]
async fn watch_brings_the_token_from_a_file() {
    let place = Place::azurite().await;
    place.put("raw/a.csv").await;
    let (server, file) = guarded(&place).await;
    let (config, url) = (place.config_file(&place.config()), server.url());
    let args = [
        "watch",
        "--config",
        &config,
        "--connect",
        &url,
        "--once",
        "--name",
        EVENT,
        "--take-over",
    ];
    let refused = run(&args).await;
    assert_eq!(refused.code(), 1);
    assert!(
        refused.stderr.contains("this server wants a bearer token"),
        "{}",
        refused.stderr
    );
    let cure = "give it with --token-file FILE (UNAUTHENTICATED)";
    assert!(refused.stderr.contains(cure), "{refused:?}");
    let wrong = format!("{file}-of-another");
    fs::write(&wrong, "Bearer s3cret").unwrap();
    let refused = run(&[&args[..], &["--token-file", &wrong]].concat()).await;
    assert_eq!(refused.code(), 1);
    let alone = "write the token alone, without `Bearer`";
    assert!(refused.stderr.contains(alone), "{refused:?}");
    let let_in = run(&[&args[..], &["--token-file", &file]].concat()).await;
    assert_eq!(let_in.code(), 0, "{let_in:?}");
    assert!(let_in.stdout.contains("raw/a.csv"));
}
