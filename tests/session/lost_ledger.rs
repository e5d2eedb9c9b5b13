//! A ledger that is deleted while a stream uses it: by a person, by a lifecycle rule.

use azure_blob_eventsource::{gate::rules::Existing, session::SessionError};
use tokio::time::sleep;

use crate::stage::{SECOND, STATE, Stage, Stream};

fn delete_state(stage: &Stage, which: &str) {
    let names = stage.account.names(STATE).into_iter();
    let names: Vec<_> = names.filter(|name| name.contains(which)).collect();
    assert!(!names.is_empty());
    for name in names {
        stage.account.delete(STATE, &name).unwrap();
    }
}

async fn is_told_of_the_loss(stream: Stream) {
    let error = stream.session.await.unwrap().unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, SessionError::LostLedger { .. }), "{told}");
    for part in [
        "`datasets/journal-0000000001` is gone",
        "written again from memory",
        "lifecycle rule",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_deleted_under_a_stream_is_told_and_written_anew() {
    for existing in [Existing::Emit, Existing::Skip] {
        let mut stage = Stage::new().with_container();
        stage.config.existing = existing;
        let mut stream = stage.start();
        stream.until_sweeps(1).await;
        sleep(2 * SECOND).await;
        stage.put_all(["a.csv", "b.csv"]);
        stream.take(2).await;
        stream.until_done(2).await;
        delete_state(&stage, "datasets/");
        stage.put("in-the-gap.csv");
        is_told_of_the_loss(stream).await;
        sleep(5 * SECOND).await;
        stage.put("while-away.csv");
        let mut names = stage.deliver().await;
        names.sort();
        assert_eq!(names, ["in-the-gap.csv", "while-away.csv"]);
        assert!(stage.deliver().await.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_done_when_the_ledger_went_is_in_the_new_one() {
    let mut stage = Stage::new().with_container();
    // Nothing else looks at the ledger before the event is recorded.
    stage.config.interval = 60 * SECOND;
    stage.put("a.csv");
    let mut stream = stage.start();
    stream.take(1).await;
    stream.until_sweeps(1).await;
    sleep(SECOND).await;
    delete_state(&stage, "datasets/");
    is_told_of_the_loss(stream).await;
    assert!(stage.deliver().await.is_empty(), "it came again");
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_ledger_that_is_deleted_is_missed_and_written_anew() {
    for part in ["snapshot-", "begun-"] {
        let mut stage = Stage::new().with_container();
        stage.rollover.frames = 5;
        for n in 0..10 {
            stage.put(&format!("{n}.csv"));
            stage.deliver().await;
        }
        stage.rollover.frames = 20_000;
        let stream = stage.start();
        stream.until_sweeps(1).await;
        delete_state(&stage, part);
        sleep(2 * 3600 * SECOND).await;
        stream.stop().await.unwrap();
        stage.put("new.csv");
        assert_eq!(stage.deliver().await, ["new.csv"], "without {part}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_container_that_is_deleted_and_made_again_costs_nothing() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    sleep(2 * SECOND).await;
    stage.put_all(["a.csv", "b.csv"]);
    stream.take(2).await;
    stream.until_done(2).await;
    stage.account.delete_container(STATE).unwrap();
    stage.put("in-the-gap.csv");
    let error = stream.session.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("ContainerNotFound"), "{error}");
    let error = stage.start().session.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("ContainerNotFound"), "{error}");
    stage.account.create_container(STATE).unwrap();
    assert_eq!(stage.deliver().await, ["in-the-gap.csv"]);
    assert!(stage.retained.is_empty());
    assert!(stage.deliver().await.is_empty());
}
