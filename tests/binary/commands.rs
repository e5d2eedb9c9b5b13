//! `replay`, and what all commands share that people ask a source with from outside.

use azure_blob_eventsource::config::{SourceConfig, source_id::source_id};

use crate::{
    process::{Finished, run, wait_for},
    server::{EVENT, Server, Stream},
    storage::Place,
};

pub(crate) async fn ask(place: &Place, command: &[&str], rest: &[&str]) -> Finished {
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let source = ["--config", &file, "--name", EVENT, &storage[0], &storage[1]];
    run(&[command, &source, rest].concat()).await
}

pub(crate) async fn replay(place: &Place, rest: &[&str]) -> Finished {
    ask(place, &["replay"], rest).await
}

/// The blobs of the source's folder that start with `kind`.
pub(crate) async fn folder(place: &Place, kind: &str) -> Vec<String> {
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

/// The id of the source that watches `place`.
pub(crate) fn id_of_source(place: &Place) -> String {
    let config = SourceConfig::parse(place.config().as_bytes()).unwrap();
    source_id(&config, EVENT, &place.endpoint)
}

/// Three blobs that a live stream has announced.
pub(crate) async fn running() -> (Place, Server, Stream) {
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
    let data = replay(&place, &["--prefix", "raw/", "--dry-run", "-o", "yaml"]).await;
    let data: serde_json::Value = serde_saphyr::from_str(&data.stdout).unwrap();
    assert_eq!(data["blobs"], 2, "{data}");
    assert_eq!(data["first"][1], "raw/b.csv", "{data}");
    assert_eq!((&data["dryRun"], data.get("request")), (&true.into(), None));
    assert!(folder(&place, "requests").await.is_empty());
    let other_case = replay(&place, &["--prefix", "RAW/", "--dry-run"]).await;
    assert!(
        other_case
            .stdout
            .contains("upper and lower case are different: did you mean `--prefix raw/`?"),
        "{other_case:?}"
    );

    let url = format!("{}/{}/raw/a.csv", place.endpoint, place.container);
    let by_url = replay(&place, &["--blob", &url, "--dry-run"]).await;
    assert_eq!(by_url.code(), 0, "{by_url:?}");
    assert!(by_url.stdout.contains("raw/a.csv"), "{by_url:?}");

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
        (&["--prefix", "nothing/"][..], 1, "there is no blob"),
        (&["--blob", "raw/a"], 1, "there is no blob"),
        (&["--blob", "a.csv"], 1, "did you mean `--blob raw/a.csv`?"),
        (&["--blob", "raw/*.csv"], 1, "use `--prefix raw/`"),
        (&["--prefix", "/raw/"], 1, "did you mean `--prefix raw/`?"),
        (&["--prefix", "raw/*"], 1, "write `--prefix raw/`"),
        (
            &["--blob", "https://other.example/c/raw/a.csv"],
            2,
            "--blob: the URL is not of a blob of this container",
        ),
        (&["raw/a.csv"], 2, "tip: for one blob: --blob raw/a.csv"),
        (
            &["--blob", "raw/a.csv", "--blob", "raw/b.csv"],
            2,
            "tip: --blob is for one blob",
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
async fn a_name_is_found_or_told_with_those_that_there_are() {
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
    let misspelt = run(&with(&["--name", "datast"])).await;
    assert_eq!(misspelt.code(), 2, "{misspelt:?}");
    for words in [
        "no source of the event `datast` has run for http://",
        " with the state container `state-",
        "did you mean `--name dataset`?",
    ] {
        assert!(misspelt.stderr.contains(words), "{misspelt:?}");
    }
    let other = run(&with(&["-n", "zebra"])).await;
    assert_eq!(other.code(), 2, "{other:?}");
    assert!(
        other.stderr.contains("\n  --name dataset    no prefix\n"),
        "{other:?}"
    );

    // Without a name it is the only one.
    wait_for("the next second", async || {
        let found = run(&with(&["--dry-run"])).await;
        (found.code() == 0).then_some(found)
    })
    .await;
    let found = run(&with(&["--dry-run"])).await;
    assert!(found.stdout.contains("3 blobs ("), "{found:?}");
    let said = format!("source {}: the only one", id_of_source(&place));
    assert!(found.stderr.starts_with(&said), "{found:?}");
}

#[tokio::test]
async fn of_several_sources_one_is_chosen_from_a_list() {
    let (place, server, _stream) = running().await;
    let second = format!("{}id: second\n", place.config());
    let mut stream = server.stream(&second).await;
    stream.names(3).await;
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let tail = ["--config", &file, &storage[0], &storage[1]];
    for command in [
        &["explain", "raw/a.csv"][..],
        &["replay", "--all"],
        &["dead-letters", "list"],
        &["watch", "--once"],
    ] {
        let several = run(&[command, &tail].concat()).await;
        assert_eq!(several.code(), 2, "{command:?} {several:?}");
        for words in [
            "2 sources of this container",
            "--name dataset ",
            "--name second ",
        ] {
            assert!(several.stderr.contains(words), "{command:?} {several:?}");
        }
        // What the list shows can be typed.
        let chosen = run(&[command, &tail, &["--name", "second"]].concat()).await;
        assert_ne!(chosen.code(), 2, "{command:?} {chosen:?}");
    }
    // Whoever only looks may ask for one that is yet to come.
    let new = ["watch", "--once", "--output", "json", "--name", "new"];
    let new = run(&[&new, &tail[..]].concat()).await;
    assert_eq!(new.code(), 0, "{new:?}");
    assert_eq!(new.stdout.lines().count(), 3, "{new:?}");
    assert!(new.stderr.contains("has never run"), "{new:?}");
    let misspelt = run(&[&["watch", "--once", "-n", "datast"], &tail[..]].concat()).await;
    assert_eq!(misspelt.code(), 2, "{misspelt:?}");
    let checked = run(&[&["check"], &tail[..]].concat()).await;
    assert_eq!(checked.code(), 0, "{checked:?}");
    assert!(
        checked.stdout.contains("WARN source   2 sources"),
        "{checked:?}"
    );
}

#[tokio::test]
async fn before_any_source_ran_that_is_said() {
    let place = Place::azurite().await;
    place.put("raw/a.csv").await;
    let file = place.config_file(&place.config());
    let storage = place.storage_args();
    let tail = ["--config", &file, &storage[0], &storage[1]];
    let never = "no source has ever run with this state container";
    let explained = run(&[&["explain", "raw/a.csv"], &tail[..]].concat()).await;
    // It says what is known without a ledger, too.
    assert_eq!(explained.code(), 1, "{explained:?}");
    assert!(
        explained.stdout.contains("ok   storage  13 bytes"),
        "{explained:?}"
    );
    assert!(explained.stdout.contains(never), "{explained:?}");
    for command in [
        &["replay", "--all"][..],
        &["replay", "--all", "-o", "json"],
        &["dead-letters", "list"],
        &["dead-letters", "list", "-n", "dataset"],
    ] {
        let told = run(&[command, &tail].concat()).await;
        assert_eq!(told.code(), 2, "{told:?}");
        assert!(
            told.stderr.contains("ever ") && told.stderr.contains("run with this state container"),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_configuration_that_is_not_the_sources_is_told() {
    let mut place = Place::azurite().await;
    place.more.push_str("id: mine\n");
    place.put("a.csv").await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    stream.name().await;
    server.crash();
    place.container = "another".to_owned();
    let foreign = replay(&place, &["--all"]).await;
    assert_eq!(foreign.code(), 2, "{foreign:?}");
    let words = "the ledger of source `mine` is about http";
    assert!(foreign.stderr.contains(words), "{foreign:?}");

    let file = place.config_file(&place.stateless_config());
    let storage = place.storage_args();
    let stateless = [
        "replay",
        "--all",
        "--config",
        &file,
        &storage[0],
        &storage[1],
    ];
    let stateless = run(&stateless).await;
    assert_eq!(stateless.code(), 2, "{stateless:?}");
    assert!(
        stateless
            .stderr
            .contains("the configuration has no `state`")
    );
}
