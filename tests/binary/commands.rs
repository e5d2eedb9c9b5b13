//! `explain`, `replay` and `dead-letters`: what people ask of a source from outside.

use azure_blob_eventsource::{
    blob::{Blob, BlobType},
    dead_letter::DeadLetter,
    event::Place as EventPlace,
    source::id::source_id,
};
use testkit::account::NewBlob;
use time::macros::datetime;

use crate::{
    process::{Finished, run, wait_for},
    server::{EVENT, Server, Stream},
    storage::Place,
};

async fn ask(place: &Place, command: &[&str], rest: &[&str]) -> Finished {
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let source = ["--config", &file, "--name", EVENT, &storage[0], &storage[1]];
    run(&[command, &source, rest].concat()).await
}

async fn explain(place: &Place, blob: &str) -> Finished {
    ask(place, &["explain"], &[blob]).await
}

async fn replay(place: &Place, rest: &[&str]) -> Finished {
    ask(place, &["replay"], rest).await
}

/// The blobs of the source's folder that start with `kind`.
async fn folder(place: &Place, kind: &str) -> Vec<String> {
    let query = [("restype", "container"), ("comp", "list")];
    let reply = place.client.send(
        http::Method::GET,
        &place.state,
        &query,
        &[],
        bytes::Bytes::new(),
    );
    let text = String::from_utf8(reply.await.into_body().to_vec()).unwrap();
    let names = text
        .split("<Name>")
        .skip(1)
        .filter_map(|rest| rest.split("</Name>").next());
    let names = names.filter(|name| name.contains(&format!("/{kind}/")));
    names.map(str::to_owned).collect()
}

/// Three blobs that a live stream has announced.
async fn running() -> (Place, Server, Stream) {
    let place = Place::azurite().await;
    for name in ["raw/a.csv", "raw/b.csv", "other/c.csv"] {
        place.put(name).await;
    }
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    stream.names(3).await;
    server.reaches("done", 3).await;
    (place, server, stream)
}

#[tokio::test]
async fn a_replay_is_counted_asked_for_and_done() {
    let (place, _server, mut stream) = running().await;
    // The request is about what was there in an earlier second.
    wait_for("the next second", async || {
        let counted = replay(&place, &["--prefix", "raw/", "--dry-run"]).await;
        counted.stdout.contains("2 blobs (").then_some(())
    })
    .await;
    let counted = replay(&place, &["--prefix", "raw/", "--dry-run"]).await;
    assert_eq!(counted.code(), 0, "{counted:?}");
    assert!(counted.stdout.contains("raw/a.csv") && counted.stdout.contains("dry run"));
    assert!(folder(&place, "requests").await.is_empty());

    let asked = replay(&place, &["--prefix", "raw/"]).await;
    assert_eq!(asked.code(), 0, "{asked:?}");
    let mut again = Vec::new();
    for _ in 0..2 {
        let event = stream.event().await;
        assert!(event["replay"].is_string());
        again.push(event["blobname"].as_str().unwrap().to_owned());
    }
    assert_eq!(again, ["raw/a.csv", "raw/b.csv"]);
    wait_for("the request to be removed", async || {
        folder(&place, "requests").await.is_empty().then_some(())
    })
    .await;
    assert!(stream.is_silent().await);
}

#[tokio::test]
async fn a_replay_of_nothing_says_why_and_asks_for_nothing() {
    let (place, _server, _stream) = running().await;
    for (rest, code, words) in [
        (
            &["--prefix", "nothing/"][..],
            1,
            "there is no such blob in container",
        ),
        (
            &["--blob", "raw/a"],
            1,
            "there is no such blob in container",
        ),
        (
            &["--prefix", "raw/", "--until", "2020-01-01"],
            1,
            "none was last modified in that time",
        ),
        (
            &["--since", "1h", "--until", "2h"],
            2,
            "is not before --until",
        ),
        (
            &["--since", "yesterday"],
            2,
            "--since: found `yesterday`; allowed is a moment",
        ),
        (&[], 2, "say what to announce again"),
        (&["--prefix", "a", "--blob", "b"], 2, "cannot be used with"),
    ] {
        let finished = replay(&place, rest).await;
        assert_eq!(finished.code(), code, "{rest:?} {finished:?}");
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(said.contains(words), "{rest:?} {said}");
    }
    assert!(folder(&place, "requests").await.is_empty());
}

#[tokio::test]
async fn a_source_that_never_ran_is_told_with_those_that_did() {
    let (place, _server, _stream) = running().await;
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let with = |name: &[&str]| {
        let mut args = vec![
            "replay",
            "--all",
            "--config",
            &file,
            &storage[0],
            &storage[1],
        ];
        args.extend_from_slice(name);
        args.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let finished = run(&with(&["--name", "other"])).await;
    assert_eq!(finished.code(), 1, "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("has never run with this state container, but dataset-"),
        "{finished:?}"
    );
    let finished = run(&with(&[])).await;
    assert_eq!(finished.code(), 2, "{finished:?}");
    assert!(
        finished.stderr.contains("give --name, the event's name"),
        "{finished:?}"
    );
}

#[tokio::test]
async fn a_blob_is_explained_from_configuration_to_ledger() {
    let (mut place, server, _stream) = running().await;
    let done = explain(&place, "raw/a.csv").await;
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(
        done.stdout.ends_with("=> it was announced\n"),
        "{}",
        done.stdout
    );
    let url = format!(
        "{}/{}/raw/a.csv?sig=secret",
        place.endpoint, place.container
    );
    assert_eq!(explain(&place, &url).await.stdout, done.stdout);
    let missing = explain(&place, "raw/A.csv").await;
    assert_eq!(missing.code(), 1, "{missing:?}");
    assert!(
        missing.stdout.contains("did you mean `raw/a.csv`?"),
        "{missing:?}"
    );
    let foreign = explain(&place, "https://other.example/datasets/a.csv").await;
    assert_eq!(foreign.code(), 2, "{foreign:?}");
    server.crash();
    place.put("raw/late.csv").await;
    let coming = explain(&place, "raw/late.csv").await;
    assert_eq!(coming.code(), 0, "{coming:?}");
    assert!(coming.stdout.contains("by the next sweep"), "{coming:?}");
    place.more.push_str("pattern: '!**/late.csv'\n");
    let excluded = ask(&place, &["explain", "--output", "json"], &["raw/late.csv"]).await;
    assert_eq!(excluded.code(), 1, "{excluded:?}");
    let json: serde_json::Value = serde_json::from_str(&excluded.stdout).unwrap();
    assert_eq!(json["announced"], false);
    assert_eq!(
        json["steps"][0]["text"],
        "the pattern `!**/late.csv` excludes it"
    );
}

/// A dead letter as a stream writes it.
fn letter(place: &Place, name: &str) -> DeadLetter {
    DeadLetter {
        place: EventPlace {
            endpoint: place.endpoint.clone(),
            container: place.container.clone(),
        },
        blob: Blob {
            name: name.into(),
            etag: "0x1".into(),
            last_modified: 0,
            size: 1,
            content_type: String::new(),
            blob_type: BlobType::BlockBlob,
        },
        replay: None,
        attempts: 3,
        first_sent: datetime!(2026-01-01 0:00 UTC),
        last_sent: datetime!(2026-01-02 0:00 UTC),
        last_reason: "nothing came of it".into(),
    }
}

async fn write(place: &Place, name: &str, content: Vec<u8>) {
    let config = azure_blob_eventsource::config::SourceConfig::parse(place.config().as_bytes());
    let id = source_id(&config.unwrap(), EVENT, &place.endpoint);
    let blob = NewBlob::new(content);
    place
        .client
        .put_blob(&place.state, &format!("{id}/{name}"), &blob)
        .await;
}

#[tokio::test]
async fn dead_letters_are_listed_retried_and_dropped() {
    let (place, _server, _stream) = running().await;
    let command =
        async |command: &str, rest: &[&str]| ask(&place, &["dead-letters", command], rest).await;
    assert_eq!(command("list", &[]).await.stdout, "no dead letters\n");
    let (one, two) = (letter(&place, "raw/one.csv"), letter(&place, "raw/two.csv"));
    for letter in [&one, &two] {
        write(
            &place,
            &format!("dead/{}.json", letter.id().to_hex()),
            letter.to_json(),
        )
        .await;
    }
    let edited = "0123456789abcdef0123456789abcdef";
    write(&place, &format!("dead/{edited}.json"), one.to_json()).await;

    let listed = command("list", &[]).await;
    assert_eq!(listed.code(), 0, "{listed:?}");
    for words in [
        "raw/one.csv",
        "raw/two.csv",
        "nothing came of it",
        "does not belong to the event",
    ] {
        assert!(listed.stdout.contains(words), "{}", listed.stdout);
    }
    let json = command("list", &["--output", "json"]).await.stdout;
    let json: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(json.len(), 3);

    let explained = explain(&place, "raw/one.csv").await;
    assert_eq!(explained.code(), 1, "{explained:?}");
    assert!(
        explained.stdout.contains("it is a dead letter"),
        "{explained:?}"
    );

    for (id, words) in [
        ("abc", "at least 6 digits"),
        ("ffffff", "there is no such dead letter"),
    ] {
        let refused = command("retry", &[id]).await;
        assert_eq!(refused.code(), 2, "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
    let refused = command("retry", &[edited]).await;
    assert_eq!(refused.code(), 1, "{refused:?}");
    assert!(refused.stderr.contains("cannot be retried"), "{refused:?}");

    let dropped = command("drop", &["raw/two.csv", &edited[..8]]).await;
    assert_eq!(dropped.code(), 0, "{dropped:?}");
    assert_eq!(folder(&place, "dead").await.len(), 1);
    // Without `confirm` a stream has no dead letters of its own: the request waits.
    let retried = command("retry", &[&one.id().to_hex()[..6]]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    assert_eq!(folder(&place, "requests").await.len(), 1);
}
