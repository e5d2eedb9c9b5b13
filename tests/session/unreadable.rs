//! Blobs that cannot be read yet: held back, counted, and announced once they can.

use azure_blob_eventsource::{
    blob::{Access, Unreadable, Version},
    gate::rules::Existing,
};
use testkit::account::NewBlob;
use tokio::time::sleep;

use crate::stage::{CONTAINER, SECOND, Stage};

fn archived() -> NewBlob {
    NewBlob::new("a,b\n").access(Access::Archived)
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_announced_once_when_it_is_complete() {
    for version in Version::ALL {
        let mut stage = Stage::new().with_container();
        stage.config.version = version;
        stage.account.start_copy(CONTAINER, "a.csv").unwrap();
        let mut stream = stage.start();
        stream.expect_silence(60 * SECOND).await;
        let copying = Unreadable {
            copying: 1,
            ..Unreadable::default()
        };
        assert_eq!(stream.stats.unreadable(), copying);
        let done = stage.account.finish_copy(CONTAINER, "a.csv", Some(b"a"));
        let event = stream.event().await;
        assert_eq!(event["data"]["eTag"], done.unwrap());
        stream.expect_silence(60 * SECOND).await;
        assert_eq!(stream.stats.unreadable(), Unreadable::default());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_copy_is_held_back_until_it_is_written_again() {
    let mut stage = Stage::new().with_container();
    stage.account.start_copy(CONTAINER, "a.csv").unwrap();
    let failed = stage.account.finish_copy(CONTAINER, "a.csv", None);
    failed.unwrap();
    let mut stream = stage.start();
    stream.expect_silence(60 * SECOND).await;
    assert_eq!(stream.stats.unreadable().copy_failed, 1);
    stage.put("a.csv");
    assert_eq!(stream.next().await, "a.csv");
}

#[tokio::test(start_paused = true)]
async fn what_arrives_in_the_archive_tier_is_announced_once_it_is_rehydrated() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    stage.account.put(CONTAINER, "a.csv", archived()).unwrap();
    stream.expect_silence(60 * SECOND).await;
    assert_eq!(stream.stats.unreadable().archived, 1);
    stream.stop().await.unwrap();
    let set = |access| stage.account.set_access(CONTAINER, "a.csv", access);
    set(Access::Rehydrating).unwrap();
    let account = stage.account.clone();
    let mut stream = stage.start();
    stream.expect_silence(60 * SECOND).await;
    assert_eq!(stream.stats.unreadable().rehydrating, 1);
    account
        .set_access(CONTAINER, "a.csv", Access::Readable)
        .unwrap();
    assert_eq!(stream.next().await, "a.csv");
    stream.expect_silence(60 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_archived_before_the_source_is_no_news_when_it_comes_back() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    stage.account.put(CONTAINER, "a.csv", archived()).unwrap();
    sleep(2 * SECOND).await;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    let set = stage
        .account
        .set_access(CONTAINER, "a.csv", Access::Readable);
    set.unwrap();
    stream.expect_silence(60 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_began_before_the_source_and_ends_after_is_new() {
    for version in Version::ALL {
        let mut stage = Stage::new().with_container();
        stage.config.existing = Existing::Skip;
        stage.config.version = version;
        stage.account.start_copy(CONTAINER, "a.csv").unwrap();
        sleep(2 * SECOND).await;
        let mut stream = stage.start();
        stream.until_sweeps(2).await;
        let done = stage.account.finish_copy(CONTAINER, "a.csv", Some(b"a"));
        done.unwrap();
        assert_eq!(stream.next().await, "a.csv", "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_archived_after_its_run_comes_back_without_another() {
    let mut stage = Stage::new().with_container();
    stage.put("a.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take(1).await, ["a.csv"]);
    stream.until_done(1).await;
    for access in [Access::Archived, Access::Rehydrating, Access::Readable] {
        let set = stage.account.set_access(CONTAINER, "a.csv", access);
        set.unwrap();
        stream.expect_silence(60 * SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn markers_of_folders_are_no_blobs_and_files_of_such_names_are() {
    let mut stage = Stage::new().with_container();
    for name in ["raw/", "raw_$folder$"] {
        stage.account.put(CONTAINER, name, "".into()).unwrap();
    }
    let marked = |content: &'static str| NewBlob::new(content).metadata("hdi_isfolder", "true");
    let put = |name: &str, blob| stage.account.put(CONTAINER, name, blob).unwrap();
    put("raw/2026", marked(""));
    put("raw/2027", marked("a,b\n"));
    put("in/", "a,b\n".into());
    put("raw/_SUCCESS", "".into());
    let expected = ["in/", "raw/2027", "raw/_SUCCESS"];
    assert_eq!(stage.deliver().await, expected);
}
