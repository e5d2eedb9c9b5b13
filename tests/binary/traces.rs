//! `serve --otlp-endpoint`: each event is a trace at the collector, and a collector that is away is said once.

use nix::sys::signal::Signal;
use serde_json::Value;
use testkit::collector::Collector;

use crate::{process::wait_for, server::Server, storage::Place};

#[tokio::test]
async fn an_event_and_its_trace_say_the_same_and_an_end_loses_none() {
    let place = Place::azurite().await;
    let collector = Collector::start().await.unwrap();
    let mut args = place.storage_args().to_vec();
    args.extend(["--otlp-endpoint".to_owned(), collector.url.clone()]);
    let server = Server::start(&args).await;
    place.put("raw/one.csv").await;
    let mut stream = server.stream(&place.config()).await;
    let event: Value = stream.event().await;
    let parent = event["traceparent"].as_str().unwrap();
    let trace = parent.split('-').nth(1).unwrap();
    assert_eq!(event["id"], trace);
    server.process.signal(Signal::SIGTERM);
    let spans = wait_for("the spans", async || {
        let spans = collector.spans();
        (spans.len() >= 3).then_some(spans)
    })
    .await;
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|it| format!("{it:02x}")).collect() };
    assert!(spans.iter().all(|it| hex(&it.trace_id) == trace));
    let name = (
        "service.name".to_owned(),
        "azure-blob-eventsource".to_owned(),
    );
    assert!(
        collector.resource().contains(&name),
        "{:?}",
        collector.resource()
    );
}

#[tokio::test]
async fn a_collector_that_is_away_is_said_once_and_holds_up_no_event() {
    let place = Place::azurite().await;
    let collector = Collector::start().await.unwrap();
    collector.refuse(true);
    let mut args = place.storage_args().to_vec();
    args.extend(["--otlp-endpoint".to_owned(), collector.url.clone()]);
    let server = Server::start(&args).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("raw/one.csv").await;
    stream.event().await;
    server
        .process
        .says("the collector does not accept traces")
        .await;
    collector.refuse(false);
    place.put("raw/two.csv").await;
    stream.event().await;
    let line = server
        .process
        .says("the collector accepts traces again")
        .await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["lost"], 1);
}
