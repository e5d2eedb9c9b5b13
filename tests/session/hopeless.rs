//! Datasets of which nothing comes, more than may be in flight: the others get through, however blobs are found.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use azure_blob_eventsource::gate::rules::Existing;
use tokio::time::sleep;

use crate::{
    change_feed::Feed,
    cluster::Cluster,
    confirm::serve,
    queue::{MINUTE, put},
    stage::Stage,
};

const BAD: u64 = 8;
const GOOD: u64 = 60;

/// Bad datasets are there first. `put` writes one so that it is found.
async fn good_ones_get_through(
    mut stage: Stage,
    cluster: &Cluster,
    mut put: impl FnMut(&Stage, &str),
) {
    stage.config.limits.in_flight = 3;
    stage.config.redelivery.max_attempts = 3;
    let mut stream = stage.start();
    sleep(MINUTE).await;
    for n in 0..BAD {
        put(&stage, &format!("{n}-bad.csv"));
    }
    let good = |name: &str| name.ends_with("good.csv");
    serve(&mut stream, cluster, good, 30 * MINUTE).await;
    for n in 0..GOOD {
        put(&stage, &format!("e{n}-good.csv"));
        serve(&mut stream, cluster, good, 5 * MINUTE).await;
    }
    serve(&mut stream, cluster, good, Duration::from_secs(3600)).await;
    let done = stream.stats.events_done.load(Relaxed);
    let letters = stage.in_folder("dead/").len() as u64;
    assert_eq!((letters, done), (BAD, BAD + GOOD));
}

#[tokio::test(start_paused = true)]
async fn they_get_through_where_blobs_are_listed() {
    let (stage, cluster) = Stage::new().confirmed();
    let put = |stage: &Stage, name: &str| _ = stage.put(name);
    good_ones_get_through(stage, &cluster, put).await;
}

#[tokio::test(start_paused = true)]
async fn they_get_through_where_a_queue_alone_tells_of_blobs() {
    let (stage, cluster) = Stage::new().confirmed();
    let (mut stage, queue, _) = stage.notified(false);
    stage.config.existing = Existing::Skip;
    let put = |stage: &Stage, name: &str| _ = put(stage, &queue, name);
    good_ones_get_through(stage, &cluster, put).await;
}

#[tokio::test(start_paused = true)]
async fn they_get_through_where_the_change_feed_alone_tells_of_blobs() {
    let (stage, cluster) = Stage::new().confirmed();
    let mut stage = stage.fed();
    stage.config.existing = Existing::Skip;
    let mut feed = Feed::on(&stage);
    let put = |stage: &Stage, name: &str| _ = feed.put(stage, name);
    good_ones_get_through(stage, &cluster, put).await;
}
