//! `explain`: the reasons, the answer, and an exit status for scripts.

use testkit::account::NewBlob;

use crate::{
    commands::{ask, replay, running},
    dead_letters::{letter, with_letters, write, write_letter},
    process::Finished,
    server::Server,
    storage::Place,
};
use azure_blob_eventsource::state::dead_letter::About;

async fn explain(place: &Place, blob: &str) -> Finished {
    ask(place, &["explain"], &[blob]).await
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

#[tokio::test]
async fn what_was_there_before_the_source_is_explained_and_replayed() {
    let (place, face) = Place::fake().await;
    let place = place.with("source: {listing: {interval: 1s}}\nlimits: {settle: 0s}\n");
    place.put("raw/old.csv").await;
    face.account().advance(std::time::Duration::from_secs(10));
    let server = Server::of(&place).await;
    let _stream = server.stream(&place.config()).await;
    server.reaches("ledgerBlobs", 1).await;
    server.crash();
    let old = explain(&place, "raw/old.csv").await;
    assert_eq!(old.code(), 1, "{old:?}");
    assert!(
        old.stdout.contains("`replay --blob` announces it anyway")
            && old
                .stdout
                .contains("=> it was not announced: it was there before"),
        "{old:?}"
    );
    let asked = replay(&place, &["--blob", "raw/old.csv"]).await;
    assert_eq!(asked.code(), 0, "{asked:?}");
    let words = "or it waits for the next live stream";
    assert!(asked.stdout.contains(words), "{asked:?}");
    let waiting = explain(&place, "raw/old.csv").await;
    assert_eq!(waiting.code(), 0, "{waiting:?}");
    let verdict = "=> it is announced again by a replay, which is not completed yet\n";
    assert!(waiting.stdout.ends_with(verdict), "{waiting:?}");
}

#[tokio::test]
async fn what_keeps_a_blob_is_explained() {
    let (mut place, ..) = with_letters().await;
    let given_up = explain(&place, "raw/one.csv").await;
    assert_eq!(given_up.code(), 1, "{given_up:?}");
    assert!(given_up.stdout.contains("it is a dead letter"));

    // The letter of a replay is found by the blob that it is about.
    let new = NewBlob::new("id\n1\n");
    let etag = place
        .client
        .put_blob(&place.container, "raw/again.csv", &new);
    let mut again = letter(&place, "raw/again.csv");
    let etag = etag.await;
    if let About::Blob(blob) = &mut again.about {
        blob.version.clone_from(&etag);
        blob.etag = etag;
    }
    again.replay = Some("r1".to_owned());
    write_letter(&place, &again).await;
    let told = explain(&place, "raw/again.csv").await;
    assert_eq!(told.code(), 1, "{told:?}");
    assert!(
        told.stdout
            .contains("=> its replay was sent and never confirmed")
    );

    // Where there is no cluster, all else is told.
    let stalled = r#"{"since":"2026-01-01T00:00:00Z","lastConfirmed":null,"waiting":7,"reason":"nothing has been confirmed"}"#;
    write(&place, "stalled.json", stalled.into()).await;
    place.put("raw/late.csv").await;
    place.more.push_str("confirm: {workflows: {}}\n");
    let late = explain(&place, "raw/late.csv").await;
    assert_eq!(late.code(), 0, "{late:?}");
    for words in [
        "WARN stalled  nothing has been confirmed\n",
        "WARN object   ",
        "the source is stalled since 2026-01-01T00:00:00Z",
    ] {
        assert!(late.stdout.contains(words), "{words}: {}", late.stdout);
    }
}

#[tokio::test]
async fn a_name_that_is_not_quite_right_is_understood() {
    let (place, _server, _stream) = running().await;
    let container = format!("{}/raw/a.csv", place.container);
    for asked in ["RAW/a.csv", "raw/a.csv ", "/raw/a.csv", &container] {
        let missing = explain(&place, asked).await;
        assert_eq!(missing.code(), 1, "{missing:?}");
        let meant = "did you mean `raw/a.csv`?";
        assert!(missing.stdout.contains(meant), "{asked}: {missing:?}");
    }
    for asked in ["a.csv", "rwa/a.csv", "raw\\a.csv"] {
        let missing = explain(&place, asked).await;
        let meant = "did you mean `raw/a.csv`?";
        assert!(missing.stdout.contains(meant), "{asked}: {missing:?}");
    }
    let folder = explain(&place, "raw").await;
    assert_eq!(folder.code(), 1, "{folder:?}");
    assert!(folder.stdout.contains("it is a directory"), "{folder:?}");
    let neighbours = explain(&place, "raw/x.csv").await;
    let listed = "in the same folder are: raw/a.csv, raw/b.csv";
    assert!(neighbours.stdout.contains(listed), "{neighbours:?}");
}
