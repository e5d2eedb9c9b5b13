//! A server that may open few files, and connections that take them.

use std::time::Duration;

use testkit::http::HttpOp;
use tokio::time::sleep;

use crate::{
    grpc::held,
    harness::{Victim, sized},
    measure::busy,
    wire::{hello, many},
};

#[tokio::test(flavor = "multi_thread")]
async fn few_descriptors_are_kept_for_streams_and_storage() {
    let victim = Victim::with_descriptors(64).await;
    victim.server.process.says("needs up to").await;
    let name = "64 descriptors, 1,000 connections to each port";
    let count = sized(300, 1_000);
    let lists = || victim.bystanders.face().requests(HttpOp::ListBlobs);
    let before = lists();
    victim
        .endures(name, async |victim| {
            let _grpc = many(victim.target.grpc, 2, count, &hello(&[])).await;
            let _admin = many(victim.target.admin, 2, count, b"GET / HT").await;
            sleep(held()).await;
        })
        .await;
    assert!(
        lists() > before + 1,
        "the container was not listed meanwhile"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_descriptors_no_core_is_burnt() {
    let victim = Victim::with_descriptors(24).await;
    let process = victim.server.process.id();
    let _grpc = many(victim.target.grpc, 2, 100, &hello(&[])).await;
    let _admin = many(victim.target.admin, 2, 100, b"GET / HT").await;
    let share = busy(process, Duration::from_secs(2)).await;
    println!(
        "| 24 descriptors, 200 connections | {:.0} % of a core |",
        share * 100.0
    );
    assert!(share < 0.3, "{share} of a core");
}
