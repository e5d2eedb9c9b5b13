//! What makes a blob a new version: its ETag, its content, or its name alone.

use azure_blob_eventsource::{blob::Version, gate::rules::Existing, session::Mode};
use testkit::account::NewBlob;
use tokio::time::sleep;

use crate::{
    cluster::id,
    stage::{CONTAINER, SECOND, Stage},
};

const MINUTE: std::time::Duration = std::time::Duration::from_secs(60);

fn stage(version: Version) -> Stage {
    let mut stage = Stage::new().with_container();
    stage.config.version = version;
    stage
}

fn stamp(stage: &Stage, name: &str) {
    let set = stage
        .account
        .set_metadata(CONTAINER, name, "processed", "true");
    set.unwrap();
}

fn write(stage: &Stage, name: &str, content: &'static str) {
    stage.account.put(CONTAINER, name, content.into()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn by_etag_each_write_is_a_version() {
    let mut stage = stage(Version::Etag);
    write(&stage, "a.csv", "1");
    let mut stream = stage.start();
    assert_eq!(stream.next().await, "a.csv");
    stamp(&stage, "a.csv");
    assert_eq!(stream.next().await, "a.csv");
    write(&stage, "a.csv", "1");
    assert_eq!(stream.next().await, "a.csv");
}

#[tokio::test(start_paused = true)]
async fn by_content_metadata_and_the_same_bytes_run_nothing() {
    let mut stage = stage(Version::Content);
    write(&stage, "a.csv", "1");
    let mut stream = stage.start();
    assert_eq!(stream.next().await, "a.csv");
    stamp(&stage, "a.csv");
    stream.expect_silence(MINUTE).await;
    write(&stage, "a.csv", "1");
    stream.expect_silence(MINUTE).await;
    write(&stage, "a.csv", "2");
    assert_eq!(stream.next().await, "a.csv");
    // The same bytes under another name are another dataset.
    write(&stage, "b.csv", "2");
    assert_eq!(stream.next().await, "b.csv");
}

#[tokio::test(start_paused = true)]
async fn by_content_the_etag_tells_where_there_is_no_md5() {
    let mut stage = stage(Version::Content);
    let blob = || NewBlob::new("1").in_blocks();
    stage.account.put(CONTAINER, "a.csv", blob()).unwrap();
    let mut stream = stage.start();
    assert_eq!(stream.next().await, "a.csv");
    stage.account.put(CONTAINER, "a.csv", blob()).unwrap();
    assert_eq!(stream.next().await, "a.csv");
}

#[tokio::test(start_paused = true)]
async fn by_name_a_name_runs_once() {
    let mut stage = stage(Version::Name);
    write(&stage, "a.csv", "1");
    let mut stream = stage.start();
    assert_eq!(stream.next().await, "a.csv");
    write(&stage, "a.csv", "2");
    stamp(&stage, "a.csv");
    stream.expect_silence(MINUTE).await;
    write(&stage, "b.csv", "2");
    assert_eq!(stream.next().await, "b.csv");
}

#[tokio::test(start_paused = true)]
async fn a_workflow_is_recognised_by_its_content_when_the_ledger_is_lost() {
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.config.version = Version::Content;
    write(&stage, "a.csv", "1");
    let mut stream = stage.start();
    cluster.run(&stream.event().await);
    stream.until_done(1).await;
    stream.stop().await.unwrap();
    stamp(&stage, "a.csv");
    stage.lose_ledger();
    assert!(stage.deliver().await.is_empty(), "it came again");
}

#[tokio::test(start_paused = true)]
async fn what_is_done_stays_done_when_version_changes() {
    let mut stage = stage(Version::Etag);
    stage.put_all(["a.csv", "b.csv"]);
    assert_eq!(stage.deliver().await.len(), 2);
    let etags = Version::ALL.into_iter().cycle().skip(1).take(6);
    for version in etags {
        stage.config.version = version;
        assert!(stage.deliver().await.is_empty(), "{version:?}");
        sleep(2 * MINUTE).await;
        assert!(stage.deliver().await.is_empty(), "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn from_the_change_on_versions_are_told_by_the_new_way() {
    let mut stage = stage(Version::Etag);
    write(&stage, "a.csv", "1");
    stage.deliver().await;
    stage.config.version = Version::Content;
    // The ways of before are forgotten as soon as what no sweep shows.
    stage.forgetting.after = std::time::Duration::ZERO;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    // Soon after the change, and after all is settled.
    for _ in 0..20 {
        stamp(&stage, "a.csv");
        stream.expect_silence(15 * SECOND).await;
    }
    write(&stage, "a.csv", "2");
    assert_eq!(stream.take(1).await, ["a.csv"]);
    stream.until_done(1).await;
    stream.stop().await.unwrap();
    let facts = stage.facts().await;
    assert_eq!(facts.version, Version::Content);
    assert!(facts.earlier_versions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_was_on_its_way_when_version_changed_keeps_its_id() {
    let (mut stage, cluster) = Stage::new().confirmed();
    write(&stage, "a.csv", "1");
    let mut stream = stage.start();
    let sent = stream.event().await;
    stream.session.abort();
    stage.config.version = Version::Content;
    stage.forgetting.after = std::time::Duration::ZERO;
    let mut stream = stage.start();
    let again = stream.event().await;
    assert_eq!(id(&sent), id(&again));
    cluster.run(&again);
    stream.until_done(1).await;
    stream.expect_silence(5 * MINUTE).await;
    stream.stop().await.unwrap();
    assert!(stage.facts().await.earlier_versions.is_empty());
    write(&stage, "a.csv", "2");
    let mut stream = stage.start();
    assert_ne!(id(&sent), id(&stream.event().await));
}

#[tokio::test(start_paused = true)]
async fn a_blob_that_is_announced_again_and_again_is_told_as_a_loop() {
    let mut stage = stage(Version::Etag);
    write(&stage, "a.csv", "1");
    stage.put("b.csv");
    let mut stream = stage.start();
    assert_eq!(stream.take(2).await, ["a.csv", "b.csv"]);
    stamp(&stage, "a.csv");
    assert_eq!(stream.next().await, "a.csv");
    sleep(MINUTE).await;
    assert_eq!(stream.stats.loops().count, 0);
    stamp(&stage, "a.csv");
    assert_eq!(stream.next().await, "a.csv");
    sleep(MINUTE).await;
    let loops = stream.stats.loops();
    assert_eq!((loops.count, loops.blobs[0].times), (1, 3));
    let written = stage.json("loops.json");
    assert_eq!(written["blobs"][0]["name"], "a.csv");
    // A day later nobody needs to know.
    sleep(24 * 60 * MINUTE).await;
    assert_eq!(stream.stats.loops().count, 0);
    assert_eq!(stage.in_folder("loops.json"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn who_looks_on_writes_nothing_of_a_loop() {
    let mut stage = stage(Version::Etag);
    write(&stage, "a.csv", "1");
    let mut stream = stage.start_with(64, Mode::Observe, false);
    for _ in 0..4 {
        assert_eq!(stream.next().await, "a.csv");
        stamp(&stage, "a.csv");
    }
    sleep(MINUTE).await;
    assert_eq!(stream.stats.loops().count, 1);
    assert_eq!(stage.in_folder(""), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_existed_is_passed_over_by_its_name() {
    let mut stage = stage(Version::Name);
    stage.config.existing = Existing::Skip;
    write(&stage, "a.csv", "1");
    sleep(2 * SECOND).await;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    write(&stage, "a.csv", "2");
    stream.expect_silence(MINUTE).await;
}
