//! `check`: a line a step, what to do about each that fails, and an exit status for scripts.

use std::time::Duration;

use time::macros::datetime;

use crate::{
    commands::{ask, replay},
    process::{Finished, run},
    server::Server,
    storage::Place,
};

async fn check(place: &Place, config: &str) -> Finished {
    let file = place.config_file(config);
    let storage = place.storage_args();
    run(&["check", "--config", &file, &storage[0], &storage[1]]).await
}

/// The marks and names of the steps.
fn steps(finished: &Finished) -> Vec<String> {
    let lines = finished
        .stdout
        .lines()
        .filter(|line| !line.starts_with(' '));
    lines
        .map(|line| {
            line.split_whitespace()
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

/// The line below the one that begins with `mark`.
fn advice<'a>(finished: &'a Finished, mark: &str) -> &'a str {
    let mut lines = finished
        .stdout
        .lines()
        .skip_while(|line| !line.starts_with(mark));
    lines
        .nth(1)
        .unwrap_or_else(|| panic!("{finished:?}"))
        .trim()
}

#[tokio::test]
async fn what_works_is_a_line_a_step_and_leaves_nothing_behind() {
    let place = Place::azurite().await;
    for name in ["raw/a.csv", "raw/b.txt"] {
        place.put(name).await;
    }
    let config = format!("{}pattern: '**/*.csv'\n", place.config());
    let finished = check(&place, &config).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert_eq!(
        steps(&finished),
        [
            "ok config",
            "ok connect",
            "ok list",
            "ok cost",
            "ok cost",
            "ok state",
            "skip source",
            "ok existing",
            "ok clock"
        ]
    );
    assert_eq!(finished.stdout.lines().count(), 9);
    assert_eq!(finished.stderr, "");
    let listed = "ok   list     2 blobs in all, of which 1 match prefix and pattern";
    assert!(finished.stdout.contains(listed), "{}", finished.stdout);
    let query = [("restype", "container"), ("comp", "list")];
    let left = place
        .client
        .send(http::Method::GET, &place.state, &query, &[], "".into());
    assert!(!String::from_utf8_lossy(left.await.body()).contains("<Name>"));
}

#[tokio::test]
async fn a_filter_that_takes_nothing_is_told_with_the_form_that_works() {
    let place = Place::azurite().await;
    for name in ["raw/2026/a.csv", "raw/b.txt"] {
        place.put(name).await;
    }
    for (filter, form) in [
        ("prefix: /raw/", "Write `prefix: raw/`: 2 of 2 blobs"),
        (
            "pattern: '*.csv'",
            "Write `pattern: \"**/*.csv\"`: 1 of 2 blobs",
        ),
    ] {
        let finished = check(&place, &format!("{}{filter}\n", place.config())).await;
        let steps = steps(&finished);
        assert!(steps.contains(&"WARN list".to_owned()), "{steps:?}");
        assert!(finished.stdout.contains(form), "{}", finished.stdout);
    }
}

#[tokio::test]
async fn an_empty_container_is_a_warning() {
    let place = Place::azurite().await;
    let finished = check(&place, &place.config()).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    assert!(
        finished
            .stdout
            .contains("WARN list     the container is empty\n"),
        "{finished:?}"
    );
    assert!(advice(&finished, "WARN").starts_with("check whether it is the right container"));
}

#[tokio::test]
async fn what_waits_for_a_stream_that_is_not_there_is_a_warning() {
    let (place, face) = Place::fake().await;
    let place = place.with("source: {listing: {interval: 1s}}\nlimits: {settle: 0s}\n");
    place.put("raw/old.csv").await;
    face.account().advance(Duration::from_secs(10));
    let server = Server::of(&place).await;
    let stream = server.stream(&place.config()).await;
    server.reaches("ledgerBlobs", 1).await;
    let fine = ask(&place, &["check"], &[]).await;
    assert!(
        fine.stdout
            .contains("has run, and 1 blob is done, 1 of them without an event (`existing`)\n"),
        "{fine:?}"
    );
    for step in ["waiting", "requests"] {
        assert!(!fine.stdout.contains(step), "{fine:?}");
    }
    drop(stream);
    server.crash();
    place.put("raw/new.csv").await;
    let asked = replay(&place, &["--blob", "raw/old.csv"]).await;
    assert_eq!(asked.code(), 0, "{asked:?}");
    face.account().advance(Duration::from_secs(600));
    let waiting = ask(&place, &["check"], &[]).await;
    assert_eq!(waiting.code(), 0, "{waiting:?}");
    for words in [
        "WARN waiting  1 matching blob is not done: raw/new.csv is 10 min ",
        "WARN requests 1 request waits (`replay`, `dead-letters retry`), the oldest since 2",
        "              perhaps no EventSource is connected",
    ] {
        assert!(
            waiting.stdout.contains(words),
            "{words}: {}",
            waiting.stdout
        );
    }
    let json = ask(&place, &["check", "--output", "json"], &[])
        .await
        .stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let warnings = json["steps"].as_array().unwrap().iter();
    let warnings = warnings.filter(|it| it["mark"] == "warn").count();
    assert_eq!(
        (&json["ok"], &json["warnings"]),
        (&true.into(), &warnings.into())
    );
    assert!(warnings >= 2, "{json}");
}

#[tokio::test]
async fn an_event_without_a_name_is_wrong_input() {
    let place = Place::azurite().await;
    let file = place.config_file(&place.config());
    let finished = run(&["check", "--config", &file, "--name", ""]).await;
    assert_eq!(finished.code(), 2, "{finished:?}");
}

#[tokio::test]
async fn no_credential_is_told_at_connect() {
    let place = Place::azurite().await;
    let config = place
        .config()
        .replace("credential: storage", "credential: missing");
    let finished = check(&place, &config).await;
    assert_eq!(finished.code(), 1);
    assert_eq!(
        steps(&finished),
        [
            "ok config",
            "FAIL connect",
            "skip list",
            "skip state",
            "skip clock"
        ]
    );
    assert_eq!(
        advice(&finished, "FAIL"),
        "--credentials-dir has `source.yaml`, `storage`: write the name of one as `credential`, or put the connection string into a file of \
         that name"
    );
}

#[tokio::test]
async fn an_endpoint_that_is_not_the_credentials_is_told_at_connect() {
    let place = Place::azurite().await;
    let config = place
        .config()
        .replace(&place.endpoint, "https://example.com");
    let finished = check(&place, &config).await;
    assert_eq!(finished.code(), 1);
    assert_eq!(steps(&finished)[1], "FAIL connect");
    assert!(
        finished
            .stdout
            .contains("`endpoint` is https://example.com, but the credential")
    );
}

#[tokio::test]
async fn a_container_that_is_missing_is_told_at_its_step() {
    let place = Place::azurite().await;
    let config = place
        .config()
        .replace(&place.container, "no-such-container");
    let finished = check(&place, &config).await;
    assert_eq!(finished.code(), 1);
    assert_eq!(
        steps(&finished),
        [
            "ok config",
            "ok connect",
            "FAIL list",
            "ok state",
            "skip source",
            "ok clock"
        ]
    );
    assert_eq!(
        advice(&finished, "FAIL"),
        "create the container, or correct its name or the account's"
    );
    let config = place.config().replace(&place.state, "no-such-state");
    let finished = check(&place, &config).await;
    assert_eq!(finished.code(), 1);
    assert_eq!(
        steps(&finished),
        [
            "ok config",
            "ok connect",
            "WARN list",
            "ok cost",
            "ok cost",
            "FAIL state",
            "ok clock"
        ]
    );
    assert_eq!(
        advice(&finished, "FAIL"),
        "create the state container, or correct its name or the account's"
    );
}

#[tokio::test]
async fn a_key_that_is_refused_is_told_with_what_to_do() {
    let (place, face) = Place::fake().await;
    face.authorize(|_| false);
    let finished = check(&place, &place.config()).await;
    assert_eq!(finished.code(), 1);
    assert_eq!(
        steps(&finished),
        [
            "ok config",
            "ok connect",
            "FAIL list",
            "FAIL state",
            "ok clock"
        ]
    );
    assert!(advice(&finished, "FAIL").starts_with("check whether the key or SAS is still valid"));
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told() {
    let (place, face) = Place::fake().await;
    drop(face);
    let finished = check(&place, &place.config()).await;
    assert_eq!(finished.code(), 1);
    assert!(
        finished.stdout.contains("nothing listens there"),
        "{}",
        finished.stdout
    );
    assert!(
        advice(&finished, "FAIL").starts_with("check whether this machine reaches the endpoint")
    );
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told() {
    let (place, face) = Place::fake().await;
    face.account().set_clock(datetime!(2020-01-01 0:00 UTC));
    let finished = check(&place, &place.config()).await;
    assert_eq!(finished.code(), 1);
    assert_eq!(steps(&finished).last().unwrap(), "FAIL clock");
    assert!(advice(&finished, "FAIL").starts_with("set the clock of this machine"));
    face.account()
        .follow_tokio_time(time::OffsetDateTime::now_utc());
    face.account().advance(Duration::from_secs(120));
    let finished = check(&place, &place.config()).await;
    assert_eq!(finished.code(), 0);
    assert_eq!(steps(&finished).last().unwrap(), "WARN clock");
}

#[tokio::test]
async fn a_source_without_state_is_told_what_that_means() {
    let place = Place::azurite().await;
    let finished = check(&place, &place.stateless_config()).await;
    assert_eq!(finished.code(), 0);
    let warned = "WARN state    none is configured: after a restart the server does not know what was announced before";
    assert!(finished.stdout.contains(warned), "{}", finished.stdout);
}

#[tokio::test]
async fn a_bad_configuration_is_status_2_with_every_mistake() {
    let place = Place::azurite().await;
    let finished = check(&place, "acount: a\ncontainer: Data\n").await;
    assert_eq!((finished.code(), finished.stdout.as_str()), (2, ""));
    assert_eq!(
        finished.stderr,
        "error: unknown key `acount`; did you mean `account`?\n\
         container: found `Data`; allowed are 3 to 63 lower-case letters, digits and single \
         hyphens, a letter or digit first and last (or `$root`, `$web`, `$logs`): write `data`\n"
    );
}
