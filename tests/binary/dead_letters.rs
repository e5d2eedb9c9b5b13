//! `dead-letters`: what was given up is listed, retried and dropped.

use azure_blob_eventsource::{
    blob::Blob,
    event::Place as EventPlace,
    state::dead_letter::{About, DeadLetter},
};
use serde_json::{Value, json};
use testkit::account::NewBlob;
use time::macros::datetime;

use crate::{
    commands::{ask, folder, id_of_source, running},
    process::Finished,
    storage::Place,
};

/// A dead letter as a stream writes it.
pub(crate) fn letter(place: &Place, name: &str) -> DeadLetter {
    DeadLetter {
        place: EventPlace {
            source_id: id_of_source(place),
            endpoint: place.endpoint.clone(),
            container: place.container.clone(),
            sampling: None,
        },
        about: About::Blob(Blob {
            name: name.into(),
            version: "0x1".into(),
            etag: "0x1".into(),
            size: 1,
            ..Blob::default()
        }),
        replay: None,
        attempts: 3,
        first_sent: datetime!(2026-01-01 0:00 UTC),
        last_sent: datetime!(2026-01-02 0:00 UTC),
        last_reason: "no object was created for this event".into(),
    }
}

pub(crate) async fn write(place: &Place, name: &str, content: Vec<u8>) {
    let id = id_of_source(place);
    let blob = NewBlob::new(content);
    place
        .client
        .put_blob(&place.state, &format!("{id}/{name}"), &blob)
        .await;
}

pub(crate) async fn write_letter(place: &Place, letter: &DeadLetter) {
    let name = format!("dead/{}.json", letter.id().to_hex());
    write(place, &name, letter.to_json()).await;
}

/// A stopped source with two dead letters, and one that was edited.
pub(crate) async fn with_letters() -> (Place, DeadLetter, DeadLetter) {
    let (place, server, _) = running().await;
    server.crash();
    let (one, two) = (letter(&place, "raw/one.csv"), letter(&place, "raw/two.csv"));
    write_letter(&place, &one).await;
    write_letter(&place, &two).await;
    write(&place, &format!("dead/{EDITED}.json"), one.to_json()).await;
    (place, one, two)
}

async fn letters(place: &Place, command: &str, rest: &[&str]) -> Finished {
    ask(place, &["dead-letters", command], rest).await
}

/// An id that no event has.
const EDITED: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn dead_letters_are_listed() {
    let (place, server, _stream) = running().await;
    for (command, rest) in [("list", &[][..]), ("drop", &["--all"])] {
        let finished = letters(&place, command, rest).await;
        assert_eq!(finished.code(), 0, "{finished:?}");
        assert_eq!(finished.stdout, "no dead letters\n");
    }
    drop(server);
    let (place, one, _) = with_letters().await;
    let listed = letters(&place, "list", &[]).await;
    assert_eq!(listed.code(), 0, "{listed:?}");
    let line = format!(
        "{}      3  2026-01-01T00:00:00Z  2026-01-02T00:00:00Z  raw/one.csv\n    no object was created for this event\n",
        one.id().to_hex()
    );
    for words in [&line, "raw/two.csv", "does not belong to the event"] {
        assert!(listed.stdout.contains(words), "{}", listed.stdout);
    }
    let json = letters(&place, "list", &["--output", "json"]).await.stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["deadLetters"].as_array().unwrap().len(), 3);
    assert_eq!(json["poisonMessages"], serde_json::Value::Null);
}

#[tokio::test]
async fn dead_letters_are_retried_by_request() {
    let (mut place, one, _) = with_letters().await;
    let useless = letters(&place, "retry", &["--all"]).await;
    assert_eq!(useless.code(), 2, "{useless:?}");
    assert!(useless.stderr.contains("has no `confirm`"), "{useless:?}");
    place.more.push_str("confirm: {workflows: {}}\n");
    for (id, code, words) in [
        ("abc", 2, "at least 6 digits"),
        ("ffffff", 2, "there is no such dead letter"),
        (EDITED, 1, "cannot be retried: its content does not belong"),
    ] {
        let refused = letters(&place, "retry", &[id]).await;
        assert_eq!(refused.code(), code, "{refused:?}");
        assert!(refused.stderr.contains(words), "{refused:?}");
        assert_eq!(refused.stdout, "");
    }
    assert!(folder(&place, "requests").await.is_empty());
    let id = one.id().to_hex();
    let retried = letters(&place, "retry", &[&id[..6], "raw/one.csv"]).await;
    assert_eq!(retried.code(), 0, "{retried:?}");
    let said = "asked to retry 1 dead letter. The live stream of source dataset-";
    assert!(retried.stdout.starts_with(said), "{retried:?}");
    let requests = folder(&place, "requests").await;
    assert!(
        requests.len() == 1 && requests[0].ends_with(&format!("/requests/retry-{id}.json")),
        "{requests:?}"
    );

    let both = letters(&place, "retry", &[&id, EDITED, "-o", "json"]).await;
    assert_eq!(both.code(), 1, "{both:?}");
    let told: Value = serde_json::from_str(&both.stdout).unwrap();
    let told = told["deadLetters"].as_array().unwrap();
    let of = |id: &str| told.iter().find(|it| it["id"] == id).unwrap();
    assert_eq!(of(&id)["outcome"], "requested");
    assert_eq!(of(EDITED)["outcome"], "unreadable");
    let problem = of(EDITED)["problem"].as_str().unwrap();
    assert!(problem.contains("does not belong"), "{problem}");
    let wrong = letters(&place, "retry", &["ffffff", "-o", "json"]).await;
    assert_eq!((wrong.code(), wrong.stdout.as_str()), (2, ""), "{wrong:?}");
}

#[tokio::test]
async fn dead_letters_are_dropped_the_unreadable_ones_too() {
    let (place, one, _) = with_letters().await;
    let dropped = letters(&place, "drop", &["raw/two.csv", &EDITED[..8]]).await;
    assert_eq!(dropped.code(), 0, "{dropped:?}");
    assert!(dropped.stdout.starts_with("dropped 2 dead letters: "));
    let left = folder(&place, "dead").await;
    assert!(left.len() == 1 && left[0].contains(&one.id().to_hex()));

    let rest = letters(&place, "drop", &["--all", "-o", "yaml"]).await;
    let said = format!(
        "deadLetters:\n- id: {}\n  outcome: dropped\n",
        one.id().to_hex()
    );
    assert_eq!((rest.code(), rest.stdout), (0, said));
    let nothing = letters(&place, "drop", &["--all", "-o", "json"]).await;
    let told: Value = serde_json::from_str(&nothing.stdout).unwrap();
    assert_eq!(told, json!({"deadLetters": []}));
}
