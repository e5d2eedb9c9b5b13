//! Batches, as a client and the commands see them.

use serde_json::Value;

use crate::{commands::ask, process::wait_for, server::Server, storage::Place};

#[tokio::test]
async fn a_folder_is_one_event_and_explain_knows_its_batch() {
    let mut place = Place::azurite().await;
    place.more = "existing: emit\nsource: {listing: {interval: 1s}}\nlimits: {settle: 0s}\nbatch: {by: folder, quiet: 3s}\n".to_owned();
    for name in ["raw/b.csv", "raw/a.csv", "other/c.csv"] {
        place.put(name).await;
    }
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    let mut events = [stream.event().await, stream.event().await];
    events.sort_by_key(|it| it["dirname"].as_str().unwrap().to_owned());
    let [other, raw] = events;
    assert_eq!(
        (&other["dirname"], &other["data"]["count"]),
        (&"other".into(), &1.into())
    );
    let named = |blobs: &Value| -> Vec<String> {
        let blobs = blobs.as_array().unwrap().iter();
        blobs
            .map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(named(&raw["data"]["blobs"]), ["raw/a.csv", "raw/b.csv"]);
    let manifest = raw["data"]["manifest"]["name"].as_str().unwrap();
    let lines = place.client.get(&place.state, manifest).await.unwrap();
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 2);
    server.reaches("done", 2).await;
    let told = ask(&place, &["explain"], &["raw/a.csv"]).await;
    assert_eq!(told.code(), 0, "{told:?}");
    let id = raw["id"].as_str().unwrap();
    let words = format!("it is in the batch {id} of 2 blobs in `raw`, done");
    assert!(told.stdout.contains(&words), "{told:?}");
    // What waits is told, too, once the stream has said so.
    place.put("late/d.csv").await;
    wait_for("the open batch", async || {
        let told = ask(&place, &["explain"], &["late/d.csv"]).await;
        told.stdout.contains("batch of `late`").then_some(())
    })
    .await;
}
