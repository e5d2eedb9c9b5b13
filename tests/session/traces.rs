//! One event is one trace: from its blob to its Workflow, or to its dead letter.

use azure_blob_eventsource::{
    event::trace_context::Sampling,
    traces::{Traces, export},
};
use testkit::collector::{Collector, text};

use crate::stage::Stage;

/// What sends to the collector, and says what has come there once the session is gone.
async fn traced(share: f64) -> (Traces, export::Exporting, Collector) {
    let collector = Collector::start().await.unwrap();
    let to = export::Collector {
        endpoint: collector.url.clone(),
        sampling: Sampling::of(share),
    };
    let (traces, exporting) = to.start(Some("pod-1")).unwrap();
    (traces, exporting, collector)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_blob_is_one_trace_from_its_modification_to_its_workflow() {
    let (traces, exporting, collector) = traced(1.0).await;
    let (mut stage, cluster) = Stage::new().confirmed();
    stage.traces = traces;
    stage.put("raw/one.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    cluster.run(&event);
    stream.until_done(1).await;
    stream.stop().await.unwrap();
    drop(stage);
    exporting.end().await;
    let spans = collector.spans();
    let names: Vec<_> = spans.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["blob event", "detect", "deliver"]);
    let id = event["id"].as_str().unwrap();
    assert!(spans.iter().all(|it| hex(&it.trace_id) == id));
    let whole = hex(&spans[0].span_id);
    assert!(spans[1..].iter().all(|it| hex(&it.parent_span_id) == whole));
    assert_eq!(event["traceparent"], format!("00-{id}-{whole}-01"));
    let made = spans[0]
        .attributes
        .iter()
        .find(|it| it.key == "eventsource.made");
    let made = text(made.unwrap().value.clone().unwrap());
    assert!(made.starts_with("Workflow"), "{made}");
    let pod = ("k8s.pod.name".to_owned(), "pod-1".to_owned());
    assert!(collector.resource().contains(&pod));
}

#[tokio::test]
async fn an_event_that_is_not_sampled_says_so_and_sends_no_trace() {
    let (traces, exporting, collector) = traced(0.0).await;
    let mut stage = Stage::new().with_container();
    stage.traces = traces;
    stage.put("raw/one.csv");
    let mut stream = stage.start();
    let event = stream.event().await;
    assert!(event["traceparent"].as_str().unwrap().ends_with("-00"));
    stream.stop().await.unwrap();
    drop(stage);
    exporting.end().await;
    assert_eq!(collector.spans(), []);
}

#[tokio::test(start_paused = true)]
async fn without_a_collector_events_say_nothing_of_traces() {
    let mut stage = Stage::new().with_container();
    stage.put("raw/one.csv");
    let event = stage.start().event().await;
    assert!(event.get("traceparent").is_none());
}

#[tokio::test]
async fn a_collector_that_is_away_holds_up_nothing_and_costs_only_its_traces() {
    let (traces, exporting, collector) = traced(1.0).await;
    collector.refuse(true);
    let mut stage = Stage::new().with_container();
    stage.traces = traces;
    for at in 0..20 {
        stage.put(&format!("raw/{at}.csv"));
    }
    let mut stream = stage.start();
    assert_eq!(stream.take(20).await.len(), 20);
    stream.stop().await.unwrap();
    drop(stage);
    exporting.end().await;
    assert_eq!(collector.spans(), []);
}
