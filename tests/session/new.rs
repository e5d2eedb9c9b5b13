//! Which blobs are new: the baseline, filters that change, age and size.

use std::sync::atomic::Ordering::Relaxed;

use azure_blob_eventsource::gate::rules::Existing;
use testkit::account::NewBlob;
use time::macros::datetime;
use tokio::time::sleep;

use crate::stage::{CONTAINER, SECOND, Stage, filter};

#[tokio::test(start_paused = true)]
async fn existing_skip_takes_what_was_there_as_done() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    stage.put("old.csv");
    sleep(2 * SECOND).await;
    assert!(stage.deliver().await.is_empty());
    stage.put("new.csv");
    assert_eq!(stage.deliver().await, ["new.csv"]);
}

#[tokio::test(start_paused = true)]
async fn existing_since_announces_from_that_moment_on() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Since(datetime!(2026-01-01 0:01 UTC));
    stage.put("old.csv");
    sleep(60 * SECOND).await;
    stage.put("young.csv");
    sleep(60 * SECOND).await;
    assert_eq!(stage.deliver().await, ["young.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_blob_with_an_old_time_that_appears_after_the_baseline_is_announced() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    sleep(60 * SECOND).await;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    stage.account.set_clock(datetime!(2025-06-01 0:00 UTC));
    stage.put("renamed-here.csv");
    assert_eq!(stream.next().await, "renamed-here.csv");
}

#[tokio::test(start_paused = true)]
async fn a_wider_filter_makes_a_new_baseline_of_what_only_it_matches() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    stage.config.filter = filter("", &["**/*.csv"]);
    stage.deliver().await;
    sleep(2 * SECOND).await;
    stage.put_all(["old.json", "missed.csv"]);
    sleep(2 * SECOND).await;
    stage.config.filter = filter("", &["**/*.csv", "**/*.json"]);
    assert_eq!(stage.deliver().await, ["missed.csv"]);
    stage.put("new.json");
    assert_eq!(stage.deliver().await, ["new.json"]);
}

#[tokio::test(start_paused = true)]
async fn a_narrower_filter_and_back_announces_nothing_twice() {
    let mut stage = Stage::new().with_container();
    stage.put_all(["raw/a.csv", "in/b.csv"]);
    assert_eq!(stage.deliver().await.len(), 2);
    stage.config.filter = filter("raw/", &[]);
    assert!(stage.deliver().await.is_empty());
    stage.config.filter = filter("", &[]);
    assert!(stage.deliver().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_filter_that_comes_back_loses_nothing_of_the_time_between() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    let (narrow, wide) = (filter("", &["**/*.csv"]), filter("", &[]));
    for filter in [&narrow, &wide] {
        stage.config.filter = filter.clone();
        stage.deliver().await;
        sleep(2 * SECOND).await;
    }
    stage.put("between.json");
    sleep(2 * SECOND).await;
    stage.config.filter = narrow;
    assert!(stage.deliver().await.is_empty());
    sleep(2 * SECOND).await;
    stage.config.filter = wide;
    assert_eq!(stage.deliver().await, ["between.json"]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_is_not_used_for_another_container() {
    let mut stage = Stage::new().with_container();
    stage.deliver().await;
    stage.account.create_container("models").unwrap();
    stage.config.container = "models".into();
    let error = stage.start().session.await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "source `datasets` watches https://account.blob.core.windows.net/models, and its ledger is about https://account.blob.core.windows.net/datasets: set another `id`, or delete the \
         folder `datasets/` of the state container"
    );
}

#[tokio::test(start_paused = true)]
async fn a_baseline_leaves_in_flight_as_it_is() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    stage.config.limits.in_flight = 2;
    let names: Vec<_> = (0..20).map(|n| format!("{n}.csv")).collect();
    stage.put_all(names.iter().map(String::as_str));
    sleep(2 * SECOND).await;
    let mut stream = stage.start();
    stream.until_sweeps(1).await;
    sleep(SECOND).await;
    stage.put_all(names.iter().map(String::as_str));
    stream.take(2).await;
    stream.expect_silence(9 * SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn min_age_holds_a_blob_back_until_it_was_left_alone() {
    let mut stage = Stage::new().with_container();
    stage.config.min_age = 60 * SECOND;
    stage.put("growing.csv");
    let mut stream = stage.start();
    stream.expect_silence(40 * SECOND).await;
    assert_eq!(stream.stats.held_back.load(Relaxed), 1);
    stage.put("growing.csv");
    stream.expect_silence(55 * SECOND).await;
    assert_eq!(stream.next().await, "growing.csv");
}

#[tokio::test(start_paused = true)]
async fn empty_blobs_are_announced_unless_skipped() {
    let mut stage = Stage::new().with_container();
    stage
        .account
        .put(CONTAINER, "empty", NewBlob::new(""))
        .unwrap();
    stage.config.skip_empty = true;
    assert!(stage.deliver().await.is_empty());
    stage.config.skip_empty = false;
    assert_eq!(stage.deliver().await, ["empty"]);
}

#[tokio::test(start_paused = true)]
async fn directories_of_a_hierarchical_account_are_no_blobs() {
    let mut stage = Stage::new();
    stage
        .account
        .create_hierarchical_container(CONTAINER)
        .unwrap();
    stage.put("raw/2026/a.csv");
    assert_eq!(stage.deliver().await, ["raw/2026/a.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_azure_storage_does_not_allow_is_counted_and_never_announced() {
    let mut stage = Stage::new().with_container();
    let name = "x".repeat(1025);
    stage.put_all([name.as_str(), "", "a.csv"]);
    let mut stream = stage.start();
    assert_eq!(stream.next().await, "a.csv");
    stream.until_sweeps(2).await;
    assert_eq!(stream.stats.unusable_names.load(Relaxed), 2);
    assert_eq!(stream.stats.events_sent.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn blobs_that_one_listing_does_not_show_are_not_announced_again() {
    let mut stage = Stage::new().with_container();
    stage.put_all(["a.csv", "b.csv"]);
    assert_eq!(stage.deliver().await.len(), 2);
    stage.blank = Some(1);
    let mut stream = stage.start();
    stream.until_sweeps(2).await;
    assert_eq!(stream.stats.missing_blobs.load(Relaxed), 2);
    stream.expect_silence(60 * SECOND).await;
    assert_eq!(stream.stats.missing_blobs.load(Relaxed), 0);
    stream.stop().await.unwrap();
    assert!(stage.deliver().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_misses_very_many_blobs_at_once_is_doubted_for_as_long_as_it_does() {
    let mut stage = Stage::new().with_container();
    stage.config.existing = Existing::Skip;
    stage.blank = Some(2);
    for n in 0..1_200 {
        stage.put(&format!("{n}.csv"));
    }
    sleep(2 * SECOND).await;
    let mut stream = stage.start();
    stream.until_sweeps(2).await;
    let doubt = stream.stats.listing_doubt().unwrap_or_default();
    let what = "the listing no longer shows 1200 of 1200 blobs that are done";
    assert!(doubt.starts_with(what), "{doubt}");
    stream.until_sweeps(3).await;
    assert_eq!(stream.stats.listing_doubt(), None);
    stream.expect_silence(60 * SECOND).await;
}
