//! Many blobs, one event: what closes a batch, and what is sent again after a crash.

use std::{collections::BTreeSet, time::Duration};

use azure_blob_eventsource::{
    batch::rules::{BatchRules, By},
    session::Mode,
    state::request::Replay,
};
use serde_json::Value;
use testkit::account::NewBlob;
use tokio::time::sleep;

use crate::{
    queue::{put, until_empty},
    stage::{CONTAINER, SECOND, STATE, Stage, Stream, within},
};

pub(crate) fn rules() -> BatchRules {
    BatchRules {
        by: By::Folder,
        max_blobs: 1_000,
        max_bytes: None,
        max_wait: None,
        quiet: Some(60 * SECOND),
        keep: Duration::from_secs(7 * 24 * 3600),
    }
}

pub(crate) fn batching() -> Stage {
    let mut stage = Stage::new().with_container();
    stage.config.batch = Some(rules());
    stage
}

/// The names in the manifest of a batch, in its order.
pub(crate) fn members(stage: &Stage, event: &Value) -> Vec<String> {
    let name = event["data"]["manifest"]["name"].as_str().unwrap();
    let blob = stage.account.get(STATE, name).unwrap();
    let text = String::from_utf8(blob.content().to_vec()).unwrap();
    let name = |line: &str| -> String {
        let line: Value = serde_json::from_str(line).unwrap();
        line["name"].as_str().unwrap().to_owned()
    };
    text.lines().map(name).collect()
}

async fn until_closed(stream: &Stream, count: u64) {
    let closed = async {
        while stream.stats.batches.count() < count {
            sleep(Duration::from_millis(50)).await;
        }
    };
    within(closed, "closed batches").await;
}

#[tokio::test(start_paused = true)]
async fn a_folder_that_is_quiet_is_one_event() {
    let mut stage = batching();
    stage.put_all(["a/2.csv", "a/1.csv", "b/1.csv"]);
    let mut stream = stage.start();
    stream.expect_silence(55 * SECOND).await;
    let mut events = [stream.event().await, stream.event().await];
    events.sort_by_key(|it| it["dirname"].as_str().unwrap().to_owned());
    assert_eq!(members(&stage, &events[0]), ["a/1.csv", "a/2.csv"]);
    assert_eq!(members(&stage, &events[1]), ["b/1.csv"]);
    let data = &events[0]["data"];
    assert_eq!(
        (&data["count"], &data["closedBy"]),
        (&2.into(), &"quiet".into())
    );
    assert_eq!(events[0]["type"], "AzureBlobEventSource.BatchClosed");
    stream.events.take();
    stream.until_done(2).await;
    // A later file of the folder is in another batch, alone.
    stage.put("a/3.csv");
    let event = stream.event().await;
    assert_eq!(members(&stage, &event), ["a/3.csv"]);
    stream.events.take();
    stream.until_done(3).await;
    stream.expect_silence(600 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_fixed_is_sent_again_as_it_was() {
    let mut stage = batching();
    stage.put_all(["a/1.csv", "a/2.csv"]);
    let mut killed = stage.start();
    let first = killed.event().await;
    killed.session.abort();
    // What comes afterwards is not in it.
    stage.put("a/0.csv");
    let mut stream = stage.start();
    let again = stream.event().await;
    assert_eq!(first, again);
    let event = stream.event().await;
    assert_eq!(members(&stage, &event), ["a/0.csv"]);
    stream.events.take();
    stream.until_done(2).await;
    stream.stop().await.unwrap();
    // All of it is done for the next session.
    stage.start().expect_silence(600 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_fixed_is_sent_though_no_batches_are_wanted_any_more() {
    let mut stage = batching();
    stage.put_all(["a/1.csv", "a/2.csv"]);
    let mut killed = stage.start();
    let fixed = killed.event().await;
    killed.session.abort();
    stage.config.batch = None;
    stage.put("a/3.csv");
    let mut stream = stage.start();
    assert_eq!(stream.event().await, fixed);
    let event = stream.event().await;
    assert_eq!(event["blobname"], "a/3.csv");
    stream.events.take();
    stream.until_done(2).await;
    stream.stop().await.unwrap();
    stage.start().expect_silence(600 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_may_be_on_its_way_alone_is_in_no_batch() {
    let mut stage = Stage::new().with_container();
    stage.put("a/1.csv");
    let mut killed = stage.start();
    let alone = killed.event().await;
    killed.session.abort();
    stage.config.batch = Some(rules());
    let mut stream = stage.start();
    assert_eq!(stream.event().await, alone);
    // For a minute the stream before may have sent what is new.
    sleep(61 * SECOND).await;
    stage.put_all(["a/2.csv", "a/3.csv"]);
    let event = stream.event().await;
    assert_eq!(members(&stage, &event), ["a/2.csv", "a/3.csv"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_fixed_is_in_another_batch_after_a_crash() {
    let mut stage = batching();
    stage.put("a/1.csv");
    let killed = stage.start();
    killed.until_sweeps(2).await;
    killed.session.abort();
    stage.put("a/2.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    assert_eq!(members(&stage, &event), ["a/1.csv", "a/2.csv"]);
    assert_eq!(stage.in_folder("batches/").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_goes_at_once_and_memory_is_bounded() {
    let mut stage = batching();
    stage.config.batch = Some(BatchRules {
        by: By::All,
        max_blobs: 40,
        ..rules()
    });
    let names: Vec<_> = (0..100).map(|n| format!("{n:03}.csv")).collect();
    stage.put_all(names.iter().map(String::as_str));
    let mut stream = stage.start();
    let mut all = BTreeSet::new();
    for count in [40, 40, 20] {
        let event = stream.event().await;
        let members = members(&stage, &event);
        assert_eq!(
            (members.len(), &event["data"]["count"]),
            (count, &count.into())
        );
        all.extend(members);
    }
    assert_eq!(all.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn of_a_blob_that_is_overwritten_while_it_waits_the_latest_version_is_in_the_batch() {
    let mut stage = batching();
    stage.put("a/1.csv");
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    let content = NewBlob::new("a,b\n1,2\n");
    let etag = stage.account.put(CONTAINER, "a/1.csv", content).unwrap();
    let event = stream.event().await;
    let blobs = event["data"]["blobs"].as_array().unwrap();
    assert_eq!((blobs.len(), &blobs[0]["eTag"]), (1, &etag.into()));
    stream.events.take();
    stream.until_done(1).await;
    stream.expect_silence(600 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn messages_are_done_with_once_their_batch_is_fixed() {
    let (mut stage, queue, poison) = batching().notified(false);
    stage.config.limits.in_flight = 2;
    for number in 0..30 {
        put(&stage, &queue, &format!("a/{number:02}.csv"));
    }
    let mut stream = stage.start();
    let event = stream.event().await;
    assert_eq!(members(&stage, &event).len(), 30);
    until_empty(&queue).await;
    assert_eq!(poison.depth(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_given_up_is_one_dead_letter_and_a_retry_sends_the_same() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.batch = Some(rules());
    stage.put_all(["bad/1.csv", "bad/2.csv"]);
    let mut stream = stage.start();
    let bad = stream.event().await;
    assert_eq!(bad["dirname"], "bad");
    let given_up = async {
        let mut number = 0;
        while stage.in_folder("dead/").is_empty() {
            number += 1;
            stage.put(&format!("good{number}/1.csv"));
            let event = stream.event().await;
            if event["dirname"] != "bad" {
                cluster.run(&event);
            }
        }
    };
    within(given_up, "a dead letter").await;
    let id = bad["id"].as_str().unwrap();
    let letter = stage.json(&format!("dead/{id}.json"));
    assert_eq!(letter["payload"], bad);
    stage.put_state(&format!("requests/retry-{id}.json"), "{}");
    let again = async {
        loop {
            let event = stream.event().await;
            if event["dirname"] == "bad" {
                return event;
            }
            cluster.run(&event);
        }
    };
    let again = within(again, "the retry").await;
    assert_eq!(again, bad);
    cluster.run(&again);
    let gone = async {
        while !stage.in_folder("dead/").is_empty() {
            sleep(SECOND).await;
        }
    };
    within(gone, "the letter to go").await;
}

#[tokio::test(start_paused = true)]
async fn a_manifest_that_somebody_deleted_makes_other_batches() {
    let mut stage = batching();
    stage.put("a/1.csv");
    let mut killed = stage.start();
    let first = killed.event().await;
    killed.session.abort();
    let name = first["data"]["manifest"]["name"].as_str().unwrap();
    stage.account.delete(STATE, name).unwrap();
    let mut stream = stage.start();
    let again = stream.event().await;
    assert_eq!(members(&stage, &again), ["a/1.csv"]);
}

#[tokio::test(start_paused = true)]
async fn who_looks_on_sees_batches_and_writes_none() {
    let mut stage = batching();
    stage.put("a/1.csv");
    let before = stage.state_blobs();
    let mut stream = stage.start_with(64, Mode::Observe, false);
    assert_eq!(stream.event().await["data"]["count"], 1);
    assert_eq!(stage.state_blobs(), before);
    // With one sweep there is nothing to wait for.
    let mut once = stage.start_with(64, Mode::Observe, true);
    let event = once.event().await;
    assert_eq!(event["data"]["closedBy"], "end");
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_open_batches_is_told_outside() {
    let mut stage = batching();
    stage.put_all(["a/1.csv", "a/2.csv"]);
    let stream = stage.start();
    let told = async {
        while stage.in_folder("open-batches").is_empty() {
            sleep(SECOND).await;
        }
    };
    within(told, "open batches").await;
    let open = stage.json("open-batches.json");
    assert_eq!(
        (&open["batches"][0]["group"], &open["batches"][0]["blobs"]),
        (&"a".into(), &2.into())
    );
    let told = stream.stats.batches.some();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].group.as_str(), told[0].blobs), ("a", 2));
    until_closed(&stream, 1).await;
    assert_eq!(stream.stats.batches.some(), []);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_announced_again_as_the_same_batch() {
    let mut stage = batching();
    stage.put_all(["a/1.csv", "a/2.csv"]);
    let mut stream = stage.start();
    let first = stream.event().await;
    stream.events.take();
    stream.until_done(1).await;
    // What comes meanwhile is another batch's.
    stage.put("a/3.csv");
    let id = first["id"].as_str().unwrap();
    let request = serde_json::json!({
        "name": "0123456789abcdef", "prefix": "a", "blob": null, "batch": id, "since": null,
        "until": "2027-01-01T00:00:00Z",
    });
    stage.put_state("requests/replay-0123456789abcdef.json", request.to_string());
    let mut events = [stream.event().await, stream.event().await];
    events.sort_by_key(|it| it["replay"].is_null());
    let [again, later] = &events;
    assert_eq!(
        (members(&stage, again), &again["dirname"]),
        (members(&stage, &first), &"a".into())
    );
    assert_eq!(
        (&again["replay"], &again["data"]["closedBy"]),
        (&"0123456789abcdef".into(), &"replay".into())
    );
    assert_ne!(again["id"], first["id"]);
    assert_eq!(members(&stage, later), ["a/3.csv"]);
    stream.events.take();
    let gone = async {
        while !stage.in_folder("requests/").is_empty() {
            sleep(SECOND).await;
        }
    };
    within(gone, "the request to go").await;
    stream.expect_silence(600 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_from_before_batches_has_one_run_though_they_come_while_it_is_on_its_way() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("raw/a.csv");
    let mut stream = stage.start();
    cluster.run(&stream.event().await);
    stream.until_done(1).await;
    sleep(10 * SECOND).await;
    let replay = Replay {
        name: "0123456789abcdef".into(),
        prefix: String::new(),
        blob: None,
        batch: None,
        since: None,
        until: stage.account.now(),
        asked: Some(stage.account.now()),
    };
    stage.put_state("requests/replay-0123456789abcdef.json", replay.to_json());
    let first = stream.event().await;
    assert_eq!(first["replay"], "0123456789abcdef");
    // Its Workflow is on its way when the server is killed, and batches are turned on.
    stream.session.abort();
    stage.config.batch = Some(rules());
    let mut stream = stage.start();
    let again = stream.event().await;
    assert_eq!(again["id"], first["id"]);
}
