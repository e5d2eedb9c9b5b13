//! Replays, and dead letters that are sent again.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use azure_blob_eventsource::{gate::rules::Existing, state::request::Replay};
use time::macros::datetime;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    cluster::{Cluster, id},
    stage::{SECOND, Stage, Stream, within},
};

const NAME: &str = "0123456789abcdef";

fn replay(stage: &Stage, prefix: &str) {
    let replay = Replay {
        name: NAME.into(),
        prefix: prefix.into(),
        blob: None,
        batch: None,
        since: None,
        until: stage.account.now(),
        asked: None,
    };
    stage.put_state(&format!("requests/replay-{NAME}.json"), replay.to_json());
}

/// Three blobs that are done, and a live stream.
async fn with_three_done() -> (Stage, Arc<Cluster>, Stream) {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put_all(["raw/a.csv", "raw/b.csv", "other/c.csv"]);
    let mut stream = stage.start();
    for _ in 0..3 {
        let event = stream.event().await;
        cluster.run(&event);
        cluster.finish(&event);
    }
    stream.until_done(3).await;
    sleep(2 * SECOND).await;
    (stage, cluster, stream)
}

async fn until_answered(stage: &Stage) {
    let answered = async {
        while !stage.in_folder("requests/").is_empty() {
            sleep(SECOND).await;
        }
    };
    within(answered, "the request to be done").await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_announces_again_with_new_ids_and_once() {
    let (mut stage, cluster, mut stream) = with_three_done().await;
    replay(&stage, "raw/");
    let mut names = BTreeSet::new();
    for _ in 0..2 {
        let event = stream.event().await;
        assert_eq!(event["replay"], NAME);
        assert!(
            !azure_blob_eventsource::ports::confirmation::Confirmation::index(&*cluster)
                .has(id(&event))
        );
        names.insert(event["blobname"].as_str().unwrap().to_owned());
        cluster.run(&event);
    }
    assert_eq!(
        names,
        BTreeSet::from(["raw/a.csv".to_owned(), "raw/b.csv".to_owned()])
    );
    until_answered(&stage).await;
    stage.put("raw/d.csv");
    assert_eq!(stream.next().await, "raw/d.csv");
    stream.stop().await.unwrap();
    assert_eq!(stage.start().next().await, "raw/d.csv");
}

#[tokio::test(start_paused = true)]
async fn a_replay_survives_a_crash_in_the_middle_and_does_no_blob_twice() {
    let (mut stage, cluster, mut stream) = with_three_done().await;
    stage.config.limits.in_flight = 1;
    stream.stop().await.unwrap();
    replay(&stage, "raw/");
    stream = stage.start();
    let first = stream.event().await;
    cluster.run(&first);
    cluster.finish(&first);
    stream.until_done(1).await;
    stream.session.abort();
    // Its time is up meanwhile.
    cluster.delete(&first);
    let mut stream = stage.start();
    let second = stream.event().await;
    assert_ne!(first["blobname"], second["blobname"]);
    cluster.run(&second);
    until_answered(&stage).await;
    stream.expect_silence(Duration::from_secs(3600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_announces_what_the_baseline_passed_over() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.existing = Existing::Skip;
    stage.put("raw/old.csv");
    sleep(5 * SECOND).await;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    replay(&stage, "");
    let event = stream.event().await;
    assert_eq!(event["blobname"], "raw/old.csv");
    cluster.run(&event);
    until_answered(&stage).await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_works_without_confirmation_too() {
    let mut stage = Stage::new().with_container();
    stage.put_all(["raw/a.csv", "raw/b.csv"]);
    stage.deliver().await;
    sleep(2 * SECOND).await;
    replay(&stage, "raw/");
    let mut stream = stage.start();
    assert_eq!(stream.take(2).await, ["raw/a.csv", "raw/b.csv"]);
    until_answered(&stage).await;
    stream.expect_silence(Duration::from_secs(3600)).await;
}

#[tokio::test(start_paused = true)]
async fn since_and_until_are_by_the_blobs_own_times() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.put("raw/a.csv");
    sleep(100 * SECOND).await;
    stage.put("raw/b.csv");
    sleep(100 * SECOND).await;
    let mut stream = stage.start();
    for _ in 0..2 {
        let event = stream.event().await;
        cluster.run(&event);
    }
    stream.until_done(2).await;
    let replay = Replay {
        name: NAME.into(),
        prefix: String::new(),
        blob: None,
        batch: None,
        since: Some(datetime!(2026-01-01 0:01 UTC)),
        until: stage.account.now(),
        asked: None,
    };
    stage.put_state(&format!("requests/replay-{NAME}.json"), replay.to_json());
    let event = stream.event().await;
    assert_eq!(event["blobname"], "raw/b.csv");
    cluster.run(&event);
    until_answered(&stage).await;
    stream.expect_silence(Duration::from_secs(3600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_makes_no_sense_is_left_alone() {
    let (mut stage, _cluster, mut stream) = with_three_done().await;
    stage.put_state("requests/replay-x.json", "{}");
    stage.put_state("requests/nonsense", "");
    stream.expect_silence(Duration::from_secs(600)).await;
    assert_eq!(stage.in_folder("requests/").len(), 2);
    stream.stop().await.unwrap();
    let _ = stage.start();
}

/// A source with one dead letter, whose id is returned.
async fn with_a_dead_letter() -> (Stage, Arc<Cluster>, Stream, String) {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.redelivery.give_up_after = Duration::from_secs(600);
    stage.put("a.csv");
    let mut stream = stage.start();
    let given_up = async {
        while stage.in_folder("dead/").is_empty() {
            let _ = timeout(SECOND, stream.event()).await;
        }
    };
    within(given_up, "a dead letter").await;
    while timeout(SECOND, stream.event()).await.is_ok() {}
    let name = stage.in_folder("dead/").remove(0);
    let hex = name["dead/".len()..].trim_end_matches(".json").to_owned();
    (stage, cluster, stream, hex)
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_retried_is_sent_again_and_goes_with_its_workflow() {
    let (stage, cluster, mut stream, hex) = with_a_dead_letter().await;
    stage.put_state(&format!("requests/retry-{hex}.json"), "{}");
    let event = stream.event().await;
    assert_eq!(event["id"], hex);
    assert_eq!(stage.in_folder("dead/").len(), 1);
    cluster.run(&event);
    until_answered(&stage).await;
    assert!(stage.in_folder("dead/").is_empty());
    stream.expect_silence(Duration::from_secs(3600)).await;
    assert_eq!(stream.stats.in_flight.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_fails_leaves_its_letter_and_is_over() {
    let (stage, _cluster, mut stream, hex) = with_a_dead_letter().await;
    stage.put_state(&format!("requests/retry-{hex}.json"), "{}");
    assert_eq!(stream.event().await["id"], hex);
    while timeout(Duration::from_secs(1200), stream.event())
        .await
        .is_ok()
    {}
    assert!(stage.in_folder("requests/").is_empty());
    assert_eq!(stage.in_folder("dead/").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_survives_a_crash() {
    let (mut stage, cluster, stream, hex) = with_a_dead_letter().await;
    stage.put_state(&format!("requests/retry-{hex}.json"), "{}");
    sleep(SECOND).await;
    stream.session.abort();
    let mut stream = stage.start();
    let event = stream.event().await;
    assert_eq!(event["id"], hex);
    stream.session.abort();
    cluster.run(&event);
    let _stream = stage.start();
    until_answered(&stage).await;
    assert!(stage.in_folder("dead/").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_was_edited_by_hand_is_not_sent_and_not_lost() {
    let (stage, _cluster, mut stream, hex) = with_a_dead_letter().await;
    stage.put_state(&format!("dead/{hex}.json"), "{\"format\": 1}");
    stage.put_state(&format!("requests/retry-{hex}.json"), "{}");
    until_answered(&stage).await;
    stream.expect_silence(Duration::from_secs(600)).await;
    assert_eq!(stage.in_folder("dead/").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_large_replay_keeps_no_retry_waiting() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.limits.in_flight = 1;
    stage.config.redelivery.give_up_after = Duration::from_secs(3600);
    stage.put("raw/poison.csv");
    let mut stream = stage.start();
    let poison = stream.event().await;
    // It is alone, and given up after an hour.
    while stage.in_folder("dead/").is_empty() {
        let _ = timeout(SECOND, stream.event()).await;
    }
    // 3,000 others are there and done.
    for number in 0..3_000 {
        stage.put(&format!("raw/{number:04}.csv"));
    }
    for _ in 0..3_000 {
        let event = stream.event().await;
        cluster.run(&event);
    }
    stream.until_done(3_001).await;
    replay(&stage, "raw/");
    // The replay is under way, and slow: a Workflow a second.
    for _ in 0..10 {
        let event = stream.event().await;
        assert_eq!(event["replay"], NAME);
        sleep(SECOND).await;
        cluster.run(&event);
    }
    stage.put_state(
        &format!("requests/retry-{}.json", id(&poison).to_hex()),
        "{}",
    );
    let asked = Instant::now();
    loop {
        let event = stream.event().await;
        sleep(SECOND).await;
        cluster.run(&event);
        if event["id"] == poison["id"] {
            break;
        }
    }
    let took = asked.elapsed();
    let promised = stage.config.interval + 5 * SECOND;
    assert!(took < promised, "the retry was taken up after {took:?}");
    // Its letter goes, and one that a person drops is known to be gone, while the replay goes on.
    while !stage.in_folder("dead/").is_empty() {
        sleep(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_replay_is_not_over_because_one_listing_is_wrongly_empty() {
    for blank in 0..4 {
        let (mut stage, cluster, stream) = with_three_done().await;
        stream.stop().await.unwrap();
        replay(&stage, "raw/");
        stage.blank = Some(blank);
        let mut stream = stage.start();
        let mut names = BTreeSet::new();
        for _ in 0..2 {
            let event = stream.event().await;
            names.insert(event["blobname"].as_str().unwrap().to_owned());
            cluster.run(&event);
        }
        assert_eq!(names.len(), 2, "listing {blank} is empty");
        until_answered(&stage).await;
    }
}
