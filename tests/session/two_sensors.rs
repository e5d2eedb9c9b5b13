//! Two Sensors on one source: an event is done when both have made what they make of it.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    cluster::Cluster,
    stage::{SECOND, Stage, Stream},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A blob whose event was sent, and the clusters of the two Sensors.
async fn one_sent() -> (Stage, Stream, [Arc<Cluster>; 2], Value) {
    let (mut stage, train, audit) = Stage::new().confirmed_twice();
    stage.put("a.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    (stage, stream, [train, audit], event)
}

#[tokio::test(start_paused = true)]
async fn an_event_is_done_when_both_workflows_are_there_and_not_before() {
    let (_stage, stream, [train, audit], event) = one_sent().await;
    train.run(&event);
    sleep(30 * SECOND).await;
    assert_eq!(stream.stats.events_done.load(Relaxed), 0);
    audit.run(&event);
    stream.until_done(1).await;
    assert_eq!(stream.stats.events_redelivered.load(Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn the_sensor_that_was_away_gets_the_event_again() {
    let (mut stage, mut stream, [train, audit], first) = one_sent().await;
    train.run(&first);
    let again = stream.event().await;
    assert_eq!(first, again);
    audit.run(&again);
    stream.until_done(1).await;
    stream.stop().await.unwrap();
    assert!(stage.deliver().await.is_empty(), "it came again");
}

#[tokio::test(start_paused = true)]
async fn after_a_restart_what_is_missing_is_sent_for_again() {
    let (mut stage, stream, [train, audit], event) = one_sent().await;
    train.run(&event);
    stream.session.abort();
    let mut stream = stage.start();
    assert_eq!(stream.event().await, event);
    audit.run(&event);
    stream.until_done(1).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_there_once_counts_though_it_is_gone_when_the_other_comes() {
    let (_stage, stream, [train, audit], event) = one_sent().await;
    train.run(&event);
    sleep(SECOND).await;
    train.delete(&event);
    sleep(SECOND).await;
    audit.run(&event);
    stream.until_done(1).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_again_is_never_made_a_second_time_for_the_sake_of_what_is_missing() {
    let (stage, mut stream, [train, _], event) = one_sent().await;
    train.run(&event);
    sleep(SECOND).await;
    train.delete(&event);
    stream.expect_silence(25 * HOUR).await;
    let letters = stage.in_folder("dead/");
    let reason = stage.json(&letters[0])["lastReason"].to_string();
    assert!(
        reason.contains("no Workflow (pipeline=audit) was created for this event")
            && reason.contains("its other object does not exist any more"),
        "{reason}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stall_names_the_workflow_that_is_missing() {
    let (mut stage, train, audit) = Stage::new().confirmed_twice();
    for name in ["a.csv", "b.csv"] {
        stage.put(name);
    }
    let mut stream = stage.start();
    let events = [stream.event().await, stream.event().await];
    for event in &events {
        train.run(event);
    }
    sleep(3 * MINUTE).await;
    let reason = stream.stats.error().unwrap();
    assert!(
        reason.contains(
            "because no Workflow (pipeline=audit) is created for any of them; 2 events wait"
        ),
        "{reason}"
    );
    for event in &events {
        audit.run(event);
    }
    stream.until_done(2).await;
    sleep(SECOND).await;
    assert_eq!(stream.stats.error(), None);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_names_the_workflow_that_is_missing_and_its_retry_makes_it() {
    let (mut stage, train, audit) = Stage::new().confirmed_twice();
    stage.config.redelivery.max_attempts = 2;
    stage.put("poison.csv");
    let mut stream = stage.start();
    let poison = stream.event().await;
    train.run(&poison);
    // Others get through, so the path works and this event does not.
    let mut number = 0;
    while stage.in_folder("dead/").is_empty() {
        number += 1;
        stage.put(&format!("good-{number}.csv"));
        let event = stream.event().await;
        train.run(&event);
        if event["id"] != poison["id"] {
            audit.run(&event);
        }
        assert!(number < 100, "no dead letter");
    }
    let letter = stage.json(&stage.in_folder("dead/")[0]);
    let reason = letter["lastReason"].to_string();
    assert!(
        reason.contains("no Workflow (pipeline=audit) was created for this event in 2 attempts"),
        "{reason}"
    );
    audit.run(&poison);
    while !stage.in_folder("dead/").is_empty() {
        sleep(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_on_workflows_counts_both_that_come_of_an_event() {
    let (mut stage, train, audit) = Stage::new().confirmed_twice();
    // Both Sensors work in one namespace, so each of the two clusters has all Workflows.
    stage.config.limits.active_workflows = Some(3);
    for name in ["a.csv", "b.csv"] {
        stage.put(name);
    }
    let mut stream = stage.start();
    let first = stream.event().await;
    stream.expect_silence(30 * SECOND).await;
    train.run(&first);
    audit.run(&first);
    stream.until_done(1).await;
    // One is unfinished in each; two more fit.
    assert_ne!(stream.event().await["id"], first["id"]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_smaller_than_what_comes_of_an_event_lets_one_through_at_a_time() {
    let (mut stage, train, audit) = Stage::new().confirmed_twice();
    stage.config.limits.active_workflows = Some(1);
    for name in ["a.csv", "b.csv"] {
        stage.put(name);
    }
    let mut stream = stage.start();
    let first = stream.event().await;
    for cluster in [&train, &audit] {
        cluster.run(&first);
    }
    stream.expect_silence(30 * SECOND).await;
    for cluster in [&train, &audit] {
        cluster.finish(&first);
    }
    assert_ne!(stream.event().await["id"], first["id"]);
}
