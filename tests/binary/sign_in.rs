//! Signing in: account keys, shared access signatures, the emulator's shorthand, rotation, and where
//! a token may go.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    time::Duration,
};

use testkit::{
    http::{ACCOUNT, HttpOp, KEY},
    shared_key,
};
use time::OffsetDateTime;
use tokio::{io::copy_bidirectional, net::TcpListener};
use tonic::Code;

use crate::{
    process::wait_for,
    server::{Server, assert_status},
    storage::Place,
};

/// The key that the account is given in the middle of a test.
const NEW_KEY: &str = "bmV3IGtleSBmb3IgdGhlIHNhbWUgYWNjb3VudA==";

/// A connection string with a shared access signature.
fn with_sas(place: &Place, permissions: &str, expires: OffsetDateTime) -> String {
    let sas = shared_key::account_sas(permissions, expires, KEY);
    format!(
        "BlobEndpoint={};SharedAccessSignature={sas}",
        place.endpoint
    )
}

fn in_an_hour() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::from_secs(3600)
}

#[tokio::test]
async fn a_shared_access_signature_is_enough_for_all() {
    let place = Place::azurite().await;
    let secret = with_sas(&place, "rwdlac", in_an_hour());
    place.write_credential("storage", &secret);
    // The libraries' own words are in this log as well.
    let [option, directory] = place.storage_args();
    let server = Server::start(&[option.as_str(), &directory, "--log", "trace"]).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("raw/a b.csv").await;
    let event = stream.event().await;
    assert_eq!(event["blobname"], "raw/a b.csv");
    server.reaches("done", 1).await;
    // What signs in is in no event, no log and no page.
    let signature = secret.rsplit_once("sig=").unwrap().1;
    let log = server.process.stderr().join("\n");
    for text in [event.to_string(), server.admin("/").await, log] {
        let lines = text.lines().filter(|line| line.contains(signature));
        assert_eq!(lines.collect::<Vec<_>>(), [""; 0]);
    }
}

#[tokio::test]
async fn a_signature_that_may_only_read_serves_a_source_without_state() {
    let place = Place::azurite().await;
    place.write_credential("storage", &with_sas(&place, "rl", in_an_hour()));
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.stateless_config()).await;
    place.put("raw/a.csv").await;
    assert_eq!(stream.name().await, "raw/a.csv");
    let status = server.refusal(&place.config()).await;
    assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
    let message = status.message();
    assert!(
        message.starts_with("the storage account denies access: ")
            && message.contains(&format!("in container `{}`", place.state))
            && message.contains(": 403 Authorization"),
        "{message}"
    );
}

#[tokio::test]
async fn a_signature_that_has_expired_is_told_with_its_date() {
    let place = Place::azurite().await;
    let yesterday = OffsetDateTime::now_utc() - Duration::from_secs(86_400);
    place.write_credential("storage", &with_sas(&place, "rl", yesterday));
    let server = Server::of(&place).await;
    let status = server.refusal(&place.stateless_config()).await;
    assert_eq!(status.code(), Code::FailedPrecondition, "{status:?}");
    let date = yesterday.date();
    let told = format!("the file `storage` cannot be used: its SAS expired on {date}T");
    assert!(status.message().contains(&told), "{status:?}");
    assert!(!status.message().contains("sig="));
}

/// Lets the emulator's fixed port lead to Azurite's. Where another process has it, another loopback
/// address serves, which is named as connection strings do.
async fn emulator(place: &Place) -> String {
    let (listener, shorthand) = match TcpListener::bind("127.0.0.1:10000").await {
        Ok(listener) => (listener, "UseDevelopmentStorage=true".to_owned()),
        Err(error) => {
            println!("127.0.0.1:10000: {error}; 127.0.0.2 serves in its place");
            let listener = TcpListener::bind("127.0.0.2:10000").await.unwrap();
            let proxy = "DevelopmentStorageProxyUri=http://127.0.0.2";
            (listener, format!("UseDevelopmentStorage=true;{proxy}"))
        }
    };
    let target = place.endpoint.split('/').nth(2).unwrap().to_owned();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut azurite = tokio::net::TcpStream::connect(&target).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut client, &mut azurite).await });
        }
    });
    shorthand
}

#[tokio::test]
async fn the_emulators_shorthand_signs_in_to_azurite() {
    let mut place = Place::azurite().await;
    let shorthand = emulator(&place).await;
    place.write_credential("storage", &shorthand);
    let host = match shorthand.rsplit_once("//") {
        Some((_, host)) => host,
        None => "127.0.0.1",
    };
    place.endpoint = format!("http://{host}:10000/{ACCOUNT}");
    let server = Server::of(&place).await;
    // By its URL, and by its name.
    let by_url = place.config();
    let by_name = by_url.replace(
        &format!("endpoint: {}", place.endpoint),
        &format!("account: {ACCOUNT}"),
    );
    for (name, config) in [("a", by_url), ("b", by_name)] {
        let mut stream = server.stream(&config).await;
        server.sweeps_more(1).await;
        place.put(name).await;
        assert_eq!(stream.name().await, name);
        server.reaches("done", 1).await;
    }
}

#[tokio::test]
async fn a_key_is_rotated_without_a_restart_and_without_a_loss() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("before").await;
    assert_eq!(stream.name().await, "before");
    server.reaches("done", 1).await;

    // The operator mounts the new key, and then the old one is revoked.
    let new = face.connection_string().replace(KEY, NEW_KEY);
    place.write_credential("storage", &new);
    let refused = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&refused);
    face.authorize(move |request| {
        let good = shared_key::is_signed_with(request, NEW_KEY);
        count.fetch_add(u64::from(!good), SeqCst);
        good
    });
    let account = face.account();
    account.put(&place.container, "after", "x".into()).unwrap();
    assert_eq!(stream.name().await, "after");
    server.reaches("done", 2).await;
    server.sweeps_more(2).await;
    assert!(stream.is_silent().await);
    // The old key was tried once more for each of the connections under way, and not again.
    let refused = refused.load(SeqCst);
    assert!((1..=2).contains(&refused), "{refused}");
    server
        .process
        .says("the credential changed and was read again")
        .await;
}

#[tokio::test]
async fn a_key_that_is_revoked_before_the_new_one_is_mounted_ends_the_stream_and_loses_nothing() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;
    face.authorize(|request| shared_key::is_signed_with(request, NEW_KEY));
    let account = face.account();
    account.put(&place.container, "after", "x".into()).unwrap();
    assert_eq!(stream.end().await.code(), Code::Unauthenticated);
    assert_eq!(
        server.refusal(&place.config()).await.code(),
        Code::Unauthenticated
    );
    let new = face.connection_string().replace(KEY, NEW_KEY);
    place.write_credential("storage", &new);
    // Argo's client dials again every few seconds.
    let mut stream = server.stream(&place.config()).await;
    assert_eq!(stream.name().await, "after");
}

#[tokio::test]
async fn every_request_bears_the_signature_that_the_service_wants() {
    let (place, face) = Place::fake().await;
    face.authorize(|request| shared_key::is_signed_with(request, KEY));
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("raw/a.csv").await;
    assert_eq!(stream.name().await, "raw/a.csv");
    server.reaches("done", 1).await;
    assert!(face.requests(HttpOp::AppendBlock) > 0);
}

#[tokio::test]
async fn the_servers_own_token_goes_to_allowed_endpoints_only() {
    let (place, face) = Place::fake().await;
    let host = place.endpoint.split('/').nth(2).unwrap();
    let mut args = place.storage_args().to_vec();
    args.extend(["--allow-endpoint".to_owned(), host.to_owned()]);
    let server = Server::start(&args).await;
    let own = |endpoint: &str| format!("endpoint: {endpoint}\ncontainer: datasets\n");
    // Never in the clear, not even to a host that is allowed.
    assert_status(
        &server.refusal(&own(&place.endpoint)).await,
        Code::InvalidArgument,
        &format!(
            "a token is only sent over https, but the URL of `{host}` begins with http: use https, or name a \
             `credential`"
        ),
    );
    assert_status(
        &server
            .refusal(&own(
                "https://mlpipelinestore.blob.core.windows.net.example.com",
            ))
            .await,
        Code::InvalidArgument,
        "this server does not send its own token to \
         `mlpipelinestore.blob.core.windows.net.example.com`: name a `credential`, or ask the \
         server's operator for \
         `--allow-endpoint mlpipelinestore.blob.core.windows.net.example.com`",
    );
    assert_eq!(face.requests(HttpOp::ListBlobs), 0);
}

#[tokio::test]
async fn a_server_without_credentials_says_how_to_give_it_some() {
    let (place, _face) = Place::fake().await;
    let server = Server::start(&["--log", "info"]).await;
    assert_status(
        &server.refusal(&place.config()).await,
        Code::FailedPrecondition,
        "credential: this server has no credentials; its operator can mount them and set \
         `--credentials-dir`",
    );
    wait_for("the log", async || {
        let log = server.process.stderr().join("\n");
        log.contains("its operator can mount them").then_some(())
    })
    .await;
}
