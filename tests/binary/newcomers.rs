//! Clients that ask for a source that somebody else streams and have no right to it, or could do
//! nothing with it: each is refused, and the stream that is live never notices.

use std::fs;

use serde_json::Value;
use testkit::{
    http::{HttpFace, HttpFault, KEY, connection_string},
    shared_key,
};
use tonic::Code;

use crate::{
    server::{Server, Stream},
    storage::Place,
};

/// The name that all of them ask for.
const ID: &str = "id: shared\n";
/// How many of each kind come.
const EACH: usize = 20;

struct Newcomer {
    what: &'static str,
    config: String,
    codes: &'static [Code],
    words: &'static str,
}

/// Every kind of client that could not stream the source.
async fn newcomers(place: &Place, face: &HttpFace) -> Vec<Newcomer> {
    face.authorize(|request| shared_key::is_signed_with(request, KEY));
    place.client.create_container("elsewhere").await;
    let wrong = connection_string(&place.endpoint).replace(KEY, "d3Jvbmc=");
    place.write_credential("wrong", &wrong);
    let right = format!("{}{ID}", place.config());
    let of = |what, from: &str, to: &str, codes, words| Newcomer {
        what,
        config: right.replace(from, to),
        codes,
        words,
    };
    let state = format!("state: {{container: {}}}", place.state);
    vec![
        of(
            "a mistake",
            "existing: emit",
            "existing: never",
            &[Code::InvalidArgument],
            "existing",
        ),
        of(
            "no such credential",
            "credential: storage",
            "credential: missing",
            &[Code::FailedPrecondition],
            "missing",
        ),
        of(
            "no credential",
            "credential: storage\n",
            "",
            &[Code::InvalidArgument],
            "",
        ),
        of(
            "a wrong key",
            "credential: storage",
            "credential: wrong",
            &[Code::Unauthenticated],
            "signing in",
        ),
        of(
            "no such container",
            &place.container,
            "nowhere",
            // Where the source is streamed, that it is another container is seen before that there is none.
            &[Code::NotFound, Code::FailedPrecondition],
            "nowhere",
        ),
        of(
            "no such state",
            &state,
            "state: {container: nowhere}",
            &[Code::NotFound],
            "`nowhere`",
        ),
        of(
            "no cluster",
            ID,
            "id: shared\nconfirm: {workflows: {}}\n",
            &[Code::FailedPrecondition],
            "no cluster",
        ),
        of(
            "another container",
            &place.container,
            "elsewhere",
            &[Code::FailedPrecondition],
            "set another `id`",
        ),
    ]
}

async fn all_are_refused(server: &Server, newcomers: &[Newcomer]) {
    for newcomer in newcomers {
        for _ in 0..EACH {
            let refused = server.refusal(&newcomer.config).await;
            let Newcomer {
                what, codes, words, ..
            } = newcomer;
            assert!(codes.contains(&refused.code()), "{what}: {refused:?}");
            assert!(refused.message().contains(words), "{what}: {refused:?}");
        }
    }
}

/// The stream goes on, is the one that it was, and records what it does.
async fn notices_nothing(place: &Place, server: &Server, stream: &mut Stream, before: &Value) {
    place.put("raw/after.csv").await;
    assert_eq!(stream.name().await, "raw/after.csv");
    server.reaches("done", 2).await;
    let now = server.source().await;
    for field in ["source", "event", "container", "state", "since"] {
        assert_eq!(now[field], before[field], "{field}");
    }
    let metrics = server.admin("/metrics").await;
    assert!(
        metrics.contains("take_overs_total{source=\"shared\"} 0"),
        "{metrics}"
    );
}

async fn victim(place: &Place) -> (Server, Stream, Value) {
    let server = Server::of(place).await;
    let mut stream = server.stream(&format!("{}{ID}", place.config())).await;
    place.put("raw/before.csv").await;
    assert_eq!(stream.name().await, "raw/before.csv");
    server.reaches("done", 1).await;
    server.reaches("sweeps", 1).await;
    let source = server.source().await;
    assert_eq!(source["state"], "watching");
    (server, stream, source)
}

#[tokio::test]
async fn who_has_no_right_to_a_source_does_not_disturb_its_stream() {
    let (place, face) = Place::fake().await;
    let newcomers = newcomers(&place, &face).await;
    let (server, mut stream, before) = victim(&place).await;
    all_are_refused(&server, &newcomers).await;
    notices_nothing(&place, &server, &mut stream, &before).await;
    // Who has the right takes it over, however many came before.
    let _newer = server.stream(&format!("{}{ID}", place.config())).await;
    assert_eq!(stream.last().await.code(), Code::Aborted);
}

#[tokio::test]
async fn nor_does_it_from_another_server() {
    let (place, face) = Place::fake().await;
    let newcomers = newcomers(&place, &face).await;
    let (server, mut stream, before) = victim(&place).await;
    let other = Server::of(&place).await;
    all_are_refused(&other, &newcomers).await;
    notices_nothing(&place, &server, &mut stream, &before).await;
    let _newer = other.stream(&format!("{}{ID}", place.config())).await;
    assert_eq!(stream.last().await.code(), Code::Aborted);
}

#[tokio::test]
async fn two_containers_under_one_name_share_nothing() {
    let (place, face) = Place::fake().await;
    place.client.create_container("elsewhere").await;
    let account = face.account();
    account
        .put("elsewhere", "raw/other.csv", "x".into())
        .unwrap();
    place.put("raw/a.csv").await;
    let server = Server::of(&place).await;
    let here = format!("{}{ID}", place.stateless_config());
    let there = here.replace(&place.container, "elsewhere");
    let mut stream = server.stream(&here).await;
    assert_eq!(stream.name().await, "raw/a.csv");
    server.reaches("done", 1).await;
    assert_eq!(
        server.refusal(&there).await.code(),
        Code::FailedPrecondition
    );
    drop(stream);
    // Without a stream the name is free, and each container has a ledger of its own in memory.
    let mut stream = taken_when_free(&server, &there).await;
    assert_eq!(stream.name().await, "raw/other.csv");
    drop(stream);
    let mut stream = taken_when_free(&server, &here).await;
    place.put("raw/b.csv").await;
    assert_eq!(stream.name().await, "raw/b.csv");
}

/// A stream, as soon as the server has found that the client of the one before has gone.
async fn taken_when_free(server: &Server, config: &str) -> Stream {
    crate::process::wait_for("a stream", async || server.ask(config).await.ok()).await
}

/// All that the storage account says, for a while.
fn storm(face: &HttpFace) {
    face.storm(1, 1000, vec![HttpFault::busy(None)]);
}

#[tokio::test]
async fn who_cannot_be_tried_takes_nothing_over() {
    let (place, face) = Place::fake().await;
    let (server, mut stream, before) = victim(&place).await;
    storm(&face);
    let right = format!("{}{ID}", place.config());
    let refused = server.refusal(&right).await;
    assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
    assert!(
        refused.message().contains("could not be tried within 15 s"),
        "{refused:?}"
    );
    assert!(refused.message().contains("503 ServerBusy"), "{refused:?}");
    face.calm();
    notices_nothing(&place, &server, &mut stream, &before).await;
}

#[tokio::test]
async fn a_stream_of_a_storage_account_that_is_away_starts_and_waits() {
    let (place, face) = Place::fake().await;
    let server = Server::of(&place).await;
    storm(&face);
    let mut stream = server.stream(&format!("{}{ID}", place.config())).await;
    crate::process::wait_for("the fault on the status page", async || {
        (server.source().await["state"] == "retrying").then_some(())
    })
    .await;
    face.calm();
    place.put("raw/a.csv").await;
    assert_eq!(stream.name().await, "raw/a.csv");
}

#[tokio::test]
async fn a_token_streams_the_sources_of_its_line_and_no_other() {
    let (place, _face) = Place::fake().await;
    let file = place.credentials().join("tokens");
    fs::write(&file, "any-source\nown shared\nothers models,images-*\n").unwrap();
    let mut args = place.storage_args().to_vec();
    args.extend(["--token-file".to_owned(), file.to_str().unwrap().to_owned()]);
    let server = Server::start(&args).await;
    let right = format!("{}{ID}", place.config());
    let ask = async |config: &str, token: &str| {
        Stream::ask(server.channel().await, config.as_bytes(), Some(token)).await
    };
    let mut stream = ask(&right, "own").await.unwrap();
    for _ in 0..EACH {
        let refused = ask(&right, "others").await.map(drop).unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        let words =
            "the bearer token may not stream source `shared`: name the source in the token's line";
        assert!(refused.message().starts_with(words), "{refused:?}");
    }
    // A name that follows from what is watched is bound as well.
    let derived = ask(&place.config(), "others").await.map(drop).unwrap_err();
    assert!(
        derived.message().contains("source `dataset-"),
        "{derived:?}"
    );
    assert!(
        ask(&right.replace("shared", "images-2"), "others")
            .await
            .is_ok()
    );
    place.put("raw/a.csv").await;
    assert_eq!(stream.name().await, "raw/a.csv");
    // As the file says now, not as it said at the start.
    fs::write(&file, "others shared\n").unwrap();
    let _newer = ask(&right, "others").await.unwrap();
    assert_eq!(stream.last().await.code(), Code::Aborted);
    let refused = ask(&right, "own").await.map(drop).unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}
